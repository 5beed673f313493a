/* What each answer leads to is in sender_test.c; here is what is said about it. */

#include "agent/component/loki.write/answer.h"

#include "tests/test.h"

static void test_line(void **state)
{
	char text[3000];

	(void)state;
	assert_str(loki_answer_line(STR("")), "");
	assert_str(loki_answer_line((struct str){0}), "");
	assert_str(loki_answer_line(STR("empty ring\n")), "empty ring");
	assert_str(loki_answer_line(STR("first,\nuser 'probe', total ignored: 1")), "first,");
	memset(text, 'x', sizeof(text));
	assert_int_equal(loki_answer_line((struct str){text, sizeof(text)}).n, 1024);
}

static const struct {
	const char *a;
	const char *b;
	bool same;
} kinds[] = {
	{"too old: 2026-11-15T09:51:20Z", "too old: 2025-10-01T00:00:00Z", true},
	{"stream '{a=\"1\"}' is bad", "stream '{b=\"x\", c=\"y\"}' is bad", true},
	{"too old", "too new", false},
	{"unclosed {", "unclosed {x", true},
	{"couldn't parse", "couldn't find", false},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t a = loki_answer_kind(400, str_from(kinds[i].a));

		assert_int_equal(a == loki_answer_kind(400, str_from(kinds[i].b)), kinds[i].same);
		assert_true(a != loki_answer_kind(429, str_from(kinds[i].a)));
	}
}

static void test_hints(void **state)
{
	(void)state;
	for (int status = 0; status < 600; status++)
		assert_true(loki_answer_hint(status, STR(""))[0]);
	assert_non_null(strstr(loki_answer_hint(401, STR("no org id")), "tenant_id"));
	assert_non_null(strstr(loki_answer_hint(404, STR("")), "/loki/api/v1/push"));
}

TESTS_RUN(cmocka_unit_test(test_line), cmocka_unit_test(test_kinds), cmocka_unit_test(test_hints))
