/* stage.structured_metadata_drop: takes structured metadata of these names out. */
#include "agent/component/loki.process/stage.h"

struct metadata_drop_args {
	struct arg_strs values;
};

static const struct arg metadata_drop_args[] = {
	ARG(metadata_drop_args, values, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Names of structured metadata."),
	ARGS_END,
};

struct metadata_drop {
	struct stage base;
	const struct arg_strs *names;
};

static bool metadata_drop_check(const void *args, struct range at, struct diags *d)
{
	const struct metadata_drop_args *a = args;

	return a->values.n > 0 ||
	       diag_error(d, at, "structured_metadata_drop stage config cannot be empty: values "
				 "has no "
				 "name");
}

static bool metadata_drop_init(struct stage *s, const void *args, struct err *e)
{
	const struct metadata_drop_args *a = args;

	(void)e;
	container_of(s, struct metadata_drop, base)->names = &a->values;
	return true;
}

static bool is_dropped(const struct metadata_drop *m, struct str name)
{
	for (size_t i = 0; i < m->names->n; i++) {
		if (str_eq(m->names->p[i], name))
			return true;
	}
	return false;
}

static bool metadata_drop_run(struct stage *s, struct work *w)
{
	const struct metadata_drop *m = container_of(s, struct metadata_drop, base);

	for (size_t i = 0; i < w->e.n_meta;) {
		if (is_dropped(m, w->e.meta[i].name))
			work_drop_meta(w, i);
		else
			i++;
	}
	return true;
}

static const struct stage_ops metadata_drop_ops = {
	.size = sizeof(struct metadata_drop),
	.check = metadata_drop_check,
	.init = metadata_drop_init,
	.run = metadata_drop_run,
};

const struct arg_choice_type stage_structured_metadata_drop = {
	.name = "stage.structured_metadata_drop",
	.help = "Takes structured metadata out.",
	.args = metadata_drop_args,
	.size = sizeof(struct metadata_drop_args),
	.ops = &metadata_drop_ops,
};
