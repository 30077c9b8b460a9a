/* test_encode_settings.c - an encoder's options, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "encode/settings.h"

static const char *const modes[] = {"cbr", "vbr", NULL};

static enum status parse(const char *text, struct setting settings[2], struct error *error)
{
	settings[0] = (struct setting){.name = "rate", .lowest = 8, .highest = 320, .value = 192};
	settings[1] = (struct setting){.name = "mode", .choices = modes, .value = 1};
	*error = (struct error){0};
	return settings_parse(text, "mp3", settings, 2, error);
}

static void right_ones(void **state)
{
	(void)state;
	struct setting s[2];
	struct error error;
	assert_int_equal(parse("", s, &error), STATUS_OK);
	assert_true(s[0].value == 192 && s[1].value == 1 && !s[0].is_set && !s[1].is_set);
	assert_int_equal(parse("mode=cbr&rate=64", s, &error), STATUS_OK);
	assert_true(s[0].value == 64 && s[1].value == 0 && s[0].is_set && s[1].is_set);
	assert_int_equal(parse("rate=64&rate=96&", s, &error), STATUS_OK);
	assert_true(s[0].value == 96);
}

static void wrong(const char *text, const char *said)
{
	struct setting s[2];
	struct error error;
	assert_int_equal(parse(text, s, &error), STATUS_USAGE);
	assert_string_equal(error.text, said);
}

static void wrong_ones(void **state)
{
	(void)state;
	wrong("bits=3", "mp3: unknown option 'bits' (known: rate, mode)");
	wrong("rate=400", "mp3: rate=400: must be a number from 8 to 320");
	wrong("rate=nan", "mp3: rate=nan: must be a number from 8 to 320");
	wrong("rate=", "mp3: rate=: must be a number from 8 to 320");
	wrong("rate", "mp3: 'rate': options are written name=value");
	wrong("mode=x", "mp3: mode=x: must be one of cbr, vbr");
	wrong("&", "mp3: '': options are written name=value");
	struct setting s[2];
	struct error error;
	char longest[200];
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(parse(longest, s, &error), STATUS_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(right_ones),
	        cmocka_unit_test(wrong_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
