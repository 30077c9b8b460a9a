/* part.c - names of parts of files; see part.h. */
#include "jukebox/part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char MARK[] = "#cd=";

/* Digits up to one that is none; -1: no number, or too large a one. */
static int64_t read_sector(const char **at)
{
	int64_t value = 0;
	const char *from = *at;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		value = value * 10 + (**at - '0');
		if (value > PART_MOST_SECTORS)
			return -1;
	}
	return *at > from ? value : -1;
}

bool part_of_name(const char *name, struct part *part)
{
	const char *at = strrchr(name, '#');

	if (!at || at == name || strncmp(at, MARK, strlen(MARK)) != 0)
		return false;
	part->n_file = (size_t)(at - name);
	at += strlen(MARK);
	part->from_sector = read_sector(&at);
	part->to_sector = -1;
	if (part->from_sector < 0 || *at++ != '-')
		return false;
	if (*at == '\0')
		return true;
	part->to_sector = read_sector(&at);
	return *at == '\0' && part->to_sector > part->from_sector;
}

char *part_name(const char *file, int64_t from_sector, int64_t to_sector)
{
	char *name;
	int n = to_sector < 0 ? asprintf(&name, "%s%s%" PRId64 "-", file, MARK, from_sector)
	                      : asprintf(&name, "%s%s%" PRId64 "-%" PRId64, file, MARK, from_sector,
	                                to_sector);

	return n < 0 ? NULL : name;
}

char *part_file(const char *name)
{
	struct part part;
	bool is_part = part_of_name(name, &part) && access(name, F_OK) != 0 && errno == ENOENT;

	return strndup(name, is_part ? part.n_file : strlen(name));
}

bool part_continues(const char *name, const char *next)
{
	struct part a, b;

	return part_of_name(name, &a) && part_of_name(next, &b) && a.n_file == b.n_file &&
	       strncmp(name, next, a.n_file) == 0 && a.to_sector == b.from_sector;
}

int64_t part_sector_to_frame(int64_t sector, int rate_hz)
{
	return (sector * rate_hz + PART_SECTORS_PER_SECOND - 1) / PART_SECTORS_PER_SECOND;
}
