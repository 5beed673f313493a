#include "agent/component/loki.write/stream_text.h"

#include "tests/unit/agent/component/loki.write/fake.h"

static const struct {
	const char *in;
	const char *want;
	size_t repaired;
} texts[] = {
	{"", "", 0},
	{"plain", "plain", 0},
	{"\xc3\xa4", "\xc3\xa4", 0},
	{"\xff", "\xef\xbf\xbd", 1},
	{"a\xc3", "a\xef\xbf\xbd", 1},
	{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 1},
	{"\xc3\xa4\xe2\x82x", "\xc3\xa4\xef\xbf\xbd\xef\xbf\xbdx", 1},
};

static void test_texts(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t repaired = 0;

		assert_str(loki_stream_utf8(&a, str_from(texts[i].in), &repaired), texts[i].want);
		assert_int_equal(repaired, texts[i].repaired);
	}
	arena_fini(&a);
}

static const struct {
	const char *labels;
	const char *want;
	size_t repaired;
} sets[] = {
	{"", "{e=\"x\"}", 0},
	{"a=1 __a=2", "{a=\"1\", e=\"x\"}", 0},
	{"e=1", "{e=\"1\"}", 0},
	{"a.b=1 0=2", "{_=\"2\", a_b=\"1\", e=\"x\"}", 2},
	{"a.b=1 a_b=2", "{a_b=\"2\", e=\"x\"}", 1},
	{"\xc3\xa4=1", "{__=\"1\", e=\"x\"}", 1},
	{"a=\xff", "{a=\"\xef\xbf\xbd\", e=\"x\"}", 1},
};

static void test_sets(void **state)
{
	static const struct label external[] = {{{"e", 1}, {"x", 1}}, {{"__x", 3}, {"y", 1}}};
	struct arena a;
	struct buf out = {0};

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const struct labels *in = fake_labels(sets[i].labels);
		size_t repaired = 0;
		const struct labels *sent = loki_stream_labels(&a, in, external, 2, &repaired);

		buf_clear(&out);
		labels_print(&out, sent);
		assert_str(buf_str(&out), sets[i].want);
		assert_int_equal(repaired, sets[i].repaired);
		labels_release(in);
		labels_release(sent);
	}
	arena_fini(&a);
	buf_fini(&out);
	assert_int_equal(labels_interned(), 0);
}

TESTS_RUN(cmocka_unit_test(test_texts), cmocka_unit_test(test_sets))
