/*
 * stage.match: entries that a selector takes go through stages of their own, or are dropped.
 *
 * Whether a label set is taken is remembered by its pointer. The inner stages run in the
 * same call, so the order of entries is kept (in Alloy it may change).
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/flow/selector.h"

#define SHOWN_MAX 200 /* of a selector, bytes */

struct match_args {
	struct str selector;
	struct str action;
	struct str drop_counter_reason;
	struct str pipeline_name;
	struct arg_choices stages;
};

static const struct arg match_args[] = {
	ARG(match_args, selector, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "LogQL stream selector, and line filters."),
	ARG(match_args, action, .type = ARG_STR, .def = "keep",
		.help = "keep: the inner stages are applied; drop: the entry is dropped."),
	ARG(match_args, drop_counter_reason, .type = ARG_STR, .def = "match_stage",
		.help = "The reason under which dropped entries are counted."),
	ARG(match_args, pipeline_name, .type = ARG_STR, .help = "Not used, in Alloy neither."),
	ARG(match_args, stages, .type = ARG_CHOICE, .choices = stage_types,
		.help = "What is done to entries that are taken."),
	ARGS_END,
};

struct match {
	struct stage base;
	struct selector *selector;
	struct pipeline *inner;
	struct metric *dropped; /* NULL: the action is keep */
	struct memo memo;       /* the tag is always 0, out is in or, when it is refused, NULL */
};

static bool check_selector(struct str text, struct range at, struct diags *d)
{
	struct selector *s;
	struct err e;

	if (text.n == 0)
		return diag_error(d, at, "selector statement required for match stage");
	s = selector_new(text, &e);
	selector_free(s);
	if (s)
		return true;
	diag_error(d, at, "invalid selector syntax for match stage: %s", e.text);
	diag_hint(d, "the selector is " STR_FMT, STR_ARG(str_head(text, SHOWN_MAX)));
	return false;
}

static bool match_check(const void *args, struct range at, struct diags *d)
{
	const struct match_args *a = args;
	bool drop = str_is(a->action, "drop");
	bool keep = a->action.n == 0 || str_is(a->action, "keep");
	bool ok = check_selector(a->selector, at, d);

	if (!drop && !keep)
		ok = diag_error(d, at, "match stage action should be 'keep' or 'drop'");
	if (keep && a->stages.n == 0)
		ok = diag_error(d, at, "match stage requires at least one additional stage to be "
				       "defined in '- stages', or action = \"drop\"");
	if (drop && a->stages.n > 0)
		ok = diag_error(d, at,
			"match stage configured to drop entries cannot contains stages: leave out "
			"action, or the stages");
	return pipeline_check(&a->stages, d) && ok;
}

static bool match_uses_extracted(const void *args)
{
	const struct match_args *a = args;

	return pipeline_uses_extracted(&a->stages);
}

static bool match_init(struct stage *s, const void *args, struct err *e)
{
	const struct match_args *a = args;
	struct match *m = container_of(s, struct match, base);
	struct str reason = a->drop_counter_reason;

	m->selector = selector_new(a->selector, e);
	if (!m->selector)
		return false;
	m->inner = pipeline_new(s->in->process, &a->stages, s, e);
	if (!m->inner)
		return false;
	if (str_is(a->action, "drop"))
		m->dropped = process_drop_counter(
			s->in->process, reason.n ? reason : STR("match_stage"));
	return true;
}

static bool takes(struct match *m, const struct labels *labels)
{
	struct memo_slot *slot = memo_slot(&m->memo, labels, 0);

	if (!memo_knows(slot, labels, 0)) {
		bool yes = selector_match_labels(m->selector, labels);

		memo_set(slot, labels, 0, yes ? labels_hold(labels) : NULL);
	}
	return slot->out != NULL;
}

static bool match_run(struct stage *s, struct work *w)
{
	struct match *m = container_of(s, struct match, base);

	if (!takes(m, w->e.labels) || !selector_match_line(m->selector, w->e.line))
		return true;
	if (!m->dropped)
		return pipeline_run(m->inner, w);
	metric_add(m->dropped, 1);
	return false;
}

static void match_leave(struct stage *s)
{
	pipeline_leave(container_of(s, struct match, base)->inner);
}

static void match_fini(struct stage *s)
{
	struct match *m = container_of(s, struct match, base);

	selector_free(m->selector);
	pipeline_free(m->inner);
	memo_clear(&m->memo);
}

static const struct stage_ops match_ops = {
	.size = sizeof(struct match),
	.uses_extracted = match_uses_extracted,
	.check = match_check,
	.init = match_init,
	.run = match_run,
	.leave = match_leave,
	.fini = match_fini,
};

const struct arg_choice_type stage_match = {
	.name = "stage.match",
	.help = "Applies stages to the entries that a selector takes, or drops them.",
	.args = match_args,
	.size = sizeof(struct match_args),
	.ops = &match_ops,
};
