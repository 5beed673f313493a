/* Any bytes in any encoding: never more than max, and what was there before stays. The first byte
 * says which encoding. */

#include "agent/base/err.h"
#include "agent/base/must.h"
#include "proto/otlp/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"gzip", "deflate", "zlib", "zstd", "snappy", "identity", "lz4"};
	static struct decoder *d;
	struct buf out = {0};
	struct err e;
	enum decoded r;

	if (size == 0)
		return 0;
	if (!d)
		d = decoder_new();
	buf_add_char(&out, 'x');
	r = decoder_run(d, str_from(names[data[0] % 7]),
		(struct str){(const char *)data + 1, size - 1}, 65536, &out, &e);
	must(out.p[0] == 'x' && out.n <= 65537 && (r == DECODED || out.n == 1));
	must(r != DECODE_UNKNOWN);
	buf_fini(&out);
	return 0;
}
