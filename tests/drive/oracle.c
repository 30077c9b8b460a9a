/* FILE... -> loudness, range and true peak of each, as measured and as libebur128 has them from the same samples.
 * Status 1 when one is further off than 0.02 LU, 0.1 LU or 0.05 dB. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define error ebur128_error /* its enum has the name of our struct */
#include <ebur128.h>
#undef error

#include "jukebox/decoder.h"
#include "jukebox/meter.h"

enum { BLOCK = 4096, CHANNELS = 2 };

static const double most_lufs = 0.02, most_range_lu = 0.1, most_peak_db = 0.05;

static double db(double linear)
{
	return 20 * log10(linear);
}

static double peak_of(ebur128_state *e)
{
	double left = 0, right = 0;
	ebur128_true_peak(e, 0, &left);
	ebur128_true_peak(e, 1, &right);
	return fmax(left, right);
}

static bool is_near(double a, double b, double most)
{
	return fabs(a - b) <= most || (isinf(a) && isinf(b));
}

static bool compare(const char *path, const struct meter *m, ebur128_state *e)
{
	double lufs = -HUGE_VAL, range = 0, peak = db(peak_of(e));
	ebur128_loudness_global(e, &lufs);
	ebur128_loudness_range(e, &range);
	double my_lufs = meter_integrated_lufs(m), my_range = meter_range_lu(m);
	double my_peak = db(meter_true_peak_lin(m));
	bool good = is_near(my_lufs, lufs, most_lufs) && is_near(my_range, range, most_range_lu) &&
	            is_near(my_peak, peak, most_peak_db);
	printf("%s %9.3f LUFS (%+.4f) %7.3f LU (%+.4f) %8.3f dBTP (%+.4f)  %s\n",
	        good ? "ok " : "off", my_lufs, my_lufs - lufs, my_range, my_range - range, my_peak,
	        my_peak - peak, path);
	return good;
}

static bool read_both(struct decoder *d, struct meter *m, ebur128_state *e)
{
	static float block[BLOCK * CHANNELS];
	size_t n;
	while (decoder_read(d, block, BLOCK, &n, NULL) == STATUS_OK)
		if (meter_add(m, block, n) != STATUS_OK ||
		        ebur128_add_frames_float(e, block, n) != EBUR128_SUCCESS)
			return false;
	return meter_finish(m) == STATUS_OK;
}

static bool check(const char *path)
{
	struct decoder *d;
	if (decoder_open(path, &d, NULL) != STATUS_OK)
		return false;
	const struct stream_facts *facts = decoder_facts(d);
	if (facts->channels != CHANNELS) {
		printf("-   not stereo: %s\n", path); /* mono is loud as two here, as one there */
		decoder_close(d);
		return true;
	}
	struct meter *m = meter_new(facts->sample_rate_hz, CHANNELS, NULL);
	ebur128_state *e = ebur128_init(CHANNELS, (unsigned long)facts->sample_rate_hz,
	        EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
	bool good = m && e && read_both(d, m, e) && compare(path, m, e);
	if (e)
		ebur128_destroy(&e);
	meter_free(m);
	decoder_close(d);
	return good;
}

int main(int argc, char **argv)
{
	int failed = argc < 2 ? 2 : 0;
	for (int i = 1; i < argc; i++)
		if (!check(argv[i])) {
			fprintf(stderr, "oracle: %s\n", argv[i]);
			failed = 1;
		}
	return failed;
}
