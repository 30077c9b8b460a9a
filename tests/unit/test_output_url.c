/* test_output_url.c - addresses of network outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "output/url.h"

static void is(const char *text, const char *user, const char *host, int port, const char *path)
{
	struct url url;
	struct error error = {0};
	if (url_parse(text, 8000, &url, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
	assert_string_equal(url.user, user);
	assert_string_equal(url.host, host);
	assert_int_equal(url.port, port);
	assert_string_equal(url.path, path);
}

static void right_ones(void **state)
{
	(void)state;
	is("//host/m.ogg", "", "host", 8000, "/m.ogg");
	is("//me@host:81/a/b.mp3", "me", "host", 81, "/a/b.mp3");
	is("//:0/x.ogg", "", "", 0, "/x.ogg");
	is("//[::1]:99/x.ogg", "", "::1", 99, "/x.ogg");
	is("//u@[fe80::1]/x.ogg", "u", "fe80::1", 8000, "/x.ogg");
	is("//0.0.0.0:65535/x", "", "0.0.0.0", 65535, "/x");
}

static void wrong(const char *text, const char *part)
{
	struct url url;
	struct error error = {0};
	assert_int_equal(url_parse(text, 8000, &url, &error), STATUS_USAGE);
	if (!strstr(error.text, part))
		fail_msg("%s: %s", text, error.text);
}

static void wrong_ones(void **state)
{
	char long_text[1000] = "//h/";
	(void)state;
	wrong("host/m", "begins with //");
	wrong("//host", "no mount");
	wrong("//host/", "no mount");
	wrong("//host:/m", "no port");
	wrong("//host:99999999999/m", "no port");
	wrong("//host:-1/m", "no port");
	wrong("//[::1/m", "bracket");
	wrong("//[::1]8/m", "no port");
	wrong("//h/a b", "letters");
	wrong("//h/<x>", "letters");
	wrong("//h/\xc3\xa4", "letters");
	memset(long_text + 4, 'x', 600);
	wrong(long_text, "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(right_ones),
	        cmocka_unit_test(wrong_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
