/* The result depends on the set alone, so it is remembered by its pointer. */
#include "agent/component/loki.process/label_filter.h"

const struct arg label_filter_args[] = {
	ARG(label_filter_args, values, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Names of labels."),
	ARGS_END,
};

static bool is_listed(const struct arg_strs *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->p[i], name))
			return true;
	}
	return false;
}

bool label_filter_init(struct stage *s, const void *args, struct err *e)
{
	const struct label_filter_args *a = args;

	(void)e;
	container_of(s, struct label_filter, base)->names = &a->values;
	return true;
}

static const struct labels *apply(const struct label_filter *f, const struct labels *in)
{
	const struct labels *set = labels_hold(in);

	for (size_t i = 0; i < in->n; i++) {
		const struct labels *next;

		if (is_listed(f->names, in->v[i].name) == f->keep)
			continue;
		next = labels_with(set, in->v[i].name, (struct str){0});
		labels_release(set);
		set = next;
	}
	return set;
}

bool label_filter_run(struct stage *s, struct work *w)
{
	struct label_filter *f = container_of(s, struct label_filter, base);
	struct memo_slot *m = memo_slot(&f->memo, w->e.labels, 0);

	if (!memo_knows(m, w->e.labels, 0))
		memo_set(m, w->e.labels, 0, apply(f, w->e.labels));
	w->e.labels = m->out;
	return true;
}

void label_filter_fini(struct stage *s)
{
	memo_clear(&container_of(s, struct label_filter, base)->memo);
}
