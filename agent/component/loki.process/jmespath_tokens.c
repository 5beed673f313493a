/* The tokens of an expression, one at a time. Literals become JSON texts here. */

#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/component/loki.process/jmespath_parser.h"
#include "agent/component/loki.process/json.h"

bool jmes_fail(struct jmes_parser *p, const char *what)
{
	return err_set(
		p->e, "could not compile JMES expression: byte %zu: %s", p->token_at, what);
}

static bool is_name(char c, bool first)
{
	bool letter = ascii_is_letter(c) || c == '_';

	return letter || (!first && ascii_is_digit(c));
}

static char peek(const struct jmes_parser *p, size_t ahead)
{
	return (char)(p->at + ahead < p->s.n ? p->s.p[p->at + ahead] : 0);
}

/* Up to the next quote that has no backslash before it. The end is not taken. */
static bool find_end(struct jmes_parser *p, char quote, struct str *out)
{
	size_t from = ++p->at;

	while (p->at < p->s.n && p->s.p[p->at] != quote)
		p->at += p->s.p[p->at] == '\\' ? 2 : 1;
	if (p->at >= p->s.n)
		return jmes_fail(p, "the quote has no end");
	*out = str_head(str_from_at(p->s, from), p->at - from);
	return true;
}

/* 'text': only \' and \\ are escapes. It becomes JSON. */
static bool take_raw(struct jmes_parser *p)
{
	struct search s = {.a = p->a};
	struct str inner = {0};
	char *to;
	size_t n = 0;

	if (!find_end(p, '\'', &inner))
		return false;
	to = arena_new(p->a, char, inner.n + 1);
	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == '\\' && i + 1 < inner.n &&
			(inner.p[i + 1] == '\'' || inner.p[i + 1] == '\\'))
			i++;
		to[n++] = inner.p[i];
	}
	p->at++;
	p->token = T_LITERAL;
	return jmes_quote(&s, (struct str){to, n}, &p->text);
}

/* `json`: \` is a backtick. What is no JSON is a text, as in older versions. */
static bool take_literal(struct jmes_parser *p)
{
	struct search s = {.a = p->a};
	struct str inner = {0};
	char *to;
	size_t n = 0;

	if (!find_end(p, '`', &inner))
		return false;
	to = arena_new(p->a, char, inner.n + 1);
	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == '\\' && i + 1 < inner.n && inner.p[i + 1] == '`')
			i++;
		to[n++] = inner.p[i];
	}
	p->at++;
	p->token = T_LITERAL;
	p->text = str_trim((struct str){to, n});
	return json_is_valid(p->text) || jmes_quote(&s, p->text, &p->text);
}

static bool take_quoted(struct jmes_parser *p)
{
	size_t from = p->at;
	struct str inner = {0};
	struct str raw;

	if (!find_end(p, '"', &inner))
		return false;
	p->at++;
	raw = str_head(str_from_at(p->s, from), p->at - from);
	if (!json_is_valid(raw))
		return jmes_fail(p, "not a JSON string");
	p->token = T_QUOTED;
	p->text = arena_str(p->a, json_unquote(raw, p->a));
	return true;
}

static bool take_number(struct jmes_parser *p)
{
	size_t from = p->at++;

	while (peek(p, 0) >= '0' && peek(p, 0) <= '9')
		p->at++;
	p->token = T_NUMBER;
	return str_to_int(str_head(str_from_at(p->s, from), p->at - from), &p->number) ||
	       jmes_fail(p, "not a whole number");
}

static bool take_operator(struct jmes_parser *p)
{
	static const struct {
		const char *text;
		enum jmes_token token;
		enum jmes_compare compare;
	} all[] = {{"[?", T_FILTER, 0}, {"[]", T_FLATTEN, 0}, {"||", T_OR, 0}, {"&&", T_AND, 0},
		{"==", T_COMPARE, JMES_EQ}, {"!=", T_COMPARE, JMES_NE}, {"<=", T_COMPARE, JMES_LE},
		{">=", T_COMPARE, JMES_GE}, {"<", T_COMPARE, JMES_LT}, {">", T_COMPARE, JMES_GT},
		{".", T_DOT, 0}, {"*", T_STAR, 0}, {"[", T_LBRACKET, 0}, {"]", T_RBRACKET, 0},
		{"{", T_LBRACE, 0}, {"}", T_RBRACE, 0}, {"(", T_LPAREN, 0}, {")", T_RPAREN, 0},
		{",", T_COMMA, 0}, {":", T_COLON, 0}, {"@", T_CURRENT, 0}, {"&", T_REF, 0},
		{"|", T_PIPE, 0}, {"!", T_NOT, 0}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!str_starts(str_from_at(p->s, p->at), all[i].text))
			continue;
		p->at += strlen(all[i].text);
		p->token = all[i].token;
		p->compare = all[i].compare;
		return true;
	}
	return jmes_fail(p, "unknown character");
}

bool jmes_next(struct jmes_parser *p)
{
	char c;

	while (p->at < p->s.n && strchr(" \t\r\n", p->s.p[p->at]) && p->s.p[p->at])
		p->at++;
	p->token_at = p->at;
	p->token = T_END;
	if (p->at >= p->s.n)
		return true;
	c = peek(p, 0);
	if (is_name(c, true)) {
		size_t from = p->at;

		while (is_name(peek(p, 0), false))
			p->at++;
		p->token = T_NAME;
		p->text = arena_str(p->a, str_head(str_from_at(p->s, from), p->at - from));
		return true;
	}
	if (c == '-' || ascii_is_digit(c))
		return take_number(p);
	if (c == '"')
		return take_quoted(p);
	if (c == '\'')
		return take_raw(p);
	return c == '`' ? take_literal(p) : take_operator(p);
}

bool jmes_take(struct jmes_parser *p, enum jmes_token token, const char *what)
{
	if (p->token != token)
		return jmes_fail(p, what);
	return jmes_next(p);
}
