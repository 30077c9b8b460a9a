/* example-decoder.c - a whole decoder as a module; jukebox/module.h and decoder.h say what each part promises.
 *
 *     cc -shared -fPIC -o toy.so example-decoder.c        (-I where jukebox/module.h is)
 *     JUKEBOX_MODULES=. jukebox song.toy > out.wav
 *
 * Its format: "TOY1", the rate in Hz (4 bytes, high byte first), then one signed byte a sample, one channel. */
#include <jukebox/module.h>
#include <string.h>

enum { HEADER_BYTES = 8, BLOCK_FRAMES = 4096 };

struct toy_state {
	int64_t start; /* of the samples */
	int64_t position; /* the next frame */
};

static int toy_probe(const uint8_t *head, size_t n_bytes)
{
	return n_bytes >= HEADER_BYTES && memcmp(head, "TOY1", 4) == 0 ? 100 : 0;
}

static enum status toy_open(struct decoder_handle *d)
{
	struct toy_state *s = d->state;
	uint8_t header[HEADER_BYTES];

	if (source_read(d->source, header, sizeof header) != HEADER_BYTES)
		return error_set(d->error, STATUS_BAD_DATA, "ends inside its header");
	s->start = source_position(d->source);
	memcpy(d->facts->codec, "toy", 4);
	d->facts->sample_rate_hz =
	        (header[4] & 127) << 24 | header[5] << 16 | header[6] << 8 | header[7];
	d->facts->channels = 1;
	d->facts->frames = source_size(d->source) - s->start;
	return STATUS_OK; /* the caller refuses absurd rates */
}

static enum status toy_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct toy_state *s = d->state;
	int8_t block[BLOCK_FRAMES];
	ssize_t got = -1;

	if (source_seek(d->source, s->start + s->position) >= 0)
		got = source_read(
		        d->source, block, max_frames < BLOCK_FRAMES ? max_frames : BLOCK_FRAMES);
	if (got <= 0)
		return got < 0 ? error_set(d->error, STATUS_IO, "cannot read") : STATUS_END;
	for (ssize_t i = 0; i < got; i++)
		to[i] = (float)block[i] / 128;
	s->position += got;
	*n_frames = (size_t)got;
	return STATUS_OK;
}

static enum status toy_seek(struct decoder_handle *d, int64_t frame)
{
	((struct toy_state *)d->state)->position = frame;
	return STATUS_OK;
}

static void toy_close(struct decoder_handle *d)
{
}

static const char *const suffixes[] = {"toy", NULL};
static const struct decoder_format toy = {"toy", "a toy", suffixes, toy_probe,
        sizeof(struct toy_state), toy_open, toy_read, toy_seek, toy_close};
static const struct decoder_format *const formats[] = {&toy, NULL};
const struct jukebox_module jukebox_module = {JUKEBOX_MODULE_VERSION, "toy", formats};
