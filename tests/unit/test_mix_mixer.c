/* test_mix_mixer.c - whole mixes of small files with known samples: exact to the frame, the same whatever the
 * threads and buffers, no leaks, no hangs. */
#include <dirent.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "jukebox/mix.h"

static char folder[] = "/tmp/jukebox-mix-XXXXXX";

/* ---- files ------------------------------------------------------------------------------- */

typedef float sample_fn(int64_t frame, int channel);

static float constant_one(int64_t frame, int channel)
{
	return 0.25f;
}

static float constant_two(int64_t frame, int channel)
{
	return channel ? -0.125f : 0.5f;
}

/* No two frames within 1 s are alike; full of high frequencies. */
static float scrambled(int64_t frame, int channel)
{
	return (float)((frame * 7919 + channel * 131) % 65537) / 65537.0f - 0.5f;
}

static float ramp(int64_t frame, int channel)
{
	return (float)(frame % 10000) / 20000.0f + (channel ? 0.25f : 0.0f);
}

static float tone(int64_t frame, int channel)
{
	return 0.4f * (float)sin((double)frame * (channel ? 0.05 : 0.031));
}

static float loud(int64_t frame, int channel)
{
	return 0.8f * (float)sin((double)frame * 0.02);
}

static void put32(FILE *f, uint32_t v)
{
	const uint8_t b[4] = {
	        (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
	assert_int_equal(fwrite(b, 1, 4, f), 4);
}

static void put_name(FILE *f, const char *name)
{
	assert_int_equal(fwrite(name, 1, 4, f), 4);
}

/* A WAV file of float32, the path to `path`. */
static char *make_wav(
        const char *name, int hz, int channels, int64_t from, int64_t n, sample_fn *fn)
{
	char *path = NULL;
	uint32_t n_bytes = (uint32_t)(n * channels * 4);
	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	put_name(f, "RIFF"), put32(f, 36 + n_bytes), put_name(f, "WAVE");
	put_name(f, "fmt "), put32(f, 16), put32(f, 3u | (uint32_t)channels << 16);
	put32(f, (uint32_t)hz), put32(f, (uint32_t)(hz * channels * 4));
	put32(f, (uint32_t)channels * 4 | 32u << 16);
	put_name(f, "data"), put32(f, n_bytes);
	for (int64_t i = 0; i < n; i++)
		for (int c = 0; c < channels; c++) {
			float value = fn(from + i, c);
			assert_int_equal(fwrite(&value, 4, 1, f), 1);
		}
	assert_int_equal(fclose(f), 0);
	return path;
}

static void remove_file(char *path)
{
	unlink(path);
	free(path);
}

/* ---- mixes -------------------------------------------------------------------------------- */

struct told {
	enum mix_event event;
	int64_t frame;
	size_t entry;
	char text[64];
};

enum { MOST_TOLD = 4096 };

struct programme {
	const struct plan_clip *clips;
	size_t n_clips, next;
	enum status at_end; /* STATUS_END, or an error */
	struct told told[MOST_TOLD];
	size_t n_told;
	struct mixer *mixer;
	int64_t fade_at, fade_frames; /* on MIX_TITLE of entry 1 when >= 0 */
};

static enum status give_next(void *user, struct plan_clip *clip, struct error *error)
{
	struct programme *p = user;
	if (p->next == p->n_clips)
		return p->at_end == STATUS_END ? STATUS_END
		                               : error_set(error, p->at_end, "the list is gone");
	*clip = p->clips[p->next];
	clip->entry = p->next++;
	clip->path = strdup(clip->path);
	clip->title = strdup("a title");
	return STATUS_OK;
}

static void note(void *user, enum mix_event event, int64_t frame, const struct plan_clip *clip,
        const char *text)
{
	struct programme *p = user;
	struct told *t = &p->told[p->n_told++ % MOST_TOLD];
	*t = (struct told){.event = event, .frame = frame, .entry = clip->entry};
	snprintf(t->text, sizeof(t->text), "%s", text);
	if (event == MIX_TITLE && clip->entry == 1 && p->fade_frames > 0)
		mixer_fade_out(p->mixer, p->fade_frames);
}

static struct mix_options plain_options(void)
{
	return (struct mix_options){.rate_hz = 44100,
	        .buffer_bytes = 16 << 20,
	        .n_workers = 2,
	        .quality = RESAMPLER_HIGH,
	        .limiter = false,
	        .ceiling_dbtp = -1};
}

/* All frames (caller frees); how many to *n. */
static float *render(const struct mix_options *options, struct programme *p, size_t cut, size_t *n)
{
	size_t room = 1 << 16;
	float *out = malloc(2 * room * sizeof(*out));
	struct error error = {0};
	enum status status;
	p->next = p->n_told = 0;
	if (p->at_end == STATUS_OK)
		p->at_end = STATUS_END;
	p->mixer = mixer_new(options, give_next, note, p, NULL);
	assert_non_null(p->mixer);
	*n = 0;
	for (;;) {
		size_t got;
		if (*n + cut > room)
			out = realloc(out, 2 * (room *= 2) * sizeof(*out));
		assert_non_null(out);
		assert_int_equal(mixer_position(p->mixer), *n);
		status = mixer_read(p->mixer, out + 2 * *n, cut, &got, &error);
		if (status != STATUS_OK)
			break;
		assert_in_range(got, 1, cut);
		*n += got;
	}
	if (status != STATUS_END)
		print_message("%s\n", error.text);
	assert_int_equal(status, p->at_end);
	mixer_free(p->mixer);
	return out;
}

static bool was_told(const struct programme *p, enum mix_event event, int64_t frame, size_t entry)
{
	size_t times = 0;
	for (size_t i = 0; i < p->n_told; i++)
		times += p->told[i].event == event && p->told[i].frame == frame &&
		         p->told[i].entry == entry;
	return times == 1;
}

static void two_constants_overlap_exactly(void **state)
{
	(void)state;
	char *a = make_wav("one.wav", 44100, 2, 0, 30000, constant_one);
	char *b = make_wav("two.wav", 44100, 2, 0, 20000, constant_two);
	struct plan_clip clips[] = {
	        {.path = a,
	                .source_hz = 44100,
	                .from_frame = 1000,
	                .to_frame = 26000,
	                .n_frames = 25000,
	                .overlap_frames = 7001},
	        {.path = b,
	                .source_hz = 44100,
	                .to_frame = 20000,
	                .start_frame = 17999,
	                .n_frames = 20000,
	                .title_frame = 21500,
	                .gain_db = 20 * log10(0.5)},
	};
	struct programme p = {.clips = clips, .n_clips = 2};
	struct mix_options options = plain_options();
	size_t n;
	float *out = render(&options, &p, 777, &n);
	assert_int_equal(n, 37999);
	for (size_t i = 0; i < n; i++) {
		bool has_a = i < 25000, has_b = i >= 17999;
		assert_true(out[2 * i] == (has_a ? 0.25f : 0) + (has_b ? 0.25f : 0));
		assert_true(out[2 * i + 1] == (has_a ? 0.25f : 0) - (has_b ? 0.0625f : 0));
	}
	assert_int_equal(p.n_told, 6);
	assert_true(was_told(&p, MIX_CLIP_START, 0, 0) && was_told(&p, MIX_TITLE, 0, 0));
	assert_true(was_told(&p, MIX_CLIP_START, 17999, 1) && was_told(&p, MIX_TITLE, 21500, 1));
	assert_true(was_told(&p, MIX_CLIP_END, 25000, 0) && was_told(&p, MIX_CLIP_END, 37999, 1));
	for (size_t i = 1; i < p.n_told; i++)
		assert_true(p.told[i].frame >= p.told[i - 1].frame);
	free(out);
	remove_file(a);
	remove_file(b);
}

/* A pause, then three at once, one of them a short item inside another. */
static void three_overlap(void **state)
{
	(void)state;
	char *a = make_wav("a.wav", 44100, 1, 0, 30000, ramp);
	char *b = make_wav("b.wav", 44100, 2, 0, 3000, scrambled);
	char *c = make_wav("c.wav", 44100, 2, 0, 9000, tone);
	struct plan_clip clips[] = {
	        {.path = a,
	                .source_hz = 44100,
	                .to_frame = 30000,
	                .n_frames = 30000,
	                .start_frame = 500,
	                .overlap_frames = 30500 - 12000},
	        {.path = b,
	                .source_hz = 44100,
	                .to_frame = 3000,
	                .n_frames = 3000,
	                .start_frame = 12000,
	                .overlap_frames = 2500},
	        {.path = c,
	                .source_hz = 44100,
	                .to_frame = 9000,
	                .n_frames = 9000,
	                .start_frame = 12500},
	};
	struct programme p = {.clips = clips, .n_clips = 3};
	struct mix_options options = plain_options();
	size_t n;
	float *out = render(&options, &p, 1000, &n);
	assert_int_equal(n, 30500);
	for (int64_t i = 0; i < (int64_t)n; i++)
		for (int ch = 0; ch < 2; ch++) {
			float expected = i >= 500 ? ramp(i - 500, 0) : 0;
			if (i >= 12000 && i < 15000)
				expected += scrambled(i - 12000, ch);
			if (i >= 12500 && i < 21500)
				expected += tone(i - 12500, ch);
			assert_true(out[2 * i + ch] == expected);
		}
	free(out);
	remove_file(a);
	remove_file(b);
	remove_file(c);
}

static void offset_and_gain_null_against_the_source(void **state)
{
	(void)state;
	char *a = make_wav("a.wav", 44100, 2, 0, 50000, scrambled);
	struct plan_clip clip = {.path = a,
	        .source_hz = 44100,
	        .from_frame = 123,
	        .to_frame = 50000,
	        .n_frames = 49877,
	        .gain_db = -7.3,
	        .offset = {0.01, -0.02}};
	struct programme p = {.clips = &clip, .n_clips = 1};
	struct mix_options options = plain_options();
	size_t n;
	float *out = render(&options, &p, 4096, &n);
	assert_int_equal(n, 49877);
	double worst = 0, gain = pow(10, -7.3 / 20);
	for (int64_t i = 0; i < (int64_t)n; i++)
		for (int c = 0; c < 2; c++) {
			double share =
			        i < 882 ? 0.5 - 0.5 * cos(M_PI * ((double)i + 0.5) / 882) : 1;
			double expected =
			        gain * ((double)scrambled(i + 123, c) - share * (c ? -0.02 : 0.01));
			worst = fmax(worst, fabs(out[2 * i + c] - expected));
		}
	assert_true(20 * log10(worst) < -120);
	free(out);
	remove_file(a);
}

/* An uncut file at 48 kHz, and the same in three pieces, joined. */
static void joined_clips_have_no_seam(void **state)
{
	(void)state;
	enum { N = 96000 };
	const int64_t cuts[] = {0, 30001, 64000, N};
	int64_t at[4];
	char *whole = make_wav("whole.wav", 48000, 2, 0, N, scrambled), *parts[3];
	struct plan_clip uncut = {
	        .path = whole, .source_hz = 48000, .to_frame = N, .n_frames = 88200};
	struct plan_clip clips[3];
	for (int i = 0; i < 4; i++)
		at[i] = llround((double)cuts[i] * 44100 / 48000);
	for (int i = 0; i < 3; i++) {
		char name[16];
		snprintf(name, sizeof(name), "part%d.wav", i);
		parts[i] = make_wav(name, 48000, 2, cuts[i], cuts[i + 1] - cuts[i], scrambled);
		clips[i] = (struct plan_clip){.path = parts[i],
		        .source_hz = 48000,
		        .to_frame = cuts[i + 1] - cuts[i],
		        .start_frame = at[i],
		        .n_frames = at[i + 1] - at[i],
		        .joined = i > 0};
	}
	struct programme p = {.clips = &uncut, .n_clips = 1};
	struct mix_options options = plain_options();
	size_t n, m;
	float *expected = render(&options, &p, 1024, &n);
	p.clips = clips;
	p.n_clips = 3;
	float *out = render(&options, &p, 1024, &m);
	assert_int_equal(n, 88200);
	assert_int_equal(m, 88200);
	assert_memory_equal(out, expected, 2 * n * sizeof(*out));
	assert_true(was_told(&p, MIX_CLIP_END, at[1], 0) && was_told(&p, MIX_CLIP_START, at[1], 1));
	free(out);

	clips[1].joined = false; /* the test can see a seam */
	out = render(&options, &p, 1024, &m);
	assert_int_equal(m, 88200);
	assert_memory_not_equal(out, expected, 2 * n * sizeof(*out));
	free(out);
	free(expected);
	for (int i = 0; i < 3; i++)
		remove_file(parts[i]);
	remove_file(whole);
}

/* The length that the plan says counts: the rest of the place is silence, the next is where it was. */
static void failures_keep_their_place(void **state)
{
	(void)state;
	char *good = make_wav("good.wav", 44100, 2, 0, 10000, constant_one);
	char *odd = make_wav("odd.wav", 48000, 2, 0, 48000, constant_one);
	char missing[] = "/nonexistent/none.wav";
	struct plan_clip clips[] = {
	        {.path = good, .source_hz = 44100, .to_frame = 15000, .n_frames = 15000},
	        {.path = missing,
	                .source_hz = 44100,
	                .to_frame = 5000,
	                .n_frames = 5000,
	                .start_frame = 15000},
	        {.path = odd,
	                .source_hz = 44100,
	                .to_frame = 5000,
	                .n_frames = 5000,
	                .start_frame = 20000},
	        {.path = good,
	                .source_hz = 44100,
	                .to_frame = 10000,
	                .n_frames = 10000,
	                .start_frame = 25000},
	        {.path = odd,
	                .source_hz = 48000,
	                .to_frame = 96000,
	                .n_frames = 88200,
	                .start_frame = 35000},
	        {.path = good,
	                .source_hz = 44100,
	                .to_frame = 10000,
	                .n_frames = 4000,
	                .start_frame = 123200},
	};
	struct programme p = {.clips = clips, .n_clips = 6};
	struct mix_options options = plain_options();
	size_t n;
	float *out = render(&options, &p, 500, &n);
	assert_int_equal(n, 127200);
	for (size_t i = 0; i < 35000; i++)
		assert_true(out[2 * i] == (i < 10000 || i >= 25000 ? 0.25f : 0));
	assert_true(fabsf(out[2 * 60000] - 0.25f) < 1e-4f && fabsf(out[2 * 100000]) < 1e-6f);
	assert_true(out[2 * 123199] == 0 && out[2 * 123200] == 0.25f && out[2 * 127199] == 0.25f);
	assert_true(was_told(&p, MIX_CLIP_FAILED, 10000, 0));
	assert_true(was_told(&p, MIX_CLIP_FAILED, 15000, 1));
	assert_true(was_told(&p, MIX_CLIP_FAILED, 20000, 2));
	assert_true(was_told(&p, MIX_CLIP_FAILED, 35000 + 44100, 4));
	assert_int_equal(p.n_told, 6 * 3 + 4);
	for (size_t i = 0; i < p.n_told; i++)
		assert_true(p.told[i].event != MIX_CLIP_FAILED || strlen(p.told[i].text) > 10);
	free(out);
	remove_file(good);
	remove_file(odd);
}

static char *paths[4];

/* Many clips of all kinds. */
static struct plan_clip *many_clips(size_t n)
{
	struct plan_clip *clips = calloc(n, sizeof(*clips));
	int64_t at = 0;
	assert_non_null(clips);
	for (size_t i = 0; i < n; i++) {
		int hz = i % 4 == 1 ? 48000 : 44100;
		int64_t length = 20000 + (int64_t)(i * 7901 % 30000);
		struct plan_clip *c = &clips[i];
		c->path = paths[i % 4];
		c->source_hz = hz;
		c->from_frame = (int64_t)(i * 977 % 10000);
		c->to_frame = c->from_frame + length;
		c->n_frames = llround((double)length * 44100 / hz);
		c->start_frame = at;
		c->joined = i > 0 && i % 5 == 0;
		c->overlap_frames = (i + 1) % 5 == 0 ? 0 : (int64_t)(i * 733 % 12000) - 1500;
		c->fade_out_frames = i % 3 ? 4000 : 0;
		c->declick_in_frames = i % 7 ? 200 : 0;
		c->gain_db = (double)(i % 9) - 4;
		c->title_frame = at + 100;
		at += c->n_frames - c->overlap_frames;
	}
	return clips;
}

static void make_files(void)
{
	paths[0] = make_wav("p0.wav", 44100, 2, 0, 60000, tone);
	paths[1] = make_wav("p1.wav", 48000, 2, 0, 60000, scrambled);
	paths[2] = make_wav("p2.wav", 44100, 1, 0, 60000, loud);
	paths[3] = make_wav("p3.wav", 44100, 6, 0, 60000, ramp);
}

static void remove_files(void)
{
	for (int i = 0; i < 4; i++)
		remove_file(paths[i]);
}

static void threads_and_buffers_do_not_matter(void **state)
{
	(void)state;
	static struct programme p;
	make_files();
	struct plan_clip *clips = many_clips(40);
	p = (struct programme){.clips = clips, .n_clips = 40};
	const struct {
		int n_workers;
		size_t buffer_bytes, cut;
	} ways[] = {{1, 0, 1024}, {2, 0, 5000}, {4, 64 << 20, 333}, {1, 64 << 20, 1},
	        {2, 3 << 20, 64}, {4, 1 << 20, 1000}};
	for (int with_limiter = 0; with_limiter < 2; with_limiter++) {
		struct mix_options options = plain_options();
		options.limiter = with_limiter;
		size_t n, m;
		float *expected = render(&options, &p, 1024, &n);
		size_t n_told = p.n_told;
		for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
			options.n_workers = ways[k].n_workers;
			options.buffer_bytes = ways[k].buffer_bytes;
			float *out = render(&options, &p, ways[k].cut, &m);
			assert_int_equal(m, n);
			assert_int_equal(p.n_told, n_told);
			assert_memory_equal(out, expected, 2 * n * sizeof(*out));
			free(out);
		}
		free(expected);
	}
	free(clips);
	remove_files();
}

/* The limiter's look-ahead changes neither length nor places. */
static void limiter_keeps_frames_in_place(void **state)
{
	(void)state;
	char *a = make_wav("a.wav", 44100, 2, 0, 30000, tone);
	struct plan_clip clip = {
	        .path = a, .source_hz = 44100, .to_frame = 30000, .n_frames = 30000};
	struct programme p = {.clips = &clip, .n_clips = 1};
	struct mix_options options = plain_options();
	options.limiter = true;
	size_t n;
	float *out = render(&options, &p, 100, &n);
	assert_int_equal(n, 30000);
	for (int64_t i = 0; i < 60000; i++)
		assert_true(out[i] == tone(i / 2, (int)(i % 2)));
	free(out);
	clip.gain_db = 12;
	out = render(&options, &p, 100, &n);
	assert_int_equal(n, 30000);
	for (int64_t i = 0; i < 60000; i++)
		assert_true(fabsf(out[i]) <= 0.8913f);
	free(out);
	remove_file(a);
}

static void programme_fades_out(void **state)
{
	(void)state;
	char *a = make_wav("a.wav", 44100, 2, 0, 40000, constant_one);
	struct plan_clip clips[3];
	for (int i = 0; i < 3; i++)
		clips[i] = (struct plan_clip){.path = a,
		        .source_hz = 44100,
		        .to_frame = 40000,
		        .n_frames = 40000,
		        .start_frame = 40000 * i,
		        .title_frame = 40000 * i};
	struct programme p = {.clips = clips, .n_clips = 3, .fade_frames = 10000};
	struct mix_options options = plain_options();
	size_t n;
	float *out = render(&options, &p, 1000, &n);
	assert_int_equal(n, 51000); /* the read that told the title ended at 41000 */
	assert_true(out[2 * 40999] == 0.25f && fabsf(out[2 * 46000] - 0.125f) < 1e-4f);
	assert_true(fabsf(out[2 * 50999]) < 1e-6f);
	assert_true(was_told(&p, MIX_CLIP_END, 51000, 1));
	free(out);
	remove_file(a);
}

static void errors_of_the_plan_come_through(void **state)
{
	(void)state;
	char *a = make_wav("a.wav", 44100, 2, 0, 5000, constant_one);
	struct plan_clip clips[2] = {
	        {.path = a, .source_hz = 44100, .to_frame = 5000, .n_frames = 5000},
	        {.path = a,
	                .source_hz = 44100,
	                .to_frame = 5000,
	                .n_frames = 5000,
	                .start_frame = 4000}};
	struct programme p = {.clips = clips, .n_clips = 1, .at_end = STATUS_IO};
	struct mix_options options = plain_options();
	size_t n;
	free(render(&options, &p, 1000, &n));
	assert_int_equal(n, 5000);
	p.n_clips = 2; /* overlaps more than the first one says */
	p.at_end = STATUS_BAD_DATA;
	free(render(&options, &p, 1000, &n));
	assert_int_equal(n, 5000);
	clips[1].start_frame = 5000;
	clips[1].gain_db = NAN;
	free(render(&options, &p, 1000, &n));
	p.n_clips = 0;
	p.at_end = STATUS_END;
	free(render(&options, &p, 1000, &n));
	assert_int_equal(n, 0);
	remove_file(a);
}

static void may_be_freed_at_any_time(void **state)
{
	(void)state;
	static struct programme p;
	make_files();
	struct plan_clip *clips = many_clips(30);
	static float to[2 * 1024];
	for (size_t n_reads = 0; n_reads < 40; n_reads++) {
		struct mix_options options = plain_options();
		struct error error;
		size_t n;
		options.n_workers = 1 + (int)(n_reads % 3);
		options.buffer_bytes = n_reads % 2 ? 0 : 8 << 20;
		p = (struct programme){.clips = clips, .n_clips = 30, .at_end = STATUS_END};
		struct mixer *m = mixer_new(&options, give_next, note, &p, NULL);
		assert_non_null(m);
		for (size_t i = 0; i < n_reads * n_reads / 2; i++)
			assert_int_equal(mixer_read(m, to, 1024, &n, &error), STATUS_OK);
		if (n_reads % 4 == 3)
			mixer_fade_out(m, 0);
		if (n_reads % 8 == 3)
			assert_int_equal(mixer_read(m, to, 1024, &n, &error), STATUS_END);
		mixer_free(m);
	}
	mixer_free(NULL);
	free(clips);
	remove_files();
}

/* ---- a plan that is still being made ---------------------------------------------------------- */

struct late {
	struct programme programme;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t n_allowed;
	bool stop;
};

static enum status give_late(void *user, struct plan_clip *clip, struct error *error)
{
	struct late *late = user;
	pthread_mutex_lock(&late->lock);
	while (late->programme.next >= late->n_allowed && !late->stop)
		pthread_cond_wait(&late->changed, &late->lock);
	enum status status =
	        late->stop ? STATUS_CANCELLED : give_next(&late->programme, clip, error);
	pthread_mutex_unlock(&late->lock);
	return status;
}

static void allow(struct late *late, size_t n_more)
{
	pthread_mutex_lock(&late->lock);
	late->n_allowed += n_more;
	late->stop = n_more == 0;
	pthread_cond_signal(&late->changed);
	pthread_mutex_unlock(&late->lock);
}

/* The first clip can be heard up to where the second may begin, without the second being known. */
static void a_late_plan_does_not_hold_up_what_is_known(void **state)
{
	(void)state;
	static struct late late = {
	        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	static float to[2 * 500];
	make_files();
	struct plan_clip *clips = many_clips(4);
	late.programme = (struct programme){.clips = clips, .n_clips = 4, .at_end = STATUS_END};
	struct mix_options options = plain_options();
	struct mixer *m = mixer_new(&options, give_late, NULL, &late, NULL);
	assert_non_null(m);
	for (size_t i = 0; i < 4; i++) {
		struct error error;
		int64_t overlap = clips[i].overlap_frames > 0 ? clips[i].overlap_frames : 0;
		int64_t until = clips[i].start_frame + clips[i].n_frames - overlap;
		allow(&late, 1);
		while (mixer_position(m) < until) {
			size_t n;
			assert_int_equal(mixer_read(m, to, 500, &n, &error), STATUS_OK);
		}
	}
	allow(&late, 0);
	mixer_free(m);
	free(clips);
	remove_files();
}

static int n_descriptors(void)
{
	int n = 0;
	DIR *fds = opendir("/proc/self/fd");
	assert_non_null(fds);
	while (readdir(fds))
		n++;
	closedir(fds);
	return n - 3; /* ".", "..", its own */
}

/* Endless programme: the first 40 clips over and over. */
static enum status give_for_ever(void *user, struct plan_clip *clip, struct error *error)
{
	struct programme *p = user;
	int64_t round = (int64_t)(p->next / p->n_clips);
	const struct plan_clip *last = &p->clips[p->n_clips - 1];
	*clip = p->clips[p->next++ % p->n_clips];
	clip->path = strdup(clip->path);
	clip->start_frame += round * (last->start_frame + last->n_frames - last->overlap_frames);
	return STATUS_OK;
}

static void count_ends(void *user, enum mix_event event, int64_t frame,
        const struct plan_clip *clip, const char *text)
{
	struct programme *p = user;
	p->n_told += event == MIX_CLIP_END;
}

struct use {
	size_t least_bytes; /* of heap */
	int most_descriptors;
};

static void note_use(struct use *use)
{
	size_t used = mallinfo2().uordblks;
	int fds = n_descriptors();
	use->least_bytes = used < use->least_bytes ? used : use->least_bytes;
	use->most_descriptors = fds > use->most_descriptors ? fds : use->most_descriptors;
}

/* Plays n clips; what is in use while the 40th to the 120th play, and in the last 80; and after. */
static size_t play(struct programme *p, size_t n, struct use *early, struct use *late)
{
	static float to[2 * 1024];
	struct mix_options options = plain_options();
	options.n_workers = 1;
	options.buffer_bytes = 0;
	options.limiter = true;
	p->next = p->n_told = 0;
	struct mixer *m = mixer_new(&options, give_for_ever, count_ends, p, NULL);
	assert_non_null(m);
	while (p->n_told < n) {
		struct error error;
		size_t got;
		assert_int_equal(mixer_read(m, to, 1024, &got, &error), STATUS_OK);
		if (p->n_told >= 40 && p->n_told < 120)
			note_use(early);
		else if (p->n_told >= n - 80)
			note_use(late);
	}
	mixer_free(m);
	return mallinfo2().uordblks;
}

/* While it plays the heap moves by the decoders at hand; lists of clips that are over would show there, and
 * leaks afterwards. */
static void memory_does_not_grow(void **state)
{
	/* so many that a record kept of each outweighs how far the decoders at hand move the heap */
	enum { N_PLAYED = 2040 };
	(void)state;
	struct use early = {SIZE_MAX, 0}, late = {SIZE_MAX, 0};
	make_files();
	struct plan_clip *clips = many_clips(40);
	for (size_t i = 0; i < 40; i++) {
		clips[i].n_frames /= 10;
		clips[i].to_frame =
		        clips[i].from_frame + (clips[i].to_frame - clips[i].from_frame) / 10;
		clips[i].start_frame = i ? clips[i - 1].start_frame + clips[i - 1].n_frames : 0;
		clips[i].overlap_frames = 0;
		clips[i].joined = i % 8 == 4;
	}
	struct programme *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	*p = (struct programme){.clips = clips, .n_clips = 40};
	size_t before = play(p, 120, &early, &late);
	early = late = (struct use){SIZE_MAX, 0};
	size_t after = play(p, N_PLAYED, &early, &late);
	print_message("heap: %zu after 120 clips, %zu after %d; while playing %zu, %zu\n", before,
	        after, N_PLAYED, early.least_bytes, late.least_bytes);
	/* the smallest block of malloc lost with each clip would be 16,640; caches of threads count as used */
	assert_true(after < before + 16000);
	assert_true(
	        late.least_bytes < early.least_bytes + (N_PLAYED - 120) * sizeof(struct plan_clip));
	assert_true(abs(late.most_descriptors - early.most_descriptors) <= 1);
	free(p);
	free(clips);
	remove_files();
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(two_constants_overlap_exactly),
	        cmocka_unit_test(three_overlap),
	        cmocka_unit_test(offset_and_gain_null_against_the_source),
	        cmocka_unit_test(joined_clips_have_no_seam),
	        cmocka_unit_test(failures_keep_their_place),
	        cmocka_unit_test(threads_and_buffers_do_not_matter),
	        cmocka_unit_test(limiter_keeps_frames_in_place),
	        cmocka_unit_test(programme_fades_out),
	        cmocka_unit_test(errors_of_the_plan_come_through),
	        cmocka_unit_test(may_be_freed_at_any_time),
	        cmocka_unit_test(a_late_plan_does_not_hold_up_what_is_known),
	        cmocka_unit_test(memory_does_not_grow),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
