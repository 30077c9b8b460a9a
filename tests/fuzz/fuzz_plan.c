/* fuzz_plan.c - any bytes as a plan: refused, or read and good for all that is done with a plan; and what is written
 * from it is a plan again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clip(const struct plan_clip *c)
{
	if (!c->path || c->from_frame < 0 || c->to_frame <= c->from_frame || c->n_frames <= 0 ||
	        c->start_frame < 0 || c->fade_in_frames < 0 || c->fade_in_frames > c->n_frames ||
	        c->fade_out_frames < 0 || c->fade_out_frames > c->n_frames ||
	        c->declick_in_frames < 0 || c->declick_in_frames > c->n_frames ||
	        c->declick_out_frames < 0 || c->declick_out_frames > c->n_frames)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan plan, again;
	if (plan_from_json((const char *)data, size, &plan, NULL) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < plan.count; i++)
		check_clip(&plan.clips[i]);
	char *json = plan_to_text(&plan, PLAN_JSON, NULL),
	     *table = plan_to_text(&plan, PLAN_TABLE, NULL),
	     *cue = plan_to_text(&plan, PLAN_CUE, "mix.wav");
	if (!json || !table || !cue)
		abort();
	if (plan_from_json(json, strlen(json), &again, NULL) != STATUS_OK)
		abort();
	if (again.count != plan.count || again.rate_hz != plan.rate_hz)
		abort();
	plan_done(&again);
	plan_done(&plan);
	free(json);
	free(table);
	free(cue);
	return 0;
}
