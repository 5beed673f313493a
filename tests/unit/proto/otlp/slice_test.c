#include "proto/otlp/slice.h"

#include "agent/base/err.h"
#include "proto/otlp/walk.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define R "1:{1:{1:\"a\"}}"
#define S(name) "2:{5:\"" name "\"}"

/* Pieces: cut lengths are padded to five bytes, so the wanted texts say them as raw bytes. */
static const struct {
	enum otlp_kind kind;
	const char *in;
	uint32_t from, n;
	const char *want;
} cases[] = {
	{OTLP_TRACES, "1:{" R "2:{" S("x") S("y") "}}", 0, 2, "1:{" R "2:{" S("x") S("y") "}}"},
	{OTLP_TRACES, "1:{" R "2:{" S("x") S("y") "}} 9:7", 0, 9,
		"1:{" R "2:{" S("x") S("y") "}} 9:7"},
	{OTLP_TRACES, "1:{2:{" S("x") S("y") "} 3:\"u\"} 9:7", 0, 1,
		"!0a8e80808000 !128580808000" S("x") "3:\"u\" 9:7"},
	{OTLP_TRACES, "1:{2:{" S("x") S("y") "} 3:\"u\"} 9:7", 1, 1,
		"!0a8e80808000 !128580808000" S("y") "3:\"u\""},
	/* whole parts and scopes are copied as they are; those without items are left out */
	{OTLP_TRACES, "1:{2:{" S("x") "}} 1:{} 1:{2:{" S("y") "}}", 0, 1, "1:{2:{" S("x") "}}"},
	{OTLP_TRACES, "1:{2:{" S("x") "}} 1:{} 1:{2:{" S("y") "}}", 1, 5, "1:{2:{" S("y") "}}"},
	{OTLP_TRACES, "1:{2:{" S("x") "}} 1:{2:{" S("y") "} 2:{1:{1:\"lib\"} " S("z") "}}", 2, 1,
		"!0a8e80808000 2:{1:{1:\"lib\"}" S("z") "}"},
	{OTLP_METRICS, "1:{2:{2:{1:\"m\" 7:{1:{3:L1} 1:{3:L2} 2:2}}}}", 1, 1,
		"!0aa280808000 !129c80808000 !129680808000 1:\"m\" !3a8d80808000 1:{3:L2} 2:2"},
	{OTLP_TRACES, "1:{2:{" S("x") "}}", 1, 5, ""},
};

static void test_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf in = {0};
		struct buf want = {0};
		struct buf got = {0};
		struct otlp_counts n;
		struct err e;

		proto_text(&in, cases[i].in);
		proto_text(&want, cases[i].want);
		otlp_slice(cases[i].kind, buf_str(&in), cases[i].from, cases[i].n, &got);
		for (size_t b = 0; b < got.n && (got.n != want.n || memcmp(got.p, want.p, want.n));
			b++)
			fprintf(stderr, "%02x%s", (uint8_t)got.p[b], b + 1 == got.n ? "\n" : "");
		assert_int_equal(got.n, want.n);
		if (want.n > 0)
			assert_memory_equal(got.p, want.p, want.n);
		assert_true(otlp_walk(cases[i].kind, buf_str(&got), &n, &e));
		assert_int_equal(n.items, otlp_count(cases[i].kind, buf_str(&got)));
		buf_fini(&in);
		buf_fini(&want);
		buf_fini(&got);
	}
}

/* Any cut into pieces of k has all items, in order, and at most k in each. */
static void test_all_pieces(void **state)
{
	struct buf in = {0};

	(void)state;
	proto_text(&in, "1:{" R "2:{" S("0") S("1")
				S("2") "} 2:{" S("3") "}} 1:{2:{}} 1:{2:{" S("4") S("5") "}}");
	for (uint32_t k = 1; k <= 7; k++) {
		struct buf names = {0};

		for (uint32_t from = 0; from < 6; from += k) {
			struct buf piece = {0};
			struct otlp_counts n;
			struct err e;

			otlp_slice(OTLP_TRACES, buf_str(&in), from, k, &piece);
			assert_true(otlp_walk(OTLP_TRACES, buf_str(&piece), &n, &e));
			assert_int_equal(n.items, 6 - from < k ? 6 - from : k);
			for (size_t i = 2; i < piece.n; i++)
				if (piece.p[i - 2] == 0x2a && piece.p[i - 1] == 1)
					buf_add_char(&names, piece.p[i]);
			buf_fini(&piece);
		}
		assert_str(buf_str(&names), "012345");
		buf_fini(&names);
	}
	buf_fini(&in);
}

TESTS_RUN(cmocka_unit_test(test_golden), cmocka_unit_test(test_all_pieces))
