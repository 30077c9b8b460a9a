/* test_output_alsa.c - ALSA on devices of software: `file` and `null` plug-ins in an asoundrc of the test's own.
 *
 * What those never do (run dry, suspend, stall) is ordered from the functions below, which stand before alsa-lib's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef HAVE_ALSA

#include <alsa/asoundlib.h>
#include <dlfcn.h>

#include "jukebox/output.h"
#include "support/memory_writer.h"
#include "support/scratch.h"

enum { RATE = 44100 };

/* Orders for the next calls; of the output's thread once it runs. */
static struct orders {
	int error_each; /* every n-th write fails ... */
	int error; /* ... with this */
	bool stalls; /* no write is taken, no wait sees room */
	_Atomic int n_writes; /* the test looks at it too */
	snd_pcm_uframes_t most_frames; /* a write takes; 0: all */
} orders;

snd_pcm_sframes_t snd_pcm_writei(snd_pcm_t *pcm, const void *buffer, snd_pcm_uframes_t size)
{
	snd_pcm_sframes_t (*real)(snd_pcm_t *, const void *, snd_pcm_uframes_t);
	*(void **)&real = dlsym(RTLD_NEXT, "snd_pcm_writei");
	orders.n_writes++;
	if (orders.stalls)
		return -EAGAIN;
	if (orders.error_each && orders.n_writes % orders.error_each == 0)
		return orders.error;
	if (orders.most_frames && size > orders.most_frames)
		size = orders.most_frames;
	return real(pcm, buffer, size);
}

int snd_pcm_wait(snd_pcm_t *pcm, int timeout)
{
	return orders.stalls ? 0 : 1;
}

static char folder_name[256];

static void write_asoundrc(const char *folder)
{
	char name[512];
	snprintf(folder_name, sizeof folder_name, "%s", folder);
	snprintf(name, sizeof name, "%s/asoundrc", folder);
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	fprintf(f,
	        "pcm.nul { type null }\n"
	        "pcm.out { type file slave.pcm nul file \"%s/out\" format raw }\n"
	        "pcm.only_s16 { type linear slave { pcm out format S16 } }\n"
	        "pcm.only_48k { type plug slave { pcm out rate 48000 } }\n"
	        "pcm.!default { type file slave.pcm nul file \"%s/out\" format raw }\n",
	        folder, folder);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(setenv("ALSA_CONFIG_PATH", name, 1), 0);
}

static size_t read_out(uint8_t **bytes)
{
	char name[512];
	snprintf(name, sizeof name, "%s/out", folder_name);
	FILE *f = fopen(name, "rb");
	assert_non_null(f);
	*bytes = malloc(4 << 20);
	assert_non_null(*bytes);
	size_t n = fread(*bytes, 1, 4 << 20, f);
	fclose(f);
	remove(name);
	return n;
}

static struct output *open_output(const char *spec, enum sample_format sample, bool is_set)
{
	struct output_options options = {
	        .bus_rate_hz = RATE, .sample = sample, .sample_is_set = is_set};
	struct output *o;
	struct error error = {0};
	if (output_open(spec, &options, NULL, &o, &error) != STATUS_OK)
		fail_msg("%s: %s", spec, error.text);
	return o;
}

static enum status write_frames(struct output *o, size_t n_frames, struct error *error)
{
	enum status status = STATUS_OK;
	float block[2 * 441];
	for (size_t at = 0; at < n_frames && status == STATUS_OK; at += 441) {
		test_signal(block, 441, 2, (int64_t)at);
		status = output_write(o, block, 441, error);
	}
	return status;
}

static int64_t play(const char *spec, enum sample_format sample, bool is_set, size_t n_frames)
{
	struct output *o = open_output(spec, sample, is_set);
	struct error error = {0};
	assert_true(output_is_live(o));
	if (write_frames(o, n_frames, &error) != STATUS_OK || output_finish(o, &error) != STATUS_OK)
		fail_msg("%s: %s", spec, error.text);
	int64_t underruns = output_underruns(o);
	output_close(o);
	return underruns;
}

static void assert_s16(const uint8_t *bytes, size_t n_bytes, size_t n_frames)
{
	assert_int_equal(n_bytes, 4 * n_frames);
	for (size_t i = 0; i < n_frames; i++) {
		float frame[2];
		int16_t got[2];
		test_signal(frame, 1, 2, (int64_t)i);
		memcpy(got, bytes + 4 * i, 4);
		assert_int_equal(got[0], (int)(frame[0] * 32768.0f));
		assert_int_equal(got[1], (int)(frame[1] * 32768.0f));
	}
}

static void samples_arrive(void **state)
{
	(void)state;
	uint8_t *bytes;
	orders = (struct orders){0};
	assert_int_equal(play("alsa:out", SAMPLE_S16, true, 88200), 0);
	assert_s16(bytes, read_out(&bytes), 88200);
	free(bytes);
	play("alsa:", SAMPLE_S16, true, 44100); /* the default device */
	assert_s16(bytes, read_out(&bytes), 44100);
	free(bytes);
	play("alsa:out", SAMPLE_S24, true, 441);
	assert_int_equal(read_out(&bytes), 441 * 6);
	free(bytes);
}

/* Nothing asked for: the finest that the device has. */
static void words_are_chosen(void **state)
{
	(void)state;
	uint8_t *bytes;
	float frames[2 * 441];
	play("alsa:out", SAMPLE_S16, false, 441);
	assert_int_equal(read_out(&bytes), 441 * 8);
	test_signal(frames, 441, 2, 0);
	assert_memory_equal(bytes, frames, sizeof frames);
	free(bytes);
	play("alsa:only_s16", SAMPLE_S16, false, 44100);
	assert_s16(bytes, read_out(&bytes), 44100);
	free(bytes);
}

static void the_rate_is_the_device_s(void **state)
{
	(void)state;
	uint8_t *bytes;
	play("alsa:only_48k", SAMPLE_S16, true, 44100);
	assert_int_equal(read_out(&bytes), 48000 * 4);
	free(bytes);
}

static void short_writes_go_on(void **state)
{
	(void)state;
	uint8_t *bytes;
	orders = (struct orders){.most_frames = 37, .error_each = 5, .error = -EAGAIN};
	assert_int_equal(play("alsa:out", SAMPLE_S16, true, 44100), 0);
	assert_s16(bytes, read_out(&bytes), 44100);
	free(bytes);
}

static void underruns_are_recovered_and_counted(void **state)
{
	(void)state;
	uint8_t *bytes;
	orders = (struct orders){.error_each = 7, .error = -EPIPE};
	int64_t underruns = play("alsa:out", SAMPLE_S16, true, 44100);
	assert_int_equal(underruns, orders.n_writes / 7);
	assert_true(underruns > 3);
	assert_s16(bytes, read_out(&bytes), 44100);
	free(bytes);
}

/* The device is gone at the third write; the program goes on in silence, asks again, and plays on when it is there. */
static void a_lost_device_comes_back(void **state)
{
	(void)state;
	uint8_t *bytes;
	struct error error = {0};
	orders = (struct orders){.error_each = 3, .error = -ENODEV};
	struct output *o = open_output("alsa:out", SAMPLE_S16, true);
	assert_int_equal(write_frames(o, RATE, &error), STATUS_OK);
	while (atomic_load(&orders.n_writes) < 6) /* it was opened again, and lost again */
		assert_int_equal(write_frames(o, RATE / 10, &error), STATUS_OK);
	output_cancel(o);
	output_close(o);
	orders = (struct orders){0};
	size_t n = read_out(&bytes);
	assert_true(n > 0); /* the plug-in begins its file anew */
	free(bytes);
}

static void a_device_that_stays_away_is_an_error(void **state)
{
	(void)state;
	uint8_t *bytes;
	struct error error = {0};
	orders = (struct orders){.error_each = 1, .error = -ENODEV};
	struct output *o = open_output("alsa:out", SAMPLE_S16, true);
	assert_int_equal(write_frames(o, RATE / 2, &error), STATUS_OK);
	assert_int_equal(output_finish(o, &error), STATUS_IO);
	assert_string_equal(error.text, "alsa:out: was lost, and did not come back");
	output_close(o);
	orders = (struct orders){0};
	read_out(&bytes);
	free(bytes);
}

/* (The wait of the test takes no time.) */
static void a_device_that_stalls_is_lost(void **state)
{
	(void)state;
	uint8_t *bytes;
	struct error error = {0};
	orders = (struct orders){.stalls = true};
	struct output *o = open_output("alsa:out", SAMPLE_S16, true);
	assert_int_equal(write_frames(o, RATE / 2, &error), STATUS_OK);
	assert_int_equal(output_finish(o, &error), STATUS_IO);
	assert_string_equal(error.text, "alsa:out: was lost, and did not come back");
	output_close(o);
	orders = (struct orders){0};
	read_out(&bytes);
	free(bytes);
}

/* Beside others, what it has no room for is dropped and counted. */
static void a_stalled_device_holds_nothing_back(void **state)
{
	(void)state;
	uint8_t *bytes;
	float block[2 * 441] = {0};
	struct error error = {0};
	size_t n_taken, dropped = 0;
	orders = (struct orders){.stalls = true};
	struct output *o = open_output("alsa:out", SAMPLE_S16, true);
	for (int i = 0; i < 2000; i++) { /* 20 s of sound */
		assert_int_equal(output_offer(o, block, 441, 0, &n_taken, &error), STATUS_OK);
		dropped += 441 - n_taken;
	}
	assert_true(dropped > 10 * RATE);
	assert_int_equal(output_dropped(o), dropped);
	output_close(o);
	orders = (struct orders){0};
	read_out(&bytes);
	free(bytes);
}

static void the_latency_is_asked_for(void **state)
{
	(void)state;
	uint8_t *bytes;
	struct output_options options = {.bus_rate_hz = RATE};
	struct output *o;
	struct error error = {0};
	assert_int_equal(play("alsa:out?latency=50&rate=48000", SAMPLE_S16, true, 4410), 0);
	assert_true(read_out(&bytes) > 4 * 4410);
	free(bytes);
	assert_int_equal(
	        output_open("alsa:out?latency=1", &options, NULL, &o, &error), STATUS_USAGE);
	assert_int_equal(output_open("alsa:out?late=1", &options, NULL, &o, &error), STATUS_USAGE);
}

static void no_such_device(void **state)
{
	(void)state;
	struct output_options options = {.bus_rate_hz = RATE};
	struct output *o;
	struct error error;
	assert_int_equal(output_open("alsa:nix", &options, NULL, &o, &error), STATUS_IO);
	assert_string_equal(error.text, "alsa:nix: cannot open: No such file or directory");
}

static void a_closed_output_stops(void **state)
{
	(void)state;
	uint8_t *bytes;
	struct output *o = open_output("alsa:out", SAMPLE_S16, true);
	float block[2 * 1000] = {0};
	assert_int_equal(output_write(o, block, 1000, NULL), STATUS_OK);
	output_close(o);
	read_out(&bytes);
	free(bytes);
}

static int set_up(void **state)
{
	*state = scratch_new();
	write_asoundrc(*state);
	return 0;
}

static int tear_down(void **state)
{
	snd_config_update_free_global();
	scratch_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(samples_arrive),
	        cmocka_unit_test(words_are_chosen),
	        cmocka_unit_test(the_rate_is_the_device_s),
	        cmocka_unit_test(short_writes_go_on),
	        cmocka_unit_test(underruns_are_recovered_and_counted),
	        cmocka_unit_test(a_lost_device_comes_back),
	        cmocka_unit_test(a_device_that_stays_away_is_an_error),
	        cmocka_unit_test(a_device_that_stalls_is_lost),
	        cmocka_unit_test(a_stalled_device_holds_nothing_back),
	        cmocka_unit_test(the_latency_is_asked_for),
	        cmocka_unit_test(no_such_device),
	        cmocka_unit_test(a_closed_output_stops),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#else

int main(void)
{
	puts("1..0 # SKIP built without ALSA");
	return 0;
}

#endif
