/* libav.c - everything that has no decoder of its own in the program, by libavformat and libavcodec (5.1 and later):
 * AAC, ALAC, WMA, Monkey's Audio, WavPack, Musepack, TTA, DSD, AC-3 ..., in MP4, Matroska, AVI and their kin; tracker
 * music and chip tunes where libav was built with libopenmpt and libgme.
 *
 * libav reads nothing but the source's bytes: it has no protocol, opens no second file, and knows only
 * what allowed.c names. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>

#include "allowed.h"
#include "bytes.h"
#include "joined.h"
#include "jukebox/module.h"
#include "musepack.h"
#include "samples.h"

enum {
	PROBE_BYTES = 64 * 1024, /* looked at to tell what it is */
	/* What one allocation may take: the index of a day of AAC needs 97 MB. */
	MOST_ALLOCATED_BYTES = 100 << 20,
	MOST_FRAMES_OF_A_PACKET = 1 << 20,
	MOST_BYTES_TO_OPEN = 256 << 20, /* an index may stand at the end, behind the music */
	/* Decoded before the place that is sought: codecs that lean on what came before settle in it. */
	PREROLL_S = 1,
	LONGEST_HOLE_S = 10, /* as XIPH_LONGEST_HOLE_S */
	MOST_TAGS = 1000,
	MOST_STREAMS = 64,
	/* libav copies the index to apply an edit list: for a day of AAC that took 216 MB, or a quarter was lost. */
	MOST_EDITED_PACKETS = 1 << 20,
	MOST_JOINED = 1000, /* each costs an opening */
	/* Chip tunes mostly go round for ever.  How long where nothing tells, and the fade behind it, as libgme's own
	 * players have them (gme.h: play_length, gme_set_fade). */
	TUNE_S = 150,
	TUNE_FADE_S = 8,
	LONGEST_TUNE_S = 24 * 3600, /* more is a lie */
};

struct libav_state {
	struct bytes bytes;
	AVFormatContext *container;
	AVCodecContext *codec;
	AVStream *stream;
	AVPacket *packet;
	AVFrame *frame; /* the last one */
	size_t first, n_pending; /* frames of it not yet given out */
	int64_t silence; /* to give out before it, in place of what is missing */
	int64_t position; /* behind what was given out */
	int64_t end; /* of the music, where the container knows it exactly; else INT64_MAX */
	int64_t fade_frames; /* up to `end`; 0: none */
	int64_t first_pts; /* of frame 0 */
	int64_t unedited
	        [MOST_STREAMS]; /* lengths of an MP4's tracks before edit lists, in their own units */
	bool is_long_mp4; /* its edit lists are left to us */
	bool has_exact_times; /* a time stamp names one frame: seeking can be exact */
	bool draining; /* no more packets */
	bool cut_short; /* not by the container's own end */
	int64_t packet_pts;
	int64_t behind; /* the last packet: where in the source another one of joined files may begin */
	int n_joined;
};

/* ---- opening ---------------------------------------------------------------------------- */

static int libav_probe(const uint8_t *head, size_t n_bytes)
{
	/* Most of what is known needs more than this to be told: open() looks at more, and knows why. */
	return n_bytes >= 16 ? 2 : 0;
}

/* Failures of libav in our words.  "Out of memory" is said of files too that claim absurd sizes, and the
 * next file may well play: so it is not STATUS_NO_MEMORY. */
static enum status refuse(struct decoder_handle *d, int result, const char *what)
{
	struct libav_state *s = d->state;
	char words[AV_ERROR_MAX_STRING_SIZE] = "";

	if (s->bytes.error_number != 0)
		return error_set_errno(d->error, s->bytes.error_number, "cannot read");
	av_strerror(result, words, sizeof(words));
	return error_set(d->error, STATUS_BAD_DATA, "%s: %s", what, words);
}

static int refuse_to_open(AVFormatContext *container, AVIOContext **io, const char *url, int flags,
        AVDictionary **options)
{
	return AVERROR(EPERM);
}

/* What the bytes are, among all that libav knows; NULL unless it is certain enough and allowed. */
static const AVInputFormat *recognise(struct libav_state *s)
{
	const AVInputFormat *format = NULL;
	int score = av_probe_input_buffer2(s->bytes.io, &format, "", NULL, 0, PROBE_BYTES);

	if (score < AVPROBE_SCORE_RETRY || !format || !is_allowed_container(format->name))
		return NULL;
	return format;
}

static int set_limits(AVDictionary **options)
{
	static const char *const settings[][2] = {
	        {"format_whitelist", allowed_containers},
	        {"codec_whitelist", allowed_codecs},
	        {"protocol_whitelist", "none"},
	        {"max_streams", "64"}, /* MOST_STREAMS */
	        {"probesize", "1000000"},
	        {"analyzeduration", "5000000"},
	        {"max_probe_packets", "500"},
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings) && result >= 0; i++)
		result = av_dict_set(options, settings[i][0], settings[i][1], 0);
	return result;
}

static void restrict_container(AVFormatContext *container, struct bytes *bytes)
{
	container->pb = bytes->io;
	container->flags |= AVFMT_FLAG_CUSTOM_IO;
	container->io_open = refuse_to_open;
}

/* With edit lists, or with what of them is cut before the music, which libav does without copying the index. */
static int open_input(AVFormatContext **container, struct bytes *bytes, const AVInputFormat *format,
        bool with_edits)
{
	AVDictionary *options = NULL;
	int result = set_limits(&options);

	if (!with_edits && result >= 0)
		result = av_dict_set(&options, "advanced_editlist", "0", 0);
	*container = avformat_alloc_context();
	if (!*container || result < 0) {
		av_dict_free(&options);
		return AVERROR(ENOMEM);
	}
	restrict_container(*container, bytes);
	result = avformat_open_input(container, "", format, &options); /* frees it on failure */
	av_dict_free(&options);
	return result;
}

static bool is_mp4(const AVInputFormat *format)
{
	return strncmp(format->name, "mov,", 4) == 0;
}

/* What libav tells only to those who want no edit lists. */
static void survey_mp4(struct libav_state *s, const AVInputFormat *format)
{
	AVFormatContext *container = NULL;
	struct bytes bytes = {0};
	int result = -1;

	if (bytes_init_at(&bytes, s->bytes.source, s->bytes.start)) {
		bytes_allow(&bytes, MOST_BYTES_TO_OPEN);
		result = open_input(&container, &bytes, format, false);
	}
	for (unsigned i = 0; result >= 0 && i < container->nb_streams && i < MOST_STREAMS; i++) {
		s->unedited[i] = container->streams[i]->duration;
		s->is_long_mp4 |= avformat_index_get_entries_count(container->streams[i]) >
		                  MOST_EDITED_PACKETS;
	}
	avformat_close_input(&container);
	bytes_done(&bytes);
}

static int open_container(struct libav_state *s, const AVInputFormat *format)
{
	int result;

	if (is_mp4(format))
		survey_mp4(s, format);
	result = open_input(&s->container, &s->bytes, format, !s->is_long_mp4);
	return result < 0 ? result : avformat_find_stream_info(s->container, NULL);
}

static int choose_stream(struct libav_state *s, const AVCodec **decoder)
{
	int chosen = av_find_best_stream(s->container, AVMEDIA_TYPE_AUDIO, -1, -1, decoder, 0);

	if (chosen < 0)
		return chosen;
	for (unsigned i = 0; i < s->container->nb_streams; i++)
		if (i != (unsigned)chosen)
			s->container->streams[i]->discard = AVDISCARD_ALL;
	s->stream = s->container->streams[chosen];
	return 0;
}

static int open_codec(struct libav_state *s, const AVCodec *decoder)
{
	AVDictionary *options = NULL;
	int result;

	s->codec = avcodec_alloc_context3(decoder);
	s->packet = av_packet_alloc();
	s->frame = av_frame_alloc();
	if (!s->codec || !s->packet || !s->frame)
		return AVERROR(ENOMEM);
	result = avcodec_parameters_to_context(s->codec, s->stream->codecpar);
	if (result < 0)
		return result;
	s->codec->pkt_timebase = s->stream->time_base;
	s->codec->thread_count = 1; /* the program decodes many files at once */
	s->codec->max_samples = MOST_FRAMES_OF_A_PACKET;
	result = av_dict_set(&options, "codec_whitelist", allowed_codecs, 0);
	if (result >= 0)
		result = avcodec_open2(s->codec, decoder, &options);
	av_dict_free(&options);
	return result;
}

static enum status take_tags(struct decoder_handle *d, const AVDictionary *from)
{
	const AVDictionaryEntry *entry = NULL;

	for (int i = 0; i < MOST_TAGS; i++) {
		entry = av_dict_get(from, "", entry, AV_DICT_IGNORE_SUFFIX);
		if (!entry)
			break;
		if (tags_set(d->tags, entry->key, entry->value) != STATUS_OK)
			return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	}
	return STATUS_OK;
}

static enum status decode_frame(struct decoder_handle *d);

/* Where the time base counts frames, or the pairs that spectral band replication makes of one, a time stamp names
 * exactly one. */
static void judge_times(struct libav_state *s, int rate_hz)
{
	AVRational base = s->stream->time_base;

	s->first_pts = s->frame->pts;
	s->has_exact_times = base.num == 1 && (base.den == rate_hz || base.den == rate_hz / 2) &&
	                     s->frame->pts != AV_NOPTS_VALUE;
}

/* Frames as announced, where that is more than an estimate. */
static int64_t announced_frames(const struct libav_state *s, int rate_hz)
{
	int64_t duration = s->stream->duration;

	if (duration == AV_NOPTS_VALUE || duration <= 0 ||
	        s->container->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE)
		return -1;
	return av_rescale_q(duration, s->stream->time_base, (AVRational){1, rate_hz});
}

/* By the note that iTunes writes into the tags; -1 without. */
static int64_t noted_length(const struct libav_state *s)
{
	const AVDictionaryEntry *note = av_dict_get(s->container->metadata, "iTunSMPB", NULL, 0);
	unsigned delay, padding;
	uint64_t frames;

	if (note && sscanf(note->value, "%*x %x %x %" SCNx64, &delay, &padding, &frames) == 3 &&
	        frames > 0 && frames < INT64_MAX)
		return (int64_t)frames;
	return -1;
}

/* By the edit list, whose unit may be as coarse as a millisecond; where that is all that is between it and
 * the track's own length without what was put before the music, by that. */
static int64_t edited_length(const struct libav_state *s, int64_t announced)
{
	const AVIndexEntry *first = avformat_index_get_entry(s->stream, 0);
	int rate_hz = s->frame->sample_rate;
	int64_t length = s->stream->index < MOST_STREAMS ? s->unedited[s->stream->index] : -1;

	if (!first || length <= 0 || !s->has_exact_times)
		return announced;
	length -= s->first_pts - first->timestamp;
	length = av_rescale_q(length, s->stream->time_base, (AVRational){1, rate_hz});
	return s->is_long_mp4 || llabs(length - announced) <= rate_hz / 1000 ? length : announced;
}

/* libav cuts what the encoder put before the music, but not the rest of the last packet behind it.  A claim counts
 * only where it cuts no more than that. */
static void trim_mp4(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	int64_t n_packets = avformat_index_get_entries_count(s->stream), end;

	if (!is_mp4(s->container->iformat) || d->facts->frames <= 0)
		return;
	end = noted_length(s);
	if (end < 0)
		end = edited_length(s, d->facts->frames);
	if (n_packets > 0 && end > (n_packets - 6) * s->frame->nb_samples)
		d->facts->frames = s->end = end;
}

/* Cuts what Musepack's decoder puts around the music. */
static void trim_musepack(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	uint8_t head[MUSEPACK_HEAD_BYTES];
	ssize_t got = -1;
	int64_t frames;

	if (s->codec->codec_id != AV_CODEC_ID_MUSEPACK7 &&
	        s->codec->codec_id != AV_CODEC_ID_MUSEPACK8)
		return;
	if (source_seek(d->source, s->bytes.start) >= 0)
		got = source_read(d->source, head, sizeof(head));
	frames = got > 0 ? musepack_frames(head, (size_t)got) : 0;
	if (frames <= 0 || s->n_pending <= MUSEPACK_DELAY_FRAMES)
		return;
	s->first = MUSEPACK_DELAY_FRAMES;
	s->n_pending -= MUSEPACK_DELAY_FRAMES;
	d->facts->frames = s->end = frames;
}

/* What goes round for ever ends in a fade; what ends by itself has done so before. */
static void end_tune(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	int64_t rate_hz = d->facts->sample_rate_hz, length = d->facts->frames;

	if (strcmp(s->container->iformat->name, "libgme") != 0)
		return;
	if (length < 0 || length > LONGEST_TUNE_S * rate_hz)
		length = TUNE_S * rate_hz;
	s->fade_frames = TUNE_FADE_S * rate_hz;
	s->end = length + s->fade_frames;
}

/* Bytes that are damaged within reason give a frame after some tries. */
static enum status find_first_frame(struct decoder_handle *d)
{
	enum { MOST_TRIES = 2000 };
	struct libav_state *s = d->state;

	for (int i = 0; i < MOST_TRIES; i++) {
		enum status status = decode_frame(d);

		if (status == STATUS_END)
			return error_set(d->error, STATUS_BAD_DATA, "no music in it");
		if (status != STATUS_OK || s->n_pending > 0)
			return status;
	}
	return error_set(d->error, STATUS_BAD_DATA, "no music in it for a long while");
}

/* `format` is what it is, NULL when nobody knows. */
static enum status open_file(struct decoder_handle *d, const AVInputFormat *format)
{
	struct libav_state *s = d->state;
	const AVCodec *decoder = NULL;
	int result;

	if (!format)
		return error_set(
		        d->error, STATUS_UNSUPPORTED, "not a music file of a known format");
	result = open_container(s, format);
	if (result >= 0)
		result = choose_stream(s, &decoder);
	if (result == AVERROR_STREAM_NOT_FOUND)
		return error_set(d->error, STATUS_UNSUPPORTED, "no sound in it");
	if (result < 0)
		return refuse(d, result, "cannot be opened");
	result = open_codec(s, decoder);
	if (result < 0)
		return refuse(d, result, "cannot be decoded");
	return STATUS_OK;
}

static void close_file(struct libav_state *s)
{
	av_frame_free(&s->frame);
	av_packet_free(&s->packet);
	avcodec_free_context(&s->codec);
	avformat_close_input(&s->container);
	bytes_done(&s->bytes);
}

static enum status libav_open(struct decoder_handle *d)
{
	struct libav_state *s = d->state;

	av_log_set_level(AV_LOG_QUIET);
	av_max_alloc(MOST_ALLOCATED_BYTES);
	s->end = INT64_MAX;
	if (!bytes_init_at(&s->bytes, d->source, source_position(d->source)))
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	bytes_allow(&s->bytes, MOST_BYTES_TO_OPEN);
	TRY(open_file(d, recognise(s)));
	TRY(find_first_frame(d));
	bytes_allow(&s->bytes, INT64_MAX);
	snprintf(d->facts->codec, sizeof(d->facts->codec), "%s",
	        avcodec_get_name(s->codec->codec_id));
	d->facts->sample_rate_hz = s->frame->sample_rate;
	d->facts->channels = s->frame->ch_layout.nb_channels;
	judge_times(s, s->frame->sample_rate);
	d->facts->frames = announced_frames(s, s->frame->sample_rate);
	trim_mp4(d);
	trim_musepack(d);
	end_tune(d);
	TRY(take_tags(d, s->stream->metadata));
	return take_tags(d, s->container->metadata);
}

/* ---- reading ---------------------------------------------------------------------------- */

static enum status drain(struct libav_state *s)
{
	s->draining = true;
	return avcodec_send_packet(s->codec, NULL) < 0 ? STATUS_END : STATUS_OK;
}

/* libav takes a second WavPack file of the same format for more of the first, whose times begin anew. */
static bool begins_anew(const struct libav_state *s)
{
	return s->packet->pts == 0 && s->packet_pts > 0 &&
	       strcmp(s->container->iformat->name, "wv") == 0;
}

static void note_packet(struct libav_state *s)
{
	s->packet_pts = s->packet->pts;
	if (s->packet->pos >= 0)
		s->behind = s->bytes.start + s->packet->pos + s->packet->size;
}

/* The next packet to the codec.  STATUS_END: the file is over, and the codec knows. */
static enum status send_packet(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	int result = av_read_frame(s->container, s->packet);

	if (result < 0) {
		if (s->bytes.error_number != 0)
			return error_set_errno(d->error, s->bytes.error_number, "cannot read");
		s->cut_short = result != AVERROR_EOF;
		return drain(s);
	}
	if (s->packet->stream_index == s->stream->index) {
		if (begins_anew(s)) {
			av_packet_unref(s->packet);
			return drain(s);
		}
		note_packet(s);
		result = avcodec_send_packet(s->codec, s->packet);
		if (result < 0 && result != AVERROR(EAGAIN) && result != AVERROR_EOF)
			damage_add(d->damage, 0, "damaged packet");
	}
	av_packet_unref(s->packet);
	return STATUS_OK;
}

static bool is_playable(const AVFrame *frame)
{
	return frame->nb_samples > 0 && frame->sample_rate > 0 &&
	       frame->ch_layout.nb_channels > 0 &&
	       frame->ch_layout.nb_channels <= DECODER_MOST_CHANNELS && samples_are_known(frame);
}

/* Where the frame stands by its time stamp, in frames from the first; -1 when that is not known. */
static int64_t place_of(const struct libav_state *s)
{
	int64_t pts = s->frame->pts;

	if (!s->has_exact_times || pts == AV_NOPTS_VALUE || pts < s->first_pts)
		return -1;
	return av_rescale_q(
	        pts - s->first_pts, s->stream->time_base, (AVRational){1, s->frame->sample_rate});
}

/* Packets that were lost leave a hole in the time line.  A moderate one becomes silence, so that what follows
 * keeps its place. */
static void mend_time_line(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	int64_t place = place_of(s), lost = place - s->position;

	if (place < 0 || s->frame->sample_rate != d->facts->sample_rate_hz)
		return;
	if (lost > 0 && lost <= (int64_t)LONGEST_HOLE_S * s->frame->sample_rate) {
		s->silence = lost;
		damage_add(d->damage, lost, "a hole in the stream");
	}
}

/* A frame to s->frame, or a step nearer to one. */
static enum status decode_frame(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	int result = avcodec_receive_frame(s->codec, s->frame);

	s->first = s->n_pending = 0;
	if (result == AVERROR(EAGAIN) && !s->draining)
		return send_packet(d);
	if (result == AVERROR_EOF || result == AVERROR(EAGAIN))
		return STATUS_END;
	if (result == AVERROR(ENOMEM))
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	if (result < 0 || !is_playable(s->frame)) {
		damage_add(d->damage, 0, "damaged packet");
		return STATUS_OK;
	}
	s->n_pending = (size_t)s->frame->nb_samples;
	return STATUS_OK;
}

/* The frames at `to` are those from s->position on. */
static void fade(const struct libav_state *s, float *to, size_t n_frames, size_t channels)
{
	for (size_t i = 0; i < n_frames; i++) {
		int64_t left = s->end - s->position - (int64_t)i;
		float gain = (float)left / (float)s->fade_frames;

		for (size_t c = 0; left < s->fade_frames && c < channels; c++)
			to[i * channels + c] *= gain * gain;
	}
}

static void give(struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct libav_state *s = d->state;
	size_t channels = (size_t)s->frame->ch_layout.nb_channels;

	if (s->silence > 0) {
		*n_frames = (uint64_t)s->silence < max_frames ? (size_t)s->silence : max_frames;
		memset(to, 0, *n_frames * channels * sizeof(*to));
		s->silence -= (int64_t)*n_frames;
	} else {
		*n_frames = s->n_pending < max_frames ? s->n_pending : max_frames;
		samples_to_float(to, s->frame, s->first, *n_frames);
		s->first += *n_frames;
		s->n_pending -= *n_frames;
	}
	if (s->fade_frames > 0)
		fade(s, to, *n_frames, channels);
	s->position += (int64_t)*n_frames;
}

/* Opens the file that begins at `at`, up to its first frame.  Places in it are not told from those in the first one: seeking
 * there is left to the core. */
static enum status open_joined(struct decoder_handle *d, const AVInputFormat *format, int64_t at)
{
	struct libav_state *s = d->state;

	close_file(s);
	if (!bytes_init_at(&s->bytes, d->source, at))
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	s->has_exact_times = s->draining = s->cut_short = false;
	s->packet_pts = 0;
	s->behind = at + 1; /* should it fail */
	TRY(open_file(d, format));
	return find_first_frame(d);
}

/* What goes on behind damage keeps its place. */
static void mend_hole(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	int64_t lost = s->frame->pts - s->position;

	if (lost > 0 && lost <= (int64_t)LONGEST_HOLE_S * s->frame->sample_rate)
		s->silence = lost;
	damage_add(d->damage, s->silence, "damaged container");
}

/* The container is over: a frame of the file that is joined to it, or of what goes on behind damage. */
static enum status decode_joined(struct decoder_handle *d)
{
	struct libav_state *s = d->state;
	const AVInputFormat *format = s->container->iformat;
	bool cut_short = s->cut_short;
	enum status status = STATUS_END;

	while (status != STATUS_OK) {
		int64_t from = s->behind, at = -1;
		bool has_tag = false;

		if (s->n_joined++ < MOST_JOINED)
			at = joined_next(d->source, format->name, from, &has_tag);
		if (at < 0) {
			if (cut_short && !has_tag)
				damage_add(d->damage, 0, "damaged container");
			return STATUS_END;
		}
		status = open_joined(d, format, at);
		if (status == STATUS_NO_MEMORY || status == STATUS_IO)
			return status;
		if (status == STATUS_OK && at > from && !has_tag)
			mend_hole(d);
		cut_short = status != STATUS_OK;
	}
	return STATUS_OK;
}

static enum status libav_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct libav_state *s = d->state;

	if (s->position >= s->end)
		return STATUS_END;
	if (s->n_pending == 0) {
		enum status status = decode_frame(d);

		if (status == STATUS_END)
			status = decode_joined(d);
		TRY(status);
		if (s->n_pending == 0)
			return STATUS_OK;
		mend_time_line(d);
		if (s->frame->sample_rate != d->facts->sample_rate_hz ||
		        s->frame->ch_layout.nb_channels != d->facts->channels) {
			d->facts->sample_rate_hz = s->frame->sample_rate;
			d->facts->channels = s->frame->ch_layout.nb_channels;
			return STATUS_OK; /* frames come with the next call */
		}
	}
	if ((uint64_t)(s->end - s->position) < max_frames)
		max_frames = (size_t)(s->end - s->position);
	give(d, to, max_frames, n_frames);
	return STATUS_OK;
}

/* ---- seeking ---------------------------------------------------------------------------- */

/* To the frame that holds `frame`, or to where the demuxer thinks best before it. */
static enum status seek_container(struct libav_state *s, int64_t frame, int rate_hz)
{
	int64_t from = frame - (int64_t)PREROLL_S * rate_hz;
	int64_t pts =
	        s->first_pts + av_rescale_q(from, (AVRational){1, rate_hz}, s->stream->time_base);

	if (av_seek_frame(s->container, s->stream->index, pts, AVSEEK_FLAG_BACKWARD) < 0)
		return STATUS_UNSUPPORTED;
	avcodec_flush_buffers(s->codec);
	s->draining = false;
	s->packet_pts = 0;
	return STATUS_OK;
}

/* Drops what lies before `frame`.  The first frame that comes out says where the demuxer went; those behind it follow each
 * other as in reading, also where time stamps overlap. */
static enum status drop_until(struct decoder_handle *d, int64_t frame)
{
	struct libav_state *s = d->state;
	int64_t next = 0;

	for (;;) {
		int64_t place, left;

		while (s->n_pending == 0) {
			enum status status = decode_frame(d);

			if (status != STATUS_OK)
				return status == STATUS_END ? STATUS_UNSUPPORTED : status;
		}
		place = place_of(s);
		if (place >= 0 && place < next)
			place = next;
		next = place + s->frame->nb_samples;
		left = frame - place;
		if (place < 0 || left < 0 || s->frame->sample_rate != d->facts->sample_rate_hz)
			return STATUS_UNSUPPORTED;
		if (left < (int64_t)s->n_pending) {
			s->first = (size_t)left;
			s->n_pending -= (size_t)left;
			return STATUS_OK;
		}
		s->n_pending = 0;
	}
}

static enum status libav_seek(struct decoder_handle *d, int64_t frame)
{
	struct libav_state *s = d->state;
	int rate_hz = d->facts->sample_rate_hz;

	/* Near the start, what the encoder put before the music must be cut as when opening. */
	if (!s->has_exact_times || frame >= s->end || frame <= (int64_t)(PREROLL_S + 1) * rate_hz)
		return STATUS_UNSUPPORTED;
	s->n_pending = 0;
	s->silence = 0;
	TRY(seek_container(s, frame, rate_hz));
	TRY(drop_until(d, frame));
	s->position = frame;
	d->facts->channels = s->frame->ch_layout.nb_channels;
	return STATUS_OK;
}

static void libav_close(struct decoder_handle *d)
{
	if (d->state)
		close_file(d->state);
}

static const char *const suffixes[] = {"m4a", "mp4", "aac", "wma", "ape", "wv", "mpc", "tta", "dsf",
        "dff", "ac3", "mka", "mkv", "webm", "mod", "xm", "it", "s3m", NULL};

static const struct decoder_format decoder_libav = {
        .name = "libav",
        .description = "AAC, ALAC, WMA, APE, WavPack, Musepack, MP4, Matroska and more (libav)",
        .suffixes = suffixes,
        .probe = libav_probe,
        .state_bytes = sizeof(struct libav_state),
        .open = libav_open,
        .read = libav_read,
        .seek = libav_seek,
        .close = libav_close,
};

static const struct decoder_format *const formats[] = {&decoder_libav, NULL};

const struct jukebox_module jukebox_module = {JUKEBOX_MODULE_VERSION, "libav", formats};
