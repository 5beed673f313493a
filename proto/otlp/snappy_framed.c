/* Chunks of at most 64 KiB, each with a masked CRC-32C of what is in it. */

#include "proto/otlp/snappy_framed.h"

#include "agent/base/must.h"

#include <snappy-c.h>

enum {
	CHUNK_COMPRESSED = 0x00,
	CHUNK_PLAIN = 0x01,
	CHUNK_SKIP = 0x80, /* this, and what is above it, may be skipped */
	CHUNK_STREAM = 0xff,
	CHUNK_HEADER = 4,
	CHECKSUM = 4,
	CHUNK_MAX = 65536, /* bytes, uncompressed */
};

#define STREAM "\xff\x06\x00\x00sNaPpY"
#define POLYNOMIAL 0x82f63b78u /* CRC-32C, reflected */

static uint32_t crc32c(struct str s)
{
	static uint32_t table[256];
	uint32_t c = ~0u;

	for (uint32_t i = 0; table[255] == 0 && i < 256; i++) {
		uint32_t v = i;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		table[i] = v;
	}
	for (size_t i = 0; i < s.n; i++)
		c = c >> 8 ^ table[(c ^ (uint8_t)s.p[i]) & 0xff];
	return ~c;
}

static uint32_t masked(struct str s)
{
	uint32_t c = crc32c(s);

	return (c >> 15 | c << 17) + 0xa282ead8u;
}

static void put_number(struct buf *out, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_add_char(out, (char)(v >> (8 * i) & 0xff));
}

static uint32_t get_number(const char *p, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = bytes; i > 0; i--)
		v = v << 8 | (uint8_t)p[i - 1];
	return v;
}

bool snappy_framed_is(struct str body)
{
	return body.n >= sizeof(STREAM) - 1 && memcmp(body.p, STREAM, sizeof(STREAM) - 1) == 0;
}

void snappy_framed_encode(struct str body, struct buf *out)
{
	buf_add(out, STREAM, sizeof(STREAM) - 1);
	while (body.n > 0) {
		struct str part = str_head(body, CHUNK_MAX);
		size_t at = out->n;
		size_t n = snappy_max_compressed_length(part.n);

		buf_add_char(out, CHUNK_COMPRESSED);
		put_number(out, 0, 3);
		put_number(out, masked(part), CHECKSUM);
		must(snappy_compress(part.p, part.n, buf_reserve(out, n), &n) == SNAPPY_OK);
		out->n += n;
		for (unsigned i = 0; i < 3; i++)
			out->p[at + 1 + i] = (char)((n + CHECKSUM) >> (8 * i) & 0xff);
		body = str_from_at(body, part.n);
	}
}

static bool decode_chunk(struct str chunk, size_t max, struct buf *out, bool *is_too_large)
{
	size_t n;

	if (snappy_uncompressed_length(chunk.p, chunk.n, &n) != SNAPPY_OK || n > CHUNK_MAX)
		return false;
	*is_too_large = n > max;
	if (*is_too_large || snappy_validate_compressed_buffer(chunk.p, chunk.n) != SNAPPY_OK ||
		snappy_uncompress(chunk.p, chunk.n, buf_reserve(out, n + 1), &n) != SNAPPY_OK)
		return false;
	out->n += n;
	return true;
}

static bool data_chunk(uint8_t type, struct str chunk, size_t max, struct buf *out,
	bool *is_too_large)
{
	size_t before = out->n;
	uint32_t sum;

	if (chunk.n < CHECKSUM)
		return false;
	sum = get_number(chunk.p, CHECKSUM);
	chunk = str_from_at(chunk, CHECKSUM);
	if (type == CHUNK_COMPRESSED) {
		if (!decode_chunk(chunk, max, out, is_too_large))
			return false;
	} else {
		*is_too_large = chunk.n > max;
		if (chunk.n > CHUNK_MAX || *is_too_large)
			return false;
		buf_add_str(out, chunk);
	}
	return out->n == before || masked(str_from_at(buf_str(out), before)) == sum;
}

bool snappy_framed_decode(struct str body, size_t max, struct buf *out, bool *is_too_large)
{
	size_t limit = out->n + max;

	*is_too_large = false;
	if (!snappy_framed_is(body))
		return false;
	while (body.n > 0) {
		uint8_t type = (uint8_t)body.p[0];
		size_t n = body.n >= CHUNK_HEADER ? get_number(body.p + 1, 3) : body.n;
		struct str chunk;

		if (n > body.n - CHUNK_HEADER || body.n < CHUNK_HEADER)
			return false;
		chunk = str_head(str_from_at(body, CHUNK_HEADER), n);
		body = str_from_at(body, CHUNK_HEADER + n);
		if (type == CHUNK_STREAM || (type >= CHUNK_SKIP && type < CHUNK_STREAM))
			continue;
		if (type > CHUNK_PLAIN ||
			!data_chunk(type, chunk, limit - out->n, out, is_too_large))
			return false;
	}
	return true;
}
