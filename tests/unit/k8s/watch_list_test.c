#include "agent/base/arena.h"
#include "k8s/watch_line.h"
#include "tests/test.h"

/* Every text is fed in parts of 1, 2, … bytes: what comes out must not depend on it. */
static const struct {
	const char *text;
	size_t max;
	const char *want; /* m:metadata| i:item| and how it ends: end, more, bad */
	unsigned skipped;
} cases[] = {
	{"{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[{\"a\":1},{"
	 "\"b\":{}}]}",
		99, "m:{\"resourceVersion\":\"9\"}|i:{\"a\":1}|i:{\"b\":{}}|end", 0},
	{" {\n \"items\": [\n {\"a\": \"]}\\\"\"} ] ,\n \"metadata\" : {} }\n ", 99,
		"i:{\"a\": \"]}\\\"\"}|m:{}|end", 0},
	{"{\"metadata\":{\"items\":[{\"x\":1}]},\"items\":[]}", 99, "m:{\"items\":[{\"x\":1}]}|end",
		0},
	{"{\"items\":null,\"metadata\":{}}", 99, "m:{}|end", 0},
	{"{\"other\":{\"items\":[{}]},\"aVeryLongMemberNameItems\":[{}]}", 99, "end", 0},
	{"{\"items\":[{\"a\":\"0123456789\"},{\"b\":1}]}", 9, "i:{\"b\":1}|end", 1},
	{"{\"items\":[{\"a\":1},{\"b\"", 99, "i:{\"a\":1}|more", 0},
	{"{\"kind\":\"items\",\"x\":[{}]}", 99, "end", 0},
	{"", 99, "more", 0},
	{"oops", 99, "bad", 0},
	{"]", 99, "bad", 0},
	{"<html>{\"items\":[{}]}", 99, "bad", 0},
};

static void test_lists(void **state)
{
	static const char *const ends[] = {"more", "", "", "end", "bad"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].text);
		for (size_t step = 1; step <= strlen(cases[i].text) + 1; step++) {
			struct watch_list s = {.max = cases[i].max};
			struct str text = str_from(cases[i].text);
			struct buf out = {0};
			enum watch_list_part got = WATCH_LIST_MORE;

			do {
				struct str part = str_head(text, step);
				struct str object;

				text = str_from_at(text, part.n);
				while ((got = watch_list_next(&s, &part, &object)) ==
						WATCH_LIST_ITEM ||
					got == WATCH_LIST_METADATA)
					buf_printf(&out, "%c:" STR_FMT "|",
						got == WATCH_LIST_ITEM ? 'i' : 'm',
						STR_ARG(object));
			} while (text.n > 0);
			buf_printf(&out, "%s", ends[got]);
			assert_str(buf_str(&out), cases[i].want);
			assert_int_equal(s.skipped, cases[i].skipped);
			watch_list_fini(&s);
			buf_fini(&out);
		}
	}
}

static void test_reset(void **state)
{
	struct watch_list s = {.max = 99};
	struct str part = STR("{\"items\":[{\"a\":");
	struct str object;

	(void)state;
	assert_int_equal(watch_list_next(&s, &part, &object), WATCH_LIST_MORE);
	watch_list_reset(&s);
	part = STR("{\"items\":[{}]}");
	assert_int_equal(watch_list_next(&s, &part, &object), WATCH_LIST_ITEM);
	assert_str(object, "{}");
	assert_int_equal(watch_list_next(&s, &part, &object), WATCH_LIST_END);
	watch_list_fini(&s);
}

TESTS_RUN(cmocka_unit_test(test_lists), cmocka_unit_test(test_reset))
