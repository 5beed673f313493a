#include "agent/base/log.h"
#include "tests/component.h"

extern const struct component_type logging;

static void test_level(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &logging);
	assert_true(harness_load(&h, "logging { level = \"error\" }"));
	assert_false(log_is_on(LOG_WARN));
	assert_true(log_is_on(LOG_ERROR));
	assert_true(harness_load(&h, "logging { level = \"debug\" }"));
	assert_true(log_is_on(LOG_DEBUG));
	assert_true(harness_load(&h, "")); /* without the block: info */
	assert_false(log_is_on(LOG_DEBUG));
	assert_true(log_is_on(LOG_INFO));
	harness_fini(&h);
}

static const struct {
	const char *text;
	const char *want;
} refused[] = {
	{"logging { level = \"loud\" }", "1:19: unknown level loud\n"},
	{"logging { format = \"xml\" }", "1:20: unknown format xml\n"},
	{"logging { write_to = [1] }",
		"1:23: 1 expected capsule(\"loki.LogsReceiver\"), got number\n"},
	{"logging \"x\" { }", "1:9: block \"logging\" does not support specifying labels\n"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct harness h;

		print_message("%s\n", refused[i].text);
		harness_init(&h, &logging);
		assert_false(harness_load(&h, refused[i].text));
		assert_str(buf_str(&h.errors), refused[i].want);
		harness_fini(&h);
	}
}

/* Lines get there at the end of the turn, as entries of the agent. */
static void test_write_to(void **state)
{
	struct harness h;
	struct str seen;

	(void)state;
	harness_init(&h, &logging);
	assert_true(harness_load(&h, "logging { write_to = [test.sink.s.receiver] }\n"
				     "test.sink \"s\" { }"));
	log_warn("x.y", "it burns", KV("where", "here"));
	log_debug(NULL, "not this one");
	assert_int_equal(harness_seen.n, 0);
	harness_advance(&h, 0);
	seen = buf_str(&harness_seen);
	assert_true(str_starts(seen, "1000000000000 {component=\"alloy\"} ts="));
	assert_true(str_ends(seen, "level=warn msg=\"it burns\" component_path=/ component_id=x.y "
				   "where=here\n"));
	buf_clear(&harness_seen);
	log_info(NULL, "the last one"); /* what is held at the stop is handed on */
	harness_fini(&h);
	assert_true(str_ends(buf_str(&harness_seen), "msg=\"the last one\"\n"));
}

/* No more than fits is held in one turn. */
static void test_bound(void **state)
{
	struct harness h;
	char text[1000];

	(void)state;
	harness_init(&h, &logging);
	assert_true(harness_load(&h, "logging { write_to = [test.sink.s.receiver] }\n"
				     "test.sink \"s\" { }"));
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 200; i++)
		log_warn(NULL, "long", KV("text", ((struct str){text, sizeof(text)})));
	harness_advance(&h, 0);
	assert_in_range(harness_seen.n, 60000, 70000);
	harness_fini(&h);
	buf_fini(&harness_seen);
}

TESTS_RUN(cmocka_unit_test(test_level), cmocka_unit_test(test_refused),
	cmocka_unit_test(test_write_to), cmocka_unit_test(test_bound))
