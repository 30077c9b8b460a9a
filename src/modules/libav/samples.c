/* samples.c - libav's many sample formats as interleaved float32, full scale +-1.0.  Native channel order of libav
 * is that of WAVE, so channels stay where they are. */
#include "samples.h"

#include <stdint.h>

#include <libavutil/samplefmt.h>

bool samples_are_known(const AVFrame *frame)
{
	switch (av_get_packed_sample_fmt((enum AVSampleFormat)frame->format)) {
	case AV_SAMPLE_FMT_U8:
	case AV_SAMPLE_FMT_S16:
	case AV_SAMPLE_FMT_S32:
	case AV_SAMPLE_FMT_S64:
	case AV_SAMPLE_FMT_FLT:
	case AV_SAMPLE_FMT_DBL:
		return true;
	default:
		return false;
	}
}

/* One channel: samples `step` apart in `from` to places `channels` apart in `to`. */
static void spread(float *to, size_t channels, const uint8_t *from, size_t step, size_t n,
        enum AVSampleFormat format)
{
#define SPREAD(type, expression)                                  \
	do {                                                      \
		const type *x = (const type *)(const void *)from; \
		for (size_t i = 0; i < n; i++)                    \
			to[i * channels] = (expression);          \
	} while (0)
	switch (format) {
	case AV_SAMPLE_FMT_U8:
		SPREAD(uint8_t, ((float)x[i * step] - 128) * (1.0f / 128));
		break;
	case AV_SAMPLE_FMT_S16:
		SPREAD(int16_t, (float)x[i * step] * (1.0f / 32768));
		break;
	case AV_SAMPLE_FMT_S32:
		SPREAD(int32_t, (float)x[i * step] * (1.0f / 2147483648.0f));
		break;
	case AV_SAMPLE_FMT_S64:
		SPREAD(int64_t, (float)x[i * step] * (1.0f / 9223372036854775808.0f));
		break;
	case AV_SAMPLE_FMT_DBL:
		SPREAD(double, (float)x[i * step]);
		break;
	default:
		SPREAD(float, x[i * step]);
		break;
	}
#undef SPREAD
}

void samples_to_float(float *to, const AVFrame *frame, size_t first, size_t n_frames)
{
	enum AVSampleFormat format = (enum AVSampleFormat)frame->format;
	enum AVSampleFormat packed = av_get_packed_sample_fmt(format);
	size_t channels = (size_t)frame->ch_layout.nb_channels;
	size_t bytes = (size_t)av_get_bytes_per_sample(format);
	bool planar = av_sample_fmt_is_planar(format);

	for (size_t c = 0; c < channels; c++) {
		const uint8_t *from =
		        planar ? frame->extended_data[c] + first * bytes
		               : frame->extended_data[0] + (first * channels + c) * bytes;

		spread(to + c, channels, from, planar ? 1 : channels, n_frames, packed);
	}
}
