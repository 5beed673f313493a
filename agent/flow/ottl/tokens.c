/*
 * The tokens of OTTL's text, one at a time. A token is a view into the text; what it means is said
 * by who asked for it.
 */

#include "agent/base/ascii.h"
#include "agent/flow/ottl/parser.h"

bool ottl_fail_at(struct ottl_parser *p, size_t at)
{
	p->wrong = at;
	return false;
}

static bool is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static char char_at(const struct ottl_parser *p, size_t i)
{
	return i < p->text.n ? p->text.p[i] : 0;
}

static size_t skip_digits(const struct ottl_parser *p, size_t i)
{
	while (ascii_is_digit(char_at(p, i)))
		i++;
	return i;
}

/* A number's end; *is_float says which kind it is. */
static size_t number_end(const struct ottl_parser *p, size_t i, bool *is_float)
{
	size_t end = skip_digits(p, i);

	*is_float = char_at(p, end) == '.' && ascii_is_digit(char_at(p, end + 1));
	if (!*is_float)
		return end;
	end = skip_digits(p, end + 1);
	if (char_at(p, end) == 'e' || char_at(p, end) == 'E') {
		size_t sign = char_at(p, end + 1) == '-' || char_at(p, end + 1) == '+';

		if (ascii_is_digit(char_at(p, end + 1 + sign)))
			end = skip_digits(p, end + 1 + sign);
	}
	return end;
}

static size_t string_end(const struct ottl_parser *p, size_t i)
{
	for (i++; i < p->text.n; i++) {
		if (p->text.p[i] == '\\')
			i++;
		else if (p->text.p[i] == '"')
			return i + 1;
	}
	return 0;
}

void ottl_next(struct ottl_parser *p)
{
	size_t i = p->at;
	size_t end;
	bool is_float = false;
	char c;

	while (memchr(" \t\r\n", char_at(p, i), 4) && i < p->text.n)
		i++;
	p->start = i;
	c = char_at(p, i);
	end = i + 1;
	if (i >= p->text.n) {
		p->token = T_END;
		end = i;
	} else if (c == '0' && char_at(p, i + 1) == 'x') {
		p->token = T_BYTES;
		for (end = i + 2; is_word(char_at(p, end));)
			end++;
	} else if (ascii_is_digit(c) || (c == '.' && ascii_is_digit(char_at(p, i + 1)))) {
		end = number_end(p, i, &is_float);
		p->token = is_float ? T_FLOAT : T_INT;
	} else if (c == '"') {
		end = string_end(p, i);
		p->token = end ? T_STRING : T_BAD;
		end = end ? end : p->text.n;
	} else if (is_word(c) && c != '_') {
		p->token = T_WORD;
		while (is_word(char_at(p, end)))
			end++;
	} else {
		p->token = memchr("=!<>+-*/(){}[],.:", c, 17) ? T_OP : T_BAD;
		if (memchr("=!<>", c, 4) && char_at(p, i + 1) == '=')
			end++;
	}
	p->s = (struct str){p->text.p + i, end - i};
	p->at = end;
}

/* Whether a parenthesis follows the word that is the token. */
bool ottl_is_called(const struct ottl_parser *p)
{
	size_t i = p->at;

	while (i < p->text.n && memchr(" \t\r\n", p->text.p[i], 4))
		i++;
	return char_at(p, i) == '(';
}

bool ottl_is_op(const struct ottl_parser *p, const char *op)
{
	return p->token == T_OP && str_is(p->s, op);
}

bool ottl_is_keyword(const struct ottl_parser *p, const char *word)
{
	return p->token == T_WORD && str_is(p->s, word);
}

bool ottl_take_op(struct ottl_parser *p, const char *op)
{
	if (!ottl_is_op(p, op))
		return false;
	ottl_next(p);
	return true;
}

bool ottl_want_op(struct ottl_parser *p, const char *op)
{
	if (ottl_take_op(p, op))
		return true;
	if (p->token == T_END)
		return OTTL_FAIL(p, p->start, "want \"%s\" at the end", op);
	return OTTL_FAIL(p, p->start, "want \"%s\", not \"" STR_FMT "\"", op, STR_ARG(p->s));
}
