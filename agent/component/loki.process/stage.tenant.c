/* stage.tenant: sets the label __tenant_id__, by which loki.write chooses the tenant. */
#include "agent/component/loki.process/stage.h"

struct tenant_args {
	struct str label;
	struct str source;
	struct str value;
};

static const struct arg tenant_args[] = {
	ARG(tenant_args, label, .type = ARG_STR, .help = "Name of the label that has the tenant."),
	ARG(tenant_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that has the tenant."),
	ARG(tenant_args, value, .type = ARG_STR, .help = "The tenant."),
	ARGS_END,
};

struct tenant {
	struct stage base;
	const struct tenant_args *args;
	struct memo memo;
};

static bool tenant_check(const void *args, struct range at, struct diags *d)
{
	const struct tenant_args *a = args;
	int given = (a->label.n > 0) + (a->source.n > 0) + (a->value.n > 0);

	if (given == 0)
		return diag_error(d, at, "label, source or value config are required");
	if (given > 1)
		return diag_error(d, at,
			"label, source and value are mutually exclusive: you should set "
			"source, value or label but not all");
	return true;
}

static bool tenant_uses_extracted(const void *args)
{
	const struct tenant_args *a = args;

	return a->source.n > 0;
}

static bool tenant_init(struct stage *s, const void *args, struct err *e)
{
	(void)e;
	container_of(s, struct tenant, base)->args = args;
	return true;
}

static bool tenant_run(struct stage *s, struct work *w)
{
	struct tenant *t = container_of(s, struct tenant, base);
	struct str id = t->args->value;

	if (t->args->label.n)
		id = labels_find(w->e.labels, t->args->label);
	else if (t->args->source.n)
		extracted_find(&w->x, t->args->source, &id);
	if (id.n)
		w->e.labels = memo_change(&t->memo, w->e.labels, 0,
			&(struct label){STR("__tenant_id__"), id}, 1);
	return true;
}

static void tenant_fini(struct stage *s)
{
	memo_clear(&container_of(s, struct tenant, base)->memo);
}

static const struct stage_ops tenant_ops = {
	.size = sizeof(struct tenant),
	.uses_extracted = tenant_uses_extracted,
	.check = tenant_check,
	.init = tenant_init,
	.run = tenant_run,
	.fini = tenant_fini,
};

const struct arg_choice_type stage_tenant = {
	.name = "stage.tenant",
	.help = "Sets the tenant that entries are sent as.",
	.args = tenant_args,
	.size = sizeof(struct tenant_args),
	.ops = &tenant_ops,
};
