/* standby.c - what --fallback means for a run. */
#include "standby.h"

/* Outputs hold half a second or more.  A decoder may take as long as what is decoded ahead lasts, and no more. */
static const int64_t LIVE_PATIENCE_NS = 250000000, LIVE_STALL_NS = 2000000000;
/* A pipe or a file has no clock, but a fallback is asked for. */
static const int64_t PATIENCE_NS = 5000000000;

void standby_set_patience(const struct settings *s, bool live, struct mix_options *options)
{
	options->patience_ns = live ? LIVE_PATIENCE_NS : s->fallback ? PATIENCE_NS : 0;
	options->stall_ns = live ? LIVE_STALL_NS : options->patience_ns;
}

bool standby_never_ends(const struct settings *s, bool live)
{
	return s->loop && s->rounds == 0 && (live || s->fallback);
}

static enum status load(struct session *session, const struct settings *s,
        const struct playlist *playlist, const struct mix_options *options,
        struct fallback **fallback, struct error *error)
{
	struct programme_options of_list = {.rounds = 2};
	settings_policy(s, &of_list.policy);
	struct programme *programme =
	        programme_new(playlist, session->records, &of_list, session->log);
	if (!programme)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	enum status status =
	        fallback_new(programme, playlist_count(playlist), options, fallback, error);
	programme_free(programme);
	return status;
}

bool standby_load(struct session *session, const struct settings *s,
        const struct mix_options *options, struct fallback **fallback)
{
	char *name = (char *)s->fallback;
	struct error error = {0};
	size_t n_bad;
	*fallback = NULL;
	if (!name)
		return true;
	struct playlist *playlist = session_read_lists(session->log, &name, 1, &n_bad);
	enum status status = playlist ? load(session, s, playlist, options, fallback, &error)
	                              : error_set(&error, STATUS_NO_MEMORY, "out of memory");
	playlist_free(playlist);
	if (status != STATUS_OK)
		log_print(session->log, LOG_ERROR, "--fallback: %s: %s", name, error.text);
	return status == STATUS_OK;
}
