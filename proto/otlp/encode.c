/* One table of encodings; whole buffers in, whole buffers out. */

#include "proto/otlp/encode.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "proto/otlp/snappy_framed.h"

#include <libdeflate.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zstd.h>

enum {
	DEFLATE_LEVEL = 1,
	DEFLATE_LEVELS = 12,
	ZSTD_LEVEL = 1,
};

struct encoding {
	const char *name;
	int levels; /* 0: none can be chosen */
	void (*encode)(struct encoder *c, struct str body, struct buf *out);
};

struct encoder {
	const struct encoding *how;
	int level;
	struct libdeflate_compressor *deflate;
	ZSTD_CCtx *zstd;
};

static void encode_none(struct encoder *c, struct str body, struct buf *out)
{
	(void)c;
	buf_add_str(out, body);
}

static void encode_gzip(struct encoder *c, struct str body, struct buf *out)
{
	size_t room = libdeflate_gzip_compress_bound(c->deflate, body.n);
	size_t n = libdeflate_gzip_compress(
		c->deflate, body.p, body.n, buf_reserve(out, room), room);

	must(n > 0);
	out->n += n;
}

static void encode_zlib(struct encoder *c, struct str body, struct buf *out)
{
	size_t room = libdeflate_zlib_compress_bound(c->deflate, body.n);
	size_t n = libdeflate_zlib_compress(
		c->deflate, body.p, body.n, buf_reserve(out, room), room);

	must(n > 0);
	out->n += n;
}

static void encode_zstd(struct encoder *c, struct str body, struct buf *out)
{
	size_t room = ZSTD_compressBound(body.n);
	size_t n = ZSTD_compressCCtx(
		c->zstd, buf_reserve(out, room), room, body.p, body.n, c->level);

	must(!ZSTD_isError(n));
	out->n += n;
}

static void encode_snappy(struct encoder *c, struct str body, struct buf *out)
{
	size_t n = snappy_max_compressed_length(body.n);

	(void)c;
	must(snappy_compress(body.p, body.n, buf_reserve(out, n), &n) == SNAPPY_OK);
	out->n += n;
}

static void encode_snappy_framed(struct encoder *c, struct str body, struct buf *out)
{
	(void)c;
	snappy_framed_encode(body, out);
}

static const struct encoding encodings[] = {
	{"", 0, encode_none},
	{"none", 0, encode_none},
	{"gzip", DEFLATE_LEVELS, encode_gzip},
	{"zlib", DEFLATE_LEVELS, encode_zlib},
	{"deflate", DEFLATE_LEVELS, encode_zlib},
	{"zstd", 19, encode_zstd},
	{"snappy", 0, encode_snappy},
	{"x-snappy-framed", 0, encode_snappy_framed},
};

static const struct encoding *find(struct str name)
{
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++)
		if (str_is(name, encodings[i].name))
			return &encodings[i];
	return NULL;
}

struct encoder *encoder_new(struct str name, int level, struct err *e)
{
	const struct encoding *how = find(name);
	struct encoder *c;

	if (!how) {
		err_set(e,
			"unsupported compression type \"" STR_FMT
			"\"; known are gzip, zlib, deflate, zstd, snappy and none",
			STR_ARG(name));
		return NULL;
	}
	if (level < 0 || level > how->levels) {
		err_set(e, "unsupported parameters {Level:%d} for compression type \"%s\"", level,
			how->name);
		return NULL;
	}
	c = mem_new(struct encoder, 1);
	c->how = how;
	c->level = level ? level : ZSTD_LEVEL;
	if (how->levels == DEFLATE_LEVELS &&
		!(c->deflate = libdeflate_alloc_compressor(level ? level : DEFLATE_LEVEL)))
		mem_out(sizeof(*c));
	if (how->encode == encode_zstd && !(c->zstd = ZSTD_createCCtx()))
		mem_out(sizeof(*c));
	return c;
}

void encoder_free(struct encoder *c)
{
	if (!c)
		return;
	if (c->deflate)
		libdeflate_free_compressor(c->deflate);
	ZSTD_freeCCtx(c->zstd);
	free(c);
}

const char *encoder_name(const struct encoder *c)
{
	return c->how->encode == encode_none ? NULL : c->how->name;
}

void encoder_run(struct encoder *c, struct str body, struct buf *out)
{
	c->how->encode(c, body, out);
}
