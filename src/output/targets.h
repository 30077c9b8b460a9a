/* targets.h - the targets there are, for the table in targets.c. */
#ifndef JUKEBOX_OUTPUT_TARGETS_H
#define JUKEBOX_OUTPUT_TARGETS_H

#include "jukebox/output.h"

extern const struct output_target file_target, null_target;
#ifdef HAVE_OSS
extern const struct output_target oss_target;
#endif

/* The target's calls; loads its module if they are in one.  STATUS_UNSUPPORTED: that cannot be used. */
enum status target_load(const struct output_target *target, const struct output_calls **calls,
        struct error *error) MUST_USE;

#endif
