#include "k8s/label_selector.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "k8s/json.h"
#include "tests/test.h"

static const struct {
	const char *json;
	const char *want; /* as it is printed, or "! " and the error */
	const char *yes;  /* labels that match, in JSON; NULL: none is tried */
	const char *no;
} cases[] = {
	{"{}", "", "{}", NULL},
	{"null", "", "{\"a\":\"b\"}", NULL},
	{"{\"matchLabels\":{\"a\":\"b\",\"c\":\"\"}}", "a in (b),c in ()",
		"{\"a\":\"b\",\"c\":\"\",\"d\":\"\"}", "{\"a\":\"b\"}"},
	{"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"b\",\"c\"]}]}",
		"a in (b,c)", "{\"a\":\"c\"}", "{\"a\":\"d\"}"},
	{"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"b\"]}]}",
		"a notin (b)", "{}", "{\"a\":\"b\"}"},
	{"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}],\"x\":1}", "a",
		"{\"a\":\"\"}", "{\"b\":\"a\"}"},
	{"{\"matchLabels\":{\"x\":\"y\"},\"matchExpressions\":[{\"operator\":\"DoesNotExist\","
	 "\"key\":\"a\",\"values\":[]}]}",
		"x in (y),!a", "{\"x\":\"y\"}", "{\"x\":\"y\",\"a\":\"\"}"},
	{"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"in\",\"values\":[\"b\"]}]}",
		"! \"in\" is not a valid label selector operator", NULL, NULL},
	{"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}",
		"! values must be specified when operator is 'In' or 'NotIn'", NULL, NULL},
	{"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\",\"values\":[\"b\"]}]}",
		"! values may not be specified when operator is 'Exists' or 'DoesNotExist'", NULL,
		NULL},
	{"{\"matchExpressions\":[{\"operator\":\"Exists\"}]}", "! a requirement has no key", NULL,
		NULL},
};

static bool matches(struct arena *a, const struct label_selector *s, const char *labels)
{
	struct json j = json_from(str_from(labels));
	struct pod_pairs v;

	pod_pairs_read(a, &j, &v);
	return label_selector_matches(s, &v);
}

static void selectors_are_read(void **state)
{
	struct buf b = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json j = json_from(str_from(cases[i].json));
		struct label_selector s = {0};
		struct err e;

		buf_clear(&b);
		if (label_selector_read(&a, &j, &s, &e))
			label_selector_print(&b, &s);
		else
			buf_printf(&b, "! %s", e.text);
		assert_str(buf_str(&b), cases[i].want);
		assert_true(!cases[i].yes || matches(&a, &s, cases[i].yes));
		assert_false(cases[i].no && matches(&a, &s, cases[i].no));
	}
	buf_fini(&b);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(selectors_are_read))
