/* output.c - writes raw float32 stereo frames, or a sine, to outputs: for trying one without the rest.
 *
 *   output [-r RATE] [-R OUTPUT_RATE] [-c CHANNELS] [-f s16|s24|f32] [-s SECONDS | -i FILE] SPEC...
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jukebox/output.h"

enum { BLOCK = 4096, OUTPUTS_MOST = 16 };

struct settings {
	struct output_options options;
	double seconds;
	FILE *in;
};

static struct settings read_arguments(int argc, char **argv)
{
	struct settings s = {.options.bus_rate_hz = 44100, .seconds = 1};
	int letter;
	while ((letter = getopt(argc, argv, "r:R:c:f:s:i:")) != -1) {
		switch (letter) {
		case 'r':
			s.options.bus_rate_hz = atoi(optarg);
			break;
		case 'R':
			s.options.rate_hz = atoi(optarg);
			break;
		case 'c':
			s.options.channels = atoi(optarg);
			break;
		case 'f':
			if (sample_format_parse(optarg, &s.options.sample) != STATUS_OK)
				exit(2);
			s.options.sample_is_set = true;
			break;
		case 's':
			s.seconds = atof(optarg);
			break;
		case 'i':
			s.in = fopen(optarg, "rb");
			if (!s.in)
				exit(2);
			break;
		default:
			exit(2);
		}
	}
	return s;
}

static size_t next_block(struct settings *s, int64_t at, float *block)
{
	if (s->in)
		return fread(block, 2 * sizeof(float), BLOCK, s->in);
	int64_t left = llround(s->seconds * s->options.bus_rate_hz) - at;
	size_t n = left < BLOCK ? (size_t)(left > 0 ? left : 0) : BLOCK;
	for (size_t i = 0; i < n; i++) {
		double t = (double)(at + (int64_t)i) / s->options.bus_rate_hz;
		block[2 * i] = 0.5f * (float)sin(2 * M_PI * 440 * t);
		block[2 * i + 1] = 0.25f * (float)sin(2 * M_PI * 660 * t);
	}
	return n;
}

static int fail(struct output *o, const char *spec, const struct error *error)
{
	fprintf(stderr, "%s: status %d: %s\n", spec, (int)error->status, error->text);
	output_close(o);
	return 1;
}

int main(int argc, char **argv)
{
	static float block[BLOCK * 2];
	struct settings s = read_arguments(argc, argv);
	struct output *outputs[OUTPUTS_MOST] = {0};
	struct error error = {0};
	struct log *log = log_new(2, LOG_DEBUG, false);
	int status = 0, n_outputs = argc - optind < OUTPUTS_MOST ? argc - optind : OUTPUTS_MOST;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < n_outputs; i++) {
		if (output_open(argv[optind + i], &s.options, log, &outputs[i], &error) !=
		        STATUS_OK) {
			status = fail(NULL, argv[optind + i], &error);
			outputs[i] = NULL;
		}
	}
	size_t n;
	for (int64_t at = 0; (n = next_block(&s, at, block)) > 0; at += (int64_t)n) {
		bool any = false;
		for (int i = 0; i < n_outputs; i++) {
			if (outputs[i] && output_write(outputs[i], block, n, &error) != STATUS_OK) {
				status = fail(outputs[i], argv[optind + i], &error);
				outputs[i] = NULL;
			}
			any = any || outputs[i];
		}
		if (!any)
			break;
	}
	for (int i = 0; i < n_outputs; i++) {
		if (!outputs[i])
			continue;
		enum status finished = output_finish(outputs[i], &error);
		if (output_underruns(outputs[i]))
			fprintf(stderr, "%s: %lld under-runs\n", output_name(outputs[i]),
			        (long long)output_underruns(outputs[i]));
		if (finished != STATUS_OK)
			status = fail(outputs[i], argv[optind + i], &error);
		else
			output_close(outputs[i]);
	}
	if (s.in)
		fclose(s.in);
	log_free(log);
	return status;
}
