/* spec.h - what the user wrote behind -o, taken apart. */
#ifndef JUKEBOX_OUTPUT_SPEC_H
#define JUKEBOX_OUTPUT_SPEC_H

#include "jukebox/output.h"

struct output_spec {
	const struct output_target *target;
	const struct encoder_format *encoder; /* NULL unless target->takes_bytes */
	char *place; /* owned; behind the name and without the options */
	char *options; /* owned; of the encoder, "" when none */
	char *target_options; /* owned; of the target */
	int rate_hz, channels; /* 0: not asked for */
	bool has_sample;
	enum sample_format sample;
};

/* STATUS_USAGE: nobody knows it, and *error lists what is known.  *spec is {0} on failure. */
enum status output_spec_parse(
        const char *text, struct output_spec *spec, struct error *error) MUST_USE;
void output_spec_done(struct output_spec *spec);

/* A copy fit for messages: a password in a URL becomes "***".  The caller frees; NULL when out of memory. */
char *output_spec_masked(const char *text);

#endif
