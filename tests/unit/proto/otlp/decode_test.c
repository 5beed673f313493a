#include "proto/otlp/decode.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "proto/otlp/encode.h"
#include "tests/test.h"

#include <stdlib.h>

/* name: compressed by our own encoder; then changed as the letter says. */
static const struct {
	const char *encoding;
	const char *compressed_as;
	char change; /* 0 none, c cut, x a byte flipped, 2 twice, t text behind, e empty body */
	size_t size;
	size_t max;
	enum decoded want;
} cases[] = {
	{"", "none", 0, 10, 10, DECODED},
	{"identity", "none", 0, 11, 10, DECODE_TOO_LARGE},
	{"gzip", "gzip", 0, 0, 0, DECODED},
	{"gzip", "gzip", 0, 100000, 100000, DECODED},
	{" GZip ", "gzip", 0, 5, 100, DECODED},
	{"x-gzip", "gzip", 0, 5, 100, DECODED},
	{"gzip", "gzip", 0, 100000, 99999, DECODE_TOO_LARGE},
	{"gzip", "gzip", '2', 50000, 100000, DECODED},
	{"gzip", "gzip", '2', 50000, 99999, DECODE_TOO_LARGE},
	{"gzip", "gzip", 'c', 50000, 100000, DECODE_BAD},
	{"gzip", "gzip", 'x', 50000, 100000, DECODE_BAD},
	{"gzip", "gzip", 't', 50000, 100000, DECODE_BAD},
	{"gzip", "none", 0, 500, 100000, DECODE_BAD},
	{"gzip", "gzip", 'e', 0, 10, DECODED},
	{"deflate", "zlib", 0, 50000, 50000, DECODED},
	{"zlib", "zlib", 0, 50000, 49999, DECODE_TOO_LARGE},
	{"zlib", "zlib", 'c', 50000, 500000, DECODE_BAD},
	{"zlib", "zlib", 't', 50000, 500000, DECODE_BAD},
	{"zstd", "zstd", 0, 200000, 200000, DECODED},
	{"zstd", "zstd", 0, 200000, 199999, DECODE_TOO_LARGE},
	{"zstd", "zstd", '2', 100000, 200000, DECODED},
	{"zstd", "zstd", 'c', 200000, 200000, DECODE_BAD},
	{"zstd", "none", 0, 200, 200, DECODE_BAD},
	{"snappy", "snappy", 0, 50000, 50000, DECODED},
	{"snappy", "snappy", 0, 50000, 49999, DECODE_TOO_LARGE},
	{"snappy", "snappy", 'c', 50000, 50000, DECODE_BAD},
	{"lz4", "none", 0, 5, 5, DECODE_BAD},
	{"lz4", "gzip", 'e', 0, 10, DECODED},
	{"br", "none", 0, 5, 5, DECODE_UNKNOWN},
	{"gzip, gzip", "gzip", 0, 5, 5, DECODE_UNKNOWN},
};

static void change(struct buf *b, char how)
{
	struct buf twice = {0};

	switch (how) {
	case 'c':
		b->n -= 5;
		break;
	case 'x':
		b->p[b->n - 7] ^= 1;
		break;
	case 't':
		buf_add_str(b, STR("trailing"));
		break;
	case '2':
		buf_add_str(&twice, buf_str(b));
		buf_add_str(b, buf_str(&twice));
		buf_fini(&twice);
		break;
	case 'e':
		buf_clear(b);
		break;
	}
}

static void test_cases(void **state)
{
	struct decoder *d = decoder_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = {""};
		struct encoder *c = encoder_new(str_from(cases[i].compressed_as), 0, &e);
		char *plain = mem_alloc(1, cases[i].size + 1);
		struct buf body = {0};
		struct buf out = {0};
		enum decoded got;

		for (size_t b = 0; b < cases[i].size; b++)
			plain[b] = (char)("abcdefgh"[(b * b / 7) % 8]);
		encoder_run(c, (struct str){plain, cases[i].size}, &body);
		change(&body, cases[i].change);
		buf_add_str(&out, STR("before"));
		got = decoder_run(
			d, str_from(cases[i].encoding), buf_str(&body), cases[i].max, &out, &e);
		if (got != cases[i].want)
			print_error("case %zu (%s): %s\n", i, cases[i].encoding, e.text);
		assert_int_equal(got, cases[i].want);
		assert_int_equal(
			got == DECODE_UNKNOWN, !decoder_knows(str_from(cases[i].encoding)));
		assert_memory_equal(out.p, "before", 6);
		if (got == DECODED)
			assert_int_equal(
				out.n, 6 + cases[i].size * (cases[i].change == '2' ? 2 : 1));
		else
			assert_int_equal(out.n, 6);
		if (got == DECODED && cases[i].size > 0)
			assert_memory_equal(out.p + 6, plain, cases[i].size);
		encoder_free(c);
		free(plain);
		buf_fini(&body);
		buf_fini(&out);
	}
	decoder_free(d);
}

/* 256 MiB of zeros are refused at once, and with little memory; a lie about the size too. */
static void test_bomb(void **state)
{
	const size_t size = (size_t)256 << 20;
	struct decoder *d = decoder_new();
	struct err e;
	struct encoder *c = encoder_new(STR("gzip"), 0, &e);
	char *zeros = mem_alloc(1, size);
	struct buf body = {0};
	struct buf out = {0};

	(void)state;
	encoder_run(c, (struct str){zeros, size}, &body);
	free(zeros);
	assert_int_equal(
		decoder_run(d, STR("gzip"), buf_str(&body), 1 << 20, &out, &e), DECODE_TOO_LARGE);
	assert_true(out.cap <= 2 << 20);
	memcpy(body.p + body.n - 4, "\x10\0\0\0", 4);
	assert_int_equal(
		decoder_run(d, STR("gzip"), buf_str(&body), 1 << 20, &out, &e), DECODE_TOO_LARGE);
	assert_true(out.cap <= 4 << 20);
	buf_fini(&body);
	buf_fini(&out);
	encoder_free(c);
	decoder_free(d);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_bomb))
