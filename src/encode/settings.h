/* settings.h - the options of an encoder: "bitrate=192&mode=vbr". */
#ifndef JUKEBOX_ENCODE_SETTINGS_H
#define JUKEBOX_ENCODE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/status.h"

/* One name that an encoder knows.  With `choices` (ends with NULL) the value is the index of the word. */
struct setting {
	const char *name;
	double lowest, highest; /* of a number */
	const char *const *choices;
	double value; /* in: the default */
	bool is_set;
};

/* Fills values from `options`.  `encoder` names the speaker of errors. */
enum status settings_parse(const char *options, const char *encoder, struct setting *settings,
        size_t n_settings, struct error *error) MUST_USE;

#endif
