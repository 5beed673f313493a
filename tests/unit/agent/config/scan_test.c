/* Tokens, and where terminators come from. */

#include "agent/base/buf.h"
#include "agent/config/token.h"
#include "tests/test.h"

static const struct {
	const char *text;
	const char *want; /* kinds, in order; text behind a colon */
} cases[] = {
	{"", ""},
	{"a", "IDENT:a TERMINATOR "},
	{"a\n\n\nb", "IDENT:a TERMINATOR IDENT:b TERMINATOR "},
	{"true null nulls", "BOOL:true NULL:null IDENT:nulls TERMINATOR "},
	{"a.b[1](2)",
		"IDENT:a . IDENT:b [ NUMBER:1 ] ( NUMBER:2 ) TERMINATOR "},
	{"{\n}\n", "{ } TERMINATOR "},
	{"1 +\n2", "NUMBER:1 + NUMBER:2 TERMINATOR "},
	{"5. .5 1e3 1.5E-3 1.2.3",
		"FLOAT:5. FLOAT:.5 FLOAT:1e3 FLOAT:1.5E-3 FLOAT:1.2 FLOAT:.3 TERMINATOR "},
	{"|| && ! = == != < <= > >= - * / % ^ ,", "|| && ! = == != < <= > >= - * / % ^ , "},
	{"a // c\nb", "IDENT:a TERMINATOR COMMENT:// c IDENT:b TERMINATOR "},
	{"a /* c */ b", "IDENT:a COMMENT:/* c */ IDENT:b TERMINATOR "},
	{"a /* c */ /* d\n */ b",
		"IDENT:a TERMINATOR COMMENT:/* c */ COMMENT:/* d\n */ IDENT:b TERMINATOR "},
	{"a /* c */\nb", "IDENT:a TERMINATOR COMMENT:/* c */ IDENT:b TERMINATOR "},
	{"= // c\r\nb", "= COMMENT:// c IDENT:b TERMINATOR "},
	{"\"a\\\"b\" `r\n` x",
		"STRING:\"a\\\"b\" STRING:`r\n` IDENT:x TERMINATOR "},
	{"\xce\xbb\xd9\xa1 a-b", "IDENT:\xce\xbb\xd9\xa1 IDENT:a - IDENT:b TERMINATOR "},
	{"a @\n", "IDENT:a ILLEGAL:@ TERMINATOR "},
	{"@\n", "ILLEGAL:@ "},
};

static void test_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source src = {STR("t"), str_from(cases[i].text)};
		struct buf got = {0};
		struct scanner s;
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		scanner_init(&s, &src, &d);
		for (struct token t = scanner_take(&s); t.kind != TOKEN_EOF; t = scanner_take(&s)) {
			buf_add_str(&got, str_from(token_name(t.kind)));
			if (t.text.n)
				buf_printf(&got, ":" STR_FMT, STR_ARG(t.text));
			buf_add_char(&got, ' ');
		}
		assert_str(buf_str(&got), cases[i].want);
		assert_int_equal(scanner_take(&s).kind, TOKEN_EOF);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static void test_identifier(void **state)
{
	(void)state;
	assert_true(is_identifier(STR("a_1")));
	assert_true(is_identifier(STR("\xc3\xa9")));
	assert_false(is_identifier(STR("")));
	assert_false(is_identifier(STR("1a")));
	assert_false(is_identifier(STR("a-b")));
	assert_false(is_identifier(STR("null")));
	assert_false(is_identifier(STR("\xff")));
}

TESTS_RUN(cmocka_unit_test(test_tokens), cmocka_unit_test(test_identifier))
