/* test_encode_pcm.c - floats to PCM bytes: exact, clipped, the same in both loops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/pcm.h"

static int s16_of(float sample)
{
	uint8_t b[2];
	pcm_from_float(SAMPLE_S16, &sample, 1, b);
	return (int16_t)(b[0] | b[1] << 8);
}

static int s24_of(float sample)
{
	uint8_t b[3];
	pcm_from_float(SAMPLE_S24, &sample, 1, b);
	return (int32_t)((uint32_t)b[2] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 8) / 256;
}

static void known_values(void **state)
{
	(void)state;
	assert_int_equal(s16_of(0), 0);
	assert_int_equal(s16_of(-1), -32768);
	assert_int_equal(s16_of(1), 32767);
	assert_int_equal(s16_of(1e9f), 32767);
	assert_int_equal(s16_of(-1e9f), -32768);
	assert_int_equal(s16_of(INFINITY), 32767);
	assert_int_equal(s16_of(1.5f / 32768), 2); /* to even */
	assert_int_equal(s16_of(-0.4f / 32768), 0);
	assert_int_equal(s24_of(-1), -8388608);
	assert_int_equal(s24_of(2), 8388607);
	assert_int_equal(s24_of(12345.0f / 8388608), 12345);
	assert_int_equal(s24_of(NAN), 0);
}

static void grid_is_exact(void **state)
{
	(void)state;
	for (int v = -32768; v < 32768; v++)
		assert_int_equal(s16_of((float)v / 32768), v);
}

/* Sixteen at a time and one by one give the same bytes. */
static void loops_agree(void **state)
{
	(void)state;
	float in[16];
	uint8_t together[32], alone[2];
	srand(1);
	for (int round = 0; round < 10000; round++) {
		for (int i = 0; i < 16; i++)
			in[i] = (float)(rand() - RAND_MAX / 2) * (2.6f / (float)RAND_MAX);
		pcm_from_float(SAMPLE_S16, in, 16, together);
		for (int i = 0; i < 16; i++) {
			pcm_from_float(SAMPLE_S16, in + i, 1, alone);
			assert_memory_equal(together + 2 * i, alone, 2);
		}
	}
}

static void floats_stay(void **state)
{
	(void)state;
	const float in[2] = {1.5f, -0.25f};
	const uint8_t expected[8] = {0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbe};
	uint8_t out[8];
	pcm_from_float(SAMPLE_F32, in, 2, out);
	assert_memory_equal(out, expected, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(known_values),
	        cmocka_unit_test(grid_is_exact),
	        cmocka_unit_test(loops_agree),
	        cmocka_unit_test(floats_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
