#include "proto/otlp/encode.h"

#include "agent/base/err.h"
#include "tests/test.h"

#include <zlib.h>

/* That each can be decoded is tested with the decoder; here gzip by another's hand, and the names.
 */
static void test_gzip(void **state)
{
	struct err e;
	struct encoder *c = encoder_new(STR("gzip"), 6, &e);
	char plain[1000] = "";
	struct buf body = {0};
	z_stream z = {0};

	(void)state;
	encoder_run(c, STR("hello hello hello"), &body);
	assert_int_equal(inflateInit2(&z, 31), Z_OK);
	z.next_in = (uint8_t *)body.p;
	z.avail_in = (unsigned)body.n;
	z.next_out = (uint8_t *)plain;
	z.avail_out = sizeof(plain);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_string_equal(plain, "hello hello hello");
	inflateEnd(&z);
	buf_fini(&body);
	encoder_free(c);
}

static const struct {
	const char *name;
	int level;
	const char *want; /* the header's text, or "! " and the error */
} names[] = {
	{"", 0, "-"},
	{"none", 0, "-"},
	{"gzip", 0, "gzip"},
	{"gzip", 9, "gzip"},
	{"deflate", 1, "deflate"},
	{"zstd", 3, "zstd"},
	{"snappy", 0, "snappy"},
	{"gzip", 13, "! unsupported parameters {Level:13} for compression type \"gzip\""},
	{"snappy", 1, "! unsupported parameters {Level:1} for compression type \"snappy\""},
	{"brotli", 0,
		"! unsupported compression type \"brotli\"; known are gzip, zlib, deflate, zstd, "
		"snappy and none"},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct err e;
		struct encoder *c = encoder_new(str_from(names[i].name), names[i].level, &e);
		struct buf got = {0};

		if (c)
			buf_printf(&got, "%s", encoder_name(c) ? encoder_name(c) : "-");
		else
			buf_printf(&got, "! %s", e.text);
		assert_str(buf_str(&got), names[i].want);
		buf_fini(&got);
		encoder_free(c);
	}
}

TESTS_RUN(cmocka_unit_test(test_gzip), cmocka_unit_test(test_names))
