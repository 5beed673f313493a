/* fmt's %v and printf, for the values that there are. */
#include "agent/base/utf8.h"
#include "agent/component/loki.process/template/private.h"
#include "agent/config/number.h"

#include <inttypes.h>
#include <stdio.h>

#define WIDTH_MAX 10000
#define EXPONENT 6 /* from this on it is written, as %g does without a precision */

static void print_dict(struct buf *out, const struct tv_dict *d)
{
	buf_printf(out, "map[");
	for (size_t i = 0; i < d->n; i++) {
		buf_printf(out, "%s" STR_FMT ":", i ? " " : "", STR_ARG(d->p[i].key));
		if (d->p[i].value.kind == TV_LIST || d->p[i].value.kind == TV_DICT)
			buf_printf(out, "[...]"); /* it may hold itself */
		else
			tv_print(out, &d->p[i].value);
	}
	buf_add_char(out, ']');
}

static void print_flat(struct buf *out, const struct tv *v)
{
	switch (v->kind) {
	case TV_NONE:
		buf_printf(out, "<no value>");
		break;
	case TV_BOOL:
		buf_printf(out, "%s", v->b ? "true" : "false");
		break;
	case TV_INT:
		buf_printf(out, "%" PRId64, v->i);
		break;
	case TV_FLOAT:
		float_print_compact(out, v->f, EXPONENT);
		break;
	case TV_STR:
		buf_add_str(out, v->s);
		break;
	case TV_LIST:
		buf_printf(out, "[...]");
		break;
	case TV_DICT:
		print_dict(out, v->dict);
		break;
	case TV_DATA:
		buf_printf(out, "map[...]");
		break;
	}
}

void tv_print(struct buf *out, const struct tv *v)
{
	if (v->kind != TV_LIST) {
		print_flat(out, v);
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			buf_add_char(out, ' ');
		print_flat(out, &v->list.p[i]);
	}
	buf_add_char(out, ']');
}

bool tv_text(struct run *r, const struct tv *v, struct str *out)
{
	struct buf *b = run_scratch(r, 1);
	struct tv text = {0};

	if (v->kind == TV_STR) {
		*out = v->s;
		return true;
	}
	tv_print(b, v);
	if (!run_take(r, b, &text))
		return false;
	*out = text.s;
	return true;
}

/* --- printf --- */

struct verb {
	bool minus;
	bool plus;
	bool zero;
	bool space;
	bool sharp;
	bool has_precision;
	size_t width;
	size_t precision;
	char letter;
};

static bool take_size(struct str form, size_t *at, size_t *out)
{
	*out = 0;
	for (; *at < form.n && form.p[*at] >= '0' && form.p[*at] <= '9'; (*at)++) {
		*out = *out * 10 + (size_t)(form.p[*at] - '0');
		if (*out > WIDTH_MAX)
			return false;
	}
	return true;
}

static bool take_verb(struct str form, size_t *at, struct verb *v)
{
	*v = (struct verb){0};
	for (; *at < form.n && strchr("-+0 #", form.p[*at]) && form.p[*at]; (*at)++) {
		v->minus |= form.p[*at] == '-';
		v->plus |= form.p[*at] == '+';
		v->zero |= form.p[*at] == '0';
		v->space |= form.p[*at] == ' ';
		v->sharp |= form.p[*at] == '#';
	}
	if (!take_size(form, at, &v->width))
		return false;
	if (*at < form.n && form.p[*at] == '.') {
		(*at)++;
		v->has_precision = true;
		if (!take_size(form, at, &v->precision))
			return false;
	}
	if (*at == form.n)
		return false;
	v->letter = form.p[(*at)++];
	return true;
}

static size_t count_runes(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++) {
		size_t len = utf8_length(s, i);

		i += len ? len : 1;
	}
	return n;
}

static void pad(struct buf *out, const struct verb *v, struct str text, bool number)
{
	size_t n = count_runes(text);
	size_t gap = v->width > n ? v->width - n : 0;
	bool zero = v->zero && !v->minus && number;

	if (zero && text.n && (text.p[0] == '-' || text.p[0] == '+')) {
		buf_add_char(out, text.p[0]);
		text = str_from_at(text, 1);
	}
	for (size_t i = 0; i < gap && !v->minus; i++)
		buf_add_char(out, zero ? '0' : ' ');
	buf_add_str(out, text);
	for (size_t i = 0; i < gap && v->minus; i++)
		buf_add_char(out, ' ');
}

static bool format_int(struct buf *b, const struct verb *v, int64_t i)
{
	uint64_t abs = i < 0 ? -(uint64_t)i : (uint64_t)i;
	char utf8[4];

	if (v->letter == 'c' || v->letter == 'q') {
		if (i < 0 || i > 0x10ffff)
			return false;
		buf_add(b, utf8, utf8_put(utf8, (uint32_t)i));
		return true;
	}
	if (i < 0)
		buf_add_char(b, '-');
	else if (v->plus || v->space)
		buf_add_char(b, v->plus ? '+' : ' ');
	switch (v->letter) {
	case 'd':
	case 'v':
		buf_printf(b, "%" PRIu64, abs);
		return true;
	case 'x':
		buf_printf(b, v->sharp ? "0x%" PRIx64 : "%" PRIx64, abs);
		return true;
	case 'X':
		buf_printf(b, v->sharp ? "0X%" PRIX64 : "%" PRIX64, abs);
		return true;
	case 'o':
		buf_printf(b, v->sharp ? "0%" PRIo64 : "%" PRIo64, abs);
		return true;
	case 'b':
		for (int k = abs ? 63 - __builtin_clzll(abs) : 0; k >= 0; k--)
			buf_add_char(b, (char)('0' + (abs >> k & 1)));
		return true;
	default:
		return false;
	}
}

static bool format_float(struct buf *b, const struct verb *v, double f)
{
	int precision = v->has_precision ? (int)v->precision : 6;

	if (v->plus && f >= 0)
		buf_add_char(b, '+');
	switch (v->letter) {
	case 'f':
	case 'F':
		buf_printf(b, "%.*f", precision, f);
		return true;
	case 'e':
		buf_printf(b, "%.*e", precision, f);
		return true;
	case 'g':
	case 'v':
		if (v->has_precision)
			buf_printf(b, "%.*g", precision, f);
		else
			float_print_compact(b, f, EXPONENT);
		return true;
	default:
		return false;
	}
}

static bool format_text(struct buf *b, const struct verb *v, struct str s)
{
	if (v->has_precision) {
		size_t at = 0;

		for (size_t i = 0; i < v->precision && at < s.n; i++) {
			size_t n = utf8_length(s, at);

			at += n ? n : 1;
		}
		s = str_head(s, at);
	}
	switch (v->letter) {
	case 's':
	case 'v':
		buf_add_str(b, s);
		return true;
	case 'q':
		buf_add_quoted(b, s);
		return true;
	case 'x':
	case 'X':
		for (size_t i = 0; i < s.n; i++)
			buf_printf(b, v->letter == 'x' ? "%02x" : "%02X", (unsigned char)s.p[i]);
		return true;
	default:
		return false;
	}
}

static const char *go_type(const struct tv *v)
{
	static const char *const names[] = {"<nil>", "bool", "int", "float64", "string",
		"[]interface {}", "map[string]interface {}", "map[string]interface {}"};

	return names[v->kind];
}

static bool format_one(struct buf *b, const struct verb *v, const struct tv *arg)
{
	if (v->letter == 'T') {
		buf_printf(b, "%s", go_type(arg));
		return true;
	}
	switch (arg->kind) {
	case TV_INT:
		return format_int(b, v, arg->i);
	case TV_FLOAT:
		return format_float(b, v, arg->f);
	case TV_STR:
		return format_text(b, v, arg->s);
	case TV_BOOL:
		if (v->letter != 't' && v->letter != 'v')
			return false;
		tv_print(b, arg);
		return true;
	case TV_NONE:
	case TV_LIST:
	case TV_DICT:
	case TV_DATA:
		if (v->letter != 'v' && (v->letter != 's' || arg->kind == TV_NONE))
			return false;
		if (arg->kind == TV_NONE)
			buf_printf(b, "<nil>");
		else
			tv_print(b, arg);
		return true;
	}
	return false;
}

static void format_verb(struct run *r, struct buf *out, const struct verb *v, const struct tv *arg)
{
	struct buf *b = run_scratch(r, 1);

	if (!arg) {
		buf_printf(out, "%%!%c(MISSING)", v->letter);
		return;
	}
	if (format_one(b, v, arg)) {
		pad(out, v, buf_str(b), arg->kind == TV_INT || arg->kind == TV_FLOAT);
	} else {
		buf_printf(out, "%%!%c(%s=", v->letter, go_type(arg));
		tv_print(out, arg);
		buf_add_char(out, ')');
	}
}

bool tv_printf(struct run *r, struct buf *out, struct str form, const struct tv *args, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < form.n;) {
		struct verb v;

		if (form.p[i] != '%') {
			buf_add_char(out, form.p[i++]);
			continue;
		}
		i++;
		if (!take_verb(form, &i, &v)) {
			buf_printf(out, "%%!(NOVERB)");
			break;
		}
		if (!run_step(r, 1 + v.width / 100) || out->n > BYTES_MAX)
			return false;
		if (v.letter == '%')
			buf_add_char(out, '%');
		else if (used < n)
			format_verb(r, out, &v, &args[used++]);
		else
			format_verb(r, out, &v, NULL);
	}
	if (used < n) {
		buf_printf(out, "%%!(EXTRA ");
		for (; used < n; used++) {
			buf_printf(out, "%s=", go_type(&args[used]));
			tv_print(out, &args[used]);
			if (used + 1 < n)
				buf_printf(out, ", ");
		}
		buf_add_char(out, ')');
	}
	return true;
}
