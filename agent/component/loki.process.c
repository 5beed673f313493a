/*
 * loki.process: takes entries through stages.
 *
 * The stages are compiled when the configuration is loaded. An entry passes them in the call
 * that brings it, and what comes out is pushed on in the same call; only stages that join
 * lines hold entries back, and then their acks too. When the arguments change, what is held
 * is pushed on through the old stages before the new ones take over; but the pieces of lines that
 * the first stage joins are handed to the new one, if it is of the same kind.
 */
#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/loki.process/stage.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

struct loki_process_args {
	struct arg_capsules forward_to;
	struct arg_choices stages;
};

static const struct arg loki_process_args[] = {
	ARG(loki_process_args, forward_to, .type = ARG_CAPSULES, .flags = ARG_REQUIRED,
		.capsule = &capsule_logs_receiver, .help = "Where entries go."),
	ARG(loki_process_args, stages, .type = ARG_CHOICE, .choices = stage_types,
		.help = "What is done to each entry, in the order written."),
	ARGS_END,
};

static const struct metric_family partials_flushed = {
	"loki_process_cri_partial_lines_flushed_total", METRIC_COUNTER,
	"Partial lines that were passed on before their end had come: for lack of more in five "
	"seconds, to keep to max_partial_lines, or to the longest line that is joined.",
	NULL};
static const struct metric_family lines_truncated = {
	"loki_process_cri_lines_truncated_total", METRIC_COUNTER,
	"Lines that were cut to max_partial_line_size.", NULL};

struct loki_process {
	struct component base;
	struct receiver receiver;
	struct process shared;
	struct pipeline *pipeline;
	struct work work; /* one entry is on its way at a time */
};

static void push(struct receiver *receiver, const struct entry *e)
{
	struct loki_process *p = container_of(receiver, struct loki_process, receiver);

	work_init(&p->work, e, loop_scratch(p->base.loop));
	if (pipeline_run(p->pipeline, &p->work))
		receivers_push(&p->shared.to, &p->work.e);
}

static bool loki_process_update(struct component *c, const void *args, struct err *e)
{
	const struct loki_process_args *a = args;
	struct loki_process *p = container_of(c, struct loki_process, base);
	struct pipeline *made = pipeline_new(&p->shared, &a->stages, NULL, e);

	if (!made)
		return false;
	if (p->pipeline) {
		pipeline_take_over(made, p->pipeline);
		pipeline_leave(p->pipeline);
	}
	pipeline_free(p->pipeline);
	p->pipeline = made;
	p->shared.uses_extracted = pipeline_uses_extracted(&a->stages);
	p->shared.to =
		(struct receivers){(struct receiver *const *)a->forward_to.p, a->forward_to.n};
	return true;
}

static void clear(struct loki_process *p)
{
	if (p->pipeline)
		pipeline_leave(p->pipeline);
	pipeline_free(p->pipeline);
	work_fini(&p->work);
	for (size_t i = 0; i < p->shared.counters.n; i++) {
		metric_free(p->shared.counters.p[i].count);
		free(p->shared.counters.p[i].value);
	}
	free(p->shared.counters.p);
	map_fini(&p->shared.customs);
	metric_free(p->shared.partials_flushed);
	metric_free(p->shared.lines_truncated);
}

static bool loki_process_start(struct component *c, const void *args, struct err *e)
{
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};
	struct loki_process *p = container_of(c, struct loki_process, base);

	p->shared.id = c->id;
	p->shared.loop = c->loop;
	p->shared.budget = c->agent->budget;
	p->shared.partials_flushed = metric_new(&partials_flushed, labels);
	p->shared.lines_truncated = metric_new(&lines_truncated, labels);
	if (!loki_process_update(c, args, e)) {
		clear(p);
		return false;
	}
	p->receiver = (struct receiver){push, c->id};
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &p->receiver));
	return true;
}

static void loki_process_stop(struct component *c)
{
	clear(container_of(c, struct loki_process, base));
	component_stopped(c);
}

static bool loki_process_check(const void *args, struct diags *d)
{
	const struct loki_process_args *a = args;

	return pipeline_check(&a->stages, d);
}

static const struct export_field loki_process_exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Takes entries."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type loki_process = {
	.name = "loki.process",
	.help = "Takes log entries through stages that parse, change and drop them.",
	.stability = STABILITY_GA,
	.args = loki_process_args,
	.size = sizeof(struct loki_process),
	.args_size = sizeof(struct loki_process_args),
	.exports = loki_process_exports,
	.check = loki_process_check,
	.start = loki_process_start,
	.update = loki_process_update,
	.stop = loki_process_stop,
};
