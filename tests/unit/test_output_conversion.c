/* test_output_conversion.c - outputs that share a conversion get what each would make by itself, however late any of them is. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/output.h"
#include "output/conversion.h"

enum { BLOCK = 1000, QUEUE = 4, BLOCKS = 40, LAST = 123, MEMBERS = 3, MOST = 100000 };

static float input[2 * (BLOCKS * BLOCK + LAST)];

static int make_input(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof input / sizeof *input; i++)
		input[i] = (float)(1.1 * sin((double)i * 0.0137));
	return 0;
}

static const struct conversion_key key = {.bus_rate_hz = 44100,
        .format = {.sample_rate_hz = 48000, .channels = 2, .sample = SAMPLE_S16},
        .to_integers = true,
        .seed = 7,
        .block_frames = BLOCK,
        .n_blocks = QUEUE};

struct member {
	struct conversion *conversion;
	float *got;
	size_t n_got;
};

static enum status take(void *user, const float *frames, size_t n_frames)
{
	struct member *m = user;
	assert_true(m->n_got + n_frames <= MOST && n_frames <= CONVERT_FRAMES);
	memcpy(m->got + 2 * m->n_got, frames, 2 * n_frames * sizeof *frames);
	m->n_got += n_frames;
	return STATUS_OK;
}

static void begin(struct member *m, struct output_hub *hub)
{
	*m = (struct member){
	        .conversion = conversion_new(hub, &key), .got = malloc(2 * MOST * sizeof(float))};
	assert_non_null(m->conversion);
	assert_non_null(m->got);
}

static void end(struct member *m)
{
	conversion_free(m->conversion);
	free(m->got);
}

/* Block BLOCKS is the short one, the next the end. */
static void run_block(struct member *m, size_t block)
{
	size_t n = block < BLOCKS ? BLOCK : LAST;
	const float *from = block <= BLOCKS ? input + 2 * BLOCK * block : NULL;
	assert_int_equal(conversion_run(m->conversion, from, from ? n : 0, take, m), STATUS_OK);
}

static void *run_all(void *user)
{
	for (size_t i = 0; i < BLOCKS + 2; i++)
		run_block(user, i);
	return NULL;
}

static void assert_same(const struct member *a, const struct member *b)
{
	assert_int_equal(a->n_got, b->n_got);
	assert_memory_equal(a->got, b->got, 2 * a->n_got * sizeof(float));
	assert_int_equal(conversion_clipped(a->conversion), conversion_clipped(b->conversion));
}

static void who_shares_gets_what_one_alone_gets(void **state)
{
	(void)state;
	struct output_hub *hub = output_hub_new();
	struct member alone, members[MEMBERS];
	begin(&alone, NULL);
	run_all(&alone);
	assert_true(alone.n_got > 43000 && conversion_clipped(alone.conversion) > 0);
	for (int i = 0; i < MEMBERS; i++)
		begin(&members[i], hub);
	/* In turns, each one first for once, none behind by more than a queue. */
	for (size_t block = 0; block < BLOCKS + 2; block++)
		for (size_t i = 0; i < MEMBERS; i++)
			run_block(&members[(block + i) % MEMBERS], block);
	for (int i = 0; i < MEMBERS; i++) {
		assert_same(&members[i], &alone);
		end(&members[i]);
	}
	end(&alone);
	output_hub_free(hub);
}

/* Threads are behind each other by any number of blocks: whoever leaves the group gets frames of its own, as many. */
static void threads_share(void **state)
{
	(void)state;
	struct output_hub *hub = output_hub_new();
	struct member alone, members[MEMBERS];
	pthread_t threads[MEMBERS];
	begin(&alone, NULL);
	run_all(&alone);
	for (int i = 0; i < MEMBERS; i++)
		begin(&members[i], hub);
	for (int i = 0; i < MEMBERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_all, &members[i]), 0);
	size_t n_whole = 0;
	for (int i = 0; i < MEMBERS; i++) {
		pthread_join(threads[i], NULL);
		n_whole += members[i].n_got == alone.n_got &&
		           memcmp(members[i].got, alone.got, 8 * alone.n_got) == 0;
	}
	assert_true(n_whole >= 1);
	for (int i = 0; i < MEMBERS; i++)
		end(&members[i]);
	end(&alone);
	output_hub_free(hub);
}

static void who_lost_frames_or_is_late_disturbs_nobody(void **state)
{
	(void)state;
	struct output_hub *hub = output_hub_new();
	struct member alone, good, cut, late;
	begin(&alone, NULL);
	run_all(&alone);
	begin(&cut, hub);
	begin(&late, hub);
	begin(&good, hub);
	for (size_t block = 0; block < QUEUE; block++)
		run_block(&cut, block); /* it is the one that converts */
	run_block(&late, 0);
	conversion_cut(cut.conversion, QUEUE * BLOCK + 5);
	run_block(&cut, 20);
	run_block(&cut, BLOCKS);
	run_block(&cut, BLOCKS + 1);
	assert_true(cut.n_got > QUEUE * BLOCK);
	run_all(&good);
	assert_same(&good, &alone);
	size_t before = late.n_got;
	for (size_t block = 1; block < BLOCKS + 2; block++)
		run_block(&late, block); /* the first of these are not there any more */
	assert_true(late.n_got - before > (alone.n_got - before) * 99 / 100);
	end(&cut);
	end(&late);
	end(&good);
	end(&alone);
	output_hub_free(hub);
}

/* Who opens an output when others have begun converts for itself, as do others with other wishes. */
static void what_differs_is_not_shared(void **state)
{
	(void)state;
	struct output_hub *hub = output_hub_new();
	struct member first, later, alone;
	begin(&alone, NULL);
	run_all(&alone);
	begin(&first, hub);
	run_block(&first, 0);
	begin(&later, hub);
	run_all(&later);
	assert_same(&later, &alone);
	for (size_t block = 1; block < BLOCKS + 2; block++)
		run_block(&first, block);
	assert_same(&first, &alone);
	end(&first);
	end(&later);
	end(&alone);
	output_hub_free(hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(who_shares_gets_what_one_alone_gets),
	        cmocka_unit_test(threads_share),
	        cmocka_unit_test(who_lost_frames_or_is_late_disturbs_nobody),
	        cmocka_unit_test(what_differs_is_not_shared),
	};
	return cmocka_run_group_tests(tests, make_input, NULL);
}
