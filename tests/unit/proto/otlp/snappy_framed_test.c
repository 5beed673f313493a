#include "proto/otlp/snappy_framed.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define STREAM "!ff060000734e61507059 "

static const struct {
	const char *body; /* as tests/proto_text.h has it */
	const char *want; /* NULL: refused */
} cases[] = {
	{STREAM, ""},
	/* golden: "hello hello hello", and a plain chunk of "abc" */
	{STREAM "!00170000 !ab04b51d !114068656c6c6f2068656c6c6f2068656c6c6f", "hello hello hello"},
	{STREAM "!01070000 !6e57f121 !616263", "abc"},
	{STREAM "!fe020000 !0000 !80000000 !01070000 !6e57f121 !616263", "abc"},
	{STREAM "!01070000 !6f57f121 !616263", NULL}, /* checksum */
	{STREAM "!01080000 !6e57f121 !616263", NULL}, /* cut */
	{STREAM "!010300", NULL},
	{STREAM "!01030000 !212223", NULL},
	{STREAM "!02000000", NULL}, /* may not be skipped */
	{"!01070000 !6e57f121 !616263", NULL},
	{"", NULL},
};

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf body = {0};
		struct buf out = {0};
		bool is_too_large;
		bool ok;

		proto_text(&body, cases[i].body);
		ok = snappy_framed_decode(buf_str(&body), 100, &out, &is_too_large);
		assert_false(is_too_large);
		assert_int_equal(ok, cases[i].want != NULL);
		if (ok)
			assert_str(out.n ? buf_str(&out) : STR(""), cases[i].want);
		buf_fini(&body);
		buf_fini(&out);
	}
}

static void test_there_and_back(void **state)
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct buf plain = {0};
		struct buf packed = {0};
		struct buf out = {0};
		bool is_too_large;

		for (size_t k = 0; k < sizes[i]; k++)
			buf_add_char(&plain, (char)(k * 31 % 251));
		snappy_framed_encode(buf_str(&plain), &packed);
		assert_true(snappy_framed_is(buf_str(&packed)));
		assert_true(snappy_framed_decode(buf_str(&packed), sizes[i], &out, &is_too_large));
		assert_int_equal(out.n, plain.n);
		if (plain.n)
			assert_memory_equal(out.p, plain.p, plain.n);
		buf_clear(&out);
		if (sizes[i] > 0) {
			assert_false(snappy_framed_decode(
				buf_str(&packed), sizes[i] - 1, &out, &is_too_large));
			assert_true(is_too_large);
		}
		buf_fini(&plain);
		buf_fini(&packed);
		buf_fini(&out);
	}
}

TESTS_RUN(cmocka_unit_test(test_decode), cmocka_unit_test(test_there_and_back))
