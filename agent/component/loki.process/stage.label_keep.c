/* stage.label_keep: takes every label out but those that are listed. */
#include "agent/component/loki.process/label_filter.h"

static bool label_keep_check(const void *args, struct range at, struct diags *d)
{
	const struct label_filter_args *a = args;

	if (a->values.n == 0)
		return diag_error(d, at, "labelkeep stage config cannot be empty: values has no "
					 "label");
	return true;
}

static bool label_keep_init(struct stage *s, const void *args, struct err *e)
{
	container_of(s, struct label_filter, base)->keep = true;
	return label_filter_init(s, args, e);
}

static const struct stage_ops label_keep_ops = {
	.size = sizeof(struct label_filter),
	.check = label_keep_check,
	.init = label_keep_init,
	.run = label_filter_run,
	.fini = label_filter_fini,
};

const struct arg_choice_type stage_label_keep = {
	.name = "stage.label_keep",
	.help = "Takes out every label but those listed.",
	.args = label_filter_args,
	.size = sizeof(struct label_filter_args),
	.ops = &label_keep_ops,
};
