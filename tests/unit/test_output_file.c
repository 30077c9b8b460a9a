/* test_output_file.c - files, pipes, standard output in all its forms, and everything that a system says no with. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "jukebox/output.h"
#include "support/memory_writer.h"
#include "support/scratch.h"

enum { RATE = 44100, HEAD = 80, PIPE_HEAD = 44 };

static const struct output_options plain = {.bus_rate_hz = RATE, .sample = SAMPLE_S16};

static char *path_in(const char *folder, const char *name)
{
	char *path;
	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static struct output *open_output(const char *spec)
{
	struct output *o;
	struct error error = {0};
	if (output_open(spec, &plain, NULL, &o, &error) != STATUS_OK)
		fail_msg("%s: %s", spec, error.text);
	return o;
}

static enum status write_frames(struct output *o, size_t n_frames, struct error *error)
{
	enum status status = STATUS_OK;
	float block[2 * 1000];
	for (size_t at = 0; at < n_frames && status == STATUS_OK; at += 1000) {
		size_t n = n_frames - at < 1000 ? n_frames - at : 1000;
		test_signal(block, n, 2, (int64_t)at);
		status = output_write(o, block, n, error);
	}
	return status;
}

static void write_and_close(struct output *o, size_t n_frames)
{
	struct error error = {0};
	if (write_frames(o, n_frames, &error) != STATUS_OK || output_finish(o, &error) != STATUS_OK)
		fail_msg("%s: %s", output_name(o), error.text);
	output_close(o);
}

struct contents {
	uint8_t *bytes;
	size_t count;
};

static struct contents read_all(int fd)
{
	struct contents c = {malloc(4 << 20), 0};
	ssize_t n;
	assert_non_null(c.bytes);
	while ((n = read(fd, c.bytes + c.count, (4 << 20) - c.count)) > 0)
		c.count += (size_t)n;
	close(fd);
	return c;
}

static struct contents read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	return read_all(fd);
}

static uint32_t read_u32(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* The test signal lies on the 16-bit grid, so dither leaves it alone. */
static void assert_audio(const uint8_t *bytes, size_t n_frames)
{
	float frame[2];
	for (size_t i = 0; i < n_frames; i++) {
		test_signal(frame, 1, 2, (int64_t)i);
		for (int c = 0; c < 2; c++) {
			const uint8_t *b = bytes + 4 * i + 2 * c;
			assert_int_equal((int16_t)(b[0] | b[1] << 8), (int)(frame[c] * 32768.0f));
		}
	}
}

static void assert_wav_file(const uint8_t *bytes, size_t count, size_t n_frames)
{
	assert_int_equal(count, HEAD + 4 * n_frames);
	assert_memory_equal(bytes, "RIFF", 4);
	assert_int_equal(read_u32(bytes + 4), count - 8);
	assert_int_equal(read_u32(bytes + HEAD - 4), 4 * n_frames);
	assert_audio(bytes + HEAD, n_frames);
}

static void assert_wav_stream(const uint8_t *bytes, size_t count, size_t n_frames)
{
	assert_int_equal(count, PIPE_HEAD + 4 * n_frames);
	assert_int_equal(read_u32(bytes + 4), UINT32_MAX);
	assert_int_equal(read_u32(bytes + PIPE_HEAD - 4), UINT32_MAX);
	assert_audio(bytes + PIPE_HEAD, n_frames);
}

/* ---- named files -------------------------------------------------------------------------- */

static void a_named_file(void **state)
{
	char *name = path_in(*state, "a.wav");
	write_and_close(open_output(name), 3 * RATE + 5);
	struct contents c = read_file(name);
	assert_wav_file(c.bytes, c.count, 3 * RATE + 5);
	free(c.bytes);
	write_and_close(open_output(name), 100); /* shorter: nothing of the old is left */
	c = read_file(name);
	assert_wav_file(c.bytes, c.count, 100);
	free(c.bytes);
	free(name);
}

static void wrong_options_cost_no_file(void **state)
{
	char *name = path_in(*state, "old.wav"), *spec = path_in(*state, "old.wav?x=1");
	char *other = path_in(*state, "new.wav"), *other_spec = path_in(*state, "new.wav?x=1");
	struct output *o;
	struct error error;
	write_and_close(open_output(name), 100);
	assert_int_equal(output_open(spec, &plain, NULL, &o, &error), STATUS_USAGE);
	struct contents c = read_file(name);
	assert_wav_file(c.bytes, c.count, 100);
	free(c.bytes);
	assert_int_equal(output_open(other_spec, &plain, NULL, &o, &error), STATUS_USAGE);
	assert_int_equal(access(other, F_OK), -1);
	free(name);
	free(spec);
	free(other);
	free(other_spec);
}

static void two_outputs_get_the_same(void **state)
{
	char *a = path_in(*state, "1.wav"), *b = path_in(*state, "2.raw");
	struct output *x = open_output(a), *y = open_output(b);
	float block[2 * 500];
	for (int i = 0; i < 200; i++) {
		test_signal(block, 500, 2, i * 500);
		assert_int_equal(output_write(x, block, 500, NULL), STATUS_OK);
		assert_int_equal(output_write(y, block, 500, NULL), STATUS_OK);
	}
	assert_int_equal(output_finish(x, NULL), STATUS_OK);
	assert_int_equal(output_finish(y, NULL), STATUS_OK);
	output_close(x);
	output_close(y);
	struct contents c = read_file(a), d = read_file(b);
	assert_wav_file(c.bytes, c.count, 100000);
	assert_int_equal(d.count, 400000);
	assert_memory_equal(c.bytes + HEAD, d.bytes, d.count);
	free(c.bytes);
	free(d.bytes);
	free(a);
	free(b);
}

static void unfinished_files_are_valid(void **state)
{
	char *name = path_in(*state, "cut.wav");
	struct output *o = open_output(name);
	assert_int_equal(write_frames(o, 3 * RATE, NULL), STATUS_OK);
	output_close(o);
	struct contents c = read_file(name);
	assert_true(c.count > HEAD);
	assert_wav_file(c.bytes, c.count, (c.count - HEAD) / 4);
	free(c.bytes);
	free(name);
	output_close(NULL);
}

static void no_such_folder(void **state)
{
	char *name = path_in(*state, "nix/a.wav");
	struct output *o;
	struct error error;
	assert_int_equal(output_open(name, &plain, NULL, &o, &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, name));
	assert_non_null(strstr(error.text, "No such file"));
	free(name);
}

static void flac_refuses_floats_when_asked(void **state)
{
	char *name = path_in(*state, "a.flac");
	struct output_options options = plain;
	struct output *o;
	struct error error;
	options.sample = SAMPLE_F32;
	options.sample_is_set = true;
	assert_int_equal(output_open(name, &options, NULL, &o, &error), STATUS_USAGE);
	assert_non_null(strstr(error.text, "cannot take f32, only s24"));
	free(name);
}

/* ---- what the system refuses -------------------------------------------------------------- */

static void a_full_device(void **state)
{
	(void)state;
	struct output *o;
	struct error error = {0};
	/* The head is written at once ... */
	assert_int_equal(output_open("/dev/full", &plain, NULL, &o, &error), STATUS_IO);
	assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
	/* ... raw audio later: the failure comes back from a write or from finish, and stays. */
	o = open_output("raw:/dev/full");
	enum status status = write_frames(o, 30 * RATE, &error);
	assert_int_equal(status, STATUS_IO);
	assert_int_equal(write_frames(o, 1, &error), STATUS_IO);
	memset(&error, 0, sizeof error);
	assert_int_equal(output_finish(o, &error), STATUS_IO);
	assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
	output_close(o);
	o = open_output("raw:/dev/full");
	assert_int_equal(write_frames(o, 10, &error), STATUS_OK);
	assert_int_equal(output_finish(o, &error), STATUS_IO);
	output_close(o);
}

static void a_file_that_may_not_grow(void **state)
{
	char *name = path_in(*state, "long.wav");
	struct rlimit before, small;
	struct error error = {0};
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 100001;
	struct output *o = open_output(name);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum status status = write_frames(o, 5 * RATE, &error);
	if (status == STATUS_OK)
		status = output_finish(o, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	output_close(o);
	assert_int_equal(status, STATUS_IO);
	assert_non_null(strstr(error.text, "File too large"));
	struct contents c = read_file(name); /* ends with a whole block, and says so */
	assert_true(c.count > HEAD && c.count <= 100001);
	assert_wav_file(c.bytes, c.count, (c.count - HEAD) / 4);
	free(c.bytes);
	free(name);
}

/* ---- pipes -------------------------------------------------------------------------------- */

static void *drain(void *user)
{
	struct contents *c = malloc(sizeof *c);
	*c = read_all(*(int *)user);
	return c;
}

/* Standard output is `fd` for the time of `body`. */
static void with_stdout(int fd, void (*body)(void *), void *user)
{
	fflush(stdout);
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(saved >= 0);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	body(user);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
}

static void write_two_seconds(void *user)
{
	write_and_close(open_output("-"), 2 * RATE);
}

static void a_pipe_gets_a_stream(void **state)
{
	(void)state;
	int fds[2];
	pthread_t reader;
	void *result;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&reader, NULL, drain, &fds[0]), 0);
	with_stdout(fds[1], write_two_seconds, NULL);
	close(fds[1]);
	pthread_join(reader, &result);
	struct contents *c = result;
	assert_wav_stream(c->bytes, c->count, 2 * RATE);
	free(c->bytes);
	free(c);
}

static void write_to_nobody(void *user)
{
	int *read_end = user;
	struct output *o = open_output("-");
	struct error error = {0};
	close(*read_end);
	assert_int_equal(write_frames(o, 60 * RATE, &error), STATUS_IO);
	assert_string_equal(error.text, "standard output: cannot write: Broken pipe");
	output_close(o);
}

static void a_reader_that_goes(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	with_stdout(fds[1], write_to_nobody, &fds[0]);
	close(fds[1]);
}

static void *write_until_cancelled(void *user)
{
	struct output *o = user;
	enum status status = write_frames(o, 600 * RATE, NULL);
	return status == STATUS_CANCELLED ? o : NULL;
}

/* Until the output's thread can only wait for the reader: the pipe holds what a pipe holds. */
static void wait_until_full(int read_end)
{
	int n_bytes = 0;
	while (n_bytes < fcntl(read_end, F_GETPIPE_SZ) - 2 * PIPE_BUF) /* pages may be part full */
		assert_int_equal(ioctl(read_end, FIONREAD, &n_bytes), 0);
}

static void stall(void *user)
{
	int read_end = *(int *)user;
	struct output *o = open_output("-");
	pthread_t writer;
	void *result;
	assert_int_equal(pthread_create(&writer, NULL, write_until_cancelled, o), 0);
	wait_until_full(read_end);
	output_cancel(o);
	pthread_join(writer, &result);
	assert_ptr_equal(result, o);
	struct error error;
	assert_int_equal(output_finish(o, &error), STATUS_CANCELLED);
	output_close(o);

	uint8_t old[4096];
	for (int n_bytes = 1; n_bytes > 0; assert_int_equal(ioctl(read_end, FIONREAD, &n_bytes), 0))
		assert_true(read(read_end, old, sizeof old) > 0);
	o = open_output("-"); /* closed while its thread waits for the reader */
	float block[2 * 1000] = {0};
	for (int i = 0; i < 40; i++)
		assert_int_equal(output_write(o, block, 1000, NULL), STATUS_OK);
	wait_until_full(read_end);
	output_close(o);
}

static void a_reader_that_stalls(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	with_stdout(fds[1], stall, &fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void *open_and_drain(void *user)
{
	int fd = open(user, O_RDONLY);
	return drain(&fd);
}

/* The reader comes when it comes. */
static void a_fifo(void **state)
{
	char *name = path_in(*state, "fifo");
	pthread_t reader;
	void *result;
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_int_equal(pthread_create(&reader, NULL, open_and_drain, name), 0);
	write_and_close(open_output(name), 2 * RATE);
	pthread_join(reader, &result);
	struct contents *c = result;
	assert_wav_stream(c->bytes, c->count, 2 * RATE);
	free(c->bytes);
	free(c);
	free(name);
}

/* ---- standard output that is a file ------------------------------------------------------- */

static struct contents through_stdout(const char *name, int flags, const char *before)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, before, strlen(before)), (ssize_t)strlen(before));
	close(fd);
	fd = open(name, O_WRONLY | O_CLOEXEC | flags);
	assert_true(fd >= 0);
	if (!(flags & O_APPEND))
		assert_true(lseek(fd, 0, SEEK_END) >= 0);
	with_stdout(fd, write_two_seconds, NULL);
	close(fd);
	return read_file(name);
}

static void stdout_is_a_file(void **state)
{
	static const char *const before[] = {"", "some bytes"};
	static const int flags[] = {0, O_APPEND};
	char *name = path_in(*state, "out");
	for (int b = 0; b < 2; b++) {
		for (int f = 0; f < 2; f++) {
			size_t n = strlen(before[b]);
			struct contents c = through_stdout(name, flags[f], before[b]);
			assert_memory_equal(c.bytes, before[b], n);
			assert_wav_file(c.bytes + n, c.count - n, 2 * RATE);
			free(c.bytes);
		}
	}
	free(name);
}

static void expect_refusal(void *user)
{
	struct output *o;
	struct error *error = user;
	error->status = output_open("-", &plain, NULL, &o, error);
}

static void terminals_are_refused(void **state)
{
	(void)state;
	struct error error = {0};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		print_message("# no pseudo terminals here\n");
		skip();
	}
	int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	with_stdout(terminal, expect_refusal, &error);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_non_null(strstr(error.text, "terminal"));
	struct output *o;
	char spec[128];
	snprintf(spec, sizeof spec, "wav:%s", ptsname(master));
	assert_int_equal(output_open(spec, &plain, NULL, &o, &error), STATUS_USAGE);
	close(terminal);
	close(master);
}

/* ---- titles ------------------------------------------------------------------------------- */

static void titles_keep_their_places(void **state)
{
	char *name = path_in(*state, "a.ogg"), *spec = path_in(*state, "a.ogg?chained=yes");
	struct output *o = open_output(spec);
	static const char *const titles[] = {"One", "Two", "Three"};
	for (int i = 0; i < 3; i++) {
		struct tags tags = {0};
		assert_int_equal(tags_set(&tags, "title", titles[i]), STATUS_OK);
		assert_int_equal(output_announce(o, &tags, 0), STATUS_OK);
		tags_done(&tags);
		assert_int_equal(write_frames(o, RATE + (size_t)i, NULL), STATUS_OK);
	}
	assert_int_equal(output_finish(o, NULL), STATUS_OK);
	output_close(o);
	struct contents c = read_file(name);
	/* The last page of each link holds its length (RFC 3533: flag 4, granule at byte 6). */
	int links = 0;
	for (size_t i = 0; i + 27 < c.count; i++) {
		if (memcmp(c.bytes + i, "OggS", 4) == 0 && (c.bytes[i + 5] & 4)) {
			assert_int_equal(read_u32(c.bytes + i + 6), RATE + links);
			links++;
		}
	}
	assert_int_equal(links, 3);
	free(c.bytes);
	free(name);
	free(spec);
}

static void other_rates_and_channels(void **state)
{
	char *name = path_in(*state, "m.wav");
	struct output_options options = plain;
	struct output *o;
	options.rate_hz = 48000;
	options.channels = 1;
	assert_int_equal(output_open(name, &options, NULL, &o, NULL), STATUS_OK);
	assert_false(output_is_live(o));
	assert_int_equal(output_underruns(o), 0);
	write_and_close(o, RATE);
	struct contents c = read_file(name);
	assert_int_equal(read_u32(c.bytes + 60), 48000);
	assert_int_equal(c.count, HEAD + 2 * 48000);
	free(c.bytes);
	options.channels = 33;
	assert_int_equal(output_open(name, &options, NULL, &o, NULL), STATUS_USAGE);
	options.channels = 2;
	options.rate_hz = 999;
	assert_int_equal(output_open(name, &options, NULL, &o, NULL), STATUS_USAGE);
	free(name);
}

static int set_up(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	*state = scratch_new();
	return 0;
}

static int tear_down(void **state)
{
	scratch_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_named_file),
	        cmocka_unit_test(wrong_options_cost_no_file),
	        cmocka_unit_test(two_outputs_get_the_same),
	        cmocka_unit_test(unfinished_files_are_valid),
	        cmocka_unit_test(no_such_folder),
	        cmocka_unit_test(flac_refuses_floats_when_asked),
	        cmocka_unit_test(a_full_device),
	        cmocka_unit_test(a_file_that_may_not_grow),
	        cmocka_unit_test(a_pipe_gets_a_stream),
	        cmocka_unit_test(a_reader_that_goes),
	        cmocka_unit_test(a_reader_that_stalls),
	        cmocka_unit_test(a_fifo),
	        cmocka_unit_test(stdout_is_a_file),
	        cmocka_unit_test(terminals_are_refused),
	        cmocka_unit_test(titles_keep_their_places),
	        cmocka_unit_test(other_rates_and_channels),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
