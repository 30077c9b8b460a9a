/* damage.c - bookkeeping of what a decoder had to pass over. */
#include <stdarg.h>
#include <stdio.h>

#include "jukebox/decoder.h"

void damage_add(struct decoder_damage *damage, int64_t lost_frames, const char *format, ...)
{
	if (damage->events == 0) {
		va_list arguments;
		va_start(arguments, format);
		vsnprintf(damage->text, sizeof(damage->text), format, arguments);
		va_end(arguments);
	}
	damage->events++;
	if (__builtin_add_overflow(damage->lost_frames, lost_frames, &damage->lost_frames))
		damage->lost_frames = INT64_MAX;
}
