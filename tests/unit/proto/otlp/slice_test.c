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

/* clang-format off */
/* The same on the wire, with the reason of each. The bytes were made by another encoder. */
static const struct {
	const char *why;
	const char *in; /* hex, of traces */
	uint32_t from;
	uint32_t n;
	const char *want;
} wire[] = {
	{"what is cut has lengths of five bytes; what is around it is repeated",
		"0a1b0a0a0a080a017812030a0179120a12032a016112032a01621a0175",
		0, 1, "0a9a808080000a0a0a080a017812030a017912858080800012032a01611a0175"},
	{"the other half",
		"0a1b0a0a0a080a017812030a0179120a12032a016112032a01621a0175",
		1, 1, "0a9a808080000a0a0a080a017812030a017912858080800012032a01621a0175"},
	{"the order of fields is kept: the scope behind its spans, the resource last",
		"0a1f121112032a016112032a01620a050a036c69620a0a0a080a017812030a0179",
		1, 1, "0a9e80808000128c8080800012032a01620a050a036c69620a0a0a080a017812030a0179"},
	{"unknown fields and groups of a scope and a part are in each piece",
		"0a1ae3030a0167e403121112032a0161eb03ec0312032a0162b00405",
		1, 1, "0a9980808000e3030a0167e403128c80808000eb03ec0312032a0162b00405"},
	{"those of the request are in the first piece only",
		"4a03746f700a0c120a12032a016112032a0162",
		1, 1, "0a8b8080800012858080800012032a0162"},
	{"a span of padded length is copied as it is",
		"0a12128f00128380002a016112838080002a0162",
		1, 1, "0a8e8080800012888080800012838080002a0162"},
	{"a padded part that is whole is not touched",
		"0a898080001285800012032a01610a07120512032a0162",
		0, 1, "0a898080001285800012032a0161"},
	{"a resource in two parts, and an empty one, stay what they are",
		"0a1a0a00120a12032a016112032a01620a0a0a080a017812030a0179",
		0, 1, "0a99808080000a0012858080800012032a01610a0a0a080a017812030a0179"},
	{"a part without items belongs to no piece",
		"0a0c0a0a0a080a017812030a01790a07120512032a0161",
		0, 1, "0a07120512032a0161"},
	{"a span twice is two spans",
		"0a0c120a12032a016112032a0161",
		1, 1, "0a8b8080800012858080800012032a0161"},
};
/* clang-format on */

static void from_hex(struct buf *b, const char *hex)
{
	buf_reserve(b, 1);
	must(!*proto_text_hex(b, hex));
}

static void test_wire(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wire) / sizeof(*wire); i++) {
		struct buf in = {0};
		struct buf want = {0};
		struct buf got = {0};

		from_hex(&in, wire[i].in);
		from_hex(&want, wire[i].want);
		otlp_slice(OTLP_TRACES, buf_str(&in), wire[i].from, wire[i].n, &got);
		if (!str_eq(buf_str(&got), buf_str(&want)))
			print_error("%s\n", wire[i].why);
		assert_true(str_eq(buf_str(&got), buf_str(&want)));
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

TESTS_RUN(cmocka_unit_test(test_wire), cmocka_unit_test(test_golden),
	cmocka_unit_test(test_all_pieces))
