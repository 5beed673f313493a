#include "proto/grpc/message.h"
#include "tests/proto_text.h"
#include "tests/test.h"

static const struct {
	const char *body; /* as tests/proto_text.h has it */
	enum grpc_body want;
	bool is_compressed;
	const char *bytes;
} cases[] = {
	{"", GRPC_BODY_EMPTY, false, ""},
	{"!0000000000", GRPC_BODY_ONE, false, ""},
	{"!000000000361 !6263", GRPC_BODY_ONE, false, "abc"},
	{"!010000000361 !6263", GRPC_BODY_ONE, true, "abc"},
	{"!00000000", GRPC_BODY_CUT, false, ""},
	{"!0000000003 !6162", GRPC_BODY_CUT, false, ""},
	{"!00ffffffff !6162", GRPC_BODY_CUT, false, ""},
	{"!000000000161 !00", GRPC_BODY_MANY, false, "a"},
	{"!000000000161 !000000000162", GRPC_BODY_MANY, false, "a"},
	{"!0200000000", GRPC_BODY_BAD_FLAG, false, ""},
	{"!80", GRPC_BODY_BAD_FLAG, false, ""},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grpc_message m = {0};
		struct buf body = {0};

		proto_text(&body, cases[i].body);
		assert_int_equal(grpc_message_read(buf_str(&body), &m), cases[i].want);
		assert_int_equal(m.is_compressed, cases[i].is_compressed);
		assert_str(m.bytes, cases[i].bytes);
		assert_int_equal(*grpc_body_error(cases[i].want) == 0,
			cases[i].want == GRPC_BODY_ONE);
		buf_fini(&body);
	}
}

static void test_put(void **state)
{
	struct grpc_message m;
	struct buf b = {0};

	(void)state;
	grpc_prefix_put(&b, true, 0x01020304);
	assert_memory_equal(b.p, "\1\1\2\3\4", 5);
	buf_clear(&b);
	grpc_prefix_put(&b, false, 3);
	buf_add_str(&b, STR("abc"));
	assert_int_equal(grpc_message_read(buf_str(&b), &m), GRPC_BODY_ONE);
	assert_str(m.bytes, "abc");
	buf_fini(&b);
}

TESTS_RUN(cmocka_unit_test(test_read), cmocka_unit_test(test_put))
