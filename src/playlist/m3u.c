/* m3u.c - M3U, M3U8 and extended M3U: a file name a line, comments with '#'.
 *
 * There is no standard; this is what players write and read.  Of the comments, #EXTINF gives the
 * next entry its title (its length is a claim, and is ignored), and #JUKEBOX: lines are kept with
 * it as they are: their meaning is left to the plan.
 */
#include "import.h"

#include <string.h>
#include <strings.h>

/* What stands before an entry and belongs to it. */
struct pending {
	struct buffer title, directives;
	int64_t directives_line; /* of the first; 0: none */
};

static void pending_clear(struct pending *pending)
{
	buffer_clear(&pending->title);
	buffer_clear(&pending->directives);
	pending->directives_line = 0;
}

static bool begins(const struct line *line, const char *with)
{
	size_t n = strlen(with);
	return line->n_bytes >= n && strncasecmp(line->text, with, n) == 0;
}

/* "#EXTINF:123 key="a,b",Artist - Title": the title stands behind the first comma outside quotes. */
static enum status take_extinf(struct pending *pending, const struct line *line)
{
	const char *at = line->text, *end = line->text + line->n_bytes;
	bool quoted = false;

	while (at < end && (*at != ',' || quoted)) {
		quoted ^= *at == '"';
		at++;
	}
	if (at == end && quoted) /* a quote that never ends hides no comma */
		at = memchr(line->text, ',', line->n_bytes);
	if (!at || at == end)
		return STATUS_OK;
	return import_title(&pending->title, at + 1, (size_t)(end - at - 1));
}

static enum status take_comment(
        struct import *import, struct pending *pending, const struct line *line)
{
	if (begins(line, "#EXTINF"))
		return take_extinf(pending, line);
	if (begins(line, DIRECTIVE_PREFIX))
		return import_directive(
		        import, &pending->directives, &pending->directives_line, line);
	return STATUS_OK;
}

static const char *unless_empty(const struct buffer *text)
{
	return text->n_bytes > 0 ? text->at : NULL;
}

static enum status take_entry(
        struct import *import, struct pending *pending, const struct line *line)
{
	struct import_entry entry = {
	        .text = line->text,
	        .n_bytes = line->n_bytes,
	        .line = line->number,
	        .title = unless_empty(&pending->title),
	        .directives = pending->directives_line ? pending->directives.at : NULL,
	};
	enum status status = STATUS_OK;

	if (line->too_long)
		import_drop(import, line->number, line->text, line->n_bytes,
		        "is longer than any file name");
	else
		status = import_entry(import, &entry);
	pending_clear(pending);
	return status;
}

static enum status take_line(
        struct import *import, struct pending *pending, const struct line *line)
{
	size_t blanks = 0;

	while (blanks < line->n_bytes && (line->text[blanks] == ' ' || line->text[blanks] == '\t'))
		blanks++;
	if (blanks == line->n_bytes)
		return STATUS_OK;
	if (line->text[0] == '#')
		return take_comment(import, pending, line);
	return take_entry(import, pending, line);
}

enum status m3u_read(struct import *import)
{
	struct pending pending = {0};
	struct lines lines;
	struct line line;
	enum status status;

	lines_init(&lines, import->bytes);
	while ((status = lines_next(&lines, &line)) == STATUS_OK) {
		status = take_line(import, &pending, &line);
		if (status != STATUS_OK)
			break;
	}
	if (status == STATUS_END && pending.directives_line)
		import_note(import, pending.directives_line,
		        DIRECTIVE_PREFIX " stands before no entry");
	buffer_done(&pending.title);
	buffer_done(&pending.directives);
	lines_done(&lines);
	return status == STATUS_END ? STATUS_OK : status;
}
