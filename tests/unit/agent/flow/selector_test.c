#include "agent/flow/selector.h"

#include "agent/base/err.h"
#include "tests/test.h"

/* On the set {app="web", env="prod-1"} and the line `level=error msg="a \"b\""`. */
static const struct {
	const char *text;
	const char *want; /* "both", "labels" (not the line), "no", or the error */
} cases[] = {
	{"{app=\"web\"}", "both"},
	{" { app = \"web\" , env=~\"prod.*\" } ", "both"},
	{"{app=\"web\",}", "parse error at line 1, col 12: syntax error: want a label name"},
	{"{}", "both"},
	{"{app=\"we\"}", "no"},
	{"{app!=\"we\"}", "both"},
	{"{app=~\"we\"}", "no"},
	{"{app=~\"(?i)WE.\"}", "both"},
	{"{app!~\"web|x\"}", "no"},
	{"{nope=\"\"}", "both"},
	{"{app=\"\"}", "no"},
	{"{nope!=\"\"}", "no"},
	{"{nope=~\"|x\"}", "both"},
	{"{app=`web`}", "both"},
	{"{app=\"\\x77\\145\\u0062\"}", "both"},
	{"{app=\"web\"} |= \"error\"", "both"},
	{"{app=\"web\"} |= \"warn\"", "labels"},
	{"{app=\"web\"} != \"error\"", "labels"},
	{"{app=\"web\"} |~ \"e(rr|x)or\" !~ \"debug|trace\"", "both"},
	{"{app=\"web\"} !~ \"err\"", "labels"},
	{"{app=\"web\"}|=\"msg=\\\"a\"", "both"},
	{"{app=\"web\"} |= `\\\"b`", "both"},

	{"", "parse error at line 1, col 1: syntax error: want {"},
	{"app", "parse error at line 1, col 1: syntax error: want {"},
	{"{app}", "parse error at line 1, col 5: syntax error: want =, !=, =~ or !~"},
	{"{app=web}", "parse error at line 1, col 6: syntax error: want a string"},
	{"{app=\"web}", "parse error at line 1, col 11: literal not terminated"},
	{"{app=`web}", "parse error at line 1, col 6: literal not terminated"},
	{"{\n1a=\"x\"}", "parse error at line 2, col 1: syntax error: want a label name"},
	{"{a=\"x\" b=\"y\"}", "parse error at line 1, col 8: syntax error: want , or }"},
	{"{a=\"\\d\"}", "parse error at line 1, col 6: invalid char escape"},
	{"{a=\"\\777\"}", "parse error at line 1, col 9: invalid char escape"},
	{"{a=\"\\ud800\"}", "parse error at line 1, col 11: invalid char escape"},
	{"{a=~\"(\"}", "error parsing regexp: missing closing ): `(`"},
	{"{a=\"x\"} | json", "parse error at line 1, col 9: syntax error: want |=, |~, != or !~; "
			     "nothing else of LogQL is taken here"},
	{"{a=\"x\"} |= ", "parse error at line 1, col 12: syntax error: want a string"},
};

static void test_selectors(void **state)
{
	static const struct label v[] = {{{"app", 3}, {"web", 3}}, {{"env", 3}, {"prod-1", 6}}};
	const struct labels *labels = labels_intern(v, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e;
		struct selector *s = selector_new(str_from(cases[i].text), &e);
		const char *got = "no";

		print_message("%s\n", cases[i].text);
		if (!s)
			got = e.text;
		else if (selector_match_labels(s, labels))
			got = selector_match_line(s, STR("level=error msg=\"a \\\"b\\\"\""))
				      ? "both"
				      : "labels";
		assert_string_equal(got, cases[i].want);
		selector_free(s);
	}
	labels_release(labels);
}

TESTS_RUN(cmocka_unit_test(test_selectors))
