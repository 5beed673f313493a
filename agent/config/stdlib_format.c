/*
 * string.format: Go's fmt.Sprintf. It never fails: a wrong verb, a missing or a spare argument
 * show up in the text, as %!d(string=x), %!d(MISSING) and %!(EXTRA int=1). Numbers are int,
 * uint64 or float64; lists and maps are printed item by item with the same verb.
 */

#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/config/number.h"
#include "agent/config/stdlib.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define WIDTH_MAX 1000000 /* Go's */
#define NONE (-1)

struct spec {
	bool plus, minus, sharp, space, zero;
	int width; /* NONE: not given */
	int precision;
	uint32_t verb;
};

struct state {
	struct call *call;
	struct buf *out;
	struct str text;
	size_t at;      /* in text */
	size_t arg;     /* the next one */
	bool reordered; /* by [n]: spare arguments are no error then */
	bool bad_index;
};

static void put_value(struct buf *out, const struct spec *s, const struct value *v);

static size_t rune_count(struct str s)
{
	size_t n = 0;

	for (size_t at = 0; at < s.n; n++) {
		size_t len = utf8_length(s, at);

		at += len ? len : 1;
	}
	return n;
}

static void pad(struct buf *out, size_t n, char c)
{
	memset(buf_reserve(out, n + 1), c, n);
	out->n += n;
}

static void put_padded(struct buf *out, const struct spec *s, struct str text)
{
	size_t have = rune_count(text);
	size_t gap = s->width > 0 && (size_t)s->width > have ? (size_t)s->width - have : 0;

	if (!s->minus)
		pad(out, gap, s->zero ? '0' : ' ');
	buf_add_str(out, text);
	if (s->minus)
		pad(out, gap, ' ');
}

static const char *go_type(const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		return "<nil>";
	case VALUE_NUMBER:
		if (v->number == NUMBER_FLOAT)
			return "float64";
		return v->number == NUMBER_UINT && v->u > INT64_MAX ? "uint64" : "int";
	case VALUE_STRING:
		return "string";
	case VALUE_BOOL:
		return "bool";
	case VALUE_ARRAY:
		return "[]interface {}";
	case VALUE_OBJECT:
		return "map[string]interface {}";
	case VALUE_FUNCTION:
		return "func";
	case VALUE_CAPSULE:
		return v->capsule.type->name;
	}
	must_failed("a value of an unknown type", __FILE__, __LINE__);
}

static void put_verb(struct buf *out, uint32_t verb)
{
	char text[4];

	buf_add(out, text, utf8_put(text, verb));
}

static void put_bad_verb(struct buf *out, const struct spec *s, const struct value *v)
{
	struct spec plain = {.width = NONE, .precision = NONE, .verb = 'v'};

	buf_add_str(out, STR("%!"));
	put_verb(out, s->verb);
	buf_add_char(out, '(');
	buf_add_str(out, str_from(go_type(v)));
	if (v->type != VALUE_NULL) {
		buf_add_char(out, '=');
		put_value(out, &plain, v);
	}
	buf_add_char(out, ')');
}

static void put_digits(struct buf *out, uint64_t u, unsigned base, bool upper)
{
	char text[65];
	size_t at = sizeof(text);

	do {
		text[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[u % base];
		u /= base;
	} while (u);
	buf_add(out, text + at, sizeof(text) - at);
}

static const char *base_prefix(unsigned base, uint32_t verb)
{
	if (base == 16)
		return verb == 'X' ? "0X" : "0x";
	return base == 2 ? "0b" : "0";
}

/* Digits with their zeros, prefix and sign, then blanks around. */
static void put_based(struct buf *out, const struct spec *s, uint64_t u, bool minus, unsigned base)
{
	struct spec blanks = *s;
	struct buf digits = {0}, all = {0};
	bool sign = minus || s->plus || s->space;
	size_t want = s->precision > 0 ? (size_t)s->precision : 0;

	if (s->precision == 0 && u == 0)
		goto out;
	if (s->precision == NONE && s->zero && !s->minus && s->width > 0)
		want = (size_t)s->width - sign;
	put_digits(&digits, u, base, s->verb == 'X');
	if (sign)
		buf_add_char(&all, minus ? '-' : (s->plus ? '+' : ' '));
	if (s->verb == 'O')
		buf_add_str(&all, STR("0o"));
	if (s->sharp && base != 10 && s->verb != 'O')
		buf_add_str(&all, str_from(base_prefix(base, s->verb)));
	if (digits.n < want)
		pad(&all, want - digits.n, '0');
	buf_add_str(&all, buf_str(&digits));
out:
	blanks.zero = false;
	put_padded(out, &blanks, buf_str(&all));
	buf_fini(&all);
	buf_fini(&digits);
}

static void put_rune(struct buf *out, const struct spec *s, uint64_t u)
{
	uint32_t rune = u > 0x10ffff ? 0xfffd : (uint32_t)u;
	struct buf b = {0};
	char text[4];
	size_t n = utf8_put(text, rune);

	if (n == 0)
		n = utf8_put(text, rune = 0xfffd);
	if (s->verb == 'c') {
		buf_add(&b, text, n);
	} else if (s->verb == 'U') {
		buf_printf(&b, "U+%04" PRIX64, u);
		if (s->sharp && utf8_is_printable(rune))
			buf_printf(&b, " '%.*s'", (int)n, text);
	} else if (rune == '\'' || rune == '"') {
		buf_printf(&b, rune == '"' ? "'%c'" : "'\\%c'", (char)rune);
	} else {
		buf_add_quoted(&b, (struct str){text, n});
		b.p[0] = '\'';
		b.p[b.n - 1] = '\'';
	}
	put_padded(out, s, buf_str(&b));
	buf_fini(&b);
}

static void put_int(struct buf *out, const struct spec *s, const struct value *v)
{
	bool minus = v->number == NUMBER_INT && v->i < 0;
	uint64_t u = minus ? 0 - v->u : v->u;

	switch (s->verb) {
	case 'v':
	case 'd':
		put_based(out, s, u, minus, 10);
		break;
	case 'b':
		put_based(out, s, u, minus, 2);
		break;
	case 'o':
	case 'O':
		put_based(out, s, u, minus, 8);
		break;
	case 'x':
	case 'X':
		put_based(out, s, u, minus, 16);
		break;
	case 'c':
	case 'q':
	case 'U':
		put_rune(out, s, v->u);
		break;
	default:
		put_bad_verb(out, s, v);
	}
}

/* The digits of |f|, without a sign. */
static bool float_digits(struct buf *b, const struct spec *s, double f)
{
	int precision = s->precision == NONE ? 6 : s->precision;

	switch (s->verb) {
	case 'v':
	case 'g':
		if (s->precision == NONE)
			float_print_compact(b, f, 6);
		else
			buf_printf(b, "%.*g", precision, f);
		return true;
	case 'G':
		if (s->precision != NONE)
			buf_printf(b, "%.*G", precision, f);
		else
			float_print_compact(b, f, 6);
		if (s->precision == NONE && memchr(b->p, 'e', b->n))
			*(char *)memchr(b->p, 'e', b->n) = 'E';
		return true;
	case 'e':
		buf_printf(b, "%.*e", precision, f);
		return true;
	case 'E':
		buf_printf(b, "%.*E", precision, f);
		return true;
	case 'f':
	case 'F':
		buf_printf(b, "%.*f", precision, f);
		return true;
	case 'x':
		buf_printf(b, "%a", f);
		return true;
	case 'X':
		buf_printf(b, "%A", f);
		return true;
	default:
		return false;
	}
}

static void put_float(struct buf *out, const struct spec *s, const struct value *v)
{
	double f = v->f;
	struct spec blanks = *s;
	struct buf digits = {0}, all = {0};
	size_t want = 0;

	if (!float_digits(&digits, s, fabs(f))) {
		put_bad_verb(out, s, v);
		return;
	}
	if (!isfinite(f)) {
		buf_clear(&digits);
		buf_add_str(&digits, isnan(f) ? STR("NaN") : STR("Inf"));
	}
	if (signbit(f) && !isnan(f))
		buf_add_char(&all, '-');
	else if (s->plus || (isinf(f) && !s->space && s->verb == 'v'))
		buf_add_char(&all, '+');
	else if (s->space)
		buf_add_char(&all, ' ');
	if (s->zero && !s->minus && s->width > 0 && isfinite(f))
		want = (size_t)s->width;
	if (all.n + digits.n < want)
		pad(&all, want - all.n - digits.n, '0');
	buf_add_str(&all, buf_str(&digits));
	blanks.zero = false;
	put_padded(out, &blanks, buf_str(&all));
	buf_fini(&all);
	buf_fini(&digits);
}

static struct str cut(struct str s, int precision)
{
	size_t at = 0;

	for (int i = 0; precision != NONE && i < precision && at < s.n; i++) {
		size_t n = utf8_length(s, at);

		at += n ? n : 1;
	}
	return precision == NONE ? s : str_head(s, at);
}

static void put_text(struct buf *out, const struct spec *s, const struct value *v)
{
	struct str text = s->precision == NONE || s->verb == 'x' || s->verb == 'X'
				  ? v->s
				  : cut(v->s, s->precision);
	struct buf b = {0};

	switch (s->verb) {
	case 'v':
	case 's':
		put_padded(out, s, text);
		break;
	case 'q':
		if (s->sharp && text.n && !memchr(text.p, '`', text.n) && utf8_is_valid(text))
			buf_printf(&b, "`" STR_FMT "`", STR_ARG(text));
		else
			buf_add_quoted(&b, text);
		put_padded(out, s, buf_str(&b));
		break;
	case 'x':
	case 'X':
		if (s->precision != NONE)
			text = str_head(text, (size_t)s->precision);
		for (size_t i = 0; i < text.n; i++) {
			if (s->space && i > 0)
				buf_add_char(&b, ' ');
			if (s->sharp && (s->space || i == 0))
				buf_add_str(&b, s->verb == 'x' ? STR("0x") : STR("0X"));
			buf_printf(&b, s->verb == 'x' ? "%02x" : "%02X", (unsigned char)text.p[i]);
		}
		put_padded(out, s, buf_str(&b));
		break;
	default:
		put_bad_verb(out, s, v);
	}
	buf_fini(&b);
}

static void put_object(struct buf *out, const struct spec *s, const struct value *v)
{
	buf_add_str(out, STR("map["));
	for (size_t i = 0; i < v->object.n && out->n <= STDLIB_TEXT_MAX; i++) {
		struct value key = value_str(v->object.fields[i].key);

		if (i > 0)
			buf_add_char(out, ' ');
		put_text(out, s, &key);
		buf_add_char(out, ':');
		put_value(out, s, &v->object.fields[i].value);
	}
	buf_add_char(out, ']');
}

static void put_array(struct buf *out, const struct spec *s, const struct value *v)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < v->array.n && out->n <= STDLIB_TEXT_MAX; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		put_value(out, s, &v->array.items[i]);
	}
	buf_add_char(out, ']');
}

static void put_plain(struct buf *out, const struct spec *s, const struct value *v, struct str text,
	bool verb_fits)
{
	if (verb_fits || s->verb == 'v')
		put_padded(out, s, text);
	else
		put_bad_verb(out, s, v);
}

static void put_value(struct buf *out, const struct spec *s, const struct value *v)
{
	if (s->verb == 'T') {
		put_padded(out, s, str_from(go_type(v)));
		return;
	}
	switch (v->type) {
	case VALUE_NULL:
		put_plain(out, s, v, STR("<nil>"), false);
		break;
	case VALUE_BOOL:
		put_plain(out, s, v, v->b ? STR("true") : STR("false"), s->verb == 't');
		break;
	case VALUE_NUMBER:
		if (v->number == NUMBER_FLOAT)
			put_float(out, s, v);
		else
			put_int(out, s, v);
		break;
	case VALUE_STRING:
		put_text(out, s, v);
		break;
	case VALUE_ARRAY:
		put_array(out, s, v);
		break;
	case VALUE_OBJECT:
		put_object(out, s, v);
		break;
	case VALUE_FUNCTION:
		put_plain(out, s, v, STR("func"), false);
		break;
	case VALUE_CAPSULE: /* a secret is shown, as Alloy shows it; the result is no secret */
		if (value_is_secret(v))
			put_text(out, s, v);
		else
			put_plain(out, s, v, STR("capsule"), false);
		break;
	}
}

static char peek(const struct state *st)
{
	return st->at < st->text.n ? st->text.p[st->at] : '\0';
}

/* A decimal number; NONE: there is none. Too large a one is WIDTH_MAX + 1. */
static int take_number(struct state *st)
{
	int n = NONE;

	for (; peek(st) >= '0' && peek(st) <= '9'; st->at++) {
		if (n <= WIDTH_MAX)
			n = (n == NONE ? 0 : n) * 10 + (peek(st) - '0');
	}
	return n > WIDTH_MAX ? WIDTH_MAX + 1 : n;
}

/* [n]: the next argument is the nth. */
static void take_index(struct state *st)
{
	size_t args = st->call->n - 1;
	int n;

	if (peek(st) != '[')
		return;
	st->reordered = true;
	st->at++;
	n = take_number(st);
	if (peek(st) != ']' || n < 1 || (size_t)n > args) {
		st->bad_index = true;
		while (st->at < st->text.n && peek(st) != ']')
			st->at++;
	} else {
		st->arg = (size_t)n - 1;
	}
	if (peek(st) == ']')
		st->at++;
}

static const struct value *next_arg(struct state *st)
{
	return st->arg < st->call->n - 1 ? &st->call->args[1 + st->arg++] : NULL;
}

/* A number, or * for the next argument. */
static int take_amount(struct state *st, const char *complaint)
{
	const struct value *v;
	int n;

	take_index(st);
	if (peek(st) != '*') {
		n = take_number(st);
		return n > WIDTH_MAX ? NONE : n;
	}
	st->at++;
	v = next_arg(st);
	if (!v || v->type != VALUE_NUMBER || v->number == NUMBER_FLOAT || v->i > WIDTH_MAX ||
		v->i < -WIDTH_MAX) {
		buf_add_str(st->out, str_from(complaint));
		return NONE;
	}
	return (int)v->i;
}

static void take_flags(struct state *st, struct spec *s)
{
	for (;; st->at++) {
		switch (peek(st)) {
		case '+':
			s->plus = true;
			break;
		case '-':
			s->minus = true;
			break;
		case '#':
			s->sharp = true;
			break;
		case ' ':
			s->space = true;
			break;
		case '0':
			s->zero = true;
			break;
		default:
			return;
		}
	}
}

static void take_spec(struct state *st, struct spec *s)
{
	size_t n;

	*s = (struct spec){.width = NONE, .precision = NONE};
	st->bad_index = false;
	take_flags(st, s);
	s->width = take_amount(st, "%!(BADWIDTH)");
	if (s->width < NONE) {
		s->minus = true;
		s->width = -s->width;
	}
	if (peek(st) == '.') {
		st->at++;
		s->precision = take_amount(st, "%!(BADPREC)");
		s->precision = s->precision < 0 ? 0 : s->precision;
	}
	take_index(st);
	s->zero = s->zero && !s->minus;
	n = utf8_length(st->text, st->at);
	s->verb = n ? utf8_rune(st->text, st->at) : 0xfffd;
	st->at += n ? n : 1;
}

static void put_one(struct state *st)
{
	struct spec s;
	const struct value *v;

	take_spec(st, &s);
	if (st->at > st->text.n) {
		buf_add_str(st->out, STR("%!(NOVERB)"));
		return;
	}
	if (s.verb == '%') {
		buf_add_char(st->out, '%');
		return;
	}
	v = st->bad_index ? NULL : next_arg(st);
	if (v) {
		put_value(st->out, &s, v);
		return;
	}
	buf_add_str(st->out, STR("%!"));
	put_verb(st->out, s.verb);
	buf_add_str(st->out, st->bad_index ? STR("(BADINDEX)") : STR("(MISSING)"));
}

static void put_extra(struct state *st)
{
	struct spec plain = {.width = NONE, .precision = NONE, .verb = 'v'};

	buf_add_str(st->out, STR("%!(EXTRA "));
	for (size_t i = st->arg; i + 1 < st->call->n; i++) {
		const struct value *v = &st->call->args[1 + i];

		if (i > st->arg)
			buf_add_str(st->out, STR(", "));
		buf_add_str(st->out, str_from(go_type(v)));
		if (v->type != VALUE_NULL) {
			buf_add_char(st->out, '=');
			put_value(st->out, &plain, v);
		}
	}
	buf_add_char(st->out, ')');
}

bool stdlib_format(struct call *c)
{
	struct buf out = {0};
	struct state st = {.call = c, .out = &out};

	if (!call_text(c, 0, &st.text))
		return false;
	while (st.at < st.text.n && out.n <= STDLIB_TEXT_MAX) {
		if (peek(&st) != '%') {
			buf_add_char(&out, peek(&st));
			st.at++;
			continue;
		}
		st.at++;
		put_one(&st);
	}
	if (!st.reordered && st.arg + 1 < c->n)
		put_extra(&st);
	return call_return_buf(c, &out);
}
