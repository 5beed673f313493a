/* A pipeline sets few keys, so a list that is searched is quicker than a table. */
#include "agent/component/loki.process/extracted.h"

#include "agent/base/vec.h"

#include <stdlib.h>

void extracted_init(struct extracted *x, const struct labels *base)
{
	x->base = base;
	x->n = 0;
}

void extracted_fini(struct extracted *x)
{
	free(x->p);
	*x = (struct extracted){0};
}

static struct extracted_item *find(const struct extracted *x, struct str name)
{
	for (size_t i = 0; i < x->n; i++) {
		if (str_eq(x->p[i].name, name))
			return &x->p[i];
	}
	return NULL;
}

static struct extracted_item *find_or_add(struct extracted *x, struct str name)
{
	struct extracted_item *it = find(x, name);

	return it ? it : vec_add(x);
}

void extracted_set(struct extracted *x, struct str name, struct str text)
{
	*find_or_add(x, name) = (struct extracted_item){.name = name, .text = text};
}

void extracted_set_null(struct extracted *x, struct str name)
{
	*find_or_add(x, name) = (struct extracted_item){.name = name, .is_null = true};
}

void extracted_unset(struct extracted *x, struct str name)
{
	*find_or_add(x, name) =
		(struct extracted_item){.name = name, .is_null = true, .is_unset = true};
}

bool extracted_has(const struct extracted *x, struct str name)
{
	const struct extracted_item *it = find(x, name);

	return it ? !it->is_unset : labels_find(x->base, name).p != NULL;
}

bool extracted_find(const struct extracted *x, struct str name, struct str *text)
{
	const struct extracted_item *it = find(x, name);
	struct str label;

	if (it && it->is_null)
		return false;
	label = it ? it->text : labels_find(x->base, name);
	if (!it && !label.p)
		return false;
	*text = label;
	return true;
}

bool extracted_each(const struct extracted *x, size_t *i, struct extracted_item *out)
{
	while (*i < x->n) {
		*out = x->p[(*i)++];
		if (!out->is_unset)
			return true;
	}
	while (*i - x->n < x->base->n) {
		const struct label *l = &x->base->v[(*i)++ - x->n];

		if (find(x, l->name))
			continue;
		*out = (struct extracted_item){.name = l->name, .text = l->value};
		return true;
	}
	return false;
}
