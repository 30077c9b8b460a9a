/* plans.c - whole plans for verbs: from a programme, or from a file. */
#include <stdlib.h>

#include "jukebox/source.h"
#include "settings.h"

enum status plan_collect(struct programme *programme, struct plan *plan, struct error *error)
{
	struct plan_clip clip;
	for (;;) {
		enum status status = programme_next(programme, &clip, error);
		if (status == STATUS_END)
			return STATUS_OK;
		if (status == STATUS_OK && plan_append(plan, &clip) != STATUS_OK)
			status = error_set(error, STATUS_NO_MEMORY, "out of memory");
		if (status != STATUS_OK)
			return status;
	}
}

enum status plan_read(const char *path, struct plan *plan, struct error *error)
{
	enum { PLAN_BYTES_MOST = 512 << 20 };
	struct source *source;
	*plan = (struct plan){0};
	TRY(source_open(path, &source, error));
	int64_t size = source_size(source);
	char *text = size <= PLAN_BYTES_MOST ? malloc((size_t)size + 1) : NULL;
	enum status status =
	        text ? STATUS_OK
	             : error_set(error, STATUS_NO_MEMORY, "too large, or out of memory");
	if (status == STATUS_OK) {
		ssize_t n = source_read(source, text, (size_t)size);
		status = n < 0 ? error_set(error, STATUS_IO, "cannot read")
		               : plan_from_json(text, (size_t)n, plan, error);
	}
	free(text);
	source_close(source);
	return status;
}
