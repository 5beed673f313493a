/* What could not be converted, gathered and printed. */

#include "agent/base/vec.h"
#include "agent/convert/private.h"

#include <stdlib.h>

#define DIAGS_MAX 1000

void conversion_add(struct conversion *to, struct arena *a, enum convert_level level,
	const struct yaml_node *at, const char *fmt, va_list ap)
{
	struct convert_diag d = {level, at ? at->line : 0, at ? at->column : 0, STR("")};
	struct buf b = {0};

	/* The critical one ends the work, so there is one place to keep for it. */
	if (to->n >= DIAGS_MAX && level != CONVERT_CRITICAL) {
		to->is_cut = true;
		return;
	}
	buf_vprintf(&b, fmt, ap);
	d.text = env_unmark(a, buf_str(&b));
	buf_fini(&b);
	*vec_add(to) = d;
}

void say(struct converter *c, enum convert_level level, const struct yaml_node *at,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conversion_add(c->to, c->a, level, at, fmt, ap);
	va_end(ap);
}

void say_once(struct converter *c, enum convert_level level, const struct yaml_node *at,
	const char *text)
{
	if (map_find(&c->said, str_from(text)))
		return;
	map_set(&c->said, str_from(text), c);
	say(c, level, at, "%s", text);
}

static int compare(const void *a, const void *b)
{
	const struct convert_diag *x = a, *y = b;
	/* what has no place comes last */
	uint32_t lx = x->line - 1, ly = y->line - 1;

	if (lx != ly)
		return lx < ly ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return str_cmp(x->text, y->text);
}

void conversion_sort(struct conversion *c)
{
	if (c->n > 1)
		qsort(c->p, c->n, sizeof(*c->p), compare);
}

void conversion_fini(struct conversion *c)
{
	buf_fini(&c->text);
	free(c->p);
	*c = (struct conversion){0};
}

enum convert_level conversion_level(const struct conversion *c)
{
	enum convert_level worst = c->is_cut ? CONVERT_ERROR : CONVERT_INFO;

	for (size_t i = 0; i < c->n; i++)
		worst = c->p[i].level > worst ? c->p[i].level : worst;
	return worst;
}

void conversion_print(struct buf *out, const struct conversion *c, const char *file,
	enum convert_level least)
{
	static const char *const names[] = {"Info", "Warning", "Error", "Critical"};

	for (size_t i = 0; i < c->n; i++) {
		const struct convert_diag *d = &c->p[i];

		if (d->level < least)
			continue;
		buf_printf(out, "(%s) ", names[d->level]);
		if (d->line)
			buf_printf(out, "%s:%u:%u: ", file, d->line, d->column);
		buf_add_str(out, d->text);
		buf_add_char(out, '\n');
	}
	if (c->is_cut)
		buf_printf(out, "(Error) there is more; it is not listed\n");
}
