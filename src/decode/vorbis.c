/* vorbis.c - Ogg Vorbis by libvorbisfile, chained streams included. */
#include <stdlib.h>
#include <string.h>
#define OV_EXCLUDE_STATIC_CALLBACKS
#include <vorbis/vorbisfile.h>

#include "formats.h"
#include "view.h"
#include "xiph.h"

struct vorbis_state {
	OggVorbis_File file;
	bool is_open;
	struct view view;
	int link; /* the one *d->facts describes */
	float **planes; /* decoded, not yet given out; the library's */
	size_t first, n_pending; /* frames of it */
	int64_t silence; /* frames to give out before it, in place of what a hole lost */
	int64_t position; /* behind what was given out */
	bool has_hole; /* and it is not known yet how long it is */
	int64_t same_rate_until; /* where the first link of another rate begins */
};

/* ---- bytes ------------------------------------------------------------------------------ */

static size_t read_bytes(void *to, size_t size, size_t n, void *user)
{
	int64_t got = size ? view_read(user, to, size * n) : 0;

	return got > 0 ? (size_t)got / size : 0;
}

static int seek_bytes(void *user, ogg_int64_t offset, int whence)
{
	return view_seek(user, offset, whence) < 0 ? -1 : 0;
}

static long tell_bytes(void *user)
{
	return (long)view_position(user);
}

/* ---- opening ---------------------------------------------------------------------------- */

static int vorbis_probe(const uint8_t *head, size_t n_bytes)
{
	if (xiph_ogg_begins_with(head, n_bytes, "\1vorbis", 7))
		return 95;
	return n_bytes >= 4 && memcmp(head, "OggS", 4) == 0 ? 2 : 0;
}

static const char *reason_of(int result)
{
	switch (result) {
	case OV_EREAD:
		return "cannot read";
	case OV_ENOTVORBIS:
		return "no Vorbis in it";
	case OV_EVERSION:
		return "a version of Vorbis that is not known";
	case OV_EBADHEADER:
		return "damaged Vorbis headers";
	default:
		return "damaged Vorbis stream";
	}
}

/* Every link must have a format that *d->facts and buffers can hold; libvorbis accepts more. */
static void take_link(struct decoder_handle *d, int link)
{
	struct vorbis_state *s = d->state;
	const vorbis_info *info = ov_info(&s->file, link);

	s->link = link;
	d->facts->sample_rate_hz = 0;
	d->facts->channels = 0;
	if (!info)
		return;
	d->facts->sample_rate_hz = info->rate > INT32_MAX ? INT32_MAX : (int)info->rate;
	d->facts->channels = info->channels;
}

static int64_t find_other_rate(struct vorbis_state *s)
{
	const vorbis_info *first = ov_info(&s->file, 0);
	int64_t position = 0;

	for (long link = 0; link < ov_streams(&s->file); link++) {
		const vorbis_info *info = ov_info(&s->file, (int)link);
		ogg_int64_t length = ov_pcm_total(&s->file, (int)link);

		if (!info || !first || info->rate != first->rate || length < 0)
			return position;
		if (__builtin_add_overflow(position, length, &position))
			return position;
	}
	return INT64_MAX;
}

static enum status vorbis_open(struct decoder_handle *d)
{
	static const ov_callbacks callbacks = {
	        .read_func = read_bytes,
	        .seek_func = seek_bytes,
	        .tell_func = tell_bytes,
	};
	struct vorbis_state *s = d->state;
	const vorbis_comment *comments;
	int64_t total;
	int result;

	view_init(&s->view, d->source, source_position(d->source));
	result = ov_open_callbacks(&s->view, &s->file, NULL, 0, callbacks);
	if (result != 0) /* the library has cleaned up */
		return view_refuse(&s->view, d->error, "%s", reason_of(result));
	s->is_open = true;
	/* Where all of the first link lies in one page the library opens behind it. */
	if (ov_pcm_tell(&s->file) != 0 && ov_pcm_seek(&s->file, 0) != 0)
		return view_refuse(&s->view, d->error, "damaged Vorbis stream");
	memcpy(d->facts->codec, "vorbis", sizeof("vorbis"));
	take_link(d, 0);
	s->same_rate_until = find_other_rate(s);
	total = ov_pcm_total(&s->file, -1);
	if (total > 0 && s->same_rate_until == INT64_MAX)
		d->facts->frames = total;
	comments = ov_comment(&s->file, 0);
	return !comments ? STATUS_OK
	                 : xiph_comments(d, comments->user_comments, comments->comment_lengths,
	                           comments->comments);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Behind a hole the library counts on as if nothing were lost until the next page tells the
 * position.  There the time line jumps; a moderate jump ahead becomes silence. */
static void mend_time_line(struct decoder_handle *d, int64_t begins_at)
{
	struct vorbis_state *s = d->state;
	int64_t lost = begins_at - s->position;

	if (lost == 0)
		return;
	if (lost > 0 && lost <= (int64_t)XIPH_LONGEST_HOLE_S * d->facts->sample_rate_hz)
		s->silence = lost;
	if (s->has_hole || s->silence > 0)
		damage_add(d->damage, s->silence, "a hole in the stream");
	s->has_hole = false;
}

static enum status decode_block(struct decoder_handle *d)
{
	enum { MOST_FRAMES = 4096, MOST_ERRORS = 1000 };
	struct vorbis_state *s = d->state;

	for (int errors = 0; errors < MOST_ERRORS; errors++) {
		int link = s->link;
		long got = ov_read_float(&s->file, &s->planes, MOST_FRAMES, &link);

		if (got == 0 || s->view.error_number != 0)
			return view_end(&s->view, d->error);
		if (got < 0) {
			s->has_hole = true;
			continue;
		}
		s->first = 0;
		s->n_pending = (size_t)got;
		mend_time_line(d, ov_pcm_tell(&s->file) - got);
		if (link != s->link)
			take_link(d, link);
		return STATUS_OK;
	}
	damage_add(d->damage, 0, "damaged to the end");
	return STATUS_END;
}

static void give(struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct vorbis_state *s = d->state;
	int channels = d->facts->channels;

	if (s->silence > 0) {
		*n_frames = (uint64_t)s->silence < max_frames ? (size_t)s->silence : max_frames;
		memset(to, 0, *n_frames * (size_t)channels * sizeof(*to));
		s->silence -= (int64_t)*n_frames;
	} else {
		*n_frames = s->n_pending < max_frames ? s->n_pending : max_frames;
		xiph_interleave(to, (const float *const *)s->planes, s->first, *n_frames, channels);
		s->first += *n_frames;
		s->n_pending -= *n_frames;
	}
	s->position += (int64_t)*n_frames;
}

static enum status vorbis_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct vorbis_state *s = d->state;
	int link = s->link;

	if (s->n_pending == 0) {
		TRY(decode_block(d));
		if (s->link !=
		        link) /* its frames come with the next call, when the core is ready */
			return STATUS_OK;
	}
	give(d, to, max_frames, n_frames);
	return STATUS_OK;
}

static enum status vorbis_seek(struct decoder_handle *d, int64_t frame)
{
	struct vorbis_state *s = d->state;
	int64_t total = ov_pcm_total(&s->file, -1);

	s->n_pending = 0;
	s->silence = 0;
	s->has_hole = false;
	if (frame >= s->same_rate_until || frame > total || ov_pcm_seek(&s->file, frame) != 0)
		return STATUS_UNSUPPORTED;
	s->position = frame;
	/* Says which link we stand in: the next read may bring another channel count. */
	take_link(d, s->file.current_link);
	return STATUS_OK;
}

static void vorbis_close(struct decoder_handle *d)
{
	struct vorbis_state *s = d->state;

	if (s && s->is_open)
		ov_clear(&s->file);
}

static const char *const suffixes[] = {"ogg", "oga", NULL};

const struct decoder_format decoder_vorbis = {
        .name = "vorbis",
        .description = "Ogg Vorbis (libvorbisfile)",
        .suffixes = suffixes,
        .probe = vorbis_probe,
        .state_bytes = sizeof(struct vorbis_state),
        .open = vorbis_open,
        .read = vorbis_read,
        .seek = vorbis_seek,
        .close = vorbis_close,
};
