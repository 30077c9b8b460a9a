/* Each channel alone must arrive on the sides, and at the level, that BS.775 gives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jukebox/downmix.h"

static void expect(int channels, int c, double left, double right)
{
	float in[2 * 32] = {0}, out[4] = {9, 9, 9, 9};

	in[channels + c] = 1; /* second frame: the first must stay silent */
	downmix_to_stereo(in, channels, 2, out);
	assert_float_equal(out[0], 0, 0);
	assert_float_equal(out[1], 0, 0);
	assert_float_equal(out[2], left, 1e-6);
	assert_float_equal(out[3], right, 1e-6);
}

static void test_mono_and_stereo_are_unchanged(void **state)
{
	expect(1, 0, 1, 1);
	expect(2, 0, 1, 0);
	expect(2, 1, 0, 1);
}

static void test_known_layouts(void **state)
{
	for (int channels = 3; channels <= 8; channels++) {
		expect(channels, 0, 1, 0);
		expect(channels, 1, 0, 1);
		if (channels != 4)
			expect(channels, 2, 0.70710678, 0.70710678);
		if (channels >= 6)
			expect(channels, 3, 0, 0);
		if (channels >= 4) {
			expect(channels, channels - 2, 0.70710678, 0);
			expect(channels, channels - 1, 0, 0.70710678);
		}
	}
	expect(7, 4, 0.5, 0.5);
	expect(8, 4, 0.70710678, 0);
	expect(8, 5, 0, 0.70710678);
}

static void test_others_alternate(void **state)
{
	expect(9, 8, 0.44721360, 0);
	expect(9, 7, 0, 0.5);
	expect(32, 0, 0.25, 0);
	expect(32, 31, 0, 0.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_mono_and_stereo_are_unchanged),
	        cmocka_unit_test(test_known_layouts),
	        cmocka_unit_test(test_others_alternate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
