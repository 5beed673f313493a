/* Calls of functions: the count of arguments, and what an error is said about. */

#include "agent/base/buf.h"
#include "agent/config/eval_internal.h"
#include "agent/config/stdlib.h"

#include <stdarg.h>
#include <stdio.h>

bool call_text(struct call *c, size_t arg, struct str *out)
{
	if (value_to_str(c->a, &c->args[arg], out, &c->e))
		return true;
	c->bad.arg = arg;
	return false;
}

static void fill_error(struct call *c, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static void fill_error(struct call *c, const char *fmt, va_list ap)
{
	vsnprintf(c->e.text, sizeof(c->e.text), fmt, ap);
}

bool call_bad(struct call *c, size_t arg, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill_error(c, fmt, ap);
	va_end(ap);
	c->bad.arg = arg;
	return false;
}

bool call_bad_item(struct call *c, size_t arg, size_t item, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill_error(c, fmt, ap);
	va_end(ap);
	c->bad.arg = arg;
	c->bad.item = item;
	return false;
}

bool call_return_buf(struct call *c, struct buf *b)
{
	bool fits = b->n <= STDLIB_TEXT_MAX;

	if (fits)
		c->out = value_str(arena_str(c->a, buf_str(b)));
	buf_fini(b);
	return fits ? true : err_set(&c->e, "makes a text longer than 16 MiB");
}

/* The expression that is wrong: an argument, an item of one that is written as an array, or an
 * item of one that is not, which is named by its index. */
static bool call_error(struct eval *ev, const struct expr *x, const struct call *c)
{
	const struct expr *arg;

	if (c->bad.arg == STDLIB_ANY)
		return eval_error(ev, x->operand, "%s", c->e.text);
	arg = x->items[c->bad.arg];
	if (c->bad.item == STDLIB_ANY)
		return eval_error(ev, arg, "%s", c->e.text);
	if (arg->kind == EXPR_ARRAY && c->bad.item < arg->n)
		return eval_error(ev, arg->items[c->bad.item], "%s", c->e.text);
	return eval_item_error(ev, arg, c->bad.item, c->e.text);
}

bool eval_call(struct eval *ev, const struct expr *x, const struct value *f,
	const struct value *args, struct value *out)
{
	const struct function *fn = f->function;
	struct call c = {.a = ev->a, .args = args, .n = x->n};

	c.bad.arg = STDLIB_ANY;
	c.bad.item = STDLIB_ANY;
	if (!fn->is_raw && x->n < fn->min && fn->max == STDLIB_ANY)
		return eval_error(ev, x->operand, "expected at least %zu args, got %zu", fn->min,
			x->n);
	if (!fn->is_raw && (x->n < fn->min || x->n > fn->max))
		return eval_error(ev, x->operand, "expected %zu args, got %zu", fn->min, x->n);
	if (!fn->run(&c))
		return call_error(ev, x, &c);
	*out = c.out;
	return true;
}
