/* pace.c - who waits for whom.  What a device or a listener does with its frames is not known here. */
#include "pace.h"

#include <time.h>

#include "jukebox/clock.h"

enum { NO_CLOCK = -1 };

/* A device takes a block when it has played one; its queue holds half a second, so this is a standstill. */
static const int64_t STALL_NS = 1000000000;
/* How far the monotonic clock lets the mix run ahead: what listeners' buffers begin with. */
static const int64_t AHEAD_NS = 1000000000;
/* Later than this is not made up for: nobody listens to a burst of old minutes. */
static const int64_t LATE_NS = 5000000000;
/* What is made up for comes at this multiple of real time: in one burst, an encoder on a busy machine would be behind by
 * more than its queue holds. */
enum { CATCH_UP = 4 };

void pace_init(struct pace *pace, struct output **outputs, size_t n_outputs, int rate_hz)
{
	*pace = (struct pace){.outputs = outputs,
	        .n_outputs = n_outputs < PACE_OUTPUTS_MOST ? n_outputs : PACE_OUTPUTS_MOST,
	        .rate_hz = rate_hz};
}

static size_t count_living(const struct pace *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n_outputs; i++)
		n += p->outputs[i] != NULL;
	return n;
}

/* The first living device that plays. */
static int find_clock(const struct pace *p)
{
	for (size_t i = 0; i < p->n_outputs; i++)
		if (p->outputs[i] && output_has_clock(p->outputs[i]) && !p->stalled[i])
			return (int)i;
	return NO_CLOCK;
}

static bool is_live(const struct pace *p)
{
	for (size_t i = 0; i < p->n_outputs; i++)
		if (p->outputs[i] && output_is_live(p->outputs[i]))
			return true;
	return false;
}

enum status pace_write(
        struct pace *pace, size_t i, const float *frames, size_t n_frames, struct error *error)
{
	struct output *output = pace->outputs[i];
	bool is_alone = count_living(pace) == 1;
	if (!output_is_live(output) || (is_alone && output_has_clock(output)))
		return output_write(output, frames, n_frames, error);
	size_t n_taken = 0;
	bool is_clock = find_clock(pace) == (int)i;
	TRY(output_offer(output, frames, n_frames, is_clock ? STALL_NS : 0, &n_taken, error));
	pace->stalled[i] = n_taken < n_frames;
	return STATUS_OK;
}

static void sleep_ns(int64_t ns)
{
	struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	nanosleep(&t, NULL);
}

static int64_t duration_ns(const struct pace *p, int64_t frames)
{
	return frames / p->rate_hz * 1000000000 + frames % p->rate_hz * 1000000000 / p->rate_hz;
}

/* When the block behind these frames may come. */
static int64_t next_ns(const struct pace *p, size_t n_frames)
{
	int64_t in_time_ns = p->anchor_ns + duration_ns(p, p->frames) - AHEAD_NS;
	int64_t soonest_ns = p->last_ns + duration_ns(p, (int64_t)n_frames) / CATCH_UP;
	return in_time_ns > soonest_ns ? in_time_ns : soonest_ns;
}

int64_t pace_wait(struct pace *pace, size_t n_frames)
{
	if (find_clock(pace) != NO_CLOCK || !is_live(pace)) {
		pace->has_anchor = false;
		return 0;
	}
	int64_t now_ns = clock_now_ns();
	int64_t due_ns = pace->anchor_ns + duration_ns(pace, pace->frames);
	int64_t late_ns = pace->has_anchor ? now_ns - due_ns : 0;
	if (!pace->has_anchor || late_ns > LATE_NS) {
		pace->has_anchor = true;
		pace->anchor_ns = pace->last_ns = now_ns;
		pace->frames = 0;
	}
	pace->frames += (int64_t)n_frames;
	int64_t wait_ns = next_ns(pace, n_frames) - now_ns;
	if (wait_ns > 0)
		sleep_ns(wait_ns);
	pace->last_ns = now_ns + (wait_ns > 0 ? wait_ns : 0);
	return late_ns > LATE_NS ? late_ns : 0;
}
