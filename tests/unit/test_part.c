/* test_part.c - names of parts of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/part.h"

static void names_are_read_strictly(void **state)
{
	static const char *const others[] = {"", "a.flac", "#cd=1-2", "a#cd=", "a#cd=1", "a#cd=-5",
	        "a#cd=5-5", "a#cd=6-5", "a#cd=1-2 ", "a#cd=1-2#", "a#cd=x-2", "a#CD=1-2",
	        "a#cd=99999999999-", "a#cd=+1-2"};
	struct part part;

	assert_true(part_of_name("a#b.flac#cd=150-300", &part));
	assert_int_equal(part.n_file, strlen("a#b.flac"));
	assert_int_equal(part.from_sector, 150);
	assert_int_equal(part.to_sector, 300);
	assert_true(part_of_name("a#cd=0-", &part));
	assert_int_equal(part.to_sector, -1);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(part_of_name(others[i], &part));
}

static void names_are_made_as_they_are_read(void **state)
{
	char *name = part_name("x.flac", 10, 20), *open_end = part_name("x.flac", 20, -1);

	assert_string_equal(name, "x.flac#cd=10-20");
	assert_string_equal(open_end, "x.flac#cd=20-");
	assert_true(part_continues(name, open_end));
	assert_false(part_continues(open_end, name));
	assert_false(part_continues(name, name));
	assert_false(part_continues(name, "y.flac#cd=20-"));
	assert_false(part_continues(name, "x.flac"));
	free(name);
	free(open_end);
}

static void a_file_of_such_a_name_comes_first(void **state)
{
	char *file = part_file("/no/such/file.flac#cd=10-20");
	char *own = part_file("/dev/null");

	assert_string_equal(file, "/no/such/file.flac");
	assert_string_equal(own, "/dev/null");
	free(file);
	free(own);
}

static void sectors_are_exact(void **state)
{
	assert_int_equal(part_sector_to_frame(151, 44100), 151 * 588);
	assert_int_equal(part_sector_to_frame(1, 48000), 640);
	assert_int_equal(part_sector_to_frame(0, 8000), 0);
	assert_int_equal(part_sector_to_frame(1, 8000), 107); /* 106.67: the first one behind */
	assert_int_equal(
	        part_sector_to_frame(PART_MOST_SECTORS, 768000), PART_MOST_SECTORS * 10240);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_are_read_strictly),
	        cmocka_unit_test(names_are_made_as_they_are_read),
	        cmocka_unit_test(a_file_of_such_a_name_comes_first),
	        cmocka_unit_test(sectors_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
