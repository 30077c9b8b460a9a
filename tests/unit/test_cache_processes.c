/* Many threads, many processes, and processes that are killed. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/cachetest.h"

enum { SONGS = 40, SECONDS = 20, PROCESSES = 6, THREADS = 4, KILLS = 60 };

static char *folder, *cache_path;

static char *song_path(int n)
{
	char name[20];

	snprintf(name, sizeof name, "%03d.mp3", n);
	return cachetest_path(folder, name);
}

static int set_up(void **state)
{
	folder = cachetest_folder();
	cache_path = cachetest_path(folder, "list.m3u.jukebox");
	for (int n = 0; n < SONGS; n++) {
		char *path = song_path(n);
		if (!cachetest_write(path, 1000 + (size_t)n, (uint32_t)n))
			return -1;
		free(path);
	}
	return 0;
}

static int tear_down(void **state)
{
	cachetest_remove(folder);
	free(cache_path);
	free(folder);
	return 0;
}

/* In children, where cmocka's assertions do not reach: the process ends with 1. */
static void demand(bool condition)
{
	if (!condition)
		_exit(1);
}

static struct cache *open_cache(void)
{
	struct error error;
	struct cache *cache;

	demand(cache_open(cache_path, false, NULL, &cache, &error) == STATUS_OK);
	return cache;
}

static void store(struct cache *cache, int n)
{
	char *path = song_path(n);
	struct record record = cachetest_record(n, SECONDS);
	struct error error;

	demand(cache_store(cache, path, &record, &error) == STATUS_OK);
	record_done(&record);
	free(path);
}

static bool find(struct cache *cache, int n)
{
	char *path = song_path(n);
	struct record record;
	struct error error;
	enum status status = cache_find(cache, path, &record, &error);

	demand(status == STATUS_OK || status == STATUS_NOT_FOUND);
	demand(status != STATUS_OK || cachetest_is_record(&record, n, SECONDS));
	record_done(&record);
	free(path);
	return status == STATUS_OK;
}

/* The listing, as text: the same for the same music, whoever wrote it and in what order. */
static char listing[SONGS * 400];
static enum status list_row(void *user, const struct cache_row *row)
{
	size_t n = strlen(listing);

	snprintf(listing + n, sizeof listing - n, "%s %s %s %lld %lld %.17g %.17g\n", row->state,
	        row->path, row->reason, (long long)row->size_bytes, (long long)row->record_bytes,
	        row->duration_s, row->loudness_lufs);
	return STATUS_OK;
}

static void list_all(void)
{
	struct cache *cache = open_cache();
	struct error error;
	int64_t n_good, n_bad;

	listing[0] = '\0';
	assert_int_equal(cache_each(cache, list_row, NULL, &error), STATUS_OK);
	assert_int_equal(cache_check(cache, &n_good, &n_bad, &error), STATUS_OK);
	assert_int_equal(n_good, SONGS);
	assert_int_equal(n_bad, 0);
	cache_close(cache);
}

static pid_t start(void (*work)(int), int number)
{
	pid_t pid = fork();

	if (pid == 0) {
		work(number);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void expect_end(pid_t pid)
{
	int how;

	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_int_equal(how, 0);
}

/* Each begins at another song; what others have stored it does not store again. */
static void fill(int number)
{
	struct cache *cache = open_cache();

	for (int i = 0; i < SONGS; i++) {
		int n = (i + number * SONGS / PROCESSES) % SONGS;
		if (!find(cache, n))
			store(cache, n);
		demand(find(cache, n));
	}
	cache_close(cache);
}

static void test_processes_at_once(void **state)
{
	pid_t pids[PROCESSES];

	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start(fill, i);
	for (int i = 0; i < PROCESSES; i++)
		expect_end(pids[i]);
	list_all();
	char *together = strdup(listing);
	assert_int_equal(unlink(cache_path), 0);
	fill(0);
	list_all();
	assert_string_equal(listing, together);
	free(together);
}

/* All find the same damage at the same time: one file is set aside, and no record is lost afterwards. */
static void test_damage_met_by_many(void **state)
{
	pid_t pids[PROCESSES];
	char *second = cachetest_path(folder, "list.m3u.jukebox.damaged-2");

	assert_true(cachetest_write(cache_path, 50000, 3));
	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start(fill, i);
	for (int i = 0; i < PROCESSES; i++)
		expect_end(pids[i]);
	list_all();
	assert_int_not_equal(access(second, F_OK), 0);
	free(second);
}

/* ---- kill -9 ------------------------------------------------------------------------------------------ */

static int announce[2];
static const uint8_t anew =
        255; /* in place of a song: the cache goes now, whenever the kill comes */

/* Stores songs without end and says which are done. */
static void store_and_announce(int number)
{
	struct cache *cache = open_cache();

	for (int i = 0;; i++) {
		uint8_t n = (uint8_t)((i + number) % SONGS);
		if (find(cache, n) && i < SONGS)
			continue;
		struct record record = cachetest_record(n, SECONDS);
		record_done(&record);
		store(cache, n);
		demand(write(announce[1], &n, 1) == 1);
		if (i < SONGS)
			continue;
		demand(write(announce[1], &anew, 1) == 1); /* all is there: begin anew */
		(void)!unlink(cache_path);
		_exit(0);
	}
}

static void test_killed(void **state)
{
	bool done[SONGS] = {false};
	uint32_t seed = 7;

	for (int round = 0; round < KILLS; round++) {
		assert_int_equal(pipe(announce), 0);
		pid_t pid = start(store_and_announce, round);
		close(announce[1]);
		seed = seed * 1664525u + 1013904223u;
		usleep((seed >> 20) % 4000);
		kill(pid, SIGKILL);
		int how;
		assert_int_equal(waitpid(pid, &how, 0), pid);
		uint8_t n = 0;
		while (read(announce[0], &n, 1) == 1)
			if (n != anew)
				done[n] = true;
		close(announce[0]);
		assert_true(WIFSIGNALED(how) || how == 0);
		if (n == anew) {
			memset(done, 0, sizeof done);
			(void)!unlink(cache_path);
			continue;
		}
		struct cache *cache = open_cache();
		for (int i = 0; i < SONGS; i++)
			if (done[i])
				assert_true(find(cache, i));
		cache_close(cache);
	}
}

/* ---- threads ------------------------------------------------------------------------------------------ */

struct job {
	struct cache *cache;
	int number;
	bool well;
};

static void *work(void *user)
{
	struct job *job = user;

	for (int i = 0; i < SONGS; i++) {
		int n = (i + job->number * SONGS / THREADS) % SONGS;
		if (!find(job->cache, n))
			store(job->cache, n);
		if (!find(job->cache, n))
			return NULL;
	}
	job->well = true;
	return NULL;
}

static void test_threads(void **state)
{
	struct job jobs[THREADS];
	pthread_t threads[THREADS];
	struct cache *cache = open_cache();

	for (int i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){cache, i, false};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(jobs[i].well);
	}
	cache_close(cache);
	list_all();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(test_processes_at_once),
	        TEST(test_damage_met_by_many),
	        TEST(test_killed),
	        TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
