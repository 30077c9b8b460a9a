/* fuzz_state.c - any bytes as the state of an earlier run, and any text as a command's words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/errands.h"
#include "jukebox/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), **words;
	if (text && errands_split_words(text, &words) == STATUS_OK) {
		size_t n = 0;
		for (char **w = words; *w; w++)
			n += strlen(*w);
		if (n > strlen(text))
			abort();
		free(words);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state state, again;
	struct error error;
	split(data, size > 4096 ? 4096 : size);
	if (state_from_text((const char *)data, size, &state, &error) != STATUS_OK)
		return 0;
	/* What was read is written as what was read. */
	char *text = state_to_text(&state);
	if (!text || state_from_text(text, strlen(text), &again, &error) != STATUS_OK)
		abort();
	if (again.n_queued != state.n_queued || again.n_history != state.n_history ||
	        again.place != state.place)
		abort();
	free(text);
	state_done(&again);
	state_done(&state);
	return 0;
}
