#include "tests/ottl.h"

/* clang-format off */
static const struct {
	enum ottl_context context;
	const char *text; /* a statement */
	const char *want; /* where: what; NULL: fine */
} cases[] = {
	{OTTL_SPAN, "set(name, \"x\")", NULL},
	{OTTL_SPAN, " set ( name,\n\t\"x\" ) where name == \"y\" and not ( kind == 2 or true ) ",
		NULL},
	{OTTL_SPAN, "set(attributes[\"a\"][0][\"b\"], {\"k\": [1, -2, +3.5e-2, 0xff, nil]})", NULL},
	{OTTL_SPAN, "set(attributes[\"a\"], (1 + 2) * 3 - 4 / 2)", NULL},
	{OTTL_SPAN, "set(attributes[Concat([name, \"x\"], \"\")], 1)", NULL},
	{OTTL_SPAN, "set(value = 1, target = attributes[\"x\"])", NULL},
	{OTTL_SPAN, "set(span.status.code, STATUS_CODE_ERROR) where (1 + 1) == 2", NULL},
	{OTTL_SPAN, "set(name, \"x\") where ((name) == \"a\")", NULL},
	{OTTL_LOG, "set(log.severity_number, SEVERITY_NUMBER_WARN2)", NULL},
	{OTTL_LOG, "set(instrumentation_scope.name, \"a\")", NULL},
	{OTTL_SPAN, "", "0: a statement begins with a function that changes something, as set(…)"},
	{OTTL_SPAN, "name", "0: a statement begins with a function that changes something, as set"
		"(…)"},
	{OTTL_SPAN, "Len(name)", "0: a statement begins with a function that changes something, a"
		"s set(…)"},
	{OTTL_SPAN, "sett(name, 1)", "0: function sett() is not known, or not supported"},
	{OTTL_SPAN, "set(name)", "8: set() wants \"value\""},
	{OTTL_SPAN, "set(name, \"x\"", "12: want \",\" at the end"},
	{OTTL_SPAN, "set(name, \"x)", "10: \"\"\" begins nothing"},
	{OTTL_SPAN, "set(name, \"\\.\")", "11: \"\\.\" is no escape; a backslash is written \"\\"
		"\\\""},
	{OTTL_SPAN, "set(\"name\", \"x\")", "4: set() wants a path as \"target\""},
	{OTTL_SPAN, "set(nam, \"x\")", "4: path \"nam\" is not known in context span, or not supp"
		"orted"},
	{OTTL_SPAN, "set(log.body, \"x\")", "4: path \"log.body\" is not to be had in context spa"
		"n"},
	{OTTL_SPAN, "set(events, nil)", "4: path \"events\" is not known in context span, or not "
		"supported"},
	{OTTL_RESOURCE, "set(span.name, \"x\")", "4: path \"span.name\" is not to be had in conte"
		"xt resource"},
	{OTTL_SPAN, "set(name, FOO)", "10: \"FOO\" is no enum, and no call"},
	{OTTL_SPAN, "set(name, 0xf)", "10: bytes have two hex digits each"},
	{OTTL_SPAN, "set(name, 0xfg)", "10: \"g\" is no hex digit"},
	{OTTL_SPAN, "set(name, 99999999999999999999)", "10: the number is too large"},
	{OTTL_SPAN, "set(name, set(name, 1))", "10: set() changes something and is no value"},
	{OTTL_SPAN, "set(name, 1) where", "17: want a value at the end"},
	{OTTL_SPAN, "set(name, 1) where name", "22: want a comparison: ==, !=, <, <=, > or >="},
	{OTTL_SPAN, "set(name, 1) where name = 1", "24: want a comparison: ==, !=, <, <=, > or >="},
	{OTTL_SPAN, "set(name, 1) where name == 1 2", "29: \"2\" is too much"},
	{OTTL_SPAN, "set(name, 1) if true", "13: \"if\" is too much"},
	{OTTL_SPAN, "delete_key(name, \"a\")", "11: delete_key() wants a path of a map as \"targe"
		"t\""},
	{OTTL_SPAN, "limit(attributes, -1)", "0: limit() wants a number that is not negative"},
	{OTTL_SPAN, "limit(attributes, 1, [\"a\", \"b\"])", "0: limit() wants no less than there "
		"are keys in its list"},
	{OTTL_SPAN, "keep_keys(attributes, [1])", "22: keep_keys() wants a list of strings as \"k"
		"eys\""},
	{OTTL_SPAN, "merge_maps(attributes, cache, \"x\")", "0: invalid value for strategy, \"x\""
		", must be \"insert\", \"update\" or \"upsert\""},
	{OTTL_SPAN, "replace_all_patterns(attributes, \"both\", \"a\", \"b\")",
		"0: invalid mode \"both\", must be either \"key\" or \"value\""},
	{OTTL_SPAN, "replace_match(name, \"[\", \"b\")", "0: the glob \"[\": error parsing regexp"
		": missing closing ]: `[)$`"},
	{OTTL_LOG, "set_semconv_span_name(\"1.37.0\")", "0: set_semconv_span_name() is for contex"
		"t span only"},
	{OTTL_SPAN, "set_semconv_span_name(\"1.36.0\")", "0: unsupported semconv version \"1.36.0"
		"\": must be between 1.37.0 and 1.40.0"},
	{OTTL_SPAN, "set(name, \x01)", "10: \"\x01\" begins nothing"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = {""};
		size_t at = 0;
		struct ottl *o =
			ottl_statement(cases[i].context, str_from(cases[i].text), &at, &e);
		char got[sizeof(e.text) + 32] = "";

		if (!o)
			snprintf(got, sizeof(got), "%zu: %s", at, e.text);
		assert_str(str_from(got), cases[i].want ? cases[i].want : "");
		ottl_free(o);
	}
}

/* Too deep, too long, too many: refused, and quickly. */
static void test_limits(void **state)
{
	/* clang-format off */
	static const struct {
		const char *head;
		const char *repeated;
		const char *tail;
		size_t times;
		const char *want;
	} limits[] = {
		{"true == ", "(", "", 70, "nested deeper than 64"},
		{"", "not ", "true", 70, "nested deeper than 64"},
		{"1 == ", "[", "", 70, "nested deeper than 64"},
		{"true", " or true", "", 600, "more than 512 operators"},
		{"1 == 1", " + 1", "", 600, "more than 512 operators"},
		{"1 == [1", ", 1", "]", 300, "more than 256 elements"},
		{"attributes", "[\"a\"]", " == 1", 17, "more than 16 keys"},
		{"true", " ", "", 70000, "the text is longer than 65536 bytes"},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct buf text = {0};
		struct err e = {""};
		size_t at;

		buf_add_str(&text, str_from(limits[i].head));
		for (size_t k = 0; k < limits[i].times; k++)
			buf_add_str(&text, str_from(limits[i].repeated));
		buf_add_str(&text, str_from(limits[i].tail));
		assert_null(ottl_condition(OTTL_SPAN, buf_str(&text), &at, &e));
		assert_str(str_from(e.text), limits[i].want);
		buf_fini(&text);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_limits))
