/* pages.h - what the HTTP server says of itself, as text: status, lists, the page. */
#ifndef JUKEBOX_OUTPUT_PAGES_H
#define JUKEBOX_OUTPUT_PAGES_H

#include "jukebox/output.h"

struct mount_view {
	const char *path, *content_type, *name, *description, *genre, *homepage;
	int bitrate_kbps;
	size_t listeners, listeners_most, listeners_peak;
	int64_t sent_bytes, too_slow;
};

struct server_view {
	struct output_programme programme;
	double uptime_s;
	const struct mount_view *mounts;
	size_t n_mounts;
};

/* New texts, the caller frees; NULL when out of memory. */
char *pages_status_json(const struct server_view *view);
char *pages_html(const struct server_view *view);
char *pages_m3u(const struct mount_view *mount, const char *base_url);

/* Files that the page needs; borrowed, not terminated. */
const char *pages_script(size_t *n_bytes);
const char *pages_style(size_t *n_bytes);

#endif
