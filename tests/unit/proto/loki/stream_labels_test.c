#include "proto/loki/stream_labels.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

static const struct {
	const char *text;
	const char *want; /* name=value;… in order, or "! " and the error */
} cases[] = {
	{"{}", ""},
	{" { } ", ""},
	{"{a=\"1\", b=\"2\"}", "a=1;b=2;"},
	{"{a=\"1\",b='2',}", "a=1;b=2;"},
	{"{ a = `\\1\n` }", "a=\\1\n;"},
	{"up{a=\"1\"}", "__name__=up;a=1;"},
	{"{a=\"1\",a=\"2\"}", "a=1;a=2;"},
	{"{a=\"\\\"\\\\\\n\\t\\x41\\101\\u00e9\\U0001F600'\"}", "a=\"\\\n\tAA\u00e9\U0001F600';"},
	{"{a='\\''}", "a=';"},
	{"{a=\"\"}", "a=;"},
	{"{job=ok}",
		"! 1:6: parse error: unexpected identifier \"ok\" in label set, expected string"},
	{"{a-b=\"1\"}", "! 1:3: parse error: unexpected character inside braces: '-'"},
	{"{a.b=\"1\"}", "! 1:3: parse error: unexpected character inside braces: '.'"},
	{"{a=\"\xff\"}", "! 1:5: parse error: invalid UTF-8 rune"},
	{"{a=\"\\xff\"}", "! 1:9: parse error: invalid UTF-8 rune"},
	{"{\xff=\"\"}", "! 1:2: parse error: invalid UTF-8 rune"},
	{"{a=\"1\" b=\"2\"}",
		"! 1:8: parse error: unexpected identifier \"b\" in label set, expected \",\" or "
		"\"}\""},
	{"{a}", "! 1:3: parse error: unexpected \"}\" in label set, expected \"=\""},
	{"{,}", "! 1:2: parse error: unexpected \",\" in label set, expected identifier or "
		"\"}\""},
	{"", "! 1:1: parse error: unexpected end of input inside braces"},
	{"{", "! 1:2: parse error: unexpected end of input inside braces"},
	{"{a=\"1\"", "! 1:7: parse error: unexpected end of input inside braces"},
	{"{a=\"1", "! 1:5: parse error: unterminated quoted string"},
	{"{a=\"1\\", "! 1:5: parse error: unterminated quoted string"},
	{"{a=\"1\n\"}", "! 1:5: parse error: unterminated quoted string"},
	{"{a=`1", "! 1:5: parse error: unterminated raw string"},
	{"{a=\"\\q\"}", "! 1:6: parse error: unknown escape sequence"},
	{"{a=\"\\'\"}", "! 1:6: parse error: unknown escape sequence"},
	{"{a=\"\\xg0\"}", "! 1:7: parse error: unknown escape sequence"},
	{"{a=\"\\400\"}", "! 1:9: parse error: unknown escape sequence"},
	{"{a=\"\\ud800\"}",
		"! 1:11: parse error: escape sequence is an invalid Unicode code point"},
	{"{a=\"1\"} x",
		"! 1:9: parse error: unexpected identifier \"x\" in label set, "
		"expected end of input"},
	{"x", "! 1:2: parse error: unexpected end of input inside braces"},
};

static void labels_are_read(void **state)
{
	struct stream_labels got;
	struct buf b = {0};
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&b);
		if (stream_labels_parse(&a, str_from(cases[i].text), &got, &e)) {
			for (size_t k = 0; k < got.n; k++)
				buf_printf(&b, STR_FMT "=" STR_FMT ";", STR_ARG(got.p[k].name),
					STR_ARG(got.p[k].value));
		} else {
			buf_printf(&b, "! %s", e.text);
		}
		buf_add_char(&b, 0);
		assert_string_equal(b.p, cases[i].want);
	}
	buf_fini(&b);
	arena_fini(&a);
}

/* n labels, with a name before the brace, or signs that make none. */
static bool read_many(size_t n, const char *one, struct stream_labels *got)
{
	struct buf b = {0};
	struct arena a;
	struct err e;
	bool ok;

	buf_add_str(&b, STR("name{"));
	for (size_t i = 0; i < n; i++)
		buf_add_str(&b, str_from(one));
	buf_add_char(&b, '}');
	arena_init(&a, 100000); /* more is a crash */
	ok = stream_labels_parse(&a, buf_str(&b), got, &e);
	if (!ok && n == STREAM_LABELS_MAX + 1)
		assert_string_equal(e.text, "more than 1024 labels");
	arena_fini(&a);
	buf_fini(&b);
	return ok;
}

/* A request of megabytes must not become one of gigabytes. */
static void many_labels_are_refused(void **state)
{
	struct stream_labels got;

	(void)state;
	assert_true(read_many(STREAM_LABELS_MAX, "a='=',", &got));
	assert_int_equal(got.n, STREAM_LABELS_MAX + 1);
	assert_false(read_many(STREAM_LABELS_MAX + 1, "a='',", &got));
	assert_false(read_many(1 << 20, "=", &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_read), cmocka_unit_test(many_labels_are_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
