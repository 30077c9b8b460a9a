/* composed.c - music in formats for which there is no encoder: composed byte by byte. */
#include "support/composed.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/decoding.h"

struct page {
	uint8_t *bytes;
	size_t n, capacity;
};

/* Doubled: a sanitizer's realloc copies each time. */
static void make_room(struct page *page, size_t n)
{
	if (page->n + n <= page->capacity)
		return;
	page->capacity = 2 * (page->n + n);
	page->bytes = realloc(page->bytes, page->capacity);
	if (!page->bytes)
		abort();
}

static void add(struct page *page, const void *bytes, size_t n)
{
	make_room(page, n);
	if (bytes)
		memcpy(page->bytes + page->n, bytes, n);
	else
		memset(page->bytes + page->n, 0, n);
	page->n += n;
}

static void add_number(struct page *page, uint64_t value, int n_bytes, bool big_endian)
{
	for (int i = 0; i < n_bytes; i++) {
		int shift = 8 * (big_endian ? n_bytes - 1 - i : i);
		uint8_t byte = (uint8_t)(value >> shift);

		add(page, &byte, 1);
	}
}

static void finish(struct page *page, const char *path)
{
	file_write(path, page->bytes, page->n);
	free(page->bytes);
}

/* ---- a tracker module ------------------------------------------------------------------- */

enum { SQUARE_BYTES = 64 };

/* Name, length, tuning, volume, and the loop: one square wave that does not end, and none. */
static void add_sample_header(struct page *page, bool is_square)
{
	add(page, is_square ? "square\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" : NULL, 22);
	add_number(page, is_square ? SQUARE_BYTES / 2 : 0, 2, true);
	add_number(page, is_square ? 64 : 0, 2, true);
	add_number(page, 0, 2, true);
	add_number(page, is_square ? SQUARE_BYTES / 2 : 1, 2, true);
}

static void add_pattern(struct page *page)
{
	static const uint8_t note[4] = {428 >> 8, 428 & 255, 1 << 4, 0}; /* C-2, sample 1 */
	static const uint8_t volume_0[4] = {0, 0, 0xc, 0};
	uint8_t rows[COMPOSED_ROWS][4][4] = {0};

	memcpy(rows[COMPOSED_NOTE_ROW][0], note, 4);
	memcpy(rows[48][0], volume_0, 4);
	add(page, rows, sizeof(rows));
}

void composed_mod(const char *path)
{
	enum { N_SAMPLES = 31, N_ORDERS = 128 };
	struct page page = {0};
	uint8_t square[SQUARE_BYTES];

	add(&page, "a note\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	for (int i = 0; i < N_SAMPLES; i++)
		add_sample_header(&page, i == 0);
	add(&page, "\1\177", 2);
	add(&page, NULL, N_ORDERS);
	add(&page, "M.K.", 4);
	add_pattern(&page);
	for (int i = 0; i < SQUARE_BYTES; i++)
		square[i] = i % 32 < 16 ? 64 : 192;
	add(&page, square, sizeof(square));
	finish(&page, path);
}

/* ---- one bit ---------------------------------------------------------------------------- */

/* Of a sine, by a modulator of second order, 8 bits a byte. */
static uint8_t *modulate(double tone_hz, int n_bytes, bool first_is_low)
{
	uint8_t *bits = calloc(1, (size_t)n_bytes + 1);
	double first = 0, second = 0;

	if (!bits)
		abort();
	for (int i = 0; i < 8 * n_bytes; i++) {
		double x = 0.4 * sin(2 * M_PI * tone_hz * i / COMPOSED_DSD_HZ);
		double y = second >= 0 ? 1 : -1;

		first += x - y;
		second += first - 2 * y;
		if (y > 0)
			bits[i / 8] |= (uint8_t)(first_is_low ? 1 << i % 8 : 128 >> i % 8);
	}
	return bits;
}

static void add_dsf_header(struct page *page, int n_frames, size_t data_bytes, int block)
{
	enum { ALL = 28 + 52 };

	add(page, "DSD ", 4);
	add_number(page, 28, 8, false);
	add_number(page, ALL + data_bytes, 8, false);
	add_number(page, 0, 8, false); /* no tag */
	add(page, "fmt ", 4);
	add_number(page, 52, 8, false);
	/* version, raw DSD, stereo, channels, rate, low bit first */
	for (const int *x = (const int[]){1, 0, 2, 2, COMPOSED_DSD_HZ, 1, -1}; *x >= 0; x++)
		add_number(page, (uint64_t)*x, 4, false);
	add_number(page, (uint64_t)n_frames * 8, 8, false);
	add_number(page, (uint64_t)block, 4, false);
	add_number(page, 0, 4, false);
	add(page, "data", 4);
	add_number(page, data_bytes, 8, false);
}

void composed_dsf(const char *path, int n_frames)
{
	enum { BLOCK = 4096 };
	int n_blocks = (n_frames + BLOCK - 1) / BLOCK;
	struct page page = {0};
	uint8_t *planes[2] = {
	        modulate(441, n_blocks * BLOCK, true), modulate(882, n_blocks * BLOCK, true)};

	add_dsf_header(&page, n_frames, 12 + 2 * (size_t)n_blocks * BLOCK, BLOCK);
	for (int i = 0; i < n_blocks; i++)
		for (int c = 0; c < 2; c++)
			add(&page, planes[c] + (size_t)i * BLOCK, BLOCK);
	free(planes[0]);
	free(planes[1]);
	finish(&page, path);
}

static void add_chunk(struct page *page, const char *name, const void *body, size_t n)
{
	add(page, name, 4);
	add_number(page, n, 8, true);
	add(page, body, n);
	add(page, NULL, n % 2);
}

static void add_dff_properties(struct page *page)
{
	struct page inner = {0};

	add(&inner, "SND FS  ", 8);
	add_number(&inner, 4, 8, true);
	add_number(&inner, COMPOSED_DSD_HZ, 4, true);
	add_chunk(&inner, "CHNL", "\0\2SLFTSRGT", 10);
	add_chunk(&inner, "CMPR", "DSD \16not compressed", 20);
	add_chunk(page, "PROP", inner.bytes, inner.n);
	free(inner.bytes);
}

void composed_dff(const char *path, int n_frames)
{
	struct page body = {0}, sound = {0}, page = {0};
	uint8_t *left = modulate(441, n_frames, false), *right = modulate(882, n_frames, false);

	for (int i = 0; i < n_frames; i++) {
		add(&sound, left + i, 1);
		add(&sound, right + i, 1);
	}
	add(&body, "DSD ", 4);
	add_chunk(&body, "FVER", "\1\5\0\0", 4);
	add_dff_properties(&body);
	add_chunk(&body, "DSD ", sound.bytes, sound.n);
	add_chunk(&page, "FRM8", body.bytes, body.n);
	free(left);
	free(right);
	free(sound.bytes);
	free(body.bytes);
	finish(&page, path);
}

/* ---- a chip tune ------------------------------------------------------------------------ */

void composed_vgm(const char *path, bool for_ever)
{
	enum { HEADER_BYTES = 64, CLOCK_HZ = 3579545 };
	/* Tone of 444 Hz, the other three voices silent; wait a second; softer; wait; the end. */
	static const uint8_t commands[] = {0x50, 0x8c, 0x50, 15, 0x50, 0xbf, 0x50, 0xdf, 0x50, 0xff,
	        0x50, 0x92, 0x61, 44100 & 255, 44100 >> 8, 0x50, 0x98, 0x61, 44100 & 255,
	        44100 >> 8, 0x66};
	const size_t loop_at = 10;
	struct page page = {0};

	add(&page, "Vgm ", 4);
	add_number(&page, HEADER_BYTES + sizeof(commands) - 4, 4, false);
	add_number(&page, 0x101, 4, false);
	add_number(&page, CLOCK_HZ, 4, false);
	add_number(&page, 0, 8, false);
	add_number(&page, COMPOSED_VGM_FRAMES, 4, false);
	add_number(&page, for_ever ? HEADER_BYTES + loop_at - 0x1c : 0, 4, false);
	add_number(&page, for_ever ? COMPOSED_VGM_FRAMES : 0, 4, false);
	add(&page, NULL, HEADER_BYTES - page.n);
	add(&page, commands, sizeof(commands));
	finish(&page, path);
}
