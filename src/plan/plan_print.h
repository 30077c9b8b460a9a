/* plan_print.h - plans clip by clip: what plan_text.c has of plan_json.c. */
#ifndef PLAN_PLAN_PRINT_H
#define PLAN_PLAN_PRINT_H

#include "jukebox/plan.h"

/* STATUS_NO_MEMORY; whether it was written is asked of the stream. */
enum status plan_json_begin(const struct plan_printer *printer) MUST_USE;
enum status plan_json_clip(
        const struct plan_printer *printer, const struct plan_clip *clip) MUST_USE;
enum status plan_json_end(const struct plan_printer *printer) MUST_USE;

#endif
