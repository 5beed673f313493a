#include "proto/otlp/lz4_frame.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define MAGIC "!04224d18 "
#define PLAIN MAGIC "!604082 "  /* independent blocks, no checksum */
#define LINKED MAGIC "!4040c0 " /* the same, but that blocks look back */
#define END " !00000000"
#define HELLO "!0f000000 !6868656c6c6f2006005068656c6c6f"

static const struct {
	const char *body; /* as tests/proto_text.h has it */
	const char *want; /* NULL: refused; "+": too large */
} cases[] = {
	/* golden, from the lz4 program: as it is by default, with all checksums and the size,
	 * with none, of nothing, and of what cannot be made smaller */
	{MAGIC "!6440a7 " HELLO END " !f26b940b", "hello hello hello hello"},
	{MAGIC "!7c401700000000000000f0 " HELLO " !a90f8a37" END " !f26b940b",
		"hello hello hello hello"},
	{PLAIN HELLO END, "hello hello hello hello"},
	{MAGIC "!6440a7" END " !055dcc02", ""},
	{MAGIC "!6440a7 !03000080 !616263" END " !ff53d132", "abc"},
	/* frames, and what is to be skipped, behind each other */
	{PLAIN "!01000080 !61" END " !5a2a4d18 !03000000 !ffffff " PLAIN "!01000080 !62" END, "ab"},
	{"!502a4d18 !00000000", ""},
	/* the second block looks back at the first one; independent ones may not */
	{LINKED "!03000080 !616263 !05000000 !0203001064" END, "abcabcabcd"},
	{PLAIN "!03000080 !616263 !05000000 !0203001064" END, NULL},
	/* no further back than its own frame */
	{PLAIN "!03000080 !616263" END " " LINKED "!05000000 !0203001064" END, NULL},
	/* a distance of one repeats a byte; of none there is none */
	{PLAIN "!06000000 !1461 !0100 !1062" END, "aaaaaaaaab"},
	{PLAIN "!06000000 !1461 !0000 !1062" END, NULL},
	{PLAIN "!06000000 !1461 !0200 !1062" END, NULL},
	/* lengths that go on: 15 + 0 literals; cut in their middle */
	{PLAIN "!11000000 !f000 !303132333435363738396162636465" END, "0123456789abcde"},
	{PLAIN "!02000000 !f0ff" END, NULL},
	{PLAIN "!01000000 !f0" END, NULL},
	{PLAIN "!02000000 !2061" END, NULL},
	{PLAIN "!03000000 !106101" END, NULL},
	/* the last sequence has a match; an empty block is the end */
	{PLAIN "!04000000 !1061 !0100" END, NULL},
	/* the block is not all of a sequence more than it holds: 255 times 5 is too much here */
	{PLAIN "!0a000000 !1f61 !0100 !ffffffff00 !00" END, "+"},
	/* it says its size: as it is, too large, a lie */
	{MAGIC "!6840060000000000000059 !06000080 !616263646566" END, "abcdef"},
	{MAGIC "!6840e803000000000000f1 !06000080 !616263646566" END, "+"},
	{MAGIC "!68400700000000000000b0 !06000080 !616263646566" END, NULL},
	/* wrong checksums: of the head, of a block, of all */
	{MAGIC "!604083 !01000080 !61" END, NULL},
	{MAGIC "!7c401700000000000000f0 " HELLO " !aa0f8a37" END " !f26b940b", NULL},
	{MAGIC "!6440a7 " HELLO END " !f26b940c", NULL},
	/* cut anywhere */
	{"!04224d", NULL},
	{MAGIC "!60", NULL},
	{MAGIC "!6040", NULL},
	{PLAIN, NULL},
	{PLAIN "!0100", NULL},
	{PLAIN "!02000080 !61", NULL},
	{PLAIN "!01000080 !61", NULL},
	{MAGIC "!6440a7" END " !055dcc", NULL},
	{PLAIN "!01000080 !61" END " !04", NULL},
	{"!502a4d18 !01000000", NULL},
	/* another version, reserved bits, a dictionary, blocks of a size there is not */
	{MAGIC "!204003" END, NULL},
	{MAGIC "!6240f0" END, NULL},
	{MAGIC "!6140a1 !00000000" END, NULL},
	{MAGIC "!6041bd" END, NULL},
	{MAGIC "!6030d4" END, NULL},
	{PLAIN "!01000180 !61" END, NULL}, /* larger than they may be */
	{"!02214c18", NULL},               /* the old format */
	{"", NULL},
};

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool want_large = cases[i].want && cases[i].want[0] == '+';
		struct buf body = {0};
		struct buf out = {0};
		bool is_too_large;
		bool ok;

		proto_text(&body, cases[i].body);
		buf_add_str(&out, STR("x"));
		ok = lz4_frame_decode(buf_str(&body), 100, &out, &is_too_large);
		if (ok != (cases[i].want && !want_large) || is_too_large != want_large)
			print_error("case %zu: %s\n", i, cases[i].body);
		assert_int_equal(is_too_large, want_large);
		assert_int_equal(ok, cases[i].want && !want_large);
		if (ok)
			assert_str(str_from_at(buf_str(&out), 1), cases[i].want);
		assert_int_equal(out.p[0], 'x');
		assert_true(out.n <= 101);
		buf_fini(&body);
		buf_fini(&out);
	}
}

/* The limit is kept to the byte, and nothing more than it is made. */
static void test_bomb(void **state)
{
	struct buf body = {0};

	(void)state;
	proto_text(&body, MAGIC "!4070df"); /* blocks of 4 MiB */
	for (int i = 0; i < 64; i++) {      /* of 60,000 bytes that become 15 million */
		buf_add(&body, "\x67\xea\0\0\x1f\0\1\0", 8);
		for (int k = 0; k < 59999; k++)
			buf_add_char(&body, -1);
		buf_add(&body, "\0\x10\0", 3);
	}
	for (size_t max = 0; max < 3000000; max = max * 7 + 1) {
		struct buf out = {0};
		bool is_too_large;

		assert_false(lz4_frame_decode(buf_str(&body), max, &out, &is_too_large));
		assert_true(is_too_large && out.n <= max && out.cap <= max * 2 + 4096);
		buf_fini(&out);
	}
	buf_fini(&body);
}

TESTS_RUN(cmocka_unit_test(test_decode), cmocka_unit_test(test_bomb))
