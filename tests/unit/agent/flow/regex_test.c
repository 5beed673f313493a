#include "agent/flow/regex.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

#include <stdlib.h>

/* Appends "0:text 1:text name:text …", or "no", or "! " and the error. */
static void show(struct buf *out, const char *pattern, struct str text, unsigned flags)
{
	struct err e;
	struct regex *re = regex_new(str_from(pattern), flags, &e);

	buf_clear(out);
	if (!re) {
		buf_printf(out, "! %s", e.text);
		return;
	}
	if (!regex_match(re, text)) {
		buf_printf(out, "no");
		regex_free(re);
		return;
	}
	for (size_t i = 0; i < re->n_groups; i++) {
		if (re->names[i].n)
			buf_printf(out, "%s" STR_FMT ":", i ? " " : "", STR_ARG(re->names[i]));
		else
			buf_printf(out, "%s%zu:", i ? " " : "", i);
		if (!re->groups[i].p)
			buf_add_char(out, '-');
		buf_add_str(out, re->groups[i]);
	}
	regex_free(re);
}

static const struct {
	const char *pattern;
	const char *text;
	const char *want;
} whole[] = {
	{"(.*)", "", "0: 1:"},
	{"(.*)", "a\nb", "0:a\nb 1:a\nb"},
	{".*", "x", "0:x"},
	{"(.+)", "", "no"},
	{".+", "\n", "0:\n"},
	{"(.+)", "x", "0:x 1:x"},
	{"", "", "0:"},
	{"", "x", "no"},
	{"prod", "prod", "0:prod"},
	{"prod", "prod-1", "no"},
	{"containerd|cri-o|", "", "0:"},
	{"containerd|cri-o|", "cri-o", "0:cri-o"},
	{"(true|)", "", "0: 1:"},
	{"(true|)", "false", "no"},
	{"(?:a|b)", "b", "0:b"},
	{"(a)|(b)", "b", "0:b 1:- 2:b"},
	{"app\\.kubernetes\\.io", "app.kubernetes.io", "0:app.kubernetes.io"},
	{"a|b", "ab", "no"},
	{"__meta_kubernetes_pod_label_(.+)", "__meta_kubernetes_pod_label_app",
		"0:__meta_kubernetes_pod_label_app 1:app"},
	{"__meta_kubernetes_pod_label_(.+)", "__meta_kubernetes_node", "no"},
	{"ab*c", "ac", "0:ac"},
	{"a{2}b", "aab", "0:aab"},
	{"([0-9a-z-.]+?)(-[0-9a-f]{8,10})?", "web-7c9d8f6b5", "0:web-7c9d8f6b5 1:web 2:-7c9d8f6b5"},
	{"([0-9a-z-.]+?)(-[0-9a-f]{8,10})?", "web", "0:web 1:web 2:-"},
	{"^(?s)(a.b)", "a\nb", "0:a\nb 1:a\nb"},
	{"^(?i)(abc)$", "ABC", "0:ABC 1:ABC"},
	{"x(?i)(abc)", "xABC", "0:xABC 1:ABC"},
	{"x(?i)(abc)", "XABC", "no"},
	{"a(?i)b|c", "C", "0:C"},
	{"(?i)stra\xc3\x9f"
	 "e|x",
		"STRA\xe1\xba\x9e"
		"E",
		"0:STRA\xe1\xba\x9e"
		"E"},
	{"...", "\xc3\xa4\xc3\xb6\xc3\xbc", "0:\xc3\xa4\xc3\xb6\xc3\xbc"},
	{"(.).*", "\xff\xc3\xa4x", "0:\xff\xc3\xa4x 1:\xff"},
	{".(.)(.*)", "\xff\xc3\xa4\xfe", "0:\xff\xc3\xa4\xfe 1:\xc3\xa4 2:\xfe"},
	{"[^a]{3}", "\xff\xfe\xfd", "0:\xff\xfe\xfd"},
	{"\\x{fffd}", "\xff", "0:\xff"},
	{"(?m)a$\n^b", "a\nb", "0:a\nb"},
	{"a$", "a\n", "no"},
	{"a\\z", "a", "0:a"},
};

static void test_whole(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		print_message("%s\n", whole[i].pattern);
		show(&out, whole[i].pattern, str_from(whole[i].text), REGEX_WHOLE);
		assert_str(buf_str(&out), whole[i].want);
	}
	buf_fini(&out);
}

static const struct {
	const char *pattern;
	const char *text;
	const char *want;
} parts[] = {
	{"abc", "xxabcxx", "0:abc"},
	{"a\\.c", "xabc", "no"},
	{"", "x", "0:"},
	{"b*", "abb", "0:"},
	{".+", "a\nb", "0:a"},
	{"(?s).+", "a\nb", "0:a\nb"},
	{"(?P<level>\\w+)=(?P<v>\\d+)", "x err=17;", "0:err=17 level:err v:17"},
	{"(?<level>\\w+)", "err", "0:err level:err"},
	{"(?P<1>a)", "a", "0:a 1:a"},
	{"^(?P<a>a)?(?P<b>b)", "b", "0:b a:- b:b"},
	{"(?U)a+", "aaa", "0:a"},
	{"(?U)a+?", "aaa", "0:aaa"},
	{"a+?", "aaa", "0:a"},
	{"[3[51-55]", "[", "0:["},
	{"[]a]+", "x]a", "0:]a"},
	{"[^]a]", "]ab", "0:b"},
	{"[a\\-c]+", "b-c", "0:-c"},
	{"[\\w-]+", "--a", "0:--a"},
	{"[\\d-z]+", "z-1", "0:z-1"},
	{"[[:alpha:]_]+", "12a_b", "0:a_b"},
	{"[[:^alpha:]]+", "ab12", "0:12"},
	{"[\\S]+", "\x0b", "0:\x0b"},
	{"\\s", "\x0b", "no"},
	{"[\\s]", "\x0b", "no"},
	{"\\S", "\x0b", "0:\x0b"},
	{"\\v", "\x0b", "0:\x0b"},
	{"\\v", "\n", "no"},
	{"\\w+", "\xc3\xa4"
		 "b",
		"0:b"},
	{"\\pL+", "1\xc3\xa4"
		  "b",
		"0:\xc3\xa4"
		"b"},
	{"\\p{Greek}", "a\xce\xb1", "0:\xce\xb1"},
	{"\\p{^Greek}", "\xce\xb1"
			"a",
		"0:a"},
	{"[\\PL]", "a1", "0:1"},
	{"\\Qa.b\\E+", "a.bb", "0:a.bb"},
	{"\\Q*", "a*", "0:*"},
	{"\\x41\\x{42}\\103\\07", "ABC\x07", "0:ABC\x07"},
	{"\\bfoo\\b", "a foo b", "0:foo"},
	{"(?:\\b)*x", "x", "0:x"},
	{"^*x", "x", "0:x"},
	{"(?:^)+?x", "x", "0:x"},
	{"a{,3}", "a{,3}", "0:a{,3}"},
	{"a{1", "a{1", "0:a{1"},
	{"a{01}", "a{01}", "0:a{01}"},
	{"{", "{", "0:{"},
	{"a{7,7}", "aaaaaaaa", "0:aaaaaaa"},
	{"a{0,1}", "aa", "0:a"},
	{"a{2,}", "aaaa", "0:aaaa"},
	{"(?:[^,]+,){3}([^,]*)", "a,b,c,d,e", "0:a,b,c,d 1:d"},
	{"(|a)*", "aa", "0: 1:"},
	{"()", "x", "0: 1:"},
	{"a||b", "b", "0:"},
	{"(?)a", "a", "0:a"},
	{"(?i-s:A.)b", "axb", "0:axb"},
	{"(?-i)a", "A", "no"},
	{"\\/\\\"\\-\\_", "/\"-_", "0:/\"-_"},
	{"a#b c", "a#b c", "0:a#b c"},
	{"(?m)^b$", "a\nb\nc", "0:b"},
	{"(?m)^$", "a\n", "0:"},
	{"b$", "b\n", "no"},
	{"\xc3\xa4+", "\xc3\xa4\xc3\xa4", "0:\xc3\xa4\xc3\xa4"},
	{"[\xc3\xa4-\xc3\xbc]+", "a\xc3\xb6", "0:\xc3\xb6"},

	{"[a", "", "! error parsing regexp: missing closing ]: `[a`"},
	{"x[a[:alpha:]", "", "! error parsing regexp: missing closing ]: `[a[:alpha:]`"},
	{"[", "", "! error parsing regexp: missing closing ]: `[`"},
	{"[]", "", "! error parsing regexp: missing closing ]: `[]`"},
	{"[z-a]", "", "! error parsing regexp: invalid character class range: `z-a`"},
	{"[a-\\d]", "", "! error parsing regexp: invalid escape sequence: `\\d`"},
	{"[[:foo:]]", "", "! error parsing regexp: invalid character class range: `[:foo:]`"},
	{"[\\b]", "", "! error parsing regexp: invalid escape sequence: `\\b`"},
	{"(a", "", "! error parsing regexp: missing closing ): `(a`"},
	{"a)", "", "! error parsing regexp: unexpected ): `a)`"},
	{"(?i", "", "! error parsing regexp: missing closing ): `(?i`"},
	{"*", "", "! error parsing regexp: missing argument to repetition operator: `*`"},
	{"a|+", "", "! error parsing regexp: missing argument to repetition operator: `+`"},
	{"(?i)*", "", "! error parsing regexp: missing argument to repetition operator: `*`"},
	{"{2}", "", "! error parsing regexp: missing argument to repetition operator: `{2}`"},
	{"(*COMMIT)", "", "! error parsing regexp: missing argument to repetition operator: `*`"},
	{"a**", "", "! error parsing regexp: invalid nested repetition operator: `**`"},
	{"a*+", "", "! error parsing regexp: invalid nested repetition operator: `*+`"},
	{"a?+", "", "! error parsing regexp: invalid nested repetition operator: `?+`"},
	{"a{2}{3}", "", "! error parsing regexp: invalid nested repetition operator: `{2}{3}`"},
	{"a{1001}", "", "! error parsing regexp: invalid repeat count: `{1001}`"},
	{"a{10000}", "", "! error parsing regexp: invalid repeat count: `{10000}`"},
	{"a{99999999999999999999}", "",
		"! error parsing regexp: invalid repeat count: `{99999999999999999999}`"},
	{"a{3,2}", "", "! error parsing regexp: invalid repeat count: `{3,2}`"},
	{"(a{100}){11}", "", "! error parsing regexp: invalid repeat count: `{11}`"},
	{"(?=a)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
	{"(?!a)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?!`"},
	{"(?<=a)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?<=`"},
	{"(?>a)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?>`"},
	{"(?#a)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?#`"},
	{"(?x)a", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?x`"},
	{"(?|a)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?|`"},
	{"(?R)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?R`"},
	{"(?P=n)", "", "! error parsing regexp: invalid or unsupported Perl syntax: `(?P`"},
	{"(?P<n", "", "! error parsing regexp: invalid named capture: `(?P<n`"},
	{"(?P<>a)", "", "! error parsing regexp: invalid named capture: `(?P<>`"},
	{"(?P<a-b>a)", "", "! error parsing regexp: invalid named capture: `(?P<a-b>`"},
	{"(?P<n>a)(?P<n>b)", "", "! error parsing regexp: duplicate capture group name: `n`"},
	{"(a)\\1", "", "! error parsing regexp: invalid escape sequence: `\\1`"},
	{"\\Z", "", "! error parsing regexp: invalid escape sequence: `\\Z`"},
	{"\\C", "", "! error parsing regexp: invalid escape sequence: `\\C`"},
	{"\\R", "", "! error parsing regexp: invalid escape sequence: `\\R`"},
	{"\\K", "", "! error parsing regexp: invalid escape sequence: `\\K`"},
	{"\\h", "", "! error parsing regexp: invalid escape sequence: `\\h`"},
	{"\\xg", "", "! error parsing regexp: invalid escape sequence: `\\x`"},
	{"\\", "", "! error parsing regexp: trailing backslash at end of expression: ``"},
	{"\\p{Nope}", "", "! error parsing regexp: invalid character class range: `\\p{Nope}`"},
	{"\\p", "", "! error parsing regexp: invalid character class range: `\\p`"},
	{"a\xff", "", "! error parsing regexp: invalid UTF-8"},
};

static void test_parts(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		print_message("%s\n", parts[i].pattern);
		show(&out, parts[i].pattern, str_from(parts[i].text), 0);
		assert_str(buf_str(&out), parts[i].want);
	}
	buf_fini(&out);
}

/* Every match in brackets, as Go's ReplaceAllString(text, "[$0]") writes it. */
static const struct {
	const char *pattern;
	const char *text;
	const char *want;
} each[] = {
	{"b", "abcb", "a[b]c[b]"},
	{"b+", "abbcb", "a[bb]c[b]"},
	{"x", "abc", "abc"},
	{"", "ab", "[]a[]b[]"},
	{"a*", "baac", "[]b[aa]c[]"},
	{"a*?", "aa", "[]a[]a[]"},
	{"^a", "aaa", "[a]aa"},
	{"\\bb", "b ab b", "[b] ab [b]"},
	{"(?m)^.", "ab\ncd", "[a]b\n[c]d"},
	{"", "\xc3\xa9x", "[]\xc3\xa9[]x[]"},
	{"\\d", "1\xff"
		"2",
		"[1]\xef\xbf\xbd[2]"},
	{"$", "ab", "ab[]"},
	{"", "", "[]"},
};

static void test_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct buf out = {0};
		struct regex_each it;
		struct err e;
		struct regex *re = regex_new(str_from(each[i].pattern), 0, &e);
		size_t done = 0;

		assert_non_null(re);
		regex_each_init(&it, re, str_from(each[i].text));
		while (regex_each_next(&it, re)) {
			size_t from = (size_t)(re->groups[0].p - it.text.p);

			buf_add(&out, it.text.p + done, from - done);
			buf_printf(&out, "[" STR_FMT "]", STR_ARG(re->groups[0]));
			done = from + re->groups[0].n;
		}
		buf_add_str(&out, str_from_at(it.text, done));
		assert_str(buf_str(&out), each[i].want);
		buf_fini(&out);
		regex_free(re);
	}
}

/* A text of which every byte is a hard match ends in time, and says that it gave up. */
static void test_each_limit(void **state)
{
	static char text[1 << 20];
	struct regex_each it;
	struct err e;
	struct regex *re = regex_new(STR("(?:a?){30}a{30}b|a"), 0, &e);
	size_t n = 0;

	(void)state;
	assert_non_null(re);
	memset(text, 'a', sizeof(text));
	regex_each_init(&it, re, (struct str){text, sizeof(text)});
	while (regex_each_next(&it, re))
		n++;
	assert_true(n < sizeof(text));
	assert_int_equal(regex_gave_up(re), 1);
	regex_free(re);
}

/* Patterns on which a backtracking engine would run for hours. */
static void test_limit(void **state)
{
	static const char *const patterns[] = {"(a+)+$", "(?:(?:a*)*)*b", "(x+x+)+y",
		"(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^\\x00-\\x{10ffff}]"};
	char text[4096];

	(void)state;
	memset(text, 'a', sizeof(text));
	memset(text + 2000, 'x', 2000);
	text[4095] = '!';
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct err e;
		struct regex *re = regex_new(str_from(patterns[i]), 0, &e);

		assert_non_null(re);
		for (int k = 0; k < 3; k++)
			assert_false(regex_match(re, (struct str){text, sizeof(text)}));
		regex_free(re);
	}
}

/* A match may begin at each byte of a text, and each beginning has steps of its own: together they
 * are bounded too, and what is linear loses nothing by it. */
static void test_starts(void **state)
{
	static const struct {
		const char *pattern;
		size_t n;
		const char *end;
		bool want;
		size_t gave_up;
	} cases[] = {
		{"(?:1|2)+(?:1|3)+[;,]", 1200, "", false, 1},
		{"1*1*[;,]", 1500000, "", false, 1},
		{"\\S+[@#]\\S+", 16000, "", false, 0},
		{"\\S+[@#]\\S+", 16000, "@1", true, 0},
		{"(\\d+)=(\\w+)[;,]", 60000, " 7=x;", true, 0},
		{"(\\d+)=(\\w+)[;,]", 100000, " 7=x;", true, 0},
		{".*1+(\\S+)=[;,]", 1000, "a=;", true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e;
		struct regex *re = regex_new(str_from(cases[i].pattern), 0, &e);
		struct buf b = {0};

		assert_non_null(re);
		memset(buf_reserve(&b, cases[i].n), '1', cases[i].n);
		b.n = cases[i].n;
		buf_add_str(&b, str_from(cases[i].end));
		print_message("%s %zu\n", cases[i].pattern, cases[i].n);
		assert_int_equal(regex_match(re, buf_str(&b)), cases[i].want);
		assert_int_equal(regex_gave_up(re), cases[i].gave_up);
		buf_fini(&b);
		regex_free(re);
	}
}

static void test_nesting(void **state)
{
	char text[2048];
	struct err e;

	(void)state;
	memset(text, '(', 1000);
	memset(text + 1000, ')', 1000);
	assert_null(regex_new((struct str){text, 2000}, 0, &e));
	assert_non_null(strstr(e.text, "expression nests too deeply"));
	memset(text + 250, ')', 250);
	struct regex *re = regex_new((struct str){text, 500}, 0, &e);

	assert_non_null(re);
	assert_true(regex_match(re, STR("x")));
	regex_free(re);
}

TESTS_RUN(cmocka_unit_test(test_whole), cmocka_unit_test(test_parts),
	cmocka_unit_test(test_limit), cmocka_unit_test(test_starts),
	cmocka_unit_test(test_nesting), cmocka_unit_test(test_each),
	cmocka_unit_test(test_each_limit))
