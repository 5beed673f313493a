#include "agent/base/log.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "tests/test.h"

static void test_lines(void **state)
{
	static const struct {
		enum log_format format;
		const char *want;
	} cases[] = {
		{LOG_LOGFMT,
			"ts=1970-01-01T00:00:01.5Z level=warn msg=\"what it is\" component_path=/ "
			"component_id=a.b n=-7 text=\"two words\" plain=one empty=\"\"\n"},
		{LOG_JSON,
			"{\"ts\":\"1970-01-01T00:00:01.5Z\",\"level\":\"warn\","
			"\"msg\":\"what it is\",\"component_path\":\"/\","
			"\"component_id\":\"a.b\",\"n\":-7,\"text\":\"two words\","
			"\"plain\":\"one\",\"empty\":\"\"}\n"},
	};
	struct buf got = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&got);
		log_format_line(&got, cases[i].format, 3 * NS_PER_SEC / 2, LOG_WARN, "a.b",
			"what it is",
			(struct kv[]){KV("n", -7), KV("text", "two words"), KV("plain", STR("one")),
				KV("empty", (const char *)NULL), {0}});
		assert_str(buf_str(&got), cases[i].want);
	}
	buf_fini(&got);
}

/* Once a minute; the first time at once, also on a clock that has just begun. */
static void test_due(void **state)
{
	int64_t at = 0;

	(void)state;
	assert_true(log_is_due(&at, 5));
	assert_false(log_is_due(&at, 5));
	assert_false(log_is_due(&at, 60 * NS_PER_SEC + 4));
	assert_true(log_is_due(&at, 60 * NS_PER_SEC + 5));
	assert_false(log_is_due(&at, 119 * NS_PER_SEC));
}

TESTS_RUN(cmocka_unit_test(test_lines), cmocka_unit_test(test_due))
