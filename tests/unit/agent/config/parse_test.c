/* The parser against Alloy's own test data, and the sentences of the grammar one by one. */

#include "agent/base/buf.h"
#include "agent/config/ast.h"
#include "agent/config/token.h"
#include "tests/test.h"

#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DATA "tests/data/alloy/"

static struct str read_all(struct arena *a, const char *path)
{
	struct buf b = {0};
	FILE *f = fopen(path, "rb");
	struct str s;

	if (!f)
		fail_msg("%s: cannot be read", path);
	for (size_t n = 1; n > 0; b.n += n)
		n = fread(buf_reserve(&b, 65536), 1, 65536, f);
	fclose(f);
	s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

/* Diagnostics as "LINE:COL message;" in order. */
static struct str summary(struct arena *a, const struct diags *d)
{
	struct buf b = {0};
	struct str s;

	for (size_t i = 0; i < d->n; i++) {
		size_t line, column;

		range_position(d->p[i].at, &line, &column);
		buf_printf(&b, "%zu:%zu " STR_FMT ";", line, column, STR_ARG(d->p[i].message));
	}
	s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"", ""},
	{"a = 1", ""},
	{"\xc3\xa9 = 1", ""},
	{"a = 1 +\n2", ""},
	{"a = 1\n+ 2", "2:1 expected identifier, got +;"},
	{"b { a = 1 }", ""},
	{"b { a = 1 b = 2 }", "1:11 expected TERMINATOR, got IDENT;"},
	{"a = 1 b = 2", "1:7 expected TERMINATOR, got IDENT;"},
	{"a = [\n1\n]", "2:2 missing ',' in expression list;"},
	{"a = {\nb = 1\n}", "2:6 missing ',' in field list;"},
	{"a = f(\n1\n)", "2:2 missing ',' in expression list;"},
	{"a = 0x10", "1:6 expected TERMINATOR, got IDENT;"},
	{"a.b = 1", "1:1 attribute names may only consist of a single identifier with no \".\";"},
	{"a \"x\" = 1", "1:3 attribute names may not have labels;"},
	{"b `x` {}", "1:3 expected block label to be a double quoted string, but got \"`x`\";"},
	{"b \"l-x\" {}",
		"1:3 expected block label to be a valid identifier, but got \"l-x\";"},
	{"b \"\" {}", ""},
	{"true = 1", "1:1 expected identifier, got BOOL;"},
	{"a = b.true", "1:7 expected IDENT, got BOOL;"},
	{"a = 1e", "1:5 exponent has no digits;"},
	{"a = 'x'",
		"1:5 illegal single-quoted string; use double quotes;"
		"1:5 expected expression, got ILLEGAL;"},
	{"a = \"\\'\"", "1:7 unknown escape sequence;"},
	{"a = \"\\ud800\"", "1:7 escape sequence is invalid Unicode code point;"},
	{"a = \"\\xg0\"", "1:7 illegal character U+0067 'g' in escape sequence;"},
	{"a = true | false", "1:11 missing second | in ||;"},
	{"a = \"x", "1:5 string literal not terminated;"},
	{"a = 1 /* x", "1:7 block comment not terminated;"},
	{"a = 1 /* x\n */ b = 2", ""},
	{"a = 1 /* x */ /* y */\nb = 2 // z", ""},
	{"\xef\xbb\xbf"
	 "a = 1",
		""},
	{"a = 1 \xef\xbb\xbf", "1:7 illegal byte order mark;1:7 expected TERMINATOR, got ILLEGAL;"},
	{"// \xff", "1:4 illegal UTF-8 encoding;"},
	{"a = #", "1:5 illegal character U+0023 '#';1:5 expected expression, got ILLEGAL;"},
	{"a = `x\r\ny`", ""},
	{"a {", "1:4 expected }, got EOF;"},
	{"a", "1:2 expected block label, got TERMINATOR;"},
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source src = {STR("t"), str_from(cases[i].text)};
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		parse_file(&a, &src, &d);
		assert_str(summary(&a, &d), cases[i].want);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static void test_nul(void **state)
{
	struct source src = {STR("t"), STR("a = \"x\0y\"")};
	struct arena a;
	struct diags d;

	(void)state;
	arena_init(&a, 0);
	diags_init(&d, &a);
	parse_file(&a, &src, &d);
	assert_str(summary(&a, &d), "1:7 illegal character NUL;");
	diags_fini(&d);
	arena_fini(&a);
}

/* Hostile nesting and length end in one clear error. */
static void test_depth(void **state)
{
	static const char *const openers[] = {"a=[", "a=(", "b{", "a=f(", "a={x=", "a=-", "a=2^",
		"a=1+", "a=b.", "a=!"};

	(void)state;
	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
		const char *rest = openers[i][0] == 'b' ? openers[i] : openers[i] + 2;
		struct buf b = {0};
		struct source src;
		struct arena a;
		struct diags d;

		buf_add_str(&b, str_from(openers[i]));
		for (int n = 0; n < 100000; n++)
			buf_add_str(&b, str_from(rest));
		src = (struct source){STR("t"), buf_str(&b)};
		arena_init(&a, 0);
		diags_init(&d, &a);
		parse_file(&a, &src, &d);
		assert_int_equal(d.errors, 1);
		assert_str(d.p[0].message, "nested deeper than 500");
		diags_fini(&d);
		arena_fini(&a);
		buf_fini(&b);
	}
}

static void test_many_errors(void **state)
{
	struct buf b = {0};
	struct source src;
	struct arena a;
	struct diags d;

	(void)state;
	for (int n = 0; n < 100000; n++)
		buf_add_str(&b, STR("# "));
	src = (struct source){STR("t"), buf_str(&b)};
	arena_init(&a, 0);
	diags_init(&d, &a);
	parse_file(&a, &src, &d);
	assert_true(d.errors < 210);
	diags_fini(&d);
	arena_fini(&a);
	buf_fini(&b);
}

/* One expectation of a file: a comment that begins with ERROR. at is where it wants the error. */
static void check_expectation(const char *path, struct str text, struct str comment, size_t at,
	struct diags *d)
{
	char pattern[256];
	ptrdiff_t from = str_find(comment, STR("\""));
	struct str rest = str_from_at(comment, (size_t)from + 1);
	size_t n = 0;
	regex_t re;

	rest = str_head(rest, (size_t)str_find(rest, STR("\" */")));
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '{') /* means itself in Go */
			pattern[n++] = '\\';
		pattern[n++] = rest.p[i];
	}
	pattern[n] = '\0';
	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < d->n; i++) {
		if (d->p[i].at.start != at || regexec(&re, d->p[i].message.p, 0, NULL, 0) != 0)
			continue;
		d->p[i].at.start = (uint32_t)text.n; /* seen */
		regfree(&re);
		return;
	}
	fail_msg("%s: no error at byte %zu like %s", path, at, pattern);
}

/* Where the token before the comment at this byte begins. */
static size_t token_before(const struct source *src, size_t comment)
{
	struct scanner scanner;
	struct arena a;
	struct diags d;
	size_t last = 0;

	arena_init(&a, 0);
	diags_init(&d, &a);
	scanner_init(&scanner, src, &d);
	for (;;) {
		struct token t = scanner_take(&scanner);

		if (t.kind == TOKEN_EOF || t.at >= comment)
			break;
		if (t.kind != TOKEN_COMMENT && t.kind != TOKEN_TERMINATOR)
			last = t.at;
	}
	diags_fini(&d);
	arena_fini(&a);
	return last;
}

static void check_invalid(const char *path)
{
	struct arena a;
	struct diags d;
	struct source src;
	struct file *f;
	size_t wanted = 0;

	arena_init(&a, 0);
	diags_init(&d, &a);
	src = (struct source){str_from(path), read_all(&a, path)};
	f = parse_file(&a, &src, &d);
	for (size_t i = 0; i < f->n_comments; i++) {
		struct comment *c = &f->comments[i];

		if (!str_starts(c->text, "/* ERROR "))
			continue;
		wanted++;
		check_expectation(path, src.text, c->text,
			str_starts(c->text, "/* ERROR HERE") ? c->at.start
							     : token_before(&src, c->at.start),
			&d);
	}
	if (d.errors != wanted)
		fail_msg("%s: %zu errors, want %zu", path, d.errors, wanted);
	assert_true(wanted > 0);
	diags_fini(&d);
	arena_fini(&a);
}

static void check_valid(const char *path)
{
	struct arena a;
	struct diags d;
	struct source src;

	arena_init(&a, 0);
	diags_init(&d, &a);
	src = (struct source){str_from(path), read_all(&a, path)};
	parse_file(&a, &src, &d);
	assert_str(summary(&a, &d), "");
	diags_fini(&d);
	arena_fini(&a);
}

static size_t each_file(const char *dir, const char *suffix, void (*check)(const char *path))
{
	DIR *files = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(files);
	while ((entry = readdir(files))) {
		char path[600];

		if (!str_ends(str_from(entry->d_name), suffix) || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		check(path);
		n++;
	}
	closedir(files);
	return n;
}

static void test_alloy_valid(void **state)
{
	(void)state;
	assert_int_equal(each_file(DATA "parser/valid", ".alloy", check_valid), 5);
}

static void test_alloy_invalid(void **state)
{
	(void)state;
	assert_int_equal(each_file(DATA "parser", ".alloy", check_invalid), 6);
}

static const char *const golden_names[] = {"syntax_errors", "stdlib", "cycle", "valid"};

/* The syntax errors of all files of a txtar archive, as text. */
static struct str print_archive(struct arena *a, struct str text)
{
	struct buf out = {0};
	struct diags d;
	struct source *src = NULL;
	struct str s;

	diags_init(&d, a);
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? (size_t)(nl - text.p) + 1 : text.n;
		struct str line = str_head(text, n);

		if (str_starts(line, "-- ")) {
			if (src)
				parse_file(a, src, &d);
			src = arena_new(a, struct source, 1);
			src->name = (struct str){line.p + 3, line.n - 7};
			src->text.p = text.p + n;
		} else if (src) {
			src->text.n += n;
		}
		text = str_from_at(text, n);
	}
	if (src)
		parse_file(a, src, &d);
	diags_print(&out, &d, false);
	s = arena_str(a, buf_str(&out));
	buf_fini(&out);
	diags_fini(&d);
	return s;
}

static void test_goldens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(golden_names) / sizeof(golden_names[0]); i++) {
		char path[200];
		struct arena a;
		struct str want = STR("");

		arena_init(&a, 0);
		snprintf(path, sizeof(path), DATA "validator/%s.diags", golden_names[i]);
		if (i == 0)
			want = read_all(&a, path);
		snprintf(path, sizeof(path), DATA "validator/%s.txtar", golden_names[i]);
		assert_str(print_archive(&a, read_all(&a, path)), want.n ? want.p : "");
		arena_fini(&a);
	}
}

static void test_tree(void **state)
{
	struct source src = {STR("t"),
		STR("// c\nloki.write \"x\" {\n\tendpoint { url = \"u\" }\n}\na = b")};
	struct arena a;
	struct diags d;
	struct file *f;
	struct stmt *s;

	(void)state;
	arena_init(&a, 0);
	diags_init(&d, &a);
	f = parse_file(&a, &src, &d);
	assert_int_equal(d.n, 0);
	assert_int_equal(f->n_comments, 1);
	assert_str(f->comments[0].text, "// c");
	assert_int_equal(f->body.n, 2);
	s = &f->body.stmts[0];
	assert_true(s->is_block);
	assert_str(s->name, "loki.write");
	assert_str(s->label, "x");
	assert_int_equal(s->name_at.end - s->name_at.start, 9);
	assert_int_equal(src.text.p[s->body_start], '{');
	assert_int_equal(src.text.p[s->body_end], '}');
	assert_int_equal(s->at.end, s->body_end);
	assert_int_equal(s->body->n, 1);
	assert_false(f->body.stmts[1].is_block);
	assert_str(f->body.stmts[1].value->text, "b");
	diags_fini(&d);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_messages), cmocka_unit_test(test_nul), cmocka_unit_test(test_depth),
	cmocka_unit_test(test_many_errors), cmocka_unit_test(test_alloy_valid),
	cmocka_unit_test(test_alloy_invalid), cmocka_unit_test(test_goldens),
	cmocka_unit_test(test_tree))
