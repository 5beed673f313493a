/*
 * Operators (Alloy: syntax/vm/op_binary.go). Whole numbers wrap as in Go, division by zero is an
 * error, and unlike kinds of numbers meet at the wider one: uint, int, float.
 */

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "agent/config/eval_internal.h"
#include "agent/config/number.h"
#include "agent/config/stdlib.h"
#include "agent/config/token.h"

#include <math.h>

static bool is_in(const struct value *v, bool number, bool string, bool capsule, bool boolean)
{
	return (v->type == VALUE_NUMBER && number) || (v->type == VALUE_STRING && string) ||
	       (v->type == VALUE_CAPSULE && capsule) || (v->type == VALUE_BOOL && boolean);
}

/* The types that an operator takes, as Go prints a list of them. */
static const char *allowed_types(int op, const struct value *v)
{
	switch (op) {
	case TOKEN_OR:
	case TOKEN_AND:
		return is_in(v, false, false, false, true) ? NULL : "[bool]";
	case TOKEN_ADD:
		return is_in(v, true, true, true, false) ? NULL : "[number string capsule]";
	case TOKEN_LT:
	case TOKEN_LTE:
	case TOKEN_GT:
	case TOKEN_GTE:
		return is_in(v, true, true, false, false) ? NULL : "[number string]";
	default:
		return is_in(v, true, false, false, false) ? NULL : "[number]";
	}
}

static bool check_type(struct eval *ev, const struct expr *side, int op, const struct value *v)
{
	const char *want = allowed_types(op, v);

	if (!want)
		return true;
	return eval_error(ev, side, "should be one of %s for binop %s, got %s", want,
		token_name((enum token_kind)op), value_type_name(v));
}

static uint64_t int_pow(uint64_t n, uint64_t m)
{
	uint64_t result = 1;

	for (; m; m >>= 1) {
		if (m & 1)
			result *= n;
		n *= n;
	}
	return result;
}

static int64_t signed_pow(int64_t n, int64_t m)
{
	if (m < 0)
		return n; /* Alloy's loop does not begin then */
	return (int64_t)int_pow((uint64_t)n, (uint64_t)m);
}

static double float_op(int op, double l, double r)
{
	switch (op) {
	case TOKEN_ADD:
		return l + r;
	case TOKEN_SUB:
		return l - r;
	case TOKEN_MUL:
		return l * r;
	case TOKEN_DIV:
		return l / r;
	case TOKEN_MOD:
		return fmod(l, r);
	default:
		return pow(l, r);
	}
}

static uint64_t uint_op(int op, uint64_t l, uint64_t r)
{
	switch (op) {
	case TOKEN_ADD:
		return l + r;
	case TOKEN_SUB:
		return l - r;
	case TOKEN_MUL:
		return l * r;
	case TOKEN_DIV:
		return l / r;
	case TOKEN_MOD:
		return l % r;
	default:
		return int_pow(l, r);
	}
}

static int64_t int_op(int op, int64_t l, int64_t r)
{
	if (op == TOKEN_POW)
		return signed_pow(l, r);
	if (op == TOKEN_DIV && r != -1)
		return l / r;
	if (op == TOKEN_MOD)
		return r == -1 ? 0 : l % r;
	if (op == TOKEN_DIV) /* by -1, which may not fit */
		return (int64_t)(0 - (uint64_t)l);
	return (int64_t)uint_op(op, (uint64_t)l, (uint64_t)r);
}

static enum number_kind wider(enum number_kind l, enum number_kind r)
{
	if (l == NUMBER_FLOAT || r == NUMBER_FLOAT)
		return NUMBER_FLOAT;
	return l == NUMBER_UINT && r == NUMBER_UINT ? NUMBER_UINT : NUMBER_INT;
}

static struct value arithmetic(int op, const struct value *l, const struct value *r)
{
	struct value v = {.type = VALUE_NUMBER, .number = wider(l->number, r->number)};

	switch (v.number) {
	case NUMBER_INT:
		v.i = int_op(op, number_int(l), number_int(r));
		break;
	case NUMBER_UINT:
		v.u = uint_op(op, l->u, r->u);
		break;
	case NUMBER_FLOAT:
		v.f = float_op(op, number_float(l), number_float(r));
		break;
	}
	return v;
}

static bool ordered(int op, bool less, bool greater, bool equal)
{
	switch (op) {
	case TOKEN_LT:
		return less;
	case TOKEN_GT:
		return greater;
	case TOKEN_LTE:
		return less || equal;
	default:
		return greater || equal;
	}
}

static bool compare(int op, const struct value *l, const struct value *r)
{
	double a, b;

	if (l->type == VALUE_STRING) {
		int c = str_cmp(l->s, r->s);

		return ordered(op, c<0, c> 0, c == 0);
	}
	switch (wider(l->number, r->number)) {
	case NUMBER_INT:
		return ordered(op, l->i<r->i, l->i> r->i, l->i == r->i);
	case NUMBER_UINT:
		return ordered(op, l->u<r->u, l->u> r->u, l->u == r->u);
	case NUMBER_FLOAT:
		a = number_float(l);
		b = number_float(r);
		return ordered(op, a<b, a> b, a == b);
	}
	must_failed("a number of an unknown kind", __FILE__, __LINE__);
}

static bool is_text(const struct value *v)
{
	return v->type == VALUE_STRING || value_is_secret(v);
}

static bool join(struct eval *ev, const struct expr *x, const struct value *l,
	const struct value *r, struct value *out)
{
	struct str s;
	char *p;

	if (!is_text(l))
		return eval_error(ev, x->operand,
			"could not perform binop + for unknown types lhs capsule rhs %s",
			value_type_name(r));
	if (l->s.n + r->s.n > STDLIB_TEXT_MAX)
		return eval_error(ev, x, "is a text longer than 16 MiB");
	p = arena_new(ev->a, char, l->s.n + r->s.n + 1);
	memcpy(p, l->s.p, l->s.n);
	memcpy(p + l->s.n, r->s.p, r->s.n);
	s = (struct str){p, l->s.n + r->s.n};
	*out = value_is_secret(l) || value_is_secret(r) ? value_secret(s) : value_str(s);
	return true;
}

static bool number_op(struct eval *ev, const struct expr *x, const struct value *l,
	const struct value *r, struct value *out)
{
	if ((x->token == TOKEN_DIV || x->token == TOKEN_MOD) && number_float(r) == 0)
		return eval_error(ev, x->index, "divide by zero error");
	*out = arithmetic(x->token, l, r);
	return true;
}

/* A secret and a string are compared and joined as two secrets. */
static struct value unwrap(const struct value *v, const struct value *other)
{
	return v->type == VALUE_STRING && value_is_secret(other) ? value_secret(v->s) : *v;
}

static bool same_type_op(struct eval *ev, const struct expr *x, const struct value *l,
	const struct value *r, struct value *out)
{
	switch (x->token) {
	case TOKEN_OR:
		*out = value_bool(l->b || r->b);
		return true;
	case TOKEN_AND:
		*out = value_bool(l->b && r->b);
		return true;
	case TOKEN_LT:
	case TOKEN_LTE:
	case TOKEN_GT:
	case TOKEN_GTE:
		*out = value_bool(compare(x->token, l, r));
		return true;
	default:
		if (l->type == VALUE_NUMBER)
			return number_op(ev, x, l, r, out);
		return join(ev, x, l, r, out);
	}
}

bool eval_binary(struct eval *ev, const struct expr *x, const struct value *left,
	const struct value *right, struct value *out)
{
	struct value l = unwrap(left, right);
	struct value r = unwrap(right, left);

	if (x->token == TOKEN_EQ || x->token == TOKEN_NEQ) {
		*out = value_bool(value_eq(&l, &r) == (x->token == TOKEN_EQ));
		return true;
	}
	if (!check_type(ev, x->operand, x->token, &l) || !check_type(ev, x->index, x->token, &r))
		return false;
	if (l.type != r.type)
		return eval_type_error(ev, x->index, &r, value_type_name(&l));
	if (l.type == VALUE_CAPSULE && is_text(&l) != is_text(&r))
		return eval_type_error(ev, x->index, &r, "capsule(\"alloytypes.Secret\")");
	return same_type_op(ev, x, &l, &r, out);
}

bool eval_unary(struct eval *ev, const struct expr *x, const struct value *v, struct value *out)
{
	if (x->token == TOKEN_NOT) {
		if (v->type != VALUE_BOOL)
			return eval_type_error(ev, x->operand, v, "bool");
		*out = value_bool(!v->b);
		return true;
	}
	if (v->type != VALUE_NUMBER)
		return eval_type_error(ev, x->operand, v, "number");
	if (v->number == NUMBER_FLOAT)
		*out = value_float(-v->f);
	else
		*out = value_int((int64_t)(0 - v->u));
	return true;
}
