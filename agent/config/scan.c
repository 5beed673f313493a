/*
 * The scanner: bytes to tokens. A newline becomes a TERMINATOR after a token that may end a
 * statement, as in Go; a comment that reaches the end of the line lets the TERMINATOR go first.
 * Errors do not stop it: a bad character is an ILLEGAL token, a bad string still a STRING.
 */

#include "agent/config/token.h"

#include "agent/base/must.h"
#include "agent/base/utf8.h"

#define END (-1)
#define BOM 0xfeff
#define BAD_RUNE 0xfffd

const char *token_name(enum token_kind kind)
{
	static const char *const names[] = {"ILLEGAL", "EOF", "COMMENT", "IDENT", "NUMBER",
		"FLOAT", "STRING", "BOOL", "NULL", "||", "&&", "!", "=", "==", "!=", "<", "<=", ">",
		">=", "+", "-", "*", "/", "%", "^", "{", "}", "(", ")", "[", "]", ",", ".",
		"TERMINATOR"};

	must((size_t)kind < sizeof(names) / sizeof(names[0]));
	return names[kind];
}

static struct range point(const struct scanner *s, size_t at)
{
	return (struct range){s->src, (uint32_t)at, (uint32_t)at};
}

static void check(struct scanner *s, bool valid)
{
	if (s->at < s->seen)
		return;
	s->seen = s->at + 1;
	if (s->ch == 0)
		diag_error(s->d, point(s, s->at), "illegal character NUL");
	else if (!valid)
		diag_error(s->d, point(s, s->at), "illegal UTF-8 encoding");
	else if (s->ch == BOM && s->at > 0)
		diag_error(s->d, point(s, s->at), "illegal byte order mark");
}

/* Moves to the next character. */
static void step(struct scanner *s)
{
	struct str text = s->src->text;
	size_t n = 1;
	bool valid = true;

	s->at = s->next;
	if (s->next >= text.n) {
		s->at = text.n;
		s->ch = END;
		return;
	}
	s->ch = (unsigned char)text.p[s->at];
	if (s->ch >= 0x80) {
		n = utf8_length(text, s->at);
		valid = n > 0;
		s->ch = valid ? (int32_t)utf8_rune(text, s->at) : BAD_RUNE;
		n = valid ? n : 1;
	}
	s->next = s->at + n;
	check(s, valid);
}

static void go_to(struct scanner *s, size_t at)
{
	s->next = at;
	step(s);
}

void scanner_init(struct scanner *s, const struct source *src, struct diags *d)
{
	must(src->text.n <= SOURCE_MAX);
	*s = (struct scanner){.src = src, .d = d};
	step(s);
	if (s->ch == BOM && s->at == 0)
		step(s);
}

static bool is_letter(int32_t c)
{
	return c == '_' || (c > 0 && utf8_is_letter((uint32_t)c));
}

static bool is_decimal(int32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_digit(int32_t c)
{
	return is_decimal(c) || (c >= 0x80 && utf8_is_digit((uint32_t)c));
}

bool is_identifier(struct str text)
{
	for (size_t at = 0; at < text.n;) {
		size_t n = utf8_length(text, at);
		int32_t c = n ? (int32_t)utf8_rune(text, at) : 0;

		if (!is_letter(c) && (at == 0 || !is_digit(c)))
			return false;
		at += n;
	}
	return text.n > 0 && !str_is(text, "true") && !str_is(text, "false") &&
	       !str_is(text, "null");
}

static void skip_space(struct scanner *s)
{
	while (s->ch == ' ' || s->ch == '\t' || s->ch == '\r' || (s->ch == '\n' && !s->term))
		step(s);
}

static enum token_kind scan_word(struct scanner *s)
{
	size_t from = s->at;
	struct str word;

	while (is_letter(s->ch) || is_digit(s->ch))
		step(s);
	word = (struct str){s->src->text.p + from, s->at - from};
	if (str_is(word, "true") || str_is(word, "false"))
		return TOKEN_BOOL;
	return str_is(word, "null") ? TOKEN_NULL : TOKEN_IDENT;
}

static size_t scan_digits(struct scanner *s)
{
	size_t n = 0;

	for (; is_decimal(s->ch); n++)
		step(s);
	return n;
}

static enum token_kind scan_number(struct scanner *s)
{
	enum token_kind kind = TOKEN_NUMBER;
	size_t from = s->at;

	scan_digits(s);
	if (s->ch == '.') {
		kind = TOKEN_FLOAT;
		step(s);
		scan_digits(s);
	}
	if (s->ch == 'e' || s->ch == 'E') {
		kind = TOKEN_FLOAT;
		step(s);
		if (s->ch == '+' || s->ch == '-')
			step(s);
		if (scan_digits(s) == 0)
			diag_error(s->d, point(s, from), "exponent has no digits");
	}
	return kind;
}

static int digit_value(int32_t c)
{
	if (is_decimal(c))
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* Go's %#U: U+0040 '@', the quoted part only if it can be shown. */
static void report_char(struct scanner *s, size_t at, int32_t c, const char *where)
{
	char text[4];
	size_t n = utf8_put(text, (uint32_t)c);

	if (utf8_is_printable((uint32_t)c) || c == ' ')
		diag_error(s->d, point(s, at), "illegal character U+%04X '%.*s'%s", (unsigned)c,
			(int)n, text, where);
	else
		diag_error(s->d, point(s, at), "illegal character U+%04X%s", (unsigned)c, where);
}

static void scan_escape_digits(struct scanner *s, size_t from, int n, int base, uint32_t max)
{
	uint32_t x = 0;

	for (; n > 0; n--) {
		int v = digit_value(s->ch);

		if (s->ch == END) {
			diag_error(s->d, point(s, from), "escape sequence not terminated");
			return;
		}
		if (v >= base) {
			report_char(s, from, s->ch, " in escape sequence");
			return;
		}
		x = x * (uint32_t)base + (uint32_t)v;
		step(s);
	}
	if (x > max || (x >= 0xd800 && x < 0xe000))
		diag_error(s->d, point(s, from), "escape sequence is invalid Unicode code point");
}

/* Stands behind the backslash. In an error it stops at the character that is wrong. */
static void scan_escape(struct scanner *s)
{
	size_t from = s->at;

	if (s->ch >= '0' && s->ch <= '7') {
		scan_escape_digits(s, from, 3, 8, 255);
	} else if (s->ch == 'x' || s->ch == 'u' || s->ch == 'U') {
		int n = s->ch == 'x' ? 2 : (s->ch == 'u' ? 4 : 8);

		step(s);
		scan_escape_digits(s, from, n, 16, n == 2 ? 255 : 0x10ffff);
	} else if (s->ch > 0 && s->ch < 0x80 && strchr("abfnrtv\\\"", s->ch)) {
		step(s);
	} else {
		diag_error(s->d, point(s, from),
			s->ch == END ? "escape sequence not terminated"
				     : "unknown escape sequence");
	}
}

/* Stands behind the opening quote, which is at from. */
static void scan_string(struct scanner *s, size_t from, int32_t quote)
{
	bool raw = quote == '`';

	for (;;) {
		int32_t c = s->ch;

		if ((!raw && c == '\n') || c == END) {
			diag_error(s->d, point(s, from), "string literal not terminated");
			return;
		}
		step(s);
		if (c == quote)
			return;
		if (!raw && c == '\\')
			scan_escape(s);
	}
}

/* Stands on the second character of a comment that begins at from. */
static void scan_comment(struct scanner *s, size_t from)
{
	if (s->ch == '/') {
		while (s->ch != '\n' && s->ch != END)
			step(s);
		return;
	}
	step(s);
	while (s->ch != END) {
		int32_t c = s->ch;

		step(s);
		if (c == '*' && s->ch == '/') {
			step(s);
			return;
		}
	}
	diag_error(s->d, point(s, from), "block comment not terminated");
}

/* Looks ahead from the second character of a comment: nothing but comments up to the end of
 * the line? Leaves the scanner anywhere. */
static bool reaches_line_end(struct scanner *s)
{
	while (s->ch == '/' || s->ch == '*') {
		if (s->ch == '/')
			return true;
		step(s);
		while (s->ch != END) {
			int32_t c = s->ch;

			if (c == '\n')
				return true;
			step(s);
			if (c == '*' && s->ch == '/') {
				step(s);
				break;
			}
		}
		skip_space(s);
		if (s->ch == END || s->ch == '\n')
			return true;
		if (s->ch != '/')
			return false;
		step(s);
	}
	return false;
}

/* Stands behind a slash at from. */
static enum token_kind scan_slash(struct scanner *s, size_t from)
{
	if (s->ch != '/' && s->ch != '*')
		return TOKEN_DIV;
	if (s->term) {
		bool ends = reaches_line_end(s);

		go_to(s, from);
		if (ends)
			return TOKEN_TERMINATOR;
		step(s);
	}
	scan_comment(s, from);
	return TOKEN_COMMENT;
}

static enum token_kind pair(struct scanner *s, int32_t second, enum token_kind one,
	enum token_kind two)
{
	if (s->ch != second)
		return one;
	step(s);
	return two;
}

static enum token_kind doubled(struct scanner *s, int32_t c, enum token_kind kind)
{
	if (s->ch == c)
		step(s);
	else
		diag_error(s->d, point(s, s->at), "missing second %c in %c%c", (char)c, (char)c,
			(char)c);
	return kind;
}

static enum token_kind scan_other(struct scanner *s, size_t from, int32_t c)
{
	static const char marks[] = "+-*%^{}()[],.";
	static const enum token_kind kinds[] = {TOKEN_ADD, TOKEN_SUB, TOKEN_MUL, TOKEN_MOD,
		TOKEN_POW, TOKEN_LCURLY, TOKEN_RCURLY, TOKEN_LPAREN, TOKEN_RPAREN, TOKEN_LBRACK,
		TOKEN_RBRACK, TOKEN_COMMA, TOKEN_DOT};
	const char *mark = c > 0 && c < 0x80 ? strchr(marks, c) : NULL;

	if (mark)
		return kinds[mark - marks];
	if (c == '\'') {
		diag_error(s->d, point(s, from),
			"illegal single-quoted string; use double quotes");
		scan_string(s, from, '\'');
	} else if (c != BOM) { /* which check() has reported */
		report_char(s, from, c, "");
	}
	return TOKEN_ILLEGAL;
}

/* Stands behind c, which began at from. */
static enum token_kind scan_mark(struct scanner *s, size_t from, int32_t c)
{
	switch (c) {
	case END:
		return s->term ? TOKEN_TERMINATOR : TOKEN_EOF;
	case '\n':
		return TOKEN_TERMINATOR;
	case '"':
	case '`':
		scan_string(s, from, c);
		return TOKEN_STRING;
	case '|':
		return doubled(s, c, TOKEN_OR);
	case '&':
		return doubled(s, c, TOKEN_AND);
	case '!':
		return pair(s, '=', TOKEN_NOT, TOKEN_NEQ);
	case '=':
		return pair(s, '=', TOKEN_ASSIGN, TOKEN_EQ);
	case '<':
		return pair(s, '=', TOKEN_LT, TOKEN_LTE);
	case '>':
		return pair(s, '=', TOKEN_GT, TOKEN_GTE);
	case '/':
		return scan_slash(s, from);
	default:
		return scan_other(s, from, c);
	}
}

static bool may_end_statement(enum token_kind k, bool before, bool quoted)
{
	if (k == TOKEN_ILLEGAL)
		return before || quoted;
	return (k >= TOKEN_IDENT && k <= TOKEN_NULL) || k == TOKEN_RCURLY || k == TOKEN_RPAREN ||
	       k == TOKEN_RBRACK;
}

static bool has_text(enum token_kind k)
{
	return k == TOKEN_ILLEGAL || (k >= TOKEN_COMMENT && k <= TOKEN_NULL);
}

struct token scanner_take(struct scanner *s)
{
	struct token t = {0};
	const char *text = s->src->text.p;
	int32_t c;

	skip_space(s);
	t.at = (uint32_t)s->at;
	c = s->ch;
	if (is_letter(c)) {
		t.kind = scan_word(s);
	} else if (is_decimal(c) || (c == '.' && s->next < s->src->text.n &&
					    is_decimal((unsigned char)text[s->next]))) {
		t.kind = scan_number(s);
	} else {
		step(s);
		t.kind = scan_mark(s, t.at, c);
	}
	s->term = may_end_statement(t.kind, s->term, c == '\'');
	if (has_text(t.kind))
		t.text = (struct str){text + t.at, s->at - t.at};
	if (t.kind == TOKEN_COMMENT && str_starts(t.text, "//") && str_ends(t.text, "\r"))
		t.text.n--;
	return t;
}
