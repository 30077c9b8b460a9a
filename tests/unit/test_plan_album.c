/* One recording cut in two is found, two recordings are not; and what is found is joined to the frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"
#include "plan/album.h"
#include "support/tape.h"

enum { FRAMES = RECORD_EDGE_FRAMES };

/* Three instruments of ten overtones each, that move a little, and breath; `seed` makes another piece of music. */
static void music(float *to, size_t n_frames, int64_t from_frame, unsigned seed)
{
	for (size_t i = 0; i < n_frames; i++) {
		int64_t at = from_frame + (int64_t)i;
		double t = (double)at / 44100, voices[3] = {0};
		for (unsigned v = 0; v < 3; v++) {
			double hz = 90 * pow(2, (double)((seed * 17 + v * 7) % 37) / 12);
			double angle = 2 * M_PI * hz * t + 0.4 * sin(2 * M_PI * 5 * t + seed + v);
			for (int k = 1; k <= 10; k++)
				voices[v] +=
				        0.1 / k * sin(k * angle + 1.9 * seed * (k + v) + k * k);
		}
		uint32_t noise = (uint32_t)(at + seed * 99991) * 2654435761u;
		noise = (noise ^ noise >> 15) * 2246822519u;
		double breath = 0.02 * ((double)(noise >> 8) / 16777216.0 - 0.5);
		to[2 * i] = (float)(voices[0] + voices[1] + 0.3 * voices[2] + breath);
		to[2 * i + 1] = (float)(voices[0] + 0.3 * voices[1] + voices[2] + breath);
	}
}

/* A track with sound up to both ends; samples of `seed` around frame 0 of the cut. */
static struct record cut_track(double seconds, int rate_hz, unsigned first_seed, unsigned last_seed)
{
	static float first[2 * FRAMES], last[2 * FRAMES];
	struct tape *t = tape_new(seconds, rate_hz);
	tape_level(t, 0, seconds + 1, -14, -14);
	struct record r = tape_record(t);
	music(first, FRAMES, 0, first_seed);
	music(last, FRAMES, -FRAMES, last_seed);
	tape_cut_samples(&r, first, last, FRAMES, 2);
	return r;
}

static bool continues(const struct record *a, const struct record *b)
{
	struct album_end end;
	char why[PLAN_REASON_BYTES] = "";
	assert_int_equal(album_end_of(&end, a), STATUS_OK);
	bool found = album_continues(&end, b, why, sizeof why);
	album_end_done(&end);
	return found;
}

static void tag(struct record *r, const char *name, const char *value)
{
	assert_int_equal(tags_set(&r->tags, name, value), STATUS_OK);
}

static void a_cut_is_found(void **state)
{
	for (unsigned seed = 1; seed < 8; seed++) {
		struct record a = cut_track(60, 44100, 50, seed),
		              b = cut_track(60, 44100, seed, 60);
		assert_true(continues(&a, &b));
		record_done(&a);
		record_done(&b);
	}
}

static void other_music_is_not(void **state)
{
	for (unsigned seed = 1; seed < 8; seed++) {
		struct record a = cut_track(60, 44100, 50, seed),
		              b = cut_track(60, 44100, seed + 11, 60);
		assert_true(album_waveform_evidence(&a.last, &b.first, false) < 30);
		/* Where no codec has been there is no doubt, one way or the other. */
		assert_true(album_waveform_evidence(&a.last, &b.first, true) < 0);
		music(b.first.frames, FRAMES, 0, seed);
		assert_true(album_waveform_evidence(&a.last, &b.first, true) > 30);
		music(b.first.frames, FRAMES, 0, seed + 11);
		/* The same instruments an octave and a half higher. */
		for (size_t i = 0; i < FRAMES / 3; i++)
			memmove(b.first.frames + 2 * i, b.first.frames + 6 * i,
			        2 * sizeof *b.first.frames);
		b.first.n_frames = FRAMES / 3;
		assert_false(continues(&a, &b));
		record_done(&a);
		record_done(&b);
	}
}

static void fade_edges(struct record_samples *last, struct record_samples *first, size_t n_frames)
{
	for (size_t i = 0; i < n_frames; i++)
		for (size_t c = 0; c < 2; c++) {
			float gain = ((float)i + 0.5f) / (float)n_frames;
			last->frames[2 * (last->n_frames - 1 - i) + c] *= gain;
			first->frames[2 * i + c] *= gain;
		}
}

/* Editors do so where they cut: whatever meets there meets at zero. */
static void short_fades_prove_nothing(void **state)
{
	for (unsigned seed = 1; seed < 12; seed++)
		for (size_t n_frames = 12; n_frames < 300; n_frames += n_frames / 2) {
			struct record a = cut_track(60, 44100, 50, seed),
			              b = cut_track(60, 44100, seed + 11, 60);
			fade_edges(&a.last, &b.first, n_frames);
			assert_false(continues(&a, &b));
			record_done(&a);
			record_done(&b);
		}
}

static void tags_veto_and_do_not_prove(void **state)
{
	struct record a = cut_track(60, 44100, 50, 3), b = cut_track(60, 44100, 3, 60),
	              other = cut_track(60, 44100, 16, 60);
	tag(&a, "album", "One");
	tag(&b, "album", "Two");
	assert_false(continues(&a, &b));
	tag(&b, "album", "One");
	assert_true(continues(&a, &b));
	tag(&other, "album", "One");
	assert_false(continues(&a, &other));
	record_done(&a);
	record_done(&b);
	record_done(&other);
}

static void other_formats_are_no_continuation(void **state)
{
	struct record a = cut_track(60, 44100, 50, 3), b = cut_track(60, 48000, 3, 60);
	assert_false(continues(&a, &b));
	b.sample_rate_hz = 44100;
	assert_true(continues(&a, &b));
	b.first.n_frames = 0;
	assert_false(continues(&a, &b));
	record_done(&a);
	record_done(&b);
}

static void short_and_silent_ends_prove_nothing(void **state)
{
	float none[2 * FRAMES] = {0};
	struct record a = cut_track(60, 44100, 50, 3), b = cut_track(60, 44100, 3, 60);
	struct record_samples few = a.last;
	for (few.n_frames = 0; few.n_frames < 300; few.n_frames++)
		assert_true(isfinite(album_waveform_evidence(&few, &b.first, false)));
	tape_cut_samples(&b, none, NULL, FRAMES, 2);
	assert_false(continues(&a, &b));
	tape_cut_samples(&a, NULL, none, FRAMES, 2);
	assert_false(continues(&a, &b));
	record_done(&a);
	record_done(&b);
}

/* ---- on the time line ------------------------------------------------------------------------ */

static size_t plan_of(const struct policy *policy, const struct record *records,
        const char *const *directives, size_t count, struct plan_clip *clips, size_t most)
{
	struct planner *planner = planner_new(policy);
	char note[PLAN_REASON_BYTES];
	size_t n = 0;
	assert_non_null(planner);
	for (size_t i = 0; i < count; i++) {
		struct plan_item item = {.entry = i,
		        .path = "x",
		        .directives = directives ? directives[i] : NULL,
		        .record = &records[i]};
		assert_int_equal(planner_push(planner, &item, note, NULL), STATUS_OK);
		while (n < most && planner_pop(planner, &clips[n]))
			n++;
	}
	assert_int_equal(planner_finish(planner), STATUS_OK);
	while (n < most && planner_pop(planner, &clips[n]))
		n++;
	planner_free(planner);
	return n;
}

static void done(struct plan_clip *clips, size_t n, struct record *records, size_t count)
{
	for (size_t i = 0; i < n; i++)
		plan_clip_done(&clips[i]);
	for (size_t i = 0; i < count; i++)
		record_done(&records[i]);
}

/* Frame k of the joined stream lies where one file of it all would have it, at any rate. */
static void parts_are_one_stream_of_frames(int source_hz, int rate_hz)
{
	enum { PARTS = 6 };
	struct record r[PARTS];
	struct plan_clip clips[PARTS + 1];
	struct policy policy;
	int64_t source = 0;
	policy_defaults(&policy);
	policy.rate_hz = rate_hz;
	for (unsigned i = 0; i < PARTS; i++) {
		r[i] = cut_track(30 + i * 0.777, source_hz, i, i + 1);
		r[i].frames += 1; /* no length that would divide */
	}
	assert_int_equal(plan_of(&policy, r, NULL, PARTS, clips, PARTS + 1), PARTS);
	for (size_t i = 0; i < PARTS; i++) {
		assert_int_equal(clips[i].joined, i > 0);
		assert_int_equal(clips[i].from_frame, 0);
		assert_int_equal(clips[i].to_frame, r[i].frames);
		assert_int_equal(
		        clips[i].start_frame, llround((double)source * rate_hz / source_hz));
		source += r[i].frames;
		if (i + 1 < PARTS) {
			assert_int_equal(
			        clips[i].start_frame + clips[i].n_frames, clips[i + 1].start_frame);
			assert_int_equal(clips[i].declick_out_frames, 0);
			assert_int_equal(clips[i].overlap_frames, 0);
			assert_string_equal(clips[i + 1].transition, "album");
			assert_float_equal(clips[i].gain_db, clips[i + 1].gain_db, 0);
		}
	}
	done(clips, PARTS, r, PARTS);
}

static void a_chain_is_joined_to_the_frame(void **state)
{
	parts_are_one_stream_of_frames(44100, 44100);
	parts_are_one_stream_of_frames(48000, 44100);
	parts_are_one_stream_of_frames(44100, 48000);
	parts_are_one_stream_of_frames(22050, 44100);
}

/* A member with dead air inside is two clips: what follows it follows its last one. */
static void dead_air_inside_a_chain(void **state)
{
	struct record r[3];
	struct plan_clip clips[8];
	struct policy policy;
	policy_defaults(&policy);
	for (unsigned i = 0; i < 3; i++) {
		struct record whole = cut_track(120, 44100, i, i + 1);
		r[i] = whole;
	}
	for (int i = 400; i < 800; i++)
		r[1].curves.level_clu[i] = RECORD_SILENCE_CLU;
	assert_int_equal(plan_of(&policy, r, NULL, 3, clips, 8), 4);
	assert_string_equal(clips[1].transition, "album");
	assert_string_equal(clips[2].transition, "inner");
	assert_string_equal(clips[3].transition, "album");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		        clips[i].start_frame + clips[i].n_frames, clips[i + 1].start_frame);
	assert_int_equal(clips[3].start_frame, (3 * 120 - 38 - 120) * 44100);
	done(clips, 4, r, 3);
}

static void gapless_joins_what_no_evidence_does(void **state)
{
	struct record r[3] = {tape_song(60), tape_song(60), tape_song(60)};
	const char *const directives[] = {"gapless", NULL, NULL};
	struct plan_clip clips[4];
	struct policy policy;
	policy_defaults(&policy);
	assert_int_equal(plan_of(&policy, r, directives, 3, clips, 4), 3);
	assert_true(clips[1].joined);
	assert_int_equal(clips[0].to_frame, r[0].frames);
	assert_int_equal(clips[1].from_frame, 0);
	assert_int_equal(clips[0].start_frame + clips[0].n_frames, clips[1].start_frame);
	assert_false(clips[2].joined);
	done(clips, 3, r, 3);
}

/* Who cuts a track short has taken it out of its recording. */
static void cues_part_a_recording(void **state)
{
	for (int which = 0; which < 2; which++) {
		struct record r[2] = {cut_track(60, 44100, 50, 3), cut_track(60, 44100, 3, 60)};
		const char *const directives[] = {
		        which ? NULL : "cue-out=50", which ? "cue-in=10" : NULL};
		struct plan_clip clips[3];
		struct policy policy;
		policy_defaults(&policy);
		assert_int_equal(plan_of(&policy, r, directives, 2, clips, 3), 2);
		assert_false(clips[1].joined);
		assert_int_equal(clips[0].to_frame, (which ? 60 : 50) * 44100);
		assert_int_equal(clips[1].from_frame, (which ? 10 : 0) * 44100);
		done(clips, 2, r, 2);
	}
}

/* --loudness album: tracks of one album in a row have one gain, also with pauses between them. */
static void an_album_shares_its_gain(void **state)
{
	struct record r[3] = {tape_song(60), tape_song(60), tape_song(60)};
	struct plan_clip clips[4];
	struct policy policy;
	policy_defaults(&policy);
	tape_shift(&r[1], -5);
	tape_shift(&r[2], +3);
	tag(&r[0], "album", "One");
	tag(&r[1], "album", "One");
	tag(&r[2], "album", "Two");
	assert_int_equal(plan_of(&policy, r, NULL, 3, clips, 4), 3);
	assert_float_equal(clips[1].gain_db, clips[0].gain_db + 5, 0.01);
	for (size_t i = 0; i < 3; i++)
		plan_clip_done(&clips[i]);
	policy.loudness = LOUDNESS_ALBUM;
	assert_int_equal(plan_of(&policy, r, NULL, 3, clips, 4), 3);
	assert_float_equal(clips[1].gain_db, clips[0].gain_db, 0);
	assert_float_equal(clips[0].gain_db, -18 + 14 + 1.8, 0.1); /* 10 log ((1 + 10^-0.5) / 2) */
	assert_float_equal(clips[2].gain_db, -7, 0.05);
	done(clips, 3, r, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_cut_is_found),
	        cmocka_unit_test(other_music_is_not),
	        cmocka_unit_test(short_fades_prove_nothing),
	        cmocka_unit_test(tags_veto_and_do_not_prove),
	        cmocka_unit_test(other_formats_are_no_continuation),
	        cmocka_unit_test(short_and_silent_ends_prove_nothing),
	        cmocka_unit_test(a_chain_is_joined_to_the_frame),
	        cmocka_unit_test(dead_air_inside_a_chain),
	        cmocka_unit_test(gapless_joins_what_no_evidence_does),
	        cmocka_unit_test(cues_part_a_recording),
	        cmocka_unit_test(an_album_shares_its_gain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
