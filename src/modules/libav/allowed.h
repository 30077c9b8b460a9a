/* allowed.h - which containers and codecs of libav are let in. */
#ifndef LIBAV_ALLOWED_H
#define LIBAV_ALLOWED_H

#include <stdbool.h>

/* For the options format_whitelist and codec_whitelist: names, with commas between. */
extern const char allowed_containers[];
extern const char allowed_codecs[];

/* `name` as libav has it: "mov,mp4,m4a,3gp,3g2,mj2" is one. */
bool is_allowed_container(const char *name);

#endif
