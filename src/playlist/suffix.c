/* suffix.c - tables of suffixes.  What plays is not told from its name: that is left to the decoders. */
#include "suffix.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const LISTS[] = {
        "m3u", "m3u8", "pls", "xspf", "asx", "wpl", "zpl", "b4s", "cue", NULL};

/* What rippers, taggers, shops and file managers leave beside music. */
static const char *const BYSTANDERS[] = {"jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp",
        "heic", "avif", "svg", "ico", "psd", "xcf", "pdf", "txt", "md", "nfo", "log", "lrc", "srt",
        "sub", "vtt", "htm", "html", "xml", "json", "csv", "doc", "docx", "odt", "rtf", "epub",
        "sfv", "md5", "sha1", "sha256", "ffp", "st5", "accurip", "toc", "par2", "torrent", "zip",
        "rar", "7z", "tar", "gz", "bz2", "xz", "zst", "ini", "db", "sqlite", "url", "lnk",
        "desktop", "exe", "dll", "sh", "bat", "py", "c", "h", "o", "jukebox", "jukebox-wal",
        "jukebox-shm", "jukebox-journal", "bak", "tmp", "part", "crdownload", NULL};

static bool is_one_of(const char *suffix, const char *const *table)
{
	for (; *table; table++)
		if (strcasecmp(suffix, *table) == 0)
			return true;
	return false;
}

const char *suffix_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name ? dot + 1 : "";
}

bool suffix_is_list(const char *path)
{
	return is_one_of(suffix_of(path), LISTS);
}

bool suffix_is_bystander(const char *path)
{
	return suffix_is_list(path) || is_one_of(suffix_of(path), BYSTANDERS);
}
