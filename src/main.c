/* main.c - from argv to a verb and its exit status. */
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands/verbs.h"
#include "jukebox/decoder.h"
#include "jukebox/encoder.h"
#include "jukebox/measure.h"
#include "jukebox/output.h"
#include "jukebox/resampler.h"
#include "jukebox/sandbox.h"

static const struct verb *const verbs[] = {&verb_mix, &verb_analyze, &verb_plan, &verb_joints,
        &verb_verify, &verb_cache, &verb_list, &verb_ctl, NULL};

static int print_help(void)
{
	printf("Usage: jukebox [VERB] [OPTION]... LIST...\n"
	       "Turn playlists into one continuous, level, well-mixed programme.\n\n");
	for (const struct verb *const *v = verbs; *v; v++)
		printf("  %-10s %s\n", (*v)->name, (*v)->purpose);
	printf("\n'jukebox VERB --help' shows the options of a verb; without one it is mix:\n\n"
	       "  jukebox list.m3u > mix.wav        mix to a file or a pipe\n"
	       "  jukebox list.m3u                  play on the sound card\n"
	       "  jukebox analyze list.m3u          measure ahead, on all cores\n"
	       "  jukebox plan list.m3u             show the timeline\n"
	       "  jukebox --plain list.m3u > all.wav    whole tracks, untouched, end to end\n\n"
	       "Manual: man jukebox\n");
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int print_version(void)
{
	printf("jukebox %s\ndecoders:", JUKEBOX_VERSION);
	for (const struct decoder_format *const *f = decoder_formats(); *f; f++)
		printf(" %s", (*f)->name);
	printf("\nencoders:");
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++)
		printf(" %s", (*f)->name);
	printf("\noutputs:");
	for (const struct output_target *const *t = output_targets(); *t; t++)
		printf(" %s", (*t)->name);
	printf("\nresampler: %s\nLicense: GPL-2.0-or-later\n", resampler_library());
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *const *v = verbs; *v; v++)
		if (strcmp((*v)->name, name) == 0)
			return *v;
	return NULL;
}

int main(int argc, char **argv)
{
	sandbox_serve(argc, argv, &measure_watcher);
	setlocale(LC_CTYPE, "");
	/* Threads allocate when a file is opened, not per block: one arena in place of one a thread saves memory and
	 * costs nothing that can be measured. */
	mallopt(M_ARENA_MAX, 1);
	/* A reader that went away, and a file that may not grow, are failed writes and handled there. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return print_help();
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return print_version();
	const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
	int exit_status =
	        verb ? verb->run(argc - 1, argv + 1, verb) : verb_mix.run(argc, argv, &verb_mix);
	sandbox_stop();
	return exit_status;
}
