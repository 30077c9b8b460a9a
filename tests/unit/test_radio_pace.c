/* test_radio_pace.c - in real time with a listener, as fast as can be without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "jukebox/clock.h"
#include "radio/pace.h"

enum { RATE = 44100, BLOCK = 4410 };

static struct output *open_output(const char *spec, struct output_hub *hub)
{
	struct output_options options = {.bus_rate_hz = RATE, .hub = hub};
	struct output *o;
	struct error error = {0};
	if (output_open(spec, &options, NULL, &o, &error) != STATUS_OK)
		fail_msg("%s: %s", spec, error.text);
	return o;
}

/* Seconds that `seconds` of silence take. */
static double play(struct output **outputs, size_t n, int seconds)
{
	static const float silence[2 * BLOCK];
	struct pace pace;
	struct error error = {0};
	int64_t began_ns = clock_now_ns();
	pace_init(&pace, outputs, n, RATE);
	for (int i = 0; i < seconds * RATE / BLOCK; i++) {
		for (size_t k = 0; k < n; k++)
			if (outputs[k])
				assert_int_equal(
				        pace_write(&pace, k, silence, BLOCK, &error), STATUS_OK);
		pace_wait(&pace, BLOCK);
	}
	return (double)(clock_now_ns() - began_ns) * 1e-9;
}

static void files_are_not_waited_for(void **state)
{
	(void)state;
	struct output *outputs[] = {open_output("null:", NULL), open_output("null:", NULL)};
	assert_true(play(outputs, 2, 600) < 300);
	output_close(outputs[0]);
	output_close(outputs[1]);
}

#ifdef HAVE_HTTPD
/* A second ahead of the clock, and no more; the file beside it loses nothing. */
static void a_stream_runs_in_real_time(void **state)
{
	(void)state;
	struct output_hub *hub = output_hub_new();
	struct output *outputs[] = {
	        open_output("httpd://127.0.0.1:0/x.wav", hub), open_output("null:", NULL)};
	double seconds = play(outputs, 2, 3);
	assert_true(seconds > 1.85);
	assert_int_equal(output_dropped(outputs[1]), 0);
	assert_int_equal(output_finish(outputs[0], NULL), STATUS_OK);
	output_close(outputs[0]);
	outputs[0] = NULL; /* lost: what is left is no stream */
	assert_true(play(outputs, 2, 600) < 300);
	output_close(outputs[1]);
	output_hub_free(hub);
}

/* What stood still for four seconds makes up for them, but not in one burst, which the queues would not hold. */
static void late_frames_do_not_come_at_once(void **state)
{
	static const float silence[2 * BLOCK];
	(void)state;
	struct output_hub *hub = output_hub_new();
	struct output *outputs[] = {open_output("httpd://127.0.0.1:0/x.wav", hub)};
	struct pace pace;
	struct error error = {0};
	pace_init(&pace, outputs, 1, RATE);
	assert_int_equal(pace_wait(&pace, BLOCK), 0);
	pace.anchor_ns -= 4000000000;
	int64_t began_ns = clock_now_ns();
	for (int i = 0; i < 50; i++) {
		assert_int_equal(pace_write(&pace, 0, silence, BLOCK, &error), STATUS_OK);
		assert_int_equal(pace_wait(&pace, BLOCK), 0);
	}
	assert_true(clock_now_ns() - began_ns > 1200000000); /* of 5 s of sound */
	assert_int_equal(output_dropped(outputs[0]), 0);
	output_close(outputs[0]);
	output_hub_free(hub);
}
#else
static void a_stream_runs_in_real_time(void **state)
{
	(void)state;
	skip();
}

static void late_frames_do_not_come_at_once(void **state)
{
	(void)state;
	skip();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(files_are_not_waited_for),
	        cmocka_unit_test(a_stream_runs_in_real_time),
	        cmocka_unit_test(late_frames_do_not_come_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
