/* Numbers, and what sprig has of defaults and kinds. Whole numbers wrap as Go's do. */
#include "agent/component/loki.process/template/private.h"

#include <math.h>
#include <stdlib.h>

#define CALL(name) \
	static bool name(struct run *r, const struct tv *args, size_t n, struct tv *out)

/* --- casts --- */

static double text_to_float(struct str s)
{
	char text[64];
	char *end;
	double f;

	if (s.n == 0 || s.n >= sizeof(text))
		return 0;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	f = strtod(text, &end);
	return *end ? 0 : f;
}

double tv_to_float(const struct tv *v)
{
	switch (v->kind) {
	case TV_BOOL:
		return v->b;
	case TV_INT:
		return (double)v->i;
	case TV_FLOAT:
		return v->f;
	case TV_STR:
		return text_to_float(v->s);
	case TV_NONE:
	case TV_LIST:
	case TV_DICT:
	case TV_DATA:
		return 0;
	}
	return 0;
}

static int64_t clamp(double f)
{
	if (isnan(f))
		return 0;
	if (f >= 9.2e18)
		return INT64_MAX;
	return f <= -9.2e18 ? INT64_MIN : (int64_t)f;
}

int64_t tv_to_int(const struct tv *v)
{
	int64_t i;

	if (v->kind == TV_INT)
		return v->i;
	if (v->kind == TV_STR)
		return str_to_int(v->s, &i) ? i : 0;
	return clamp(tv_to_float(v));
}

/* --- arithmetic --- */

static int64_t wrap(uint64_t u)
{
	return (int64_t)u;
}

CALL(add)
{
	uint64_t sum = 0;

	(void)r;
	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)tv_to_int(&args[i]);
	*out = tv_int(wrap(sum));
	return true;
}

CALL(add1)
{
	(void)r;
	(void)n;
	*out = tv_int(wrap((uint64_t)tv_to_int(&args[0]) + 1));
	return true;
}

CALL(sub)
{
	(void)r;
	(void)n;
	*out = tv_int(wrap((uint64_t)tv_to_int(&args[0]) - (uint64_t)tv_to_int(&args[1])));
	return true;
}

CALL(mul)
{
	uint64_t product = (uint64_t)tv_to_int(&args[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		product *= (uint64_t)tv_to_int(&args[i]);
	*out = tv_int(wrap(product));
	return true;
}

CALL(quotient)
{
	int64_t a = tv_to_int(&args[0]);
	int64_t b = tv_to_int(&args[1]);

	(void)r;
	(void)n;
	if (b == 0)
		return false;
	*out = tv_int(b == -1 ? wrap(-(uint64_t)a) : a / b);
	return true;
}

CALL(mod)
{
	int64_t b = tv_to_int(&args[1]);

	(void)r;
	(void)n;
	if (b == 0)
		return false;
	*out = tv_int(b == -1 ? 0 : tv_to_int(&args[0]) % b);
	return true;
}

CALL(max)
{
	int64_t best = tv_to_int(&args[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		best = tv_to_int(&args[i]) > best ? tv_to_int(&args[i]) : best;
	*out = tv_int(best);
	return true;
}

CALL(min)
{
	int64_t best = tv_to_int(&args[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		best = tv_to_int(&args[i]) < best ? tv_to_int(&args[i]) : best;
	*out = tv_int(best);
	return true;
}

CALL(addf)
{
	double sum = 0;

	(void)r;
	for (size_t i = 0; i < n; i++)
		sum += tv_to_float(&args[i]);
	*out = tv_float(sum);
	return true;
}

CALL(subf)
{
	double f = tv_to_float(&args[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		f -= tv_to_float(&args[i]);
	*out = tv_float(f);
	return true;
}

CALL(mulf)
{
	double f = tv_to_float(&args[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		f *= tv_to_float(&args[i]);
	*out = tv_float(f);
	return true;
}

CALL(divf)
{
	double f = tv_to_float(&args[0]);

	(void)r;
	for (size_t i = 1; i < n; i++) {
		if (tv_to_float(&args[i]) == 0)
			return false;
		f /= tv_to_float(&args[i]);
	}
	*out = tv_float(f);
	return true;
}

CALL(floor_of)
{
	(void)r;
	(void)n;
	*out = tv_float(floor(tv_to_float(&args[0])));
	return true;
}

CALL(ceil_of)
{
	(void)r;
	(void)n;
	*out = tv_float(ceil(tv_to_float(&args[0])));
	return true;
}

/* round value places */
CALL(round_to)
{
	double scale = pow(10, (double)args[1].i);
	double f = tv_to_float(&args[0]);

	(void)r;
	(void)n;
	if (args[1].i < 0 || args[1].i > 15)
		return false;
	*out = tv_float(round(f * scale) / scale);
	return true;
}

CALL(to_int)
{
	(void)r;
	(void)n;
	*out = tv_int(tv_to_int(&args[0]));
	return true;
}

CALL(to_float)
{
	(void)r;
	(void)n;
	*out = tv_float(tv_to_float(&args[0]));
	return true;
}

/* --- defaults and kinds --- */

CALL(default_to)
{
	(void)r;
	*out = n > 1 && tv_is_true(&args[1]) ? args[1] : args[0];
	return true;
}

CALL(empty)
{
	(void)r;
	(void)n;
	*out = tv_bool(!tv_is_true(&args[0]));
	return true;
}

CALL(coalesce)
{
	(void)r;
	*out = (struct tv){0};
	for (size_t i = 0; i < n; i++) {
		if (tv_is_true(&args[i])) {
			*out = args[i];
			break;
		}
	}
	return true;
}

CALL(all)
{
	bool yes = true;

	(void)r;
	for (size_t i = 0; i < n; i++)
		yes = yes && tv_is_true(&args[i]);
	*out = tv_bool(yes);
	return true;
}

CALL(any)
{
	bool yes = false;

	(void)r;
	for (size_t i = 0; i < n; i++)
		yes = yes || tv_is_true(&args[i]);
	*out = tv_bool(yes);
	return true;
}

CALL(ternary)
{
	(void)r;
	(void)n;
	*out = args[args[2].b ? 0 : 1];
	return true;
}

static const char *kind_name(const struct tv *v)
{
	static const char *const names[] = {
		"invalid", "bool", "int", "float64", "string", "slice", "map", "map"};

	return names[v->kind];
}

CALL(kind_of)
{
	(void)r;
	(void)n;
	*out = tv_str(str_from(kind_name(&args[0])));
	return true;
}

CALL(kind_is)
{
	(void)r;
	(void)n;
	*out = tv_bool(str_is(args[0].s, kind_name(&args[1])));
	return true;
}

CALL(fail)
{
	(void)r;
	(void)args;
	(void)n;
	(void)out;
	return false;
}

const struct tpl_func tpl_numbers[] = {
	{"add", "a*", add},
	{"add1", "a", add1},
	{"addf", "a*", addf},
	{"all", "a*", all},
	{"any", "a*", any},
	{"atoi", "s", to_int},
	{"biggest", "aa*", max},
	{"ceil", "a", ceil_of},
	{"coalesce", "a*", coalesce},
	{"default", "aa*", default_to},
	{"div", "aa", quotient},
	{"divf", "aa*", divf},
	{"empty", "a", empty},
	{"fail", "s", fail},
	{"float64", "a", to_float},
	{"floor", "a", floor_of},
	{"int", "a", to_int},
	{"int64", "a", to_int},
	{"kindIs", "sa", kind_is},
	{"kindOf", "a", kind_of},
	{"max", "aa*", max},
	{"min", "aa*", min},
	{"mod", "aa", mod},
	{"mul", "aa*", mul},
	{"mulf", "aa*", mulf},
	{"round", "ai", round_to},
	{"sub", "aa", sub},
	{"subf", "aa*", subf},
	{"ternary", "aab", ternary},
	{NULL, NULL, NULL},
};
