#include "tests/component.h"

extern const struct component_type discovery_relabel;

static const struct {
	const char *rules;
	const char *want; /* what the sink is told; or the errors */
} cases[] = {
	{"", "target a=1;b=x;\ntarget a=2;b=y;\n"},
	{"rule {\n source_labels = [\"b\"]\n target_label = \"c\"\n }",
		"target a=1;b=x;c=x;\ntarget a=2;b=y;c=y;\n"},
	{"rule {\n source_labels = [\"b\"]\n regex = \"x\"\n action = \"keep\"\n }",
		"target a=1;b=x;\n"},
	{"rule {\n regex = \"a|b\"\n action = \"labeldrop\"\n }", "target \ntarget \n"},
	{"rule {\n source_labels = [\"a\"]\n target_label = \"n\"\n action = \"hashmod\"\n modulus "
	 "= 7\n }\n"
	 "rule {\n source_labels = [\"n\"]\n regex = \"(.)\"\n target_label = \"__tmp\"\n }",
		"target __tmp=2;a=1;b=x;n=2;\ntarget __tmp=4;a=2;b=y;n=4;\n"},
	{"rule {\n action = \"drop\"\n regex = \"(a\"\n }",
		"4:2: regex: could not compile regular expression: error parsing regexp: missing "
		"closing ): `(a`\n"},
	{"rule {\n source_labels = [\"a\"]\n }",
		"4:2: relabel configuration for replace action requires 'target_label' value\n"},
	{"rule {\n action = \"nope\"\n }", "5:11: unknown action nope\n"},
	{"rule {\n action = \"nope\"\n regex = \"(a\"\n }",
		"5:11: unknown action nope\n"
		"4:2: regex: could not compile regular expression: error parsing regexp: missing "
		"closing ): `(a`\n"},
	{"rule {\n action = null\n }", "5:11: unknown action \n"},
	{"rule {\n regex = \"(a\"\n }",
		"4:2: regex: could not compile regular expression: error parsing regexp: missing "
		"closing ): `(a`\n"
		"4:2: relabel configuration for replace action requires 'target_label' value\n"},
};

static void test_rules(void **state)
{
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].rules);
		harness_init(&h, &discovery_relabel);
		buf_clear(&text);
		buf_printf(&text,
			"discovery.relabel \"r\" {\n"
			" targets = [{a = \"1\", b = \"x\"}, {a = \"2\", b = \"y\", empty = "
			"\"\"}]\n\n"
			" %s\n}\ntest.sink \"s\" { targets = discovery.relabel.r.output }\n%c",
			cases[i].rules, 0);
		if (harness_load(&h, text.p))
			assert_str(buf_str(&harness_seen), cases[i].want);
		else
			assert_str(buf_str(&h.errors), cases[i].want);
		harness_fini(&h);
	}
	buf_fini(&text);
}

/* Only a result that differs reaches who depends on it. */
static void test_reload(void **state)
{
	struct harness h;
	static const char first[] = "discovery.relabel \"r\" {\n targets = [{a = \"1\"}]\n}\n"
				    "test.sink \"s\" { targets = discovery.relabel.r.output }\n";
	static const char same[] =
		"discovery.relabel \"r\" {\n targets = [{a = \"1\", b = \"\"}]\n}\n"
		"test.sink \"s\" { targets = discovery.relabel.r.output }\n";
	static const char other[] = "discovery.relabel \"r\" {\n targets = [{a = \"2\"}]\n rule {\n"
				    " source_labels = [\"a\"]\n target_label = \"b\"\n }\n}\n"
				    "test.sink \"s\" { targets = discovery.relabel.r.output }\n";

	(void)state;
	harness_init(&h, &discovery_relabel);
	assert_true(harness_load(&h, first));
	assert_str(buf_str(&harness_seen), "target a=1;\n");
	buf_clear(&harness_seen);
	assert_true(harness_load(&h, same));
	assert_str(buf_str(&harness_seen), "");
	assert_true(harness_load(&h, other));
	assert_str(buf_str(&harness_seen), "target a=2;b=2;\n");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_rules), cmocka_unit_test(test_reload))
