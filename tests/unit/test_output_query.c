/* test_output_query.c - options of outputs: found, decoded, bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "output/query.h"

static void texts(void **state)
{
	char text[16];
	struct error error = {0};
	(void)state;
	const char *query = "&a=1&&name=My%20Radio%21&empty=&tail=x";
	assert_int_equal(query_text(query, "name", text, sizeof text, &error), STATUS_OK);
	assert_string_equal(text, "My Radio!");
	assert_int_equal(query_text(query, "empty", text, sizeof text, &error), STATUS_OK);
	assert_string_equal(text, "");
	assert_int_equal(query_text(query, "tail", text, sizeof text, &error), STATUS_OK);
	assert_string_equal(text, "x");
	assert_int_equal(query_text(query, "am", text, sizeof text, &error), STATUS_NOT_FOUND);
	assert_int_equal(query_text(query, "nam", text, sizeof text, &error), STATUS_NOT_FOUND);
	assert_int_equal(query_text("", "a", text, sizeof text, &error), STATUS_NOT_FOUND);
	assert_int_equal(query_text("a=%", "a", text, sizeof text, &error), STATUS_OK);
	assert_string_equal(text, "%");
	assert_int_equal(query_text("a=%4", "a", text, sizeof text, &error), STATUS_OK);
	assert_string_equal(text, "%4");
}

/* They become lines of HTTP heads. */
static void control_characters_are_refused(void **state)
{
	char text[16];
	struct error error = {0};
	(void)state;
	assert_int_equal(
	        query_text("a=x%0d%0aSet-Cookie:y", "a", text, sizeof text, &error), STATUS_USAGE);
	assert_int_equal(query_text("a=%00", "a", text, sizeof text, &error), STATUS_USAGE);
	assert_int_equal(query_text("a=%7f", "a", text, sizeof text, &error), STATUS_USAGE);
	assert_int_equal(
	        query_text("a=0123456789abcdef", "a", text, sizeof text, &error), STATUS_USAGE);
	assert_int_equal(
	        query_text("a=0123456789abcde", "a", text, sizeof text, &error), STATUS_OK);
}

static void numbers_and_flags(void **state)
{
	double value = 7;
	bool flag = true;
	struct error error = {0};
	(void)state;
	assert_int_equal(query_number("max=12", "max", 1, 100, &value, &error), STATUS_OK);
	assert_true(value == 12);
	assert_int_equal(query_number("x=1", "max", 1, 100, &value, &error), STATUS_OK);
	assert_true(value == 12);
	assert_int_equal(query_number("max=101", "max", 1, 100, &value, &error), STATUS_USAGE);
	assert_string_equal(error.text, "max=101: must be a number from 1 to 100");
	assert_int_equal(query_number("max=", "max", 1, 100, &value, &error), STATUS_USAGE);
	assert_int_equal(query_flag("public=no", "public", &flag, &error), STATUS_OK);
	assert_false(flag);
	assert_int_equal(query_flag("public=1", "public", &flag, &error), STATUS_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(texts),
	        cmocka_unit_test(control_characters_are_refused),
	        cmocka_unit_test(numbers_and_flags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
