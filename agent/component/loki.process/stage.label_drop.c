/* stage.label_drop: takes the labels out that are listed. */
#include "agent/component/loki.process/label_filter.h"

static bool label_drop_check(const void *args, struct range at, struct diags *d)
{
	const struct label_filter_args *a = args;

	if (a->values.n == 0)
		return diag_error(d, at, "labeldrop stage config cannot be empty: values has no "
					 "label");
	return true;
}

static const struct stage_ops label_drop_ops = {
	.size = sizeof(struct label_filter),
	.check = label_drop_check,
	.init = label_filter_init,
	.run = label_filter_run,
	.fini = label_filter_fini,
};

const struct arg_choice_type stage_label_drop = {
	.name = "stage.label_drop",
	.help = "Takes labels out.",
	.args = label_filter_args,
	.size = sizeof(struct label_filter_args),
	.ops = &label_drop_ops,
};
