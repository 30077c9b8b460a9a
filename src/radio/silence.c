/* silence.c - K-weighted, as it is heard (ITU-R BS.1770): neither a constant offset nor a rumble counts as sound.  What is done
 * about silence is the player's affair. */
#include "silence.h"

#include <stdbool.h>
#include <stdlib.h>

#include "jukebox/meter.h"

struct silence {
	struct meter *meter;
	double level_energy;
	int64_t most_frames, silent_frames;
	bool alarmed;
	enum silence_news news; /* of the call under way */
};

static enum status on_block(void *user, const struct meter_block *block)
{
	struct silence *s = user;
	if (block->energy >= s->level_energy) {
		s->silent_frames = 0;
		if (s->alarmed)
			s->news = SILENCE_OVER;
		s->alarmed = false;
		return STATUS_OK;
	}
	s->silent_frames += (int64_t)block->n_frames;
	if (s->silent_frames >= s->most_frames && !s->alarmed) {
		s->alarmed = true;
		s->news = SILENCE_ALARM;
	}
	return STATUS_OK;
}

struct silence *silence_new(double seconds, double level_lufs, int rate_hz)
{
	struct silence *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->meter = meter_new(rate_hz, 2, NULL);
	if (!s->meter) {
		free(s);
		return NULL;
	}
	s->level_energy = meter_lufs_to_energy(level_lufs);
	s->most_frames = (int64_t)(seconds * rate_hz);
	meter_on_blocks(s->meter, on_block, NULL, s);
	return s;
}

void silence_free(struct silence *s)
{
	if (!s)
		return;
	meter_free(s->meter);
	free(s);
}

enum silence_news silence_add(struct silence *s, const float *frames, size_t n_frames)
{
	s->news = SILENCE_NO_NEWS;
	/* A meter without curves of its own needs no memory. */
	if (meter_add(s->meter, frames, n_frames) != STATUS_OK)
		return SILENCE_NO_NEWS;
	return s->news;
}
