/* stage.static_labels: sets labels to values that are given. Empty ones are passed over. */
#include "agent/component/loki.process/stage.h"

struct static_labels_args {
	struct arg_map values;
};

static const struct arg static_labels_args[] = {
	ARG(static_labels_args, values, .type = ARG_MAP, .flags = ARG_REQUIRED,
		.help = "Labels and their values."),
	ARGS_END,
};

struct static_labels {
	struct stage base;
	const struct arg_map *values;
	struct memo memo;
};

static bool static_labels_check(const void *args, struct range at, struct diags *d)
{
	const struct static_labels_args *a = args;
	bool ok = true;

	for (size_t i = 0; i < a->values.n; i++) {
		if (!label_name_is_valid(a->values.p[i].name))
			ok = diag_error(d, at, "values: invalid label name: " STR_FMT,
				STR_ARG(a->values.p[i].name));
	}
	return ok;
}

static bool static_labels_init(struct stage *s, const void *args, struct err *e)
{
	const struct static_labels_args *a = args;

	(void)e;
	container_of(s, struct static_labels, base)->values = &a->values;
	return true;
}

static const struct labels *apply(const struct arg_map *values, const struct labels *in)
{
	const struct labels *set = labels_hold(in);

	for (size_t i = 0; i < values->n; i++) {
		const struct labels *next;

		if (values->p[i].value.n == 0)
			continue;
		next = labels_with(set, values->p[i].name, values->p[i].value);
		labels_release(set);
		set = next;
	}
	return set;
}

static bool static_labels_run(struct stage *s, struct work *w)
{
	struct static_labels *l = container_of(s, struct static_labels, base);
	struct memo_slot *m = memo_slot(&l->memo, w->e.labels, 0);

	if (!memo_knows(m, w->e.labels, 0))
		memo_set(m, w->e.labels, 0, apply(l->values, w->e.labels));
	w->e.labels = m->out;
	return true;
}

static void static_labels_fini(struct stage *s)
{
	memo_clear(&container_of(s, struct static_labels, base)->memo);
}

static const struct stage_ops static_labels_ops = {
	.size = sizeof(struct static_labels),
	.check = static_labels_check,
	.init = static_labels_init,
	.run = static_labels_run,
	.fini = static_labels_fini,
};

const struct arg_choice_type stage_static_labels = {
	.name = "stage.static_labels",
	.help = "Sets labels to values that are given.",
	.args = static_labels_args,
	.size = sizeof(struct static_labels_args),
	.ops = &static_labels_ops,
};
