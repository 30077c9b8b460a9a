/* test_ring.c - every frame comes out once and in order, in whole blocks; both sides wait, and both can leave. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "jukebox/ring.h"

enum { BLOCK = 100, BLOCKS = 4, FRAMES = 123457 };

struct writer {
	struct ring *ring;
	enum status status;
};

static void *write_all(void *user)
{
	struct writer *w = user;
	float frames[2 * 333];
	for (int n = 0, k = 1; n < FRAMES; k = k % 333 + 1) {
		k = k < FRAMES - n ? k : FRAMES - n;
		for (int i = 0; i < k; i++) {
			frames[2 * i] = (float)(n + i);
			frames[2 * i + 1] = -(float)(n + i);
		}
		w->status = ring_write(w->ring, frames, (size_t)k);
		if (w->status != STATUS_OK)
			return NULL;
		n += k;
	}
	ring_end(w->ring);
	return NULL;
}

static void frames_come_in_order_and_in_blocks(void **state)
{
	(void)state;
	for (size_t batch = 1; batch <= BLOCKS; batch++) {
		struct ring *r = ring_new(BLOCK, BLOCKS, batch, 2);
		pthread_t thread;
		const float *frames;
		struct writer writer = {.ring = r};
		size_t n, all = 0;
		assert_non_null(r);
		assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
		while ((n = ring_next(r, &frames)) > 0) {
			assert_true(n == BLOCK || all + n == FRAMES);
			for (size_t i = 0; i < n; i++) {
				assert_true(frames[2 * i] == (float)(all + i));
				assert_true(frames[2 * i + 1] == -(float)(all + i));
			}
			all += n;
			ring_took(r);
		}
		pthread_join(thread, NULL);
		assert_int_equal(writer.status, STATUS_OK);
		assert_int_equal(all, FRAMES);
		ring_free(r);
	}
}

static void who_waits_for_nobody_is_told(void **state)
{
	(void)state;
	struct ring *r = ring_new(BLOCK, BLOCKS, 1, 2);
	pthread_t thread;
	const float *frames;
	struct writer writer = {.ring = r};
	assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
	assert_int_equal(ring_next(r, &frames), BLOCK);
	ring_abandon(r); /* the writer stands, or will stand, before a full ring */
	pthread_join(thread, NULL);
	assert_int_equal(writer.status, STATUS_CANCELLED);
	ring_free(r);
}

static void an_offer_waits_no_longer_than_said(void **state)
{
	(void)state;
	static const float frames[2 * BLOCK * BLOCKS + 2];
	struct ring *r = ring_new(BLOCK, BLOCKS, 1, 2);
	const float *got;
	size_t n;
	assert_int_equal(ring_offer(r, frames, BLOCK * BLOCKS + 1, 0, &n), STATUS_OK);
	assert_int_equal(n, BLOCK * BLOCKS);
	assert_int_equal(ring_offer(r, frames, 1, 1000, &n), STATUS_OK);
	assert_int_equal(n, 0);
	assert_int_equal(ring_next(r, &got), BLOCK);
	ring_took(r);
	assert_int_equal(ring_offer(r, frames, BLOCK + 1, 1000, &n), STATUS_OK);
	assert_int_equal(n, BLOCK);
	ring_free(r);
}

static void bad_sizes_are_refused(void **state)
{
	(void)state;
	assert_null(ring_new(0, 1, 1, 2));
	assert_null(ring_new(1, 0, 0, 2));
	assert_null(ring_new(1, 2, 3, 2));
	assert_null(ring_new(1, 1, 1, 0));
	assert_null(ring_new(SIZE_MAX / 4, 3, 1, 2));
	ring_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(frames_come_in_order_and_in_blocks),
	        cmocka_unit_test(who_waits_for_nobody_is_told),
	        cmocka_unit_test(an_offer_waits_no_longer_than_said),
	        cmocka_unit_test(bad_sizes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
