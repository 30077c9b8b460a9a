/* remote.h - a decoder that runs in the sandbox, seen from the program.  As the calls of decoder.h. */
#ifndef DECODE_REMOTE_H
#define DECODE_REMOTE_H

#include "jukebox/decoder.h"

struct remote;

/* STATUS_CANCELLED: there is no sandbox to be had, decode here.  `source` is the decoder's when it opens, else it stays
 * the caller's; a child gets its descriptor. */
enum status remote_open(
        struct source *source, struct remote **remote, struct error *error) MUST_USE;
void remote_close(struct remote *remote); /* NULL: nothing */

const struct stream_facts *remote_facts(const struct remote *remote);
const struct tags *remote_tags(const struct remote *remote);
const struct decoder_damage *remote_damage(const struct remote *remote);

enum status remote_read(struct remote *remote, float *to, size_t max_frames, size_t *n_frames,
        struct error *error) MUST_USE;
enum status remote_seek(struct remote *remote, int64_t frame, struct error *error) MUST_USE;

bool remote_watch(struct remote *remote);
enum status remote_pass_over(struct remote *remote, size_t *n_frames, struct error *error) MUST_USE;
enum status remote_report(
        struct remote *remote, uint8_t **bytes, size_t *n_bytes, struct error *error) MUST_USE;

#endif
