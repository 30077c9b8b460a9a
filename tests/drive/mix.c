/* mix.c - renders a simple plan: drive/mix [-w WORKERS] [-b BUFFER_BYTES] [-r HZ] [-l] [-n] PLAN OUT.f32
 *
 * PLAN: one clip a line: source_hz from to start n gain_db overlap joined path...  (frames; '#' begins a
 * comment).  OUT: raw stereo float32; "-" is standard output.  -l: limiter at -1 dBTP.  -n: write nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/mix.h"

static enum status next_line(void *user, struct plan_clip *clip, struct error *error)
{
	char line[8192], path[4096];
	while (fgets(line, sizeof(line), user)) {
		long long from, to, start, n, overlap;
		int hz, joined;
		double gain;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%d %lld %lld %lld %lld %lf %lld %d %4095[^\n]", &hz, &from, &to,
		            &start, &n, &gain, &overlap, &joined, path) != 9)
			return error_set(error, STATUS_BAD_DATA, "no clip: %s", line);
		*clip = (struct plan_clip){.source_hz = hz,
		        .from_frame = from,
		        .to_frame = to,
		        .start_frame = start,
		        .n_frames = n,
		        .gain_db = gain,
		        .overlap_frames = overlap,
		        .joined = joined != 0,
		        .title_frame = start};
		clip->path = strdup(path);
		return clip->path ? STATUS_OK : STATUS_NO_MEMORY;
	}
	return STATUS_END;
}

static void print_event(void *user, enum mix_event event, int64_t frame,
        const struct plan_clip *clip, const char *text)
{
	static const char *const names[] = {"start", "title", "end", "FAILED"};
	fprintf(stderr, "%10lld %s %s %s\n", (long long)frame, names[event], clip->path, text);
}

static int usage(void)
{
	fprintf(stderr, "mix [-w WORKERS] [-b BYTES] [-r HZ] [-l] [-n] PLAN OUT.f32\n");
	return 2;
}

static int render(struct mixer *mixer, FILE *out)
{
	static float frames[2 * 1024];
	struct error error = {0};
	int64_t begin = clock_now_ns();
	enum status status;
	size_t n;
	while ((status = mixer_read(mixer, frames, 1024, &n, &error)) == STATUS_OK)
		if (out && fwrite(frames, 8, n, out) != n) {
			fprintf(stderr, "%s\n", strerror(errno));
			return 1;
		}
	if (status != STATUS_END)
		fprintf(stderr, "%s\n", error.text);
	struct mix_limiter_report report;
	mixer_limiter_report(mixer, &report);
	fprintf(stderr, "%lld frames in %.3f s; limiter: at most %.2f dB, %.2f s\n",
	        (long long)mixer_position(mixer), (double)(clock_now_ns() - begin) / 1e9,
	        report.most_db, report.reduced_s);
	return status != STATUS_END;
}

int main(int argc, char **argv)
{
	struct mix_options options = {.rate_hz = 44100,
	        .buffer_bytes = 64 << 20,
	        .n_workers = 1,
	        .quality = RESAMPLER_HIGH,
	        .ceiling_dbtp = -1};
	int option;
	bool writes = true;
	while ((option = getopt(argc, argv, "w:b:r:ln")) != -1)
		switch (option) {
		case 'w':
			options.n_workers = atoi(optarg);
			break;
		case 'b':
			options.buffer_bytes = (size_t)atoll(optarg);
			break;
		case 'r':
			options.rate_hz = atoi(optarg);
			break;
		case 'l':
			options.limiter = true;
			break;
		case 'n':
			writes = false;
			break;
		default:
			return usage();
		}
	if (argc - optind != 1 + writes)
		return usage();
	FILE *plan = fopen(argv[optind], "r");
	FILE *out = !writes                              ? NULL
	            : strcmp(argv[optind + 1], "-") == 0 ? stdout
	                                                 : fopen(argv[optind + 1], "wb");
	struct mixer *mixer = plan ? mixer_new(&options, next_line, print_event, plan, NULL) : NULL;
	if (!mixer || (writes && !out)) {
		perror(argv[optind]);
		return 1;
	}
	int result = render(mixer, out);
	mixer_free(mixer);
	if (out && fclose(out) != 0)
		result = 1;
	fclose(plan);
	return result;
}
