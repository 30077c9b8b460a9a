/* detect.c - content first: a list may have any name.  Which music it is is left to the decoders. */
#include "detect.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "suffix.h"

/* What music files begin with.  MPEG audio without a tag has no such mark. */
static const struct {
	size_t at, n_bytes;
	const char *bytes;
} MUSIC[] = {
        {8, 4, "WAVE"}, /* RIFF, RIFX, RF64, BW64 */
        {0, 4, "OggS"}, {0, 4, "fLaC"}, {0, 3, "ID3"}, {0, 4, "FORM"}, /* AIFF, AIFC */
        {0, 4, ".snd"}, {0, 4, "caff"}, {0, 4, "wvPk"}, {0, 4, "MAC "},
        {0, 4, "riff"}, /* Sony Wave64 */
        {4, 4, "ftyp"}, /* MP4 */
        {0, 4, "\x1a\x45\xdf\xa3"}, /* Matroska */
};

static bool is_music(const uint8_t *head, size_t n_bytes)
{
	size_t i;

	for (i = 0; i < sizeof MUSIC / sizeof *MUSIC; i++)
		if (n_bytes >= MUSIC[i].at + MUSIC[i].n_bytes &&
		        memcmp(head + MUSIC[i].at, MUSIC[i].bytes, MUSIC[i].n_bytes) == 0)
			return true;
	return false;
}

enum { PLAIN_BYTES = 1024 };

/* The beginning as ASCII: without a byte order mark, the high halves of UTF-16, and leading blanks. */
static void make_plain(char to[PLAIN_BYTES + 1], const uint8_t *head, size_t n_bytes)
{
	bool marked = n_bytes >= 2 &&
	              (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0);
	size_t from = 0, n = 0;

	if (marked)
		from = 2;
	else if (n_bytes >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
		from = 3;
	for (; from < n_bytes && n < PLAIN_BYTES; from++) {
		if (head[from] == 0 || (n == 0 && isspace(head[from])))
			continue;
		to[n++] = (char)head[from];
	}
	to[n] = '\0';
}

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

static enum list_kind kind_of_name(const char *name)
{
	const char *suffix = suffix_of(name);

	if (strcasecmp(suffix, "m3u") == 0 || strcasecmp(suffix, "m3u8") == 0)
		return LIST_M3U;
	if (strcasecmp(suffix, "pls") == 0)
		return LIST_PLS;
	if (strcasecmp(suffix, "cue") == 0)
		return LIST_CUE;
	if (strcasecmp(suffix, "rotation") == 0)
		return LIST_ROTATION;
	return strcasecmp(suffix, "xspf") == 0 ? LIST_XSPF : LIST_NONE;
}

/* A cue sheet begins with words about the disc, or with its file; one of a disc names it soon. */
static bool is_cue_sheet(const char *plain)
{
	static const char *const words[] = {
	        "REM ", "PERFORMER ", "TITLE ", "CATALOG ", "CDTEXTFILE ", "SONGWRITER "};
	size_t i;

	if (begins(plain, "FILE \""))
		return strcasestr(plain, "TRACK ") != NULL;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (begins(plain, words[i]))
			return strcasestr(plain, "\nFILE ") != NULL;
	return false;
}

enum list_kind detect_list(const uint8_t *head, size_t n_bytes, const char *name)
{
	char plain[PLAIN_BYTES + 1];

	if (is_music(head, n_bytes))
		return LIST_MUSIC;
	if (kind_of_name(name) == LIST_ROTATION)
		return LIST_ROTATION;
	make_plain(plain, head, n_bytes);
	if (begins(plain, "#EXTM3U") || begins(plain, "#EXTINF") || begins(plain, "#JUKEBOX:"))
		return strstr(plain, "\n#EXT-X-") ? LIST_HLS : LIST_M3U;
	if (begins(plain, "[playlist]"))
		return LIST_PLS;
	if (begins(plain, "<playlist") || (begins(plain, "<?xml") && strstr(plain, "<playlist")))
		return LIST_XSPF;
	if (is_cue_sheet(plain))
		return LIST_CUE;
	return kind_of_name(name);
}
