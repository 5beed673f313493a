/* Numbers as Go has them; the shortest digits are found by trying, which is fast enough here. */

#include "agent/config/number.h"

#include "agent/base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool uint_parse(struct str s, unsigned base, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned)(unsigned char)s.p[i] - '0';

		if (d >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
			__builtin_add_overflow(v, (uint64_t)d, &v))
			return false;
	}
	*out = v;
	return true;
}

bool int_parse(struct str s, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from_at(s, 1);
	if (!uint_parse(s, 10, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static bool is_float_syntax(struct str s)
{
	size_t digits = 0, at = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		at++;
	for (bool dot = false; at < s.n && ((s.p[at] >= '0' && s.p[at] <= '9') ||
						   (s.p[at] == '.' && !dot));
		at++) {
		dot |= s.p[at] == '.';
		digits += s.p[at] != '.';
	}
	if (digits == 0)
		return false;
	if (at == s.n)
		return true;
	if (s.p[at] != 'e' && s.p[at] != 'E')
		return false;
	at++;
	if (at < s.n && (s.p[at] == '-' || s.p[at] == '+'))
		at++;
	digits = at;
	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at == s.n && at > digits;
}

bool float_parse(struct str s, double *out, bool *range)
{
	char small[64];
	char *text = small;
	double v;

	*range = false;
	if (!is_float_syntax(s))
		return false;
	if (s.n >= sizeof(small))
		text = mem_new(char, s.n + 1);
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	v = strtod(text, NULL);
	if (text != small)
		free(text);
	*range = isinf(v);
	if (*range)
		return false;
	*out = v;
	return true;
}

struct value number_from_digits(struct str digits)
{
	unsigned base = digits.n > 1 && digits.p[0] == '0' ? 8 : 10;
	struct value v = {.type = VALUE_NUMBER};
	bool range;
	uint64_t u;

	if (uint_parse(digits, base, &u)) {
		v.number = u > INT64_MAX ? NUMBER_UINT : NUMBER_INT;
		v.u = u;
	} else {
		v.number = NUMBER_FLOAT;
		if (!float_parse(digits, &v.f, &range))
			v.f = INFINITY;
	}
	return v;
}

/* The shortest digits d1d2d3... with f = 0.d1d2d3 * 10^exp; how many there are. */
static int shortest(double f, char digits[24], int *exp)
{
	char text[40];
	int n = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, f);
		if (strtod(text, NULL) == f)
			break;
	}
	for (const char *p = text; *p && *p != 'e'; p++) {
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	}
	*exp = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

static bool print_special(struct buf *out, double f)
{
	if (isnan(f))
		buf_add_str(out, STR("NaN"));
	else if (isinf(f))
		buf_add_str(out, f > 0 ? STR("+Inf") : STR("-Inf"));
	else if (f == 0)
		buf_add_str(out, signbit(f) ? STR("-0") : STR("0"));
	else
		return false;
	return true;
}

void float_print(struct buf *out, double f)
{
	char digits[24];
	int n, exp;

	if (print_special(out, f))
		return;
	if (f < 0)
		buf_add_char(out, '-');
	n = shortest(fabs(f), digits, &exp);
	if (exp <= 0)
		buf_add_str(out, STR("0."));
	for (int i = exp; i < 0; i++)
		buf_add_char(out, '0');
	for (int i = 0; i < n || i < exp; i++) {
		if (i == exp && i > 0)
			buf_add_char(out, '.');
		buf_add_char(out, i < n ? digits[i] : '0');
	}
}

void float_print_compact(struct buf *out, double f, int limit)
{
	char digits[24];
	int n, exp;

	if (print_special(out, f))
		return;
	n = shortest(fabs(f), digits, &exp);
	if (exp - 1 >= -4 && exp - 1 < limit) {
		float_print(out, f);
		return;
	}
	buf_printf(out, "%s%c", f < 0 ? "-" : "", digits[0]);
	if (n > 1)
		buf_printf(out, ".%.*s", n - 1, digits + 1);
	buf_printf(out, "e%c%02d", exp - 1 < 0 ? '-' : '+', abs(exp - 1));
}

int64_t float_to_int(double f)
{
	return f >= -0x1p63 && f < 0x1p63 ? (int64_t)f : INT64_MIN;
}

uint64_t float_to_uint(double f)
{
	return f >= 0x1p63 && f < 0x1p64 ? (uint64_t)f : (uint64_t)float_to_int(f);
}

int64_t number_int(const struct value *v)
{
	return v->number == NUMBER_FLOAT ? float_to_int(v->f) : v->i;
}

uint64_t number_uint(const struct value *v)
{
	return v->number == NUMBER_FLOAT ? float_to_uint(v->f) : v->u;
}

double number_float(const struct value *v)
{
	if (v->number == NUMBER_FLOAT)
		return v->f;
	return v->number == NUMBER_UINT ? (double)v->u : (double)v->i;
}

void number_print(struct buf *out, const struct value *v)
{
	if (v->number == NUMBER_FLOAT)
		float_print(out, v->f);
	else if (v->number == NUMBER_UINT)
		buf_printf(out, "%" PRIu64, v->u);
	else
		buf_printf(out, "%" PRId64, v->i);
}
