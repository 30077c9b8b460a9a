/* fuzz_output.c - any bytes as what is written behind -o; nothing is opened. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/query.h"
#include "output/spec.h"
#include "output/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_spec(const char *text)
{
	struct output_spec spec;
	struct error error = {0};
	enum status status = output_spec_parse(text, &spec, &error);
	if (status == STATUS_OK &&
	        (!spec.target || !spec.place || !spec.options || !spec.target_options ||
	                (spec.target->takes_bytes && !spec.encoder)))
		abort();
	if (status != STATUS_OK && (!error.text[0] || spec.place))
		abort();
	output_spec_done(&spec);
}

static void as_url(const char *text)
{
	struct url url;
	struct error error = {0};
	enum status status = url_parse(text, 8000, &url, &error);
	if (status == STATUS_OK && (url.path[0] != '/' || url.port < 0 || url.port > 65535))
		abort();
	if (status != STATUS_OK && !error.text[0])
		abort();
}

/* A header line is made of such a value. */
static void as_query(const char *text)
{
	char value[64];
	struct error error = {0};
	if (query_text(text, "name", value, sizeof value, &error) != STATUS_OK)
		return;
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	char *masked = output_spec_masked(text);
	if (!masked)
		abort();
	free(masked);
	as_spec(text);
	as_url(text);
	as_query(text);
	free(text);
	return 0;
}
