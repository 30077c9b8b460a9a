/* test_output_spec.c - what is written behind -o, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/spec.h"

static void is(const char *text, const char *target, const char *encoder, const char *place,
        const char *options)
{
	struct output_spec spec;
	struct error error = {0};
	if (output_spec_parse(text, &spec, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
	assert_string_equal(spec.target->name, target);
	assert_string_equal(spec.encoder ? spec.encoder->name : "", encoder);
	assert_string_equal(spec.place, place);
	assert_string_equal(spec.options, options);
	output_spec_done(&spec);
	output_spec_done(&spec);
}

static void right_ones(void **state)
{
	(void)state;
	is("-", "file", "wav", "-", "");
	is("mix.wav", "file", "wav", "mix.wav", "");
	is("a:b.FLAC", "file", "flac", "a:b.FLAC", "");
	is("raw:-", "file", "raw", "-", "");
	is("wav:name", "file", "wav", "name", "");
	is("file:x.wav", "file", "wav", "x.wav", "");
	is("./wav:x.flac", "file", "flac", "./wav:x.flac", "");
	is("a.ogg?quality=3&chained=yes", "file", "vorbis", "a.ogg", "quality=3&chained=yes");
	is("vorbis:-?bitrate=128", "file", "vorbis", "-", "bitrate=128");
	is("-?x=1", "file", "wav", "-", "x=1");
	is("a.ogg?quality", "file", "vorbis", "a.ogg", "quality");
	is("null:", "null", "", "", "");
	is("/dev/full", "file", "wav", "/dev/full", "");
	is("/dev/null", "file", "wav", "/dev/null", "");
}

/* A question mark is a letter of names too. */
static void names_with_question_marks(void **state)
{
	(void)state;
	is("what?.wav", "file", "wav", "what?.wav", "");
	is("who=me?.wav", "file", "wav", "who=me?.wav", "");
	is("a.ogg?.wav", "file", "wav", "a.ogg?.wav", "");
	is("Where? When?.ogg?quality=1", "file", "vorbis", "Where? When?.ogg", "quality=1");
}

static void devices_keep_their_colons(void **state)
{
	(void)state;
#ifdef HAVE_ALSA
	is("alsa:hw:0,1", "alsa", "", "hw:0,1", "");
	is("alsa:", "alsa", "", "", "");
#endif
#ifdef HAVE_OSS
	is("oss:/dev/dsp1", "oss", "", "/dev/dsp1", "");
#endif
}

static void wrong(const char *text, const char *part)
{
	struct output_spec spec;
	struct error error = {0};
	assert_int_equal(output_spec_parse(text, &spec, &error), STATUS_USAGE);
	if (!strstr(error.text, part))
		fail_msg("%s: %s", text, error.text);
	assert_null(spec.place);
}

static void wrong_ones(void **state)
{
	(void)state;
	wrong("", "names no file");
	wrong("wav:", "names no file");
	wrong("mix.xyz", "mix.xyz: unknown kind of output (endings: wav,");
	wrong("mix", "null:");
	wrong("mix.xyz?bitrate=3", "unknown kind");
	wrong("/", "/: is a folder");
	wrong("wav:/tmp", "/tmp: is a folder");
}

/* What is behind the question mark goes to this output, its target and its encoder. */
static void options_are_dealt_out(void **state)
{
	struct output_spec spec;
	struct error error = {0};
	(void)state;
	assert_int_equal(output_spec_parse(
	                         "x.bin?codec=mp3&rate=22050&bitrate=64&channels=1", &spec, &error),
	        STATUS_OK);
	assert_string_equal(spec.place, "x.bin");
	assert_string_equal(spec.encoder->name, "mp3");
	assert_string_equal(spec.options, "bitrate=64");
	assert_int_equal(spec.rate_hz, 22050);
	assert_int_equal(spec.channels, 1);
	assert_false(spec.has_sample);
	output_spec_done(&spec);
	assert_int_equal(output_spec_parse("a.wav?format=s24", &spec, &error), STATUS_OK);
	assert_true(spec.has_sample && spec.sample == SAMPLE_S24);
	output_spec_done(&spec);
	is("a.b?codec=ogg&quality=1", "file", "vorbis", "a.b", "quality=1");
	wrong("a.ogg?codec=none", "codec=none: there is none");
	wrong("a.ogg?rate=0", "rate=0: must be a number");
	wrong("a.ogg?channels=x", "channels=x");
	wrong("a.wav?format=s7", "format");
	wrong("null:?bitrate=3", "null: has no option 'bitrate=3'");
}

static void masks(const char *text, const char *wanted)
{
	char *masked = output_spec_masked(text);
	assert_string_equal(masked, wanted);
	free(masked);
}

static void passwords_are_masked(void **state)
{
	(void)state;
	masks("icecast://source:secret@host:8000/m.ogg", "icecast://source:***@host:8000/m.ogg");
	masks("icecast://u:p@ss:w@host/m.ogg?x=a@b", "icecast://u:***@host/m.ogg?x=a@b");
	masks("icecast://u:@host/m", "icecast://u:***@host/m");
	masks("icecast://user@host:8000/m:n@o", "icecast://user@host:8000/m:n@o");
	masks("icecast://host:8000/", "icecast://host:8000/");
	masks("a:b@c", "a:b@c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(right_ones),
	        cmocka_unit_test(names_with_question_marks),
	        cmocka_unit_test(devices_keep_their_colons),
	        cmocka_unit_test(wrong_ones),
	        cmocka_unit_test(options_are_dealt_out),
	        cmocka_unit_test(passwords_are_masked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
