/* resolve.c - which file an entry means.
 *
 * Lists are written by many programs on many systems, so a name that is not there as it stands is
 * tried in the spellings that those are known for: without the blanks around it, in the other of
 * Latin-1 and UTF-8, with slashes for backslashes, percent-decoded.  What stands there exactly
 * always wins.  URLs other than file:// are refused, and no name means anything but a file.
 */
#include "resolve.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jukebox/part.h"
#include "jukebox/text.h"
#include "suffix.h"

/* Percent-encoded UTF-8 needs three bytes for one; nothing longer can name a file. */
enum { ENTRY_MOST_BYTES = 3 * PATH_MAX };

enum { RESPELLED = 1, SLASHES = 2, PERCENT = 4, ALL_SPELLINGS = 8 };

void resolver_done(struct resolver *resolver)
{
	buffer_done(&resolver->path);
	buffer_done(&resolver->spelling);
	buffer_done(&resolver->scratch);
}

static enum status refuse(struct resolver *resolver, enum status status, const char *reason)
{
	snprintf(resolver->reason, sizeof resolver->reason, "%s", reason);
	return status;
}

const char *resolve_refusal(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a folder, not a music file";
	if (S_ISFIFO(st->st_mode))
		return "is a FIFO, not a music file";
	if (S_ISSOCK(st->st_mode))
		return "is a socket, not a music file";
	if (!S_ISREG(st->st_mode))
		return "is a device, not a music file";
	return st->st_size == 0 ? "is empty" : NULL;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return b && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is what resolver->path names fit to be an entry? */
static enum status check_file(struct resolver *resolver)
{
	const struct playlist_options *options = resolver->options;
	const char *path = resolver->path.at, *reason;
	struct error error = {0};
	struct stat st;
	enum status status;
	char *file = part_file(path);
	int result = file ? stat(file, &st) : -1, error_number = file ? errno : ENOMEM;

	free(file);
	errno = error_number;
	if (errno == ENOMEM && result != 0)
		return STATUS_NO_MEMORY;
	if (result != 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
			return refuse(resolver, STATUS_NOT_FOUND, "no such file");
		return refuse(resolver, STATUS_IO, strerror(errno));
	}
	reason = resolve_refusal(&st);
	if (reason)
		return refuse(resolver, STATUS_UNSUPPORTED, reason);
	if (is_same_file(&st, resolver->self))
		return refuse(resolver, STATUS_UNSUPPORTED, "is this list itself");
	if (suffix_is_list(path))
		return refuse(resolver, STATUS_UNSUPPORTED,
		        "is a list: lists inside lists are not followed");
	if (!options->accept)
		return STATUS_OK;
	status = options->accept(options->accept_context, path, &error);
	return status == STATUS_OK ? STATUS_OK : refuse(resolver, status, error.text);
}

/* Tries one name, behind the list's folder when it is relative. */
static enum status try_name(struct resolver *resolver, const char *name, size_t n_bytes)
{
	buffer_clear(&resolver->path);
	if (n_bytes == 0)
		return refuse(resolver, STATUS_NOT_FOUND, "no file name");
	if (name[0] != '/')
		TRY(buffer_add(&resolver->path, resolver->folder, strlen(resolver->folder)));
	TRY(buffer_add(&resolver->path, name, n_bytes));
	return resolver->options->must_exist ? check_file(resolver) : STATUS_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986, 2.1, in place.  False (and `text` in pieces) for a bad escape or a NUL. */
static bool percent_decode(struct buffer *text)
{
	size_t from = 0, to = 0;

	while (from < text->n_bytes) {
		char c = text->at[from++];
		if (c == '%') {
			int high = from < text->n_bytes ? hex_digit(text->at[from]) : -1;
			int low = from + 1 < text->n_bytes ? hex_digit(text->at[from + 1]) : -1;
			if (high < 0 || low < 0 || high + low == 0)
				return false;
			c = (char)(high << 4 | low);
			from += 2;
		}
		text->at[to++] = c;
	}
	text->at[to] = '\0';
	text->n_bytes = to;
	return true;
}

/* Latin-1 for UTF-8 and the other way round.  STATUS_END: the text has no other spelling. */
static enum status respell(struct resolver *resolver)
{
	struct buffer *text = &resolver->spelling, *to = &resolver->scratch, swap;
	bool is_utf8 = text_is_utf8(text->at), differs = false;
	const char *at = text->at;

	buffer_clear(to);
	while (*at) {
		uint32_t code = (unsigned char)*at;
		char latin1[1], utf8[2];
		size_t taken = is_utf8 ? text_utf8_decode(at, &code) : 1;
		if (code > 0xff)
			return STATUS_END;
		differs |= code >= 0x80;
		latin1[0] = (char)code;
		utf8[0] = (char)(0xc0 | code >> 6);
		utf8[1] = (char)(0x80 | (code & 63));
		if (is_utf8 || code < 0x80)
			TRY(buffer_add(to, latin1, 1));
		else
			TRY(buffer_add(to, utf8, 2));
		at += taken;
	}
	swap = *text;
	*text = *to;
	*to = swap;
	return differs ? STATUS_OK : STATUS_END;
}

/* Puts the text into resolver->spelling, changed as asked.  STATUS_END: there is nothing to change. */
static enum status spell(
        struct resolver *resolver, const char *text, size_t n_bytes, unsigned changes)
{
	struct buffer *spelling = &resolver->spelling;
	char *at;

	buffer_clear(spelling);
	TRY(buffer_add(spelling, text, n_bytes));
	if (changes & PERCENT && (!memchr(text, '%', n_bytes) || !percent_decode(spelling)))
		return STATUS_END;
	if (changes & SLASHES) {
		if (!strchr(spelling->at, '\\'))
			return STATUS_END;
		for (at = spelling->at; *at; at++)
			*at = *at == '\\' ? '/' : *at;
	}
	return changes & RESPELLED ? respell(resolver) : STATUS_OK;
}

/* STATUS_NOT_FOUND lets another spelling be tried; a file that is there and unfit ends the search. */
static enum status try_spellings(
        struct resolver *resolver, const char *text, size_t n_bytes, bool percent_first)
{
	unsigned i;

	for (i = 0; i < ALL_SPELLINGS; i++) {
		unsigned changes = percent_first ? i ^ PERCENT : i;
		enum status status = spell(resolver, text, n_bytes, changes);
		if (status == STATUS_OK)
			status = try_name(
			        resolver, resolver->spelling.at, resolver->spelling.n_bytes);
		else if (status == STATUS_END)
			continue;
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	return refuse(resolver, STATUS_NOT_FOUND, "no such file");
}

static void trim_blanks(const char **text, size_t *n_bytes)
{
	while (*n_bytes > 0 && (**text == ' ' || **text == '\t')) {
		(*text)++;
		(*n_bytes)--;
	}
	while (*n_bytes > 0 && ((*text)[*n_bytes - 1] == ' ' || (*text)[*n_bytes - 1] == '\t'))
		(*n_bytes)--;
}

size_t resolve_url_scheme(const char *text, size_t n_bytes)
{
	size_t n = 0;

	if (n_bytes == 0 || !isalpha((unsigned char)text[0]))
		return 0;
	while (n < n_bytes &&
	        (isalnum((unsigned char)text[n]) || (text[n] && strchr("+-.", text[n]))))
		n++;
	return n + 3 <= n_bytes && memcmp(text + n, "://", 3) == 0 ? n : 0;
}

/* RFC 8089: file://HOST/PATH, where HOST is empty or this machine. */
static enum status resolve_file_url(struct resolver *resolver, const char *rest, size_t n_bytes)
{
	const char *path = memchr(rest, '/', n_bytes);
	size_t host_bytes = path ? (size_t)(path - rest) : n_bytes;
	size_t path_bytes = n_bytes - host_bytes;

	if (host_bytes > 0 && (host_bytes != 9 || strncasecmp(rest, "localhost", 9) != 0))
		return refuse(resolver, STATUS_UNSUPPORTED,
		        "names another host: only files of this one are played");
	if (!path)
		return refuse(resolver, STATUS_NOT_FOUND, "no file name");
	if (path_bytes > ENTRY_MOST_BYTES)
		return refuse(resolver, STATUS_NOT_FOUND, "is longer than any file name");
	TRY(spell(resolver, path, path_bytes, 0));
	if (!percent_decode(&resolver->spelling))
		return refuse(resolver, STATUS_BAD_DATA, "has a bad percent code");
	return try_spellings(resolver, path, path_bytes, true);
}

static enum status resolve_url(
        struct resolver *resolver, const char *text, size_t n_bytes, size_t scheme_bytes)
{
	if (scheme_bytes == 4 && strncasecmp(text, "file", 4) == 0)
		return resolve_file_url(resolver, text + 7, n_bytes - 7);
	return refuse(resolver, STATUS_UNSUPPORTED, "is a URL: only files are played");
}

enum status resolve(struct resolver *resolver, const char *text, size_t n_bytes, bool percent_first)
{
	const char *trimmed = text;
	size_t n_trimmed = n_bytes, scheme_bytes;
	enum status status;

	if (memchr(text, '\0', n_bytes))
		return refuse(resolver, STATUS_BAD_DATA, "holds a NUL byte");
	trim_blanks(&trimmed, &n_trimmed);
	scheme_bytes = resolve_url_scheme(trimmed, n_trimmed);
	if (scheme_bytes)
		return resolve_url(resolver, trimmed, n_trimmed, scheme_bytes);
	if (n_bytes > ENTRY_MOST_BYTES)
		return refuse(resolver, STATUS_NOT_FOUND, "is longer than any file name");
	if (n_trimmed != n_bytes && !percent_first) {
		status = try_name(resolver, text, n_bytes);
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	return try_spellings(resolver, trimmed, n_trimmed, percent_first);
}
