/* From records to clips: what people overrule, what becomes of dead air, and how long ten thousand take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jukebox/plan.h"
#include "support/tape.h"
#include "support/within.h"

enum { MOST = 12 };

/* A plan of a few records.  Set up: policy, records, directives; `run` fills the rest. */
struct bench {
	struct policy policy;
	struct record records[MOST];
	const char *directives[MOST];
	size_t n_records;
	struct plan_clip clips[MOST];
	char notes[MOST][PLAN_REASON_BYTES];
	enum status statuses[MOST];
	size_t n_clips, n_explained;
};

static void count_lines(void *user, const char *line)
{
	((struct bench *)user)->n_explained++;
	assert_non_null(strstr(line, " -> "));
}

static void take_clips(struct bench *b, struct planner *planner)
{
	while (b->n_clips < MOST && planner_pop(planner, &b->clips[b->n_clips]))
		b->n_clips++;
}

static void run(struct bench *b)
{
	struct planner *planner = planner_new(&b->policy);
	assert_non_null(planner);
	planner_explain(planner, count_lines, b);
	for (size_t i = 0; i < b->n_records; i++) {
		struct plan_item item = {.entry = i,
		        .path = "song",
		        .directives = b->directives[i],
		        .record = &b->records[i]};
		b->statuses[i] = planner_push(planner, &item, b->notes[i], NULL);
		take_clips(b, planner);
	}
	assert_int_equal(planner_finish(planner), STATUS_OK);
	take_clips(b, planner);
	planner_free(planner);
}

static void done(struct bench *b)
{
	for (size_t i = 0; i < b->n_clips; i++)
		plan_clip_done(&b->clips[i]);
	for (size_t i = 0; i < b->n_records; i++)
		record_done(&b->records[i]);
	free(b);
}

static struct bench *songs(size_t n_records)
{
	struct bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	policy_defaults(&b->policy);
	b->n_records = n_records;
	for (size_t i = 0; i < n_records; i++)
		b->records[i] = tape_song(60);
	return b;
}

static int64_t end_of(const struct plan_clip *clip)
{
	return clip->start_frame + clip->n_frames;
}

/* ---- plain cases ----------------------------------------------------------------------------- */

static void songs_follow_each_other(void **state)
{
	struct bench *b = songs(3);
	tape_shift(&b->records[1], +4);
	run(b);
	assert_int_equal(b->n_clips, 3);
	assert_int_equal(b->n_explained, 2);
	assert_int_equal(b->clips[0].start_frame, 0);
	assert_string_equal(b->clips[0].transition, "start");
	assert_string_equal(b->clips[2].reason, "the end");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(end_of(&b->clips[i]) - b->clips[i + 1].start_frame,
		        b->clips[i].overlap_frames);
		assert_within((double)b->clips[i].overlap_frames / 44100, -0.2, 0.3);
		assert_string_equal(b->notes[i], "");
	}
	assert_float_equal(b->clips[0].gain_db, -4, 0.05);
	assert_float_equal(b->clips[1].gain_db, -8, 0.05);
	/* Peaks are as high as they will be played: -4 dBTP of the record, and the gain. */
	assert_float_equal(b->clips[2].expected_peak_dbtp, -8, 0.05);
	done(b);
}

static void silence_is_left_out(void **state)
{
	struct bench *b = songs(3);
	record_done(&b->records[1]);
	b->records[1] = tape_record(tape_new(20, 44100));
	run(b);
	assert_int_equal(b->statuses[1], STATUS_BAD_DATA);
	assert_int_equal(b->n_clips, 2);
	assert_int_equal(b->clips[1].entry, 2);
	done(b);
}

static void nothing_makes_an_empty_plan(void **state)
{
	struct bench *b = songs(0);
	run(b);
	assert_int_equal(b->n_clips, 0);
	done(b);
}

static void no_mix_keeps_every_frame_and_still_levels(void **state)
{
	struct bench *b = songs(2);
	b->policy.no_mix = true;
	run(b);
	assert_int_equal(b->n_clips, 2);
	assert_int_equal(b->clips[1].start_frame, b->records[0].frames);
	assert_int_equal(b->clips[1].to_frame, b->records[1].frames);
	assert_int_equal(b->clips[1].declick_out_frames, 0);
	assert_float_equal(b->clips[0].gain_db, -4, 0.05);
	done(b);
	b = songs(2);
	b->policy.no_mix = true;
	b->policy.loudness = LOUDNESS_OFF;
	run(b);
	assert_float_equal(b->clips[0].gain_db, 0, 0);
	done(b);
}

/* The note stands beside the track that it is about. */
static void a_held_gain_is_said_of_its_own_track(void **state)
{
	struct bench *b = songs(3);
	tape_shift(&b->records[1], -30);
	b->records[1].true_peak_dbtp = -1;
	run(b);
	assert_string_equal(b->notes[0], "");
	assert_non_null(strstr(b->notes[1], "gain held at +12.0 dB"));
	assert_string_equal(b->notes[2], "");
	assert_float_equal(b->clips[1].gain_db, 12, 1e-6);
	done(b);
}

/* ---- overrules --------------------------------------------------------------------------------- */

static void cues_are_taken_to_the_frame(void **state)
{
	struct bench *b = songs(2);
	b->directives[0] = "cue-in=10.5 cue-out=40.25";
	b->directives[1] = "keep-whole";
	run(b);
	assert_int_equal(b->clips[0].from_frame, 10.5 * 44100);
	assert_int_equal(b->clips[0].to_frame, 40.25 * 44100);
	assert_int_equal(b->clips[1].from_frame, 0);
	assert_int_equal(b->clips[1].to_frame, b->records[1].frames);
	done(b);
}

static void cues_that_cannot_be(void **state)
{
	static const char *const cues[] = {"cue-in=100", "cue-out=0", "cue-in=50 cue-out=20",
	        "cue-out=1000", "cue-in=59.9999", "cue-in=100000 cue-out=100000",
	        "keep-whole cue-in=60"};
	for (size_t i = 0; i < sizeof cues / sizeof *cues; i++) {
		struct bench *b = songs(3);
		b->directives[1] = cues[i];
		run(b);
		assert_int_equal(b->n_clips, 3);
		for (size_t k = 0; k < 3; k++) {
			const struct plan_clip *c = &b->clips[k];
			assert_true(c->from_frame >= 0 && c->from_frame < c->to_frame);
			assert_true(c->to_frame <= b->records[k].frames && c->n_frames > 0);
			assert_true(k == 0 || c->start_frame >= b->clips[k - 1].start_frame);
		}
		done(b);
	}
}

static void a_gain_of_its_own(void **state)
{
	struct bench *b = songs(3);
	b->directives[1] = "gain=-1.5";
	run(b);
	assert_float_equal(b->clips[0].gain_db, -4, 0.05);
	assert_float_equal(b->clips[1].gain_db, -1.5, 1e-9);
	assert_float_equal(b->clips[1].expected_peak_dbtp, -5.5, 0.05);
	assert_float_equal(b->clips[2].gain_db, -4, 0.05);
	done(b);
}

/* A recording in three files: the gain of any of them is that of all, and the first one that is said counts. */
static void a_gain_in_a_recording_is_that_of_all(void **state)
{
	static const char *const said[][3] = {
	        {"gapless gain=2", "gapless", ""},
	        {"gapless", "gapless gain=2", ""},
	        {"gapless", "gapless", "gain=2"},
	        {"gapless", "gapless gain=2", "gain=-3"},
	};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct bench *b = songs(5);
		for (size_t k = 0; k < 3; k++)
			b->directives[k + 1] = said[i][k];
		run(b);
		assert_int_equal(b->n_clips, 5);
		for (size_t k = 0; k < 5; k++)
			assert_float_equal(b->clips[k].gain_db, k == 0 || k == 4 ? -4 : 2, 0.05);
		assert_string_equal(b->clips[2].transition, "album");
		assert_string_equal(b->clips[3].transition, "album");
		assert_int_equal(b->notes[3][0] != '\0', i == 3);
		done(b);
	}
}

/* What the two songs' peaks may come to is told with the gains that they get. */
static void peaks_are_foreseen_with_held_gains(void **state)
{
	for (int held = 0; held < 2; held++) {
		struct bench *b = songs(2);
		b->directives[0] = "overlap=3";
		tape_shift(&b->records[0], -30); /* to -44 LUFS: +26 dB are wanted */
		tape_shift(&b->records[1], -30);
		b->records[1].true_peak_dbtp = held ? -1 : -34; /* +12 allowed, or all */
		run(b);
		assert_float_equal(b->clips[0].gain_db, 26, 0.05);
		assert_float_equal(b->clips[1].gain_db, held ? 12 : 26, 0.05);
		/* The curves have -34 dBTP: two at once are 6 dB over one, or, with 14 dB between them, 1.6. */
		assert_within(
		        b->clips[0].expected_peak_dbtp, held ? -6.6 : -2.2, held ? -6.1 : -1.4);
		done(b);
	}
}

static void overlap_and_pause_are_exact(void **state)
{
	struct bench *b = songs(4);
	b->directives[0] = "overlap=3.5";
	b->directives[1] = "pause=2.25";
	b->directives[2] = "overlap=50"; /* half of either is the most */
	run(b);
	assert_int_equal(b->clips[0].overlap_frames, 3.5 * 44100);
	assert_int_equal(b->clips[1].overlap_frames, -9 * 44100 / 4);
	assert_within((double)b->clips[2].overlap_frames / 44100, 29, 30);
	assert_string_equal(b->clips[0].reason, "#JUKEBOX:: a fixed overlap");
	assert_string_equal(b->clips[2].transition, "pause");
	done(b);
}

static void nothing_talks_over_speech(void **state)
{
	struct bench *b = songs(2);
	struct tape *t = tape_new(60, 44100);
	tape_level(t, 0.5, 50, -14, -14);
	tape_fade_out(t, 50, 59, -14);
	record_done(&b->records[0]);
	b->records[0] = tape_record(t);
	b->directives[0] = "kind=spoken";
	run(b);
	assert_true(b->clips[0].overlap_frames <= 0);
	done(b);
}

static void unknown_words_are_noted(void **state)
{
	struct bench *b = songs(2);
	b->directives[1] = "louder";
	run(b);
	assert_string_equal(b->notes[0], "");
	assert_string_equal(b->notes[1], "#JUKEBOX: does not understand 'louder'");
	done(b);
}

static void tags_count_when_asked_for(void **state)
{
	for (int use = 0; use < 2; use++) {
		struct bench *b = songs(2);
		b->policy.use_tags = use;
		assert_int_equal(tags_set(&b->records[0].tags, "liq_cue_in", "5"), STATUS_OK);
		assert_int_equal(
		        tags_set(&b->records[0].tags, "liq_cross_duration", "4"), STATUS_OK);
		assert_int_equal(
		        tags_set(&b->records[1].tags, "replaygain_track_gain", "-7 dB"), STATUS_OK);
		b->directives[1] = "gain=2"; /* said later, and by a person */
		run(b);
		if (use) {
			assert_int_equal(b->clips[0].from_frame, 5 * 44100);
			assert_int_equal(b->clips[0].overlap_frames, 4 * 44100);
			assert_string_equal(
			        b->clips[0].reason, "liq_cross_duration: a fixed overlap");
			assert_string_equal(b->clips[0].sources,
			        "cue-in: liq_cue_in, overlap: liq_cross_duration");
			assert_string_equal(b->clips[1].sources, "gain: #JUKEBOX:");
		} else {
			assert_within((double)b->clips[0].from_frame / 44100, 0.4, 0.5);
		}
		assert_float_equal(b->clips[1].gain_db, 2, 0);
		done(b);
	}
}

/* Both tables give the overlap, or none does. */
static void mixramps_meet_in_pairs(void **state)
{
	for (int both = 0; both < 2; both++) {
		struct bench *b = songs(2);
		b->policy.use_tags = true;
		tape_shift(&b->records[0], -4); /* to -18 LUFS, as is the other: no ReplayGain */
		tape_shift(&b->records[1], -4);
		assert_int_equal(tags_set(&b->records[0].tags, "mixramp_end", "-30 1;-17 2.5;0 4;"),
		        STATUS_OK);
		if (both)
			assert_int_equal(tags_set(&b->records[1].tags, "mixramp_start",
			                         "-17.5 0.5;-16.5 1;"),
			        STATUS_OK);
		run(b);
		if (both) {
			assert_within((double)b->clips[0].overlap_frames / 44100, 3.2, 3.3);
			assert_string_equal(
			        b->clips[0].reason, "mixramp_end, mixramp_start: a fixed overlap");
		} else {
			assert_within((double)b->clips[0].overlap_frames / 44100, -0.2, 0.3);
		}
		done(b);
	}
}

static void fades_that_tags_ask_for(void **state)
{
	struct bench *b = songs(2);
	b->policy.use_tags = true;
	assert_int_equal(tags_set(&b->records[0].tags, "liq_fade_out", "2.5"), STATUS_OK);
	assert_int_equal(tags_set(&b->records[1].tags, "liq_fade_in", "1000"), STATUS_OK);
	run(b);
	assert_int_equal(b->clips[0].fade_in_frames, 0);
	assert_int_equal(b->clips[0].fade_out_frames, 2.5 * 44100);
	assert_within((double)b->clips[1].fade_in_frames - (double)b->clips[1].n_frames / 2, -1, 1);
	assert_string_equal(b->clips[1].sources, "fade-in: liq_fade_in");
	done(b);
}

/* A jingle is no part of a recording, and is not faded across; speech is not, either. */
static void jingles_and_speech_are_not_faded_across(void **state)
{
	struct bench *b = songs(4);
	b->policy.crossfade_s = 3;
	b->directives[1] = "kind=jingle";
	run(b);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(b->clips[i].fade_out_frames, 0);
		assert_int_equal(b->clips[i + 1].fade_in_frames, 0);
		assert_within((double)b->clips[i].overlap_frames / 44100, -0.41, 0.3);
	}
	assert_int_equal(b->clips[2].fade_out_frames, 3 * 44100);
	assert_int_equal(b->clips[3].fade_in_frames, 3 * 44100);
	done(b);
}

static void a_gap_is_exact_at_any_rate(void **state)
{
	static const int rates[] = {22050, 44100, 48000, 96000};
	for (size_t k = 0; k < 4; k++) {
		struct bench *b = songs(3);
		b->policy.gap_s = 2;
		b->policy.rate_hz = rates[k];
		run(b);
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(
			        b->clips[i + 1].start_frame - end_of(&b->clips[i]), 2 * rates[k]);
			assert_string_equal(b->clips[i].reason, "--gap: an exact pause");
		}
		done(b);
	}
	struct bench *b = songs(2);
	b->policy.gap_s = 0;
	run(b);
	assert_int_equal(b->clips[1].start_frame, end_of(&b->clips[0]));
	done(b);
}

static void a_cross_fade_fades_both(void **state)
{
	struct bench *b = songs(3);
	b->policy.crossfade_s = 5;
	b->directives[1] = "pause=1";
	run(b);
	assert_int_equal(b->clips[0].overlap_frames, 5 * 44100);
	assert_int_equal(b->clips[0].fade_out_frames, 5 * 44100);
	assert_int_equal(b->clips[1].fade_in_frames, 5 * 44100);
	assert_int_equal(b->clips[1].fade_out_frames, 0);
	assert_int_equal(b->clips[2].fade_in_frames, 0);
	assert_int_equal(b->clips[1].overlap_frames, -44100);
	/* The title changes in the middle. */
	assert_int_equal(b->clips[1].title_frame, b->clips[1].start_frame + 5 * 44100 / 2);
	done(b);
}

/* ---- dead air ------------------------------------------------------------------------------------ */

/* Silence of 3 s and of 60 s between 20 s, 57 s and 79 s of music. */
static struct bench *hidden_song(enum inner_silence mode)
{
	struct bench *b = songs(2);
	struct tape *t = tape_new(220, 44100);
	tape_level(t, 0, 20, -14, -14);
	tape_level(t, 23, 80, -14, -14);
	tape_level(t, 140, 220, -14, -14);
	record_done(&b->records[0]);
	b->records[0] = tape_record(t);
	b->policy.inner_silence = mode;
	return b;
}

static double seconds_of_first(const struct bench *b)
{
	int64_t frames = 0;
	for (size_t i = 0; i < b->n_clips; i++)
		frames += b->clips[i].entry == 0 ? b->clips[i].n_frames : 0;
	return (double)frames / 44100;
}

static void dead_air_is_shortened(void **state)
{
	struct bench *b = hidden_song(INNER_SHORTEN);
	run(b);
	assert_int_equal(b->n_clips, 3); /* 3 s are music, and stay */
	assert_within(seconds_of_first(b), 162 - 0.1, 162 + 0.1);
	assert_string_equal(b->clips[0].reason, "60.0 s of dead air shortened to 2.0 s");
	assert_string_equal(b->clips[1].transition, "inner");
	assert_int_equal(b->clips[1].start_frame, end_of(&b->clips[0]));
	done(b);
}

static void dead_air_is_dropped(void **state)
{
	struct bench *b = hidden_song(INNER_DROP);
	run(b);
	assert_int_equal(b->n_clips, 3);
	assert_within(seconds_of_first(b), 160 - 0.1, 160 + 0.1);
	assert_string_equal(b->clips[0].reason, "60.0 s of dead air shortened to 0.0 s");
	done(b);
}

static void dead_air_is_kept(void **state)
{
	struct bench *b = hidden_song(INNER_KEEP);
	run(b);
	assert_int_equal(b->n_clips, 2);
	assert_within(seconds_of_first(b), 219.9, 220);
	done(b);
}

static void dead_air_is_the_end(void **state)
{
	struct bench *b = hidden_song(INNER_END);
	run(b);
	assert_int_equal(b->n_clips, 2);
	assert_within(seconds_of_first(b), 79.9, 80.1);
	done(b);
}

/* What is not played has no say in the gain: a hidden song 6 LU over the others, and who plays what of it. */
static void the_part_that_is_played_is_levelled(void **state)
{
	static const struct {
		const char *cues;
		enum inner_silence mode;
		double lowest_db, highest_db;
	} cases[] = {
	        {"", INNER_SHORTEN, -9.5, -5}, /* one file, one gain */
	        {"", INNER_END, -4.05, -3.95},
	        {"cue-out=80", INNER_SHORTEN, -4.05, -3.95},
	        {"cue-in=140", INNER_SHORTEN, -10.05, -9.95},
	        {"cue-in=140 gain=1", INNER_SHORTEN, 1, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench *b = songs(1);
		struct tape *t = tape_new(220, 44100);
		tape_level(t, 0, 80, -14, -14);
		tape_level(t, 140, 220, -8, -8);
		record_done(&b->records[0]);
		b->records[0] = tape_record(t);
		b->policy.inner_silence = cases[i].mode;
		b->directives[0] = cases[i].cues;
		run(b);
		assert_within(b->clips[0].gain_db, cases[i].lowest_db, cases[i].highest_db);
		done(b);
	}
}

/* Somebody's cue points before, in and behind the dead air from 80 to 140 s. */
static void cues_around_dead_air(void **state)
{
	static const struct {
		const char *cues;
		size_t n_clips;
		double from_s, to_s, seconds;
	} cases[] = {
	        {"cue-in=150", 1, 150, 220, 70},
	        {"cue-in=150 cue-out=200", 1, 150, 200, 50},
	        {"cue-out=70", 1, 0, 70, 70},
	        {"cue-in=30 cue-out=170", 2, 30, 170, 50 + 30 + 2},
	        {"cue-in=135", 1, 135, 220, 85}, /* 5 s are no dead air */
	        {"cue-out=85", 1, 0, 85, 85},
	        {"cue-in=100", 2, 100, 220, 80 + 2},
	        {"cue-out=120", 2, 0, 120, 80 + 2},
	        {"keep-whole", 1, 0, 220, 220},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench *b = hidden_song(INNER_SHORTEN);
		b->directives[0] = cases[i].cues;
		run(b);
		assert_int_equal(b->n_clips, cases[i].n_clips + 1);
		assert_within((double)b->clips[0].from_frame / 44100, cases[i].from_s - 1e-4,
		        cases[i].from_s + 1e-4);
		assert_within((double)b->clips[cases[i].n_clips - 1].to_frame / 44100,
		        cases[i].to_s - 1e-4, cases[i].to_s + 1e-4);
		assert_within(seconds_of_first(b), cases[i].seconds - 0.1, cases[i].seconds + 0.1);
		done(b);
	}
}

/* ---- many ---------------------------------------------------------------------------------------- */

static void ten_thousand(void **state)
{
	enum { KINDS = 4, COUNT = 10000 };
	struct record records[KINDS];
	struct policy policy;
	struct plan_clip clip;
	char note[PLAN_REASON_BYTES];
	size_t n = 0;
	int64_t at = 0;
	for (int i = 0; i < KINDS; i++) {
		struct tape *t = tape_new(240, 44100);
		tape_level(t, 0.5, 239, -14 + i, -14 + i);
		if (i == 1)
			tape_fade_out(t, 225, 239, -13);
		if (i == 2)
			tape_level(t, 228, 239, -12, -60);
		if (i == 3)
			tape_fade_in(t, 0.5, 9, -11);
		records[i] = tape_record(t);
	}
	policy_defaults(&policy);
	struct planner *planner = planner_new(&policy);
	assert_non_null(planner);
	clock_t before = clock();
	for (size_t i = 0; i < COUNT; i++) {
		struct plan_item item = {.entry = i, .path = "song", .record = &records[i % KINDS]};
		assert_int_equal(planner_push(planner, &item, note, NULL), STATUS_OK);
		while (planner_pop(planner, &clip)) {
			assert_true(clip.start_frame >= at);
			at = clip.start_frame;
			n++;
			plan_clip_done(&clip);
		}
	}
	assert_int_equal(planner_finish(planner), STATUS_OK);
	while (planner_pop(planner, &clip)) {
		n++;
		plan_clip_done(&clip);
	}
	print_message("# %d records planned in %.2f s\n", COUNT,
	        (double)(clock() - before) / CLOCKS_PER_SEC);
	assert_int_equal(n, COUNT);
	planner_free(planner);
	for (int i = 0; i < KINDS; i++)
		record_done(&records[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(songs_follow_each_other),
	        cmocka_unit_test(silence_is_left_out),
	        cmocka_unit_test(nothing_makes_an_empty_plan),
	        cmocka_unit_test(no_mix_keeps_every_frame_and_still_levels),
	        cmocka_unit_test(a_held_gain_is_said_of_its_own_track),
	        cmocka_unit_test(cues_are_taken_to_the_frame),
	        cmocka_unit_test(cues_that_cannot_be),
	        cmocka_unit_test(a_gain_of_its_own),
	        cmocka_unit_test(a_gain_in_a_recording_is_that_of_all),
	        cmocka_unit_test(peaks_are_foreseen_with_held_gains),
	        cmocka_unit_test(overlap_and_pause_are_exact),
	        cmocka_unit_test(nothing_talks_over_speech),
	        cmocka_unit_test(unknown_words_are_noted),
	        cmocka_unit_test(tags_count_when_asked_for),
	        cmocka_unit_test(mixramps_meet_in_pairs),
	        cmocka_unit_test(fades_that_tags_ask_for),
	        cmocka_unit_test(jingles_and_speech_are_not_faded_across),
	        cmocka_unit_test(a_gap_is_exact_at_any_rate),
	        cmocka_unit_test(a_cross_fade_fades_both),
	        cmocka_unit_test(dead_air_is_shortened),
	        cmocka_unit_test(dead_air_is_dropped),
	        cmocka_unit_test(dead_air_is_kept),
	        cmocka_unit_test(dead_air_is_the_end),
	        cmocka_unit_test(the_part_that_is_played_is_levelled),
	        cmocka_unit_test(cues_around_dead_air),
	        cmocka_unit_test(ten_thousand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
