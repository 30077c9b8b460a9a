/* targets.c - the table of targets: one line each. */
#include "targets.h"

#include <stddef.h>

static const struct output_target *const targets[] = {
        &file_target,
#ifdef HAVE_ALSA
        &alsa_target,
#endif
#ifdef HAVE_OSS
        &oss_target,
#endif
#ifdef HAVE_HTTPD
        &httpd_target,
#endif
#ifdef HAVE_SHOUT
        &icecast_target,
#endif
        &null_target,
        NULL,
};

const struct output_target *const *output_targets(void)
{
	return targets;
}
