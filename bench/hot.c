/* hot.c - the loops that take the time, each alone in a function, on made-up sound: for callgrind to count.
 *
 *   hot LOOP        as `bench/hot` runs it, collecting inside hot_LOOP() only
 *
 * What libraries do (decoding, resampling, spectra) is theirs to keep fast.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/pcm.h"
#include "jukebox/dither.h"
#include "jukebox/downmix.h"
#include "jukebox/meter.h"
#include "jukebox/record.h"
#include "measure/analyser.h"
#include "mix/gain.h"
#include "mix/limiter.h"

enum { RATE_HZ = 44100, BLOCK = 2048, BLOCKS = 64, FRAMES = BLOCK * BLOCKS };

static float music[2 * FRAMES], other[2 * FRAMES];
static float out[2 * FRAMES];
static uint8_t bytes[4 * FRAMES];

/* Noise that swells, in places near full scale: the same on every machine. */
static void make_music(float most)
{
	uint32_t x = 1;
	for (size_t i = 0; i < 2 * FRAMES; i++) {
		float level = (float)(i % (FRAMES / 2)) / (FRAMES / 2);
		x = x * 1664525 + 1013904223;
		music[i] = most * level * ((float)(int32_t)x / 2147483648.0f);
		other[i] = -music[i] * 0.5f;
	}
}

#define HOT __attribute__((noinline)) static bool

HOT hot_meter(void)
{
	struct meter *m = meter_new(RATE_HZ, 2, NULL);
	bool ok = m && meter_add(m, music, FRAMES) == STATUS_OK && meter_finish(m) == STATUS_OK;
	meter_free(m);
	return ok;
}

HOT hot_analyser(void)
{
	struct analyser *a = analyser_new(RATE_HZ, 2);
	struct record record = {0};
	bool ok = a != NULL;
	for (size_t i = 0; i < BLOCKS && ok; i++)
		ok = analyser_add(a, music + 2 * i * BLOCK, BLOCK) == STATUS_OK;
	ok = ok && analyser_finish(a, &record) == STATUS_OK;
	record_done(&record);
	analyser_free(a);
	return ok;
}

HOT hot_gain(void)
{
	gain_apply(out, music, 0.7f, FRAMES, false);
	gain_apply(out, other, 0.7f, FRAMES, true);
	return true;
}

HOT hot_downmix(void)
{
	downmix_to_stereo(music, 1, FRAMES, out);
	return true;
}

HOT hot_limiter(void)
{
	struct limiter *l = limiter_new(RATE_HZ, -1);
	if (!l)
		return false;
	for (size_t i = 0; i < BLOCKS; i++) {
		memcpy(limiter_room(l), music + 2 * i * BLOCK, 2 * BLOCK * sizeof(float));
		limiter_run(l, BLOCK, out + 2 * i * BLOCK);
	}
	limiter_free(l);
	return true;
}

HOT hot_dither(void)
{
	struct dither *d = dither_new(1, 2);
	if (d)
		dither_to_16_bits(d, music, out, 2 * FRAMES);
	dither_free(d);
	return d != NULL;
}

HOT hot_pcm(void)
{
	pcm_from_float(SAMPLE_S16, music, 2 * FRAMES, bytes);
	return true;
}

static const struct {
	const char *name;
	bool (*run)(void);
	float most; /* of the music */
} loops[] = {
        {"meter", hot_meter, 1.0f},
        {"analyser", hot_analyser, 1.0f},
        {"gain", hot_gain, 1.0f},
        {"downmix", hot_downmix, 1.0f},
        {"limiter", hot_limiter, 1.1f},
        {"dither", hot_dither, 1.0f},
        {"pcm", hot_pcm, 1.0f},
};

int main(int argc, char **argv)
{
	const size_t n = sizeof loops / sizeof *loops;
	for (size_t i = 0; i < n; i++) {
		if (argc < 2) {
			puts(loops[i].name);
		} else if (strcmp(argv[1], loops[i].name) == 0) {
			make_music(loops[i].most);
			return loops[i].run() ? 0 : 1;
		}
	}
	return argc < 2 ? 0 : 2;
}
