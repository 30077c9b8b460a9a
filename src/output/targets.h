/* targets.h - the targets there are, for the table in targets.c. */
#ifndef JUKEBOX_OUTPUT_TARGETS_H
#define JUKEBOX_OUTPUT_TARGETS_H

#include "jukebox/output.h"

extern const struct output_target file_target, null_target;
#ifdef HAVE_ALSA
extern const struct output_target alsa_target;
#endif
#ifdef HAVE_OSS
extern const struct output_target oss_target;
#endif
#ifdef HAVE_HTTPD
extern const struct output_target httpd_target;
#endif
#ifdef HAVE_SHOUT
extern const struct output_target icecast_target;
#endif

#endif
