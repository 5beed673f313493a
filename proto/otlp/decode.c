/*
 * libdeflate decodes into a buffer of known size, so the size is guessed (gzip says it at its end)
 * and doubled while it was not enough, up to the limit. It is some three times as fast as a
 * stream, and what a request costs is mostly this.
 */

#include "proto/otlp/decode.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "proto/otlp/lz4_frame.h"
#include "proto/otlp/snappy_framed.h"

#include <libdeflate.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zstd.h>

enum {
	MAX_RATIO = 1032, /* deflate's: 258 bytes from two bits */
	ZSTD_WINDOW_LOG = 23,
	FIRST_GUESS = 4096,
};

struct decoder {
	struct libdeflate_decompressor *deflate;
	ZSTD_DCtx *zstd;
};

struct decoding {
	struct decoder *d;
	struct str body;
	size_t max; /* bytes that may still come */
	struct buf *out;
	struct err *e;
};

struct decoder *decoder_new(void)
{
	struct decoder *d = mem_new(struct decoder, 1);

	d->deflate = libdeflate_alloc_decompressor();
	if (!d->deflate)
		mem_out(sizeof(*d));
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	libdeflate_free_decompressor(d->deflate);
	ZSTD_freeDCtx(d->zstd);
	free(d);
}

static enum decoded bad(struct decoding *c, const char *what)
{
	err_set(c->e, "%s", what);
	return DECODE_BAD;
}

static enum decoded too_large(struct decoding *c)
{
	err_set(c->e, "the body is too large when it is decoded");
	return DECODE_TOO_LARGE;
}

typedef enum libdeflate_result inflate_fn(struct libdeflate_decompressor *, const void *, size_t,
	void *, size_t, size_t *, size_t *);

/* One deflate stream (a gzip member, a zlib body) at the beginning of c->body, which moves behind
 * it. */
static enum decoded inflate_one(struct decoding *c, inflate_fn *fn, size_t guess, const char *what)
{
	size_t room = guess < c->max ? guess : c->max;

	for (;;) {
		char *to = buf_reserve(c->out, room + 1);
		size_t used = 0;
		size_t got = 0;
		enum libdeflate_result r =
			fn(c->d->deflate, c->body.p, c->body.n, to, room, &used, &got);

		if (r == LIBDEFLATE_SUCCESS) {
			c->body = str_from_at(c->body, used);
			c->out->n += got;
			c->max -= got;
			return DECODED;
		}
		if (r != LIBDEFLATE_INSUFFICIENT_SPACE)
			return bad(c, what);
		if (room >= c->max)
			return too_large(c);
		room = room < c->max / 2 ? room * 2 : c->max;
		if (room < FIRST_GUESS)
			room = FIRST_GUESS < c->max ? FIRST_GUESS : c->max;
	}
}

/* What gzip's last four bytes say: the size of the last member, modulo 2^32. */
static uint64_t gzip_size(struct str body)
{
	uint32_t n;

	if (body.n < 18)
		return 0;
	memcpy(&n, body.p + body.n - 4, 4);
	return n;
}

static enum decoded decode_gzip(struct decoding *c)
{
	uint64_t said = gzip_size(c->body);
	enum decoded r;

	if (said > c->max)
		return said / MAX_RATIO > c->body.n ? bad(c, "not gzip, or cut off") : too_large(c);
	if (said / MAX_RATIO > c->body.n)
		said = FIRST_GUESS;
	do {
		r = inflate_one(c, libdeflate_gzip_decompress_ex, (size_t)said,
			"not gzip, or cut off, or a wrong checksum");
	} while (r == DECODED && c->body.n > 0);
	return r;
}

static bool is_zlib(struct str body)
{
	return body.n >= 2 && (body.p[0] & 15) == 8 &&
	       ((unsigned)(uint8_t)body.p[0] << 8 | (uint8_t)body.p[1]) % 31 == 0;
}

static enum decoded decode_deflate(struct decoding *c)
{
	size_t guess = c->body.n < SIZE_MAX / 4 ? c->body.n * 4 : c->body.n;
	enum decoded r = inflate_one(c,
		is_zlib(c->body) ? libdeflate_zlib_decompress_ex : libdeflate_deflate_decompress_ex,
		guess, "not deflate, or cut off, or a wrong checksum");

	if (r == DECODED && c->body.n > 0)
		return bad(c, "bytes after the end of the deflate data");
	return r;
}

static enum decoded decode_zstd(struct decoding *c)
{
	ZSTD_inBuffer in = {c->body.p, c->body.n, 0};
	size_t left = 1;

	if (!c->d->zstd && !(c->d->zstd = ZSTD_createDCtx()))
		mem_out(1);
	ZSTD_DCtx_reset(c->d->zstd, ZSTD_reset_session_only);
	ZSTD_DCtx_setParameter(c->d->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	for (;;) {
		size_t room = c->max < 65536 ? c->max + 1
					     : 65536; /* one more, to see that it is too much */
		ZSTD_outBuffer out = {buf_reserve(c->out, room), room, 0};

		left = ZSTD_decompressStream(c->d->zstd, &out, &in);
		if (ZSTD_isError(left))
			return bad(c, "not zstd, or a window above 8 MiB");
		if (out.pos > c->max)
			return too_large(c);
		c->out->n += out.pos;
		c->max -= out.pos;
		if (in.pos == in.size && out.pos < out.size)
			return left == 0 ? DECODED : bad(c, "zstd data that is cut off");
	}
}

static enum decoded decode_snappy_framed(struct decoding *c)
{
	bool is_too_large;

	if (snappy_framed_decode(c->body, c->max, c->out, &is_too_large))
		return DECODED;
	if (is_too_large)
		return too_large(c);
	return bad(c, "not a snappy stream, or cut off, or a wrong checksum");
}

/* What it is called says little of what it is: the Collector's gRPC clients send streams. */
static enum decoded decode_snappy(struct decoding *c)
{
	size_t n;

	if (snappy_framed_is(c->body))
		return decode_snappy_framed(c);
	if (snappy_uncompressed_length(c->body.p, c->body.n, &n) != SNAPPY_OK)
		return bad(c, "not a snappy block");
	if (n > c->max)
		return too_large(c);
	if (snappy_validate_compressed_buffer(c->body.p, c->body.n) != SNAPPY_OK ||
		snappy_uncompress(c->body.p, c->body.n, buf_reserve(c->out, n + 1), &n) !=
			SNAPPY_OK)
		return bad(c, "not a snappy block");
	c->out->n += n;
	return DECODED;
}

static enum decoded decode_lz4(struct decoding *c)
{
	bool is_too_large;

	if (lz4_frame_decode(c->body, c->max, c->out, &is_too_large))
		return DECODED;
	if (is_too_large)
		return too_large(c);
	return bad(c, "no frame of lz4, or cut off, or a wrong checksum");
}

static enum decoded decode_identity(struct decoding *c)
{
	if (c->body.n > c->max)
		return too_large(c);
	buf_add_str(c->out, c->body);
	return DECODED;
}

static const struct {
	const char *name;
	enum decoded (*decode)(struct decoding *c);
} encodings[] = {
	{"", decode_identity},
	{"identity", decode_identity},
	{"gzip", decode_gzip},
	{"x-gzip", decode_gzip},
	{"deflate", decode_deflate},
	{"zlib", decode_deflate},
	{"zstd", decode_zstd},
	{"snappy", decode_snappy},
	{"x-snappy-framed", decode_snappy_framed},
	{"lz4", decode_lz4},
};

static size_t find(struct str encoding)
{
	size_t i = 0;

	encoding = str_trim(encoding);
	while (i < sizeof(encodings) / sizeof(*encodings) &&
		!str_eq_nocase(encoding, str_from(encodings[i].name)))
		i++;
	return i;
}

bool decoder_knows(struct str encoding)
{
	return find(encoding) < sizeof(encodings) / sizeof(*encodings);
}

enum decoded decoder_run(struct decoder *d, struct str encoding, struct str body, size_t max,
	struct buf *out, struct err *e)
{
	struct decoding c = {d, body, max, out, e};
	size_t i = find(encoding);
	size_t before = out->n;
	enum decoded r;

	if (i == sizeof(encodings) / sizeof(*encodings)) {
		err_set(e, "unsupported Content-Encoding \"" STR_FMT "\"; known are " DECODER_NAMES,
			(int)(encoding.n < 40 ? encoding.n : 40), encoding.p);
		return DECODE_UNKNOWN;
	}
	if (body.n == 0)
		return DECODED;
	r = encodings[i].decode(&c);
	if (r != DECODED)
		out->n = before;
	return r;
}
