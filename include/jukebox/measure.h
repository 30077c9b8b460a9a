/* measure.h - from music files to records, on all cores. */
#ifndef JUKEBOX_MEASURE_H
#define JUKEBOX_MEASURE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "jukebox/decoder.h"
#include "jukebox/kept.h"
#include "jukebox/record.h"
#include "jukebox/status.h"

/* Decodes the whole of an open decoder (from its start) into *record, which is overwritten.  *cancel may
 * become true at any time: STATUS_CANCELLED soon after (NULL: never).  A file without one frame is
 * STATUS_BAD_DATA.  On failure *record is empty.  Memory: bounded by RECORD constants plus about
 * 100 bytes per second of music. */
enum status measure_decoder(struct decoder *decoder, struct record *record,
        const atomic_bool *cancel, struct error *error) MUST_USE;

enum status measure_file(const char *path, struct record *record, const atomic_bool *cancel,
        struct error *error) MUST_USE;

/* The same; what is decoded is kept for the mixer, where there is room (NULL: nowhere). */
enum status measure_file_keeping(const char *path, struct kept *kept, struct record *record,
        const atomic_bool *cancel, struct error *error) MUST_USE;

/* For the sandbox: files are measured where they are decoded. */
extern const struct decoder_watcher measure_watcher;

/* ---- many files: a pool of workers ------------------------------------------------------- */

/* One result.  `record` is valid during the call only when status is STATUS_OK; the callee may take it over
 * with record_move (then it is left empty). */
struct measured {
	size_t index; /* as given to measure_pool_add */
	const char *path; /* borrowed for the call */
	enum status status;
	struct error error;
	struct record record;
};

/* Called by a thread of the pool, one call at a time; workers go on meanwhile. */
typedef void measure_done_fn(void *user, struct measured *measured);

struct measure_pool;

/* `n_workers` 0: one a core.  `background`: lowest CPU and I/O priority, beside a live mix.  NULL when no
 * thread could be started; with fewer threads than asked it goes on. */
struct measure_pool *measure_pool_new(
        int n_workers, bool background, measure_done_fn *done, void *user);

/* What is decoded from here on goes to `kept`, which is borrowed until measure_pool_free. Before the first measure_pool_add. */
void measure_pool_keep(struct measure_pool *pool, struct kept *kept);

/* Hands in one file; waits while the queue (bounded) is full.  `path` is copied.  STATUS_CANCELLED after
 * measure_pool_cancel. Long files go best first, but order is the caller's. */
enum status measure_pool_add(struct measure_pool *pool, size_t index, const char *path) MUST_USE;

/* Drops what waits, stops what runs; neither is reported.  Any thread, also from measure_done_fn. */
void measure_pool_cancel(struct measure_pool *pool);

/* Waits until all that was added is done. */
void measure_pool_wait(struct measure_pool *pool);

/* Cancels what is left, and waits for the threads to end, no longer than to the deadline (of clock_now_ns).  False: some hang in
 * their files; then measure_pool_free would, too. */
bool measure_pool_end(struct measure_pool *pool, int64_t deadline_ns) MUST_USE;

/* Cancels what is left, joins the threads, frees.  NULL is fine. */
void measure_pool_free(struct measure_pool *pool);

void record_move(struct record *to, struct record *from);

#endif
