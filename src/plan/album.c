/* album.c - one recording cut in two, found by evidence at the joint.
 *
 * Waveform: linear prediction (Burg's method, Burg 1975) from the last frames of one track is run on into the
 * first frames of the other.  In one recording the prediction error behind the cut is what it is everywhere;
 * between two recordings the filter meets frames that have nothing to do with its memory, and the error is of
 * the size of the signal itself, times the filter's gain.  Each of the first frames adds the log ratio of the two
 * likelihoods; Laplace densities, since music has heavy tails.  The same is done backwards in time, and the weaker
 * of the two counts.
 * Spectrum: mean distance of third-octave-like bands before and behind the cut.  Tags can veto, never prove.
 */
#include "album.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ORDER = 32,
	BEHIND =
	        24, /* frames behind the cut that are judged: then the filter remembers only the new side */
	TRAINED = 2048, /* frames the predictor is made from */
};

/* Tried on 120 cuts of 40 songs and on pairs of different songs that are cut anywhere, as WAV (5,600 pairs), MP3 at
 * 192 kbit/s, Vorbis and Opus (1,400 each): found 115, 105, 109 and 108; joined in error 3, 21, 35 and 20. */
static const double ENOUGH = 4; /* nats, with what spectrum and level add */
static const double ENOUGH_TAGGED = -10; /* tracks of one album in order, both loud up to the cut */

/* Share of the signal that is noise of its own on each side of the cut: none to speak of in lossless files, for which the
 * first one alone is tried; -20 to -30 dB in MP3, Vorbis and Opus, whose encoders had nothing behind or before the cut. */
static const double NOISES[] = {0.002, 0.03, 0.1};
enum { N_NOISES = sizeof NOISES / sizeof *NOISES };

/* ---- linear prediction -------------------------------------------------------------------- */

/* Coefficients a[1..ORDER] of x[n] ~ -sum a[k] x[n-k]. */
static void burg(const double *x, size_t n, double a[ORDER + 1])
{
	double f[TRAINED], b[TRAINED];
	memcpy(f, x, n * sizeof *f);
	memcpy(b, x, n * sizeof *b);
	memset(a, 0, (ORDER + 1) * sizeof *a);
	a[0] = 1;
	for (int m = 0; m < ORDER; m++) {
		double top = 0, bottom = 1e-20, old[ORDER + 1];
		for (size_t i = (size_t)m + 1; i < n; i++) {
			top += f[i] * b[i - 1];
			bottom += f[i] * f[i] + b[i - 1] * b[i - 1];
		}
		double k = -2 * top / bottom;
		memcpy(old, a, sizeof old);
		for (int i = 1; i <= m + 1; i++)
			a[i] = old[i] + k * old[m + 1 - i];
		for (size_t i = n - 1; i > (size_t)m; i--) {
			double fi = f[i];
			f[i] = fi + k * b[i - 1];
			b[i] = b[i - 1] + k * fi;
		}
	}
}

static double residual(const double *x, const double a[ORDER + 1])
{
	double e = x[0];
	for (int k = 1; k <= ORDER; k++)
		e += a[k] * x[-k];
	return e;
}

static double mean_abs_residual(const double *x, size_t n, const double a[ORDER + 1])
{
	double sum = 0;
	for (size_t i = ORDER; i < n; i++)
		sum += fabs(residual(x + i, a));
	return sum / (double)(n - ORDER);
}

static double rms(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] * x[i];
	return sqrt(sum / (double)n);
}

/* Mean errors when the filter runs from one signal into an unrelated one with the same spectrum, at each of the frames
 * behind the cut: measured by joining the stretch to pieces of itself from elsewhere.  The first frames tell most. */
static void mean_abs_foreign(
        const double *x, size_t n, const double a[ORDER + 1], double foreign[BEHIND])
{
	double joined[ORDER + BEHIND];
	int count = 0;
	memset(foreign, 0, BEHIND * sizeof *foreign);
	for (size_t at = ORDER; at + 8 * BEHIND + ORDER < n; at += 61) {
		size_t from = (at * 7 + n / 3) % (n - BEHIND);
		memcpy(joined, x + at - ORDER, ORDER * sizeof *x);
		memcpy(joined + ORDER, x + from, BEHIND * sizeof *x);
		for (int i = 0; i < BEHIND; i++)
			foreign[i] += fabs(residual(joined + ORDER + i, a));
		count++;
	}
	for (int i = 0; i < BEHIND && count > 0; i++)
		foreign[i] /= count;
}

/* White noise of a share of the signal on top keeps the predictor from resting on what a codec has changed. */
static void add_noise(double *x, size_t n, double share)
{
	double amplitude =
	        share * rms(x, n) * 3.46; /* uniform: peak to peak is sqrt(12) times the RMS */
	uint32_t state = 1;
	for (size_t i = 0; i < n; i++) {
		state = state * 1664525u + 1013904223u;
		x[i] += amplitude * ((double)(state >> 8) / 16777216.0 - 0.5);
	}
}

/* Nats for `right` being the continuation of `left` (both `n` frames, one channel), when each has noise of its own. */
static double evidence_one_way(const double *left, const double *right, size_t n, double noise)
{
	double a[ORDER + 1], joined[ORDER + BEHIND], x[TRAINED], foreign[BEHIND], nats = 0;
	size_t trained = n < TRAINED ? n : TRAINED;
	memcpy(x, left + n - trained, trained * sizeof *x);
	add_noise(x, trained, noise);
	burg(x, trained, a);
	double own = mean_abs_residual(x, trained, a);
	mean_abs_foreign(x, trained, a, foreign);
	memcpy(joined, left + n - ORDER, ORDER * sizeof *joined);
	memcpy(joined + ORDER, right, BEHIND * sizeof *joined);
	for (int i = 0; i < BEHIND; i++) {
		double e = fabs(residual(joined + ORDER + i, a));
		if (foreign[i] < own * 1.05)
			continue; /* noise, or too far behind: prediction tells nothing */
		/* Laplace: density exp(-|e|/s) / 2s.  One wild frame is not allowed to decide alone. */
		double one = (e / foreign[i] - e / own) + log(foreign[i] / own);
		nats += fmax(one, -8);
	}
	return nats;
}

/* ---- samples ------------------------------------------------------------------------------- */

static double frame_mid(const struct record_samples *s, size_t i)
{
	return s->channels == 2 ? ((double)s->frames[2 * i] + (double)s->frames[2 * i + 1]) / 2
	                        : (double)s->frames[i];
}

static double frame_side(const struct record_samples *s, size_t i)
{
	return s->channels == 2 ? ((double)s->frames[2 * i] - (double)s->frames[2 * i + 1]) / 2 : 0;
}

typedef double frame_fn(const struct record_samples *s, size_t i);

static double evidence_of_signal(const struct record_samples *last,
        const struct record_samples *first, size_t n, bool lossless, frame_fn *pick)
{
	double left[RECORD_EDGE_FRAMES], right[RECORD_EDGE_FRAMES], back_l[RECORD_EDGE_FRAMES],
	        back_r[RECORD_EDGE_FRAMES];
	for (size_t i = 0; i < n; i++) {
		left[i] = back_r[n - 1 - i] = pick(last, last->n_frames - n + i);
		right[i] = back_l[n - 1 - i] = pick(first, i);
	}
	if (rms(left, n) < 1e-4 || rms(right, n) < 1e-4)
		return 0;
	double most = -HUGE_VAL;
	for (int i = 0; i < (lossless ? 1 : N_NOISES); i++)
		most = fmax(most, fmin(evidence_one_way(left, right, n, NOISES[i]),
		                          evidence_one_way(back_l, back_r, n, NOISES[i])));
	return most;
}

static size_t common_length(const struct record_samples *last, const struct record_samples *first)
{
	size_t n = last->n_frames < first->n_frames ? last->n_frames : first->n_frames;
	return n < RECORD_EDGE_FRAMES ? n : RECORD_EDGE_FRAMES;
}

double album_waveform_evidence(
        const struct record_samples *last, const struct record_samples *first, bool lossless)
{
	size_t n = common_length(last, first);
	if (n < 4 * ORDER + BEHIND)
		return 0;
	return evidence_of_signal(last, first, n, lossless, frame_mid) +
	       evidence_of_signal(last, first, n, lossless, frame_side);
}

enum { BANDS = 12, SPECTRUM_FRAMES = 2048 };

/* Power in bands an octave and less wide, by Goertzel sums at three frequencies each: cheap and enough for a
 * distance.  Windowed (Hann), mono. */
static void band_levels(const double *x, size_t n, double db[BANDS])
{
	for (int band = 0; band < BANDS; band++) {
		double power = 1e-9;
		for (int k = 0; k < 6; k++) {
			double cycles = 6 * pow(2, (band * 6 + k) / 10.0),
			       w = 2 * M_PI * cycles / (double)n;
			double c = 2 * cos(w), s1 = 0, s2 = 0;
			if (w >= M_PI)
				break;
			for (size_t i = 0; i < n; i++) {
				double s = x[i] + c * s1 - s2;
				s2 = s1;
				s1 = s;
			}
			power += s1 * s1 + s2 * s2 - c * s1 * s2;
		}
		db[band] = 10 * log10(power);
	}
}

double album_spectrum_distance_db(
        const struct record_samples *last, const struct record_samples *first)
{
	size_t n = common_length(last, first);
	double left[SPECTRUM_FRAMES], right[SPECTRUM_FRAMES], a[BANDS], b[BANDS], sum = 0;
	if (n > SPECTRUM_FRAMES)
		n = SPECTRUM_FRAMES;
	for (size_t i = 0; i < n; i++) {
		double hann = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
		left[i] = hann * frame_mid(last, last->n_frames - n + i);
		right[i] = hann * frame_mid(first, i);
	}
	band_levels(left, n, a);
	band_levels(right, n, b);
	double top = -HUGE_VAL;
	for (int i = 0; i < BANDS; i++)
		top = fmax(top, fmax(a[i], b[i]));
	for (int i = 0; i < BANDS; i++) /* what is 50 dB under the loudest band is not heard */
		sum += fabs(fmax(a[i], top - 50) - fmax(b[i], top - 50));
	return sum / BANDS;
}

static double level_step_db(const struct record_samples *last, const struct record_samples *first)
{
	size_t n = common_length(last, first);
	double a = 1e-12, b = 1e-12;
	for (size_t i = 0; i < n; i++) {
		a += pow(frame_mid(last, last->n_frames - n + i), 2) +
		     pow(frame_side(last, last->n_frames - n + i), 2);
		b += pow(frame_mid(first, i), 2) + pow(frame_side(first, i), 2);
	}
	return fabs(10 * log10(a / b));
}

/* ---- the verdict --------------------------------------------------------------------------- */

static double frame_power(const struct record_samples *s, size_t i)
{
	return pow(frame_mid(s, i), 2) + pow(frame_side(s, i), 2);
}

/* Sound that stops or starts in full: a declick or a fade brings any two songs together at zero, which proves nothing. */
static bool is_cut(const struct record_samples *s, bool at_end)
{
	enum { EDGE = 64, LOUDER_DB = 15 };
	double edge = 1e-12, all = 1e-12;
	if (s->n_frames < 8 * EDGE)
		return false;
	for (size_t i = 0; i < s->n_frames; i++) {
		double power = frame_power(s, i);
		all += power / (double)s->n_frames;
		if (at_end ? i >= s->n_frames - EDGE : i < EDGE)
			edge += power / EDGE;
	}
	return 10 * log10(all / edge) < LOUDER_DB;
}

static double mean_power(const struct record_samples *s)
{
	double sum = 1e-12;
	for (size_t i = 0; i < s->n_frames; i++)
		sum += frame_power(s, i) / (double)s->n_frames;
	return sum;
}

/* The last frame and the first one are next to nothing, on both sides: what an editor's fade of a millisecond leaves, too
 * short for is_cut, and predicted as well as in one recording.  Of 120 real cuts one is like that. */
static bool meet_at_zero(const struct record_samples *last, const struct record_samples *first)
{
	static const double SHARE = 0.0158; /* -18 dB */
	return frame_power(last, last->n_frames - 1) < SHARE * mean_power(last) &&
	       frame_power(first, 0) < SHARE * mean_power(first);
}

static bool tags_disagree(const struct album_end *end, const struct record *next)
{
	const char *album = tags_get(&next->tags, "album");
	return end->album && album && strcmp(end->album, album) != 0;
}

static bool tracks_follow(const struct album_end *end, const struct record *next)
{
	const char *album = tags_get(&next->tags, "album"), *track = tags_get(&next->tags, "track");
	return end->album && album && strcmp(end->album, album) == 0 && end->track && track &&
	       strtoul(track, NULL, 10) == strtoul(end->track, NULL, 10) + 1;
}

static bool is_lossless(const char *codec)
{
	static const char *const names[] = {"flac", "alac", "wavpack", "ape", "tta"};
	bool found = strncmp(codec, "pcm_", 4) == 0 && !strstr(codec, "law");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		found |= strcmp(codec, names[i]) == 0;
	return found;
}

bool album_continues(
        const struct album_end *end, const struct record *next, char *why, size_t why_bytes)
{
	if (end->last.n_frames == 0 || next->first.n_frames == 0 ||
	        end->sample_rate_hz != next->sample_rate_hz || end->channels != next->channels ||
	        end->last.channels != next->first.channels || tags_disagree(end, next))
		return false;
	if (!is_cut(&end->last, true) || !is_cut(&next->first, false))
		return false;
	bool follows = tracks_follow(end, next);
	/* Tracks of one album may have been encoded, each alone, before they came into lossless files. */
	bool lossless = end->lossless && is_lossless(next->codec) && !follows;
	double nats = album_waveform_evidence(&end->last, &next->first, lossless);
	double bands = album_spectrum_distance_db(&end->last, &next->first);
	double step = level_step_db(&end->last, &next->first);
	if (why)
		snprintf(why, why_bytes,
		        "one recording: waveform %+.0f nats, spectrum %.1f dB, level %.1f dB "
		        "apart%s",
		        nats, bands, step, follows ? ", tracks of one album in order" : "");
	/* Bands that agree within 6 dB speak for it; a drum right behind the cut must not speak much against it. */
	double agreement = fmin(fmax(8 - 8 * bands / 6, -3), 7);
	if (step < 4 &&
	        nats != 0) /* noise and silence, of which no waveform tells, are all alike */
		agreement += 2;
	if (follows)
		return nats + agreement > ENOUGH_TAGGED;
	/* Without a word of the waveform the rest proves nothing. */
	return nats > 0 && nats + agreement > ENOUGH && !meet_at_zero(&end->last, &next->first);
}

/* ---- what is kept -------------------------------------------------------------------------- */

static char *copy_or_null(const char *text)
{
	return text ? strdup(text) : NULL;
}

enum status album_end_of(struct album_end *end, const struct record *record)
{
	const char *album = tags_get(&record->tags, "album"),
	           *track = tags_get(&record->tags, "track");
	size_t n = record->last.n_frames * (size_t)record->last.channels;
	*end = (struct album_end){.sample_rate_hz = record->sample_rate_hz,
	        .channels = record->channels,
	        .lossless = is_lossless(record->codec),
	        .loudness_lufs = record->loudness_lufs,
	        .album = copy_or_null(album),
	        .track = copy_or_null(track)};
	if (n > 0)
		end->last.frames = malloc(n * sizeof(float));
	if ((album && !end->album) || (track && !end->track) || (n > 0 && !end->last.frames)) {
		album_end_done(end);
		return STATUS_NO_MEMORY;
	}
	if (n > 0) {
		memcpy(end->last.frames, record->last.frames, n * sizeof(float));
		end->last.n_frames = record->last.n_frames;
		end->last.channels = record->last.channels;
	}
	return STATUS_OK;
}

void album_end_done(struct album_end *end)
{
	free(end->last.frames);
	free(end->album);
	free(end->track);
	*end = (struct album_end){0};
}
