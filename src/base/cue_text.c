/* cue_text.c - writes cue sheets; reading them is the playlists' affair. */
#include "jukebox/cue_text.h"

#include <string.h>
#include <strings.h>

#include "jukebox/text.h"

/* Cue sheets know no escapes: quotes and control characters are replaced. */
static void put_quoted(FILE *out, const char *command, const char *text, const char *behind)
{
	char safe[1200];
	text_escape(safe, sizeof safe, text);
	for (char *p = safe; *p; p++)
		if (*p == '"')
			*p = '\'';
	fprintf(out, "%s \"%s\"%s\n", command, safe, behind);
}

void cue_text_file(FILE *out, const char *audio_file)
{
	const char *slash = strrchr(audio_file, '/');
	const char *name = slash && slash[1] ? slash + 1 : audio_file;
	const char *dot = strrchr(name, '.');
	const char *type = " WAVE"; /* what decodes to it, too */
	if (dot && strcasecmp(dot, ".mp3") == 0)
		type = " MP3";
	else if (dot && (strcasecmp(dot, ".aiff") == 0 || strcasecmp(dot, ".aif") == 0))
		type = " AIFF";
	put_quoted(out, "FILE", name, type);
}

void cue_text_track(
        FILE *out, int number, const char *title, const char *artist, int64_t frame, int rate_hz)
{
	int64_t frames = frame / rate_hz * 75 + frame % rate_hz * 75 / rate_hz;
	fprintf(out, "  TRACK %02d AUDIO\n", number);
	put_quoted(out, "    TITLE", title, "");
	if (artist)
		put_quoted(out, "    PERFORMER", artist, "");
	fprintf(out, "    INDEX 01 %02lld:%02lld:%02lld\n", (long long)(frames / 75 / 60),
	        (long long)(frames / 75 % 60), (long long)(frames % 75));
}
