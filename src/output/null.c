/* null.c - takes everything, keeps nothing, at any speed. */
#include "targets.h"

static enum status null_open(struct output_handle *o)
{
	if (o->spec[0])
		return error_set(o->error, STATUS_USAGE, "null:%s: null: takes no name", o->spec);
	return STATUS_OK;
}

static enum status null_write(struct output_handle *o, const float *frames, size_t n_frames)
{
	return STATUS_OK;
}

static enum status null_finish(struct output_handle *o)
{
	return STATUS_OK;
}

static void null_close(struct output_handle *o)
{
}

const struct output_target null_target = {
        .name = "null",
        .description = "nowhere",
        .spec_help = "null:",
        .calls = {.open = null_open,
                .write = null_write,
                .finish = null_finish,
                .close = null_close},
};
