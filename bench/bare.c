/* bare.c - a format's library alone: decodes to float, in blocks of 4,096 frames, and keeps nothing.  The floor that
 * measuring and mixing are compared with.
 *
 *   bare mp3|flac|vorbis|opus FILE...
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mpg123.h>
#include <opusfile.h>
#include <sndfile.h>
#include <vorbis/vorbisfile.h>

enum { BLOCK = 4096, MOST_CHANNELS = 8 };

static float block[BLOCK * MOST_CHANNELS];

static bool decode_mp3(const char *path)
{
	mpg123_handle *h = mpg123_new(NULL, NULL);
	size_t n = 0;
	int result = MPG123_ERR;
	if (h &&
	        mpg123_param(h, MPG123_ADD_FLAGS, MPG123_FORCE_FLOAT | MPG123_QUIET, 0) ==
	                MPG123_OK &&
	        mpg123_open(h, path) == MPG123_OK)
		do
			result = mpg123_read(h, (unsigned char *)block, sizeof block, &n);
		while (result == MPG123_OK || result == MPG123_NEW_FORMAT);
	mpg123_delete(h);
	return result == MPG123_DONE;
}

static bool decode_flac(const char *path)
{
	SF_INFO info = {0};
	SNDFILE *file = sf_open(path, SFM_READ, &info);
	if (!file || info.channels > MOST_CHANNELS)
		return false;
	while (sf_readf_float(file, block, BLOCK) > 0)
		;
	return sf_close(file) == 0;
}

static bool decode_vorbis(const char *path)
{
	OggVorbis_File file;
	float **frames;
	int section;
	long n;
	if (ov_fopen(path, &file) != 0)
		return false;
	while ((n = ov_read_float(&file, &frames, BLOCK, &section)) > 0)
		;
	ov_clear(&file);
	return n == 0;
}

static bool decode_opus(const char *path)
{
	OggOpusFile *file = op_open_file(path, NULL);
	int n = -1;
	while (file && (n = op_read_float_stereo(file, block, 2 * BLOCK)) > 0)
		;
	op_free(file);
	return n == 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*decode)(const char *path);
	} formats[] = {{"mp3", decode_mp3}, {"flac", decode_flac}, {"vorbis", decode_vorbis},
	        {"opus", decode_opus}};
	int failed = argc < 3 ? 2 : 0;
	mpg123_init();
	for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
		for (int i = 2; i < argc && strcmp(argv[1], formats[f].name) == 0; i++)
			if (!formats[f].decode(argv[i])) {
				fprintf(stderr, "bare: %s: failed\n", argv[i]);
				failed = 1;
			}
	return failed;
}
