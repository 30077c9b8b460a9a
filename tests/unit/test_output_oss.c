/* test_output_oss.c - OSS on a /dev/dsp of software: alsa-oss's libaoss, preloaded, in front of ALSA's `file`
 * plug-in.  The program starts itself again for that.
 *
 * Its device is always empty (nothing plays), so under-runs are only checked not to stop anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef HAVE_OSS

#include <dlfcn.h>
#include <unistd.h>

#include "jukebox/output.h"
#include "support/memory_writer.h"
#include "support/scratch.h"

enum { RATE = 44100 };

static char *out_path(void)
{
	char *name;
	assert_true(asprintf(&name, "%s/out", getenv("OSS_TEST_FOLDER")) > 0);
	return name;
}

static size_t read_out(uint8_t **bytes)
{
	char *name = out_path();
	FILE *f = fopen(name, "rb");
	assert_non_null(f);
	*bytes = malloc(4 << 20);
	assert_non_null(*bytes);
	size_t n = fread(*bytes, 1, 4 << 20, f);
	fclose(f);
	remove(name);
	free(name);
	return n;
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

static void samples_arrive(void **state)
{
	(void)state;
	struct output_options options = {.bus_rate_hz = RATE};
	struct output *o;
	struct error error = {0};
	if (output_open("oss:", &options, NULL, &o, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_true(output_is_live(o));
	if (write_frames(o, 88200, &error) != STATUS_OK || output_finish(o, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	output_close(o);

	uint8_t *bytes;
	assert_int_equal(read_out(&bytes), 88200 * 4);
	for (size_t i = 0; i < 88200; i++) {
		float frame[2];
		int16_t got[2];
		test_signal(frame, 1, 2, (int64_t)i);
		memcpy(got, bytes + 4 * i, 4);
		assert_int_equal(got[0], (int)(frame[0] * 32768.0f));
		assert_int_equal(got[1], (int)(frame[1] * 32768.0f));
	}
	free(bytes);
}

static void finer_words_are_not_there(void **state)
{
	(void)state;
	struct output_options options = {
	        .bus_rate_hz = RATE, .sample = SAMPLE_S24, .sample_is_set = true};
	struct output *o;
	struct error error = {0};
	uint8_t *bytes;
	assert_int_equal(output_open("oss:/dev/dsp", &options, NULL, &o, &error), STATUS_USAGE);
	assert_non_null(strstr(error.text, "cannot take s24, only s16"));
	read_out(&bytes);
	free(bytes);
}

static void no_such_device(void **state)
{
	(void)state;
	struct output_options options = {.bus_rate_hz = RATE};
	struct output *o;
	struct error error = {0};
	assert_int_equal(output_open("oss:/nix/dsp", &options, NULL, &o, &error), STATUS_NOT_FOUND);
	assert_string_equal(error.text, "oss:/nix/dsp: cannot open: No such file or directory");
	/* A file is no device, also one that may be written. */
	char *file, *name;
	assert_true(asprintf(&file, "%s/asoundrc", getenv("OSS_TEST_FOLDER")) > 0);
	assert_true(asprintf(&name, "oss:%s", file) > 0);
	assert_int_equal(output_open(name, &options, NULL, &o, &error), STATUS_UNSUPPORTED);
	free(name);
	free(file);
}

static void put_environment(const char *folder)
{
	char *asoundrc;
	assert_true(asprintf(&asoundrc, "%s/asoundrc", folder) > 0);
	FILE *f = fopen(asoundrc, "w");
	assert_non_null(f);
	fprintf(f,
	        "pcm.dsp0 { type plug slave.pcm { type file slave.pcm { type null } file "
	        "\"%s/out\" format raw } }\n",
	        folder);
	fclose(f);
	setenv("OSS_TEST_FOLDER", folder, 1);
	setenv("ALSA_CONFIG_PATH", asoundrc, 1);
	setenv("LD_PRELOAD", "libaoss.so", 1);
	/* A sanitizer wants to be the first of the libraries, and needs not. */
	const char *options = getenv("ASAN_OPTIONS");
	char *with;
	assert_true(asprintf(&with, "%s%sverify_asan_link_order=0:detect_leaks=0",
	                    options ? options : "", options ? ":" : "") > 0);
	setenv("ASAN_OPTIONS", with, 1);
	free(with);
	free(asoundrc);
}

/* The folder is removed by the second start. */
static int start_again(char **argv)
{
	char *folder = scratch_new();
	put_environment(folder);
	execv("/proc/self/exe", argv);
	perror("/proc/self/exe");
	return 1;
}

static int run_all(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(samples_arrive),
	        cmocka_unit_test(finer_words_are_not_there),
	        cmocka_unit_test(no_such_device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	if (access("/usr/bin/aoss", X_OK) != 0) {
		puts("1..0 # SKIP alsa-oss is not installed");
		return 0;
	}
	if (!getenv("OSS_TEST_FOLDER"))
		return start_again(argv);
	int failed = 0;
	if (dlopen("libaoss.so", RTLD_LAZY | RTLD_NOLOAD) ||
	        dlopen("libaoss.so.0", RTLD_LAZY | RTLD_NOLOAD))
		failed = run_all();
	else
		puts("1..0 # SKIP libaoss was not preloaded");
	scratch_free(strdup(getenv("OSS_TEST_FOLDER")));
	return failed;
}

#else

int main(void)
{
	puts("1..0 # SKIP built without OSS");
	return 0;
}

#endif
