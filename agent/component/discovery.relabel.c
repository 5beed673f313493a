/*
 * discovery.relabel: rewrites the labels of targets, and drops targets.
 *
 * There is nothing to wait for: every change of the targets or the rules is worked off in
 * the call that brings it. The export changes only if the result does.
 */
#include "agent/base/err.h"
#include "agent/component/common/relabel_args.h"
#include "agent/graph/component.h"
#include "agent/loop/loop.h"

struct discovery_relabel_args {
	struct arg_targets targets;
	struct arg_blocks rule;
};

static const struct arg discovery_relabel_args[] = {
	ARG(discovery_relabel_args, targets, .type = ARG_TARGETS, .flags = ARG_REQUIRED,
		.help = "Targets to rewrite."),
	ARG(discovery_relabel_args, rule, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		RELABEL_ARGS_BLOCK),
	ARGS_END,
};

struct discovery_relabel {
	struct component base;
	struct relabel_rules *rules;
	struct relabel_rules *old; /* those before, while others may still look at them */
	struct label_list labels;
};

static void set_labels(struct label_list *l, struct arena *a, const struct arg_map *target)
{
	struct label *v = arena_new(a, struct label, target->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < target->n; i++) {
		if (target->p[i].value.n)
			v[n++] = (struct label){target->p[i].name, target->p[i].value};
	}
	label_list_init(l, v, n);
}

static struct value target_value(struct arena *a, const struct label_list *l)
{
	struct field *fields = arena_new(a, struct field, l->n + 1);

	for (size_t i = 0; i < l->n; i++) {
		fields[i].key = arena_str(a, l->p[i].name);
		fields[i].value = value_str(arena_str(a, l->p[i].value));
	}
	return value_object(a, fields, l->n);
}

static bool discovery_relabel_update(struct component *c, const void *args, struct err *e)
{
	const struct discovery_relabel_args *a = args;
	struct discovery_relabel *d = container_of(c, struct discovery_relabel, base);
	struct arena *scratch = loop_scratch(c->loop);
	struct value *out = arena_new(scratch, struct value, a->targets.n + 1);
	size_t n = 0;

	if (!relabel_args_update(&a->rule, &d->rules, &d->old, e))
		return false;
	for (size_t i = 0; i < a->targets.n; i++) {
		set_labels(&d->labels, scratch, &a->targets.p[i]);
		if (relabel_apply(d->rules, &d->labels, scratch))
			out[n++] = target_value(scratch, &d->labels);
	}
	component_export(c, "output", value_array(out, n));
	component_export(c, "rules", value_capsule(&capsule_relabel_rules, d->rules));
	return true;
}

static void discovery_relabel_stop(struct component *c)
{
	struct discovery_relabel *d = container_of(c, struct discovery_relabel, base);

	relabel_rules_release(d->rules);
	relabel_rules_release(d->old);
	label_list_fini(&d->labels);
	component_stopped(c);
}

static bool discovery_relabel_check(const void *args, struct diags *d)
{
	const struct discovery_relabel_args *a = args;

	return relabel_args_check(&a->rule, d);
}

static const struct export_field discovery_relabel_exports[] = {
	{"output", ARG_TARGETS, NULL, "The targets after relabelling."},
	{"rules", ARG_CAPSULE, &capsule_relabel_rules, "The rules."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type discovery_relabel = {
	.name = "discovery.relabel",
	.help = "Rewrites the labels of targets, and drops targets.",
	.stability = STABILITY_GA,
	.args = discovery_relabel_args,
	.size = sizeof(struct discovery_relabel),
	.args_size = sizeof(struct discovery_relabel_args),
	.exports = discovery_relabel_exports,
	.check = discovery_relabel_check,
	.start = discovery_relabel_update,
	.update = discovery_relabel_update,
	.stop = discovery_relabel_stop,
};
