/* The standard library, function by function; an error is its message after "! ". */

#include "agent/base/buf.h"
#include "agent/config/eval.h"
#include "tests/test.h"

#include <stdlib.h>

static bool check(const char *text, const char *want)
{
	struct source src = {STR("t"), str_from(text)};
	struct buf got = {0};
	struct arena a;
	struct diags d;
	struct expr *x;
	struct value v;
	bool same;

	arena_init(&a, 0);
	diags_init(&d, &a);
	x = parse_expr(&a, &src, &d);
	if (x && eval_expr(&a, NULL, x, &v, &d))
		value_print(&got, &v);
	else
		buf_printf(&got, "! " STR_FMT, STR_ARG(d.p[0].message));
	same = got.n == strlen(want) && memcmp(got.p, want, got.n) == 0;
	if (!same)
		print_error("in   %s\ngot  " STR_FMT "\nwant %s\n", text,
			STR_ARG(buf_str(&got)), want);
	buf_fini(&got);
	diags_fini(&d);
	arena_fini(&a);
	return same;
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"sys.env(\"INVAR_TEST_ENV\")", "\"v\""},
	{"env(\"INVAR_TEST_NOT_SET\")", "\"\""},
	{"sys.env()", "! sys.env expected 1 args, got 0"},
	{"sys.env([])", "! [] should be string, got array"},
	{"coalesce()", "null"},
	{"coalesce(null, 0, false, \"\", [], {}, \"x\", 1)", "\"x\""},
	{"coalesce(\"\", 0)", "0"},
	{"constants.version == \"v" INVAR_VERSION "\"", "true"},
	{"constants.hostname == \"\"", "false"},

	{"array.concat()", "[]"},
	{"concat([1], [], [2, [3]])", "[1, 2, [3]]"},
	{"array.concat([1], 2)", "! 2 should be array, got number"},
	{"array.combine_maps([{a = 1, b = 2}], [{a = 1, b = 3}, {a = 2}], [\"a\"])",
		"[{a = 1, b = 3}]"},
	{"array.combine_maps([{a = 9}], [{a = 1}], [\"a\"], true)", "[{a = 9}]"},
	{"array.combine_maps([{}], [{}], [])",
		"! [] combine_maps: merge conditions must not be empty"},
	{"array.combine_maps([5], [{}], [\"a\"])", "! 5 should be object, got number"},
	{"array.combine_maps([], [])",
		"! array.combine_maps combine_maps: expected 3 or 4 arguments, got 2"},
	{"array.group_by([{k = \"b\", v = 1}, {k = \"a\"}, {k = \"b\", v = 2}, {}], \"k\", true)",
		"[{items = [{k = \"a\"}], k = \"a\"}, "
		"{items = [{k = \"b\", v = 1}, {k = \"b\", v = 2}], k = \"b\"}]"},
	{"array.group_by([{}], \"k\", false)", "[{items = [{}], k = \"\"}]"},

	{"convert.nonsensitive(\"x\")", "\"x\""},
	{"convert.nonsensitive(5)", "! 5 should be capsule, got number"},

	{"encoding.from_json(\"{\\\"a\\\": [1, 2.5, null, true, \\\"x\\\"]}\")",
		"{a = [1, 2.5, null, true, \"x\"]}"},
	{"encoding.from_json(\"\")", "! encoding.from_json unexpected end of JSON input"},
	{"encoding.from_json(\"{\")", "! encoding.from_json unexpected end of JSON input"},
	{"json_decode(\"[1] 2\")",
		"! json_decode more than one value: "
		"invalid character '2' at byte 4 of the JSON text"},
	{"encoding.to_json({b = 1, a = \"<&>\", c = [1.5, null, true]})",
		"\"{\\\"a\\\":\\\"\\\\u003c\\\\u0026\\\\u003e\\\",\\\"b\\\":1,"
		"\\\"c\\\":[1.5,null,true]}\""},
	{"encoding.to_json([])", "! [] should be object, got array"},
	{"encoding.to_json({a = 1e21, b = 1e-7})", "\"{\\\"a\\\":1e+21,\\\"b\\\":1e-7}\""},
	{"encoding.from_yaml(\"a: 1\\nb: [x, ~, yes, 0x10, 1.5]\\nc: 'y'\")",
		"{a = 1, b = [\"x\", null, \"yes\", 16, 1.5], c = \"y\"}"},
	{"encoding.from_yaml(\"a: &x {k: 1}\\nb: *x\\nc:\\n  <<: *x\\n  j: 2\")",
		"{a = {k = 1}, b = {k = 1}, c = {j = 2, k = 1}}"},
	{"encoding.from_yaml(\"\")", "null"},
	{"encoding.from_yaml(\"a: 1\\na: 2\")",
		"! encoding.from_yaml yaml: line 1: a key of this mapping is defined twice"},
	{"encoding.from_yaml(\"*x\")",
		"! encoding.from_yaml yaml: unknown anchor 'x' referenced"},
	{"encoding.from_yaml(\"[\")", "! encoding.from_yaml yaml: line 2: did not find expected "
				      "node content"},
	{"encoding.from_base64(\"aGk=\")", "[104, 105]"},
	{"string.to_upper(encoding.from_base64(\"aGk=\"))", "\"HI\""},
	{"encoding.from_base64(\"aGk=\") + \"x\"",
		"! encoding.from_base64(\"aGk=\") should be one of [number string capsule] for "
		"binop +, got array"},
	{"encoding.from_base64(\"aGk\")",
		"! encoding.from_base64 illegal base64 data at input byte 3"},
	{"encoding.from_base64(\"a-k=\")",
		"! encoding.from_base64 illegal base64 data at input byte 1"},
	{"encoding.from_URLbase64(\"-_8=\")", "[251, 255]"},
	{"encoding.to_base64(\"hi\")", "\"aGk=\""},
	{"encoding.to_base64(\"\")", "\"\""},
	{"encoding.to_URLbase64(\"\\xfb\\xff\")", "\"-_8=\""},
	{"encoding.url_encode(\"a b&c~\\u00e9\")", "\"a+b%26c~%C3%A9\""},
	{"encoding.url_decode(\"a+b%26\")", "\"a b&\""},
	{"encoding.url_decode(\"%zz\")", "! encoding.url_decode invalid URL escape \"%zz\""},
	{"encoding.url_decode(\"x%4\")", "! encoding.url_decode invalid URL escape \"%4\""},

	{"file.path_join()", "\"\""},
	{"file.path_join(\"\", \"\")", "\"\""},
	{"file.path_join(\"/a\", \"../b\", \"./c//d\")", "\"/b/c/d\""},
	{"file.path_join(\"a\", \"../../b\")", "\"../b\""},
	{"file.path_join(\"..\", \"..\", \"x\", \"..\")", "\"../..\""},
	{"file.path_join(\"/..\")", "\"/\""},
	{"file.path_join(\"a/..\")", "\".\""},
	{"file.path_join(\"abc\", \"..\", \"d\")", "\"d\""},

	{"json_path(\"{\\\"a\\\": {\\\"b\\\": [1, 2, 3]}}\", \"$.a.b[-1]\")", "[3]"},
	{"json_path(\"{\\\"a\\\": {\\\"b\\\": [1, 2, 3]}}\", \".a.b[0:2]\")", "[1, 2]"},
	{"json_path(\"{\\\"a\\\": {\\\"b\\\": [1, 2, 3]}}\", \"a['b'][::-1]\")", "[3, 2, 1]"},
	{"json_path(\"{\\\"a\\\": 1}\", \"$.x\")", "[]"},
	{"json_path(\"{\\\"a\\\": {\\\"k\\\": 1}, \\\"b\\\": {\\\"k\\\": 2}}\", "
	 "\"$..k\")",
		"[1, 2]"},
	{"json_path(\"{\\\"a\\\": 1, \\\"b\\\": 2}\", \"$.*\")", "[1, 2]"},
	{"json_path(\"[{\\\"n\\\": \\\"x\\\", \\\"v\\\": 5}, "
	 "{\\\"n\\\": \\\"y\\\", \\\"v\\\": 6}]\", "
	 "\"$[?(@.n == 'y' && @.v > 5)].v\")",
		"[6]"},
	{"json_path(\"[{\\\"n\\\": 1}, {}]\", \"$[?(!@.n)]\")", "[{}]"},
	{"json_path(\"[1]\", \"$[\")", "! json_path parse error at 3 in $["},
	{"json_path(\"[\", \"$\")", "! json_path unexpected end of JSON input"},
	{"json_path(\"[1, 2, 3]\", \"$[0,2]\")", "[1, 3]"},

	{"string.format(\"%s-%d|%5.1f|%v\", \"a\", 3, 2.25, [1, \"x\"])",
		"\"a-3|  2.2|[1 x]\""},
	{"string.format(\"%d\", \"x\")", "\"%!d(string=x)\""},
	{"string.format(\"%s\", 1)", "\"%!s(int=1)\""},
	{"string.format(\"%s\", null)", "\"%!s(<nil>)\""},
	{"string.format(\"%d %d\", 1)", "\"1 %!d(MISSING)\""},
	{"string.format(\"%d\", 1, 2, \"b\")", "\"1%!(EXTRA int=2, string=b)\""},
	{"string.format(\"%\")", "\"%!(NOVERB)\""},
	{"string.format(\"%[2]d %[1]d\", 1, 2)", "\"2 1\""},
	{"string.format(\"%[5]d\", 1)", "\"%!d(BADINDEX)\""},
	{"string.format(\"%05d|%-5d|%+d|%x|%#x|%o|%b|%c|%q|%U\", 42, 42, 42, 255, 255, 8, 5, 65, "
	 "65, 65)",
		"\"00042|42   |+42|ff|0xff|10|101|A|'A'|U+0041\""},
	{"string.format(\"%t %q %6s|%-6s|%.2s %x\", true, \"a\\\"b\", \"ab\", \"ab\", \"abc\", "
	 "\"hi\")",
		"\"true \\\"a\\\\\\\"b\\\"     ab|ab    |ab 6869\""},
	{"string.format(\"%v %v %g %e %v\", 1.5, 1000000.0, 1e-7, 12345.678, {a = 1, b = [2]})",
		"\"1.5 1e+06 1e-07 1.234568e+04 map[a:1 b:[2]]\""},
	{"string.format(\"%*d|%.*f\", 5, 1, 2, 3.14159)", "\"    1|3.14\""},
	{"string.format(\"%T %T %T\", 1, \"a\", 1.5)", "\"int string float64\""},
	{"string.format(\"100%%\")", "\"100%\""},
	{"string.format()", "! string.format expected at least 1 args, got 0"},
	{"string.format(\"%99999999999d\", 1)", "\"1\""},
	{"string.join([\"a\", 1, \"b\"], \"-\")", "\"a-1-b\""},
	{"string.join([\"a\", {}], \"-\")", "! {} should be string, got object"},
	{"string.join(\"a\", \"-\")", "! \"a\" should be array, got string"},
	{"string.join([\"a\"])", "! string.join expected 2 args, got 1"},
	{"string.split(\"a,b,,c\", \",\")", "[\"a\", \"b\", \"\", \"c\"]"},
	{"string.split(\"a\\u00e9\", \"\")", "[\"a\", \"\xc3\xa9\"]"},
	{"string.split(\"\", \",\")", "[\"\"]"},
	{"string.replace(\"aXbX\", \"X\", \"--\")", "\"a--b--\""},
	{"string.replace(\"ab\", \"\", \"-\")", "\"-a-b-\""},
	{"string.to_lower(\"\\u00c9X\")", "\"\xc3\xa9x\""},
	{"string.to_upper(\"\\u00e9x\")", "\"\xc3\x89X\""},
	{"string.trim(\"xxaxyx\", \"xy\")", "\"a\""},
	{"string.trim_prefix(\"abc\", \"ab\")", "\"c\""},
	{"string.trim_suffix(\"abc\", \"bc\")", "\"a\""},
	{"string.trim_suffix(\"abc\", \"xx\")", "\"abc\""},
	{"trim_space(\" \\t\\u00a0a \\n\")", "\"a\""},
	{"string.trim_space(\"\")", "\"\""},
};

static void test_cases(void **state)
{
	int failed = 0;

	(void)state;
	setenv("INVAR_TEST_ENV", "v", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		failed += !check(cases[i].text, cases[i].want);
	assert_int_equal(failed, 0);
}

/* What a reference is reported for: a deprecated name, a function that is not stable. */
static void test_check(void **state)
{
	static const struct {
		const char *text;
		int stability;
		const char *want;
	} checks[] = {
		{"env(\"x\")", STABILITY_GA,
			"Warning: t:1:1: this stdlib function is deprecated; please refer to the "
			"documentation for updated usage and alternatives\n\n"
			"1 | env(\"x\")\n  | ^^^\n"},
		{"sys.env(\"x\")", STABILITY_GA, ""},
		{"array.combine_maps([], [], [])", STABILITY_EXPERIMENTAL, ""},
		{"array.combine_maps([], [], [])", STABILITY_GA,
			"Error: t:1:1: array.combine_maps is at stability level \"experimental\", "
			"which is below the minimum allowed stability level "
			"\"generally-available\". Use "
			"--stability.level command-line flag to enable \"experimental\" "
			"features\n\n"
			"1 | array.combine_maps([], [], [])\n  | ^^^^^^^^^^^^^^^^^^\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct source src = {STR("t"), str_from(checks[i].text)};
		struct buf out = {0};
		struct refs refs = {0};
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		expr_refs(&a, parse_expr(&a, &src, &d), &refs);
		for (size_t j = 0; j < refs.n; j++)
			stdlib_check(&refs.p[j], checks[i].stability, &d);
		diags_print(&out, &d, false);
		assert_str(buf_str(&out), checks[i].want);
		buf_fini(&out);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static void test_has(void **state)
{
	const struct str join[] = {STR("string"), STR("join"), STR("x")};
	const struct str flat[] = {STR("env")};
	const struct str os[] = {STR("constants"), STR("os")};
	const struct str none[] = {STR("loki"), STR("write")};

	(void)state;
	assert_true(stdlib_has(join, 1));
	assert_true(stdlib_has(join, 2));
	assert_false(stdlib_has(join, 3));
	assert_true(stdlib_has(flat, 1));
	assert_true(stdlib_has(os, 1));
	assert_true(stdlib_has(os, 2));
	assert_false(stdlib_has(none, 1));
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_check), cmocka_unit_test(test_has))
