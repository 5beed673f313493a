#include "agent/component/loki.source.journal/entry_fields.h"

#include "agent/base/buf.h"

#include <ctype.h>
#include <stdlib.h>

static struct label *find(const struct journal_fields *f, struct str name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->p[i].name, name))
			return &f->p[i];
	return NULL;
}

static struct label *add(struct journal_fields *f, struct arena *a)
{
	if (f->n == f->cap) {
		struct label *p = arena_new(a, struct label, f->cap ? 2 * f->cap : 32);

		if (f->n)
			memcpy(p, f->p, f->n * sizeof(*p));
		f->cap = f->cap ? 2 * f->cap : 32;
		f->p = p;
	}
	return &f->p[f->n++];
}

void journal_fields_add(struct journal_fields *f, struct arena *a, struct str data)
{
	struct str name, value;
	struct label *known;

	if (!str_cut(data, '=', &name, &value) || name.n == 0 || name.n > 64 ||
		f->n == JOURNAL_FIELDS_MAX || f->bytes + data.n > JOURNAL_BYTES_MAX)
		return;
	f->bytes += data.n;
	known = find(f, name);
	if (known)
		known->value = arena_str(a, value);
	else
		*add(f, a) = (struct label){arena_str(a, name), arena_str(a, value)};
}

struct str journal_fields_find(const struct journal_fields *f, const char *name)
{
	const struct label *l = find(f, str_from(name));

	return l ? l->value : (struct str){0};
}

/* Names are A-Z, 0-9 and _ by the journal's own rule. */
static struct str label_name(struct arena *a, struct str field)
{
	struct str name = arena_printf(a, "__journal_" STR_FMT, STR_ARG(field));
	char *p = arena_new(a, char, name.n + 1);

	for (size_t i = 0; i < name.n; i++)
		p[i] = (char)tolower((unsigned char)name.p[i]);
	return (struct str){p, name.n};
}

static struct str priority_keyword(struct str priority)
{
	static const char *const words[] = {
		"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"};
	bool is_one = priority.n == 1 && priority.p[0] >= '0' && priority.p[0] <= '7';

	return str_from(is_one ? words[priority.p[0] - '0'] : NULL);
}

size_t journal_fields_labels(const struct journal_fields *f, struct arena *a,
	const struct label *more, size_t n_more, struct label **out)
{
	struct label *v = arena_new(a, struct label, f->n + n_more + 1);
	struct str keyword = priority_keyword(journal_fields_find(f, "PRIORITY"));
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (f->p[i].value.n)
			v[n++] = (struct label){label_name(a, f->p[i].name), f->p[i].value};
	if (keyword.n)
		v[n++] = (struct label){STR("__journal_priority_keyword"), keyword};
	for (size_t i = 0; i < n_more; i++)
		v[n++] = more[i];
	*out = v;
	return n;
}

static int by_name(const void *x, const void *y)
{
	const struct label *a = x, *b = y;

	return str_cmp(a->name, b->name);
}

void journal_fields_json(struct journal_fields *f, struct buf *out)
{
	if (f->n)
		qsort(f->p, f->n, sizeof(*f->p), by_name);
	buf_add_char(out, '{');
	for (size_t i = 0; i < f->n; i++) {
		if (i)
			buf_add_char(out, ',');
		buf_add_json(out, f->p[i].name);
		buf_add_char(out, ':');
		buf_add_json(out, f->p[i].value);
	}
	buf_add_char(out, '}');
}
