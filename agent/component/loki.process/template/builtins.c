/* The functions of text/template itself. and, or are in run.c; call, html, js and urlquery have no
 * use here. */
#include "agent/component/loki.process/template/private.h"

#include <math.h>

bool tv_is_true(const struct tv *v)
{
	switch (v->kind) {
	case TV_NONE:
		return false;
	case TV_BOOL:
		return v->b;
	case TV_INT:
		return v->i != 0;
	case TV_FLOAT:
		return v->f != 0;
	case TV_STR:
		return v->s.n > 0;
	case TV_LIST:
		return v->list.n > 0;
	case TV_DICT:
		return v->dict->n > 0;
	case TV_DATA:
		return true;
	}
	return false;
}

/* Of one kind and equal; lists and dicts are compared by what they share. */
bool tv_eq(const struct tv *a, const struct tv *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TV_NONE:
	case TV_DATA:
		return true;
	case TV_BOOL:
		return a->b == b->b;
	case TV_INT:
		return a->i == b->i;
	case TV_FLOAT:
		return a->f == b->f;
	case TV_STR:
		return str_eq(a->s, b->s);
	case TV_LIST:
		return a->list.p == b->list.p && a->list.n == b->list.n;
	case TV_DICT:
		return a->dict == b->dict;
	}
	return false;
}

/* May eq compare them? What is not there is comparable with everything. */
static bool are_basic(const struct tv *a, const struct tv *b)
{
	if (a->kind == TV_NONE || b->kind == TV_NONE)
		return true;
	return a->kind == b->kind && a->kind <= TV_STR;
}

static bool eq(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	bool any = false;

	(void)r;
	if (n < 2)
		return false;
	for (size_t i = 1; i < n && !any; i++) {
		if (!are_basic(&args[0], &args[i]))
			return false;
		any = tv_eq(&args[0], &args[i]);
	}
	*out = tv_bool(any);
	return true;
}

static bool ne(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	if (!eq(r, args, n, out))
		return false;
	out->b = !out->b;
	return true;
}

/* Below 0, 0, above 0; false: they have no order. */
static bool compare(const struct tv *a, const struct tv *b, int *out)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == TV_INT)
		*out = a->i < b->i ? -1 : a->i > b->i;
	else if (a->kind == TV_FLOAT)
		*out = a->f < b->f ? -1 : a->f > b->f;
	else if (a->kind == TV_STR)
		*out = str_cmp(a->s, b->s);
	else
		return false;
	return true;
}

#define ORDER(name, test) \
	static bool name(struct run *r, const struct tv *args, size_t n, struct tv *out) \
	{ \
		int c; \
		(void)r; \
		(void)n; \
		if (!compare(&args[0], &args[1], &c)) \
			return false; \
		*out = tv_bool(test); \
		return true; \
	}

/* clang-format off */
ORDER(lt, c < 0)
ORDER(le, c <= 0)
ORDER(gt, c > 0)
ORDER(ge, c >= 0)
/* clang-format on */

static bool negate(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	(void)r;
	(void)n;
	*out = tv_bool(!tv_is_true(&args[0]));
	return true;
}

static bool len(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	size_t length;

	(void)r;
	(void)n;
	if (args[0].kind == TV_STR)
		length = args[0].s.n;
	else if (args[0].kind == TV_LIST)
		length = args[0].list.n;
	else if (args[0].kind == TV_DICT)
		length = args[0].dict->n;
	else
		return false;
	*out = tv_int((int64_t)length);
	return true;
}

static bool index_one(struct run *r, const struct tv *from, const struct tv *key, struct tv *out)
{
	size_t n = from->kind == TV_LIST ? from->list.n : from->kind == TV_STR ? from->s.n
									       : 0;

	if (from->kind == TV_DICT || from->kind == TV_DATA)
		return key->kind == TV_STR && tv_field(r, from, key->s, out);
	if (key->kind != TV_INT || key->i < 0 || (uint64_t)key->i >= n)
		return false;
	*out = from->kind == TV_LIST ? from->list.p[key->i]
				     : tv_int((unsigned char)from->s.p[key->i]);
	return true;
}

static bool index_of(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	struct tv now = args[0];

	for (size_t i = 1; i < n; i++) {
		struct tv next = {0};

		if (!index_one(r, &now, &args[i], &next))
			return false;
		now = next;
	}
	*out = now;
	return true;
}

static bool slice(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	const struct tv *v = &args[0];
	size_t size = v->kind == TV_STR ? v->s.n : v->kind == TV_LIST ? v->list.n
								      : 0;
	int64_t from = n > 1 ? args[1].i : 0;
	int64_t to = n > 2 ? args[2].i : (int64_t)size;

	(void)r;
	if ((v->kind != TV_STR && v->kind != TV_LIST) || from < 0 || to < from ||
		(uint64_t)to > size || n > 3)
		return false;
	*out = *v;
	if (v->kind == TV_STR) {
		out->s = str_head(str_from_at(v->s, (size_t)from), (size_t)(to - from));
	} else {
		out->list.p += from;
		out->list.n = (size_t)(to - from);
	}
	return true;
}

/* Sprint puts spaces between operands when neither is a text, Sprintln always. */
static bool print_all(
	struct run *r, const struct tv *args, size_t n, bool line, struct tv *out)
{
	struct buf *b = run_scratch(r, 0);

	for (size_t i = 0; i < n && b->n <= BYTES_MAX; i++) {
		if (i && (line || (args[i].kind != TV_STR && args[i - 1].kind != TV_STR)))
			buf_add_char(b, ' ');
		if (args[i].kind == TV_NONE)
			buf_printf(b, "<nil>");
		else
			tv_print(b, &args[i]);
	}
	if (line)
		buf_add_char(b, '\n');
	return run_take(r, b, out);
}

static bool print(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	return print_all(r, args, n, false, out);
}

static bool println(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	return print_all(r, args, n, true, out);
}

static bool print_form(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	struct buf *b = run_scratch(r, 0);
	bool ok = tv_printf(r, b, args[0].s, args + 1, n - 1);

	return run_take(r, b, out) && ok;
}

/* They never get here: run.c takes them. */
static bool logic(struct run *r, const struct tv *args, size_t n, struct tv *out)
{
	(void)r;
	(void)args;
	(void)n;
	(void)out;
	return false;
}

const struct tpl_func tpl_and = {"and", "aa*", logic};
const struct tpl_func tpl_or = {"or", "aa*", logic};

const struct tpl_func tpl_builtins[] = {
	{"eq", "aaa*", eq},
	{"ge", "aa", ge},
	{"gt", "aa", gt},
	{"index", "aa*", index_of},
	{"le", "aa", le},
	{"len", "a", len},
	{"lt", "aa", lt},
	{"ne", "aa", ne},
	{"not", "a", negate},
	{"print", "a*", print},
	{"printf", "sa*", print_form},
	{"println", "a*", println},
	{"slice", "ai*", slice},
	{NULL, NULL, NULL},
};
