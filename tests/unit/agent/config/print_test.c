/* The formatter: what it makes of a text, and that it makes it once. */

#include "agent/config/print.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static const struct {
	const char *text;
	const char *want; /* without the last newline */
} cases[] = {
	{"", ""},
	{"a=1", "a = 1"},
	{"a=1\nlonger=2\n\n\nc=-3", "a      = 1\nlonger = 2\n\nc = -3"},
	{"a=1*2+ f . g [ 3 ] ^2", "a = 1 * 2 + f.g[3] ^ 2"},
	{"a = 1 .b", "a = 1 .b"},
	{"a=!b||(c&&d)", "a = !b || (c && d)"},
	/* blocks */
	{"b{}", "b { }"},
	{"b.c \"l\" {\n\n}", "b.c \"l\" { }"},
	{"b \"\" { }", "b { }"},
	{"b {\n// x\n}", "b {\n\t// x\n}"},
	{"b { a=1 }", "b {\n\ta = 1\n}"},
	{"b {\nx = 1\nc { y = 2\n z=33 }\nlong = 1 }\nd{}",
		"b {\n\tx = 1\n\n\tc {\n\t\ty = 2\n\t\tz = 33\n\t}\n\tlong = 1\n}\n\nd { }"},
	/* lists and objects keep their lines */
	{"a = [1,2,\n3]", "a = [1, 2,\n\t3]"},
	{"a = [\n1,\n2,\n]", "a = [\n\t1,\n\t2,\n]"},
	{"a = {b=1,cc=2}", "a = {b = 1, cc = 2}"},
	{"a = {\nb=1,\ncc=[\n1],\nddd=2,\n}",
		"a = {\n\tb  = 1,\n\tcc = [\n\t\t1],\n\tddd = 2,\n}"},
	{"a = f(\n1,\n2,\n)", "a = f(\n\t1,\n\t2,\n)"},
	{"a = f()", "a = f()"},
	{"a = f(\n)", "a = f()"},
	{"a = {\"b\" = 1, `c` = 2, \"d\\n\" = 3, \"\" = 4}",
		"a = {\"b\" = 1, \"c\" = 2, \"d\\n\" = 3, \"\" = 4}"},
	/* comments */
	{"a=1//x\nbcd=2 // y", "a   = 1 //x\nbcd = 2 // y"},
	{"a=\"1234\"//x\nb=2//y", "a = \"1234\" //x\nb = 2      //y"},
	{"/* x */a=1", "/* x */ a = 1"},
	{"a=/* x */1", "a = /* x */ 1"},
	{"a = [ // x\n1, // y\n // z\n]", "a = [ // x\n\t1, // y\n\t// z\n]"},
	{"\n\n\n// x\n\n\n// y  \n", "// x\n\n// y  "},
	{"a = 1 + // x\n2", "a = 1 + // x\n2"},
	{"b { // x\na = 1\n// y\n} // z", "b { // x\n\ta = 1\n\t// y\n} // z"},
	{"a = 1\r\n// x\r\n", "a = 1\n// x"},
	/* strings keep every byte but CRs of raw ones, which are not in their value */
	{"a = `x \r\n\ty \n`\nb = 1", "a = `x \n\ty \n`\nb = 1"},
	{"a = \"\t\" // \t", "a = \"\t\" // \t"},
	{"\xc3\xa9\xc3\xa9 = 1\nb = 2", "\xc3\xa9\xc3\xa9 = 1\nb  = 2"},
};

static struct str format(struct arena *a, const char *text)
{
	struct source src = {STR("t"), str_from(text)};
	struct buf out = {0};
	struct diags d;
	struct str s;

	diags_init(&d, a);
	if (!source_format(&src, &out, &d))
		fail_msg("%s\n%s", text, d.p[0].message.p);
	s = arena_str(a, buf_str(&out));
	diags_fini(&d);
	buf_fini(&out);
	return s;
}

static void test_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct str once;

		arena_init(&a, 0);
		once = format(&a, cases[i].text);
		assert_str(arena_printf(&a, "%s\n", cases[i].want), once.p);
		assert_str(format(&a, once.p), once.p);
		arena_fini(&a);
	}
}

static void test_refused(void **state)
{
	struct source src = {STR("t"), STR("b `x` {")};
	struct buf out = {0};
	struct arena a;
	struct diags d;

	(void)state;
	arena_init(&a, 0);
	diags_init(&d, &a);
	assert_false(source_format(&src, &out, &d));
	assert_int_equal(out.n, 0);
	assert_str(d.p[0].message,
		"expected block label to be a double quoted string, but got \"`x`\"");
	diags_fini(&d);
	arena_fini(&a);
}

/* Deep nesting, and lines with very many cells, take no more time than their length. */
static void test_large(void **state)
{
	struct buf b = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 400; i++)
		buf_add_str(&b, STR("b {\n"));
	for (int i = 0; i < 400; i++)
		buf_add_str(&b, STR("}\n"));
	for (int i = 0; i < 20000; i++)
		buf_add_str(&b, STR("a = 1 /* x */ // y\n"));
	for (int i = 0; i < 20000; i++)
		buf_add_str(&b, STR("/**/ "));
	buf_add_char(&b, 0);
	assert_true(format(&a, b.p).n > 100000);
	buf_fini(&b);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
