/*
 * loki.relabel: rewrites the label set of log entries, and drops entries.
 *
 * What becomes of a label set is worked out once and remembered by the set's pointer, so
 * that an entry costs a comparison. Labels that begin with __ stay; loki.write leaves them
 * out. An entry whose set becomes empty is dropped.
 */
#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/common/relabel_args.h"
#include "agent/flow/entry.h"
#include "agent/flow/label_cache.h"
#include "agent/graph/component.h"
#include "agent/loop/loop.h"

struct loki_relabel_args {
	struct range at;
	struct arg_capsules forward_to;
	int64_t max_cache_size;
	struct arg_blocks rule;
};

static const struct arg loki_relabel_args[] = {
	ARG_PLACE(loki_relabel_args, at),
	ARG(loki_relabel_args, forward_to, .type = ARG_CAPSULES, .flags = ARG_REQUIRED,
		.capsule = &capsule_logs_receiver, .help = "Where entries go."),
	ARG(loki_relabel_args, max_cache_size, .type = ARG_INT, .def = "10000",
		.help = "How many label sets are remembered."),
	ARG(loki_relabel_args, rule, .type = ARG_BLOCK, .flags = ARG_REPEATED, RELABEL_ARGS_BLOCK),
	ARGS_END,
};

enum counter {
	PROCESSED,
	WRITTEN,
	HITS,
	MISSES,
	SIZE,
	COUNTERS,
};

static const struct metric_family families[COUNTERS] = {
	[PROCESSED] = {"loki_relabel_entries_processed", METRIC_COUNTER,
		"Entries that came in.", NULL},
	[WRITTEN] = {"loki_relabel_entries_written", METRIC_COUNTER,
		"Entries that were passed on; the others were dropped by the rules.", NULL},
	[HITS] = {"loki_relabel_cache_hits", METRIC_COUNTER,
		"Entries whose label set was remembered.", NULL},
	[MISSES] = {"loki_relabel_cache_misses", METRIC_COUNTER,
		"Entries whose label set had to be worked out.", NULL},
	[SIZE] = {"loki_relabel_cache_size", METRIC_GAUGE, "Label sets that are remembered.", NULL},
};

struct loki_relabel {
	struct component base;
	struct receiver receiver;
	struct receivers to;
	struct relabel_rules *rules;
	struct relabel_rules *old; /* those before, while others may still look at them */
	struct label_list labels;
	struct label_cache cache;
	struct metric *metrics[COUNTERS];
};

/* The new set; NULL: the entry is dropped. The caller owns a reference. */
static const struct labels *work_out(struct loki_relabel *r, const struct labels *in)
{
	const struct labels *out;

	label_list_init(&r->labels, in->v, in->n);
	if (!relabel_apply(r->rules, &r->labels, loop_scratch(r->base.loop)) || r->labels.n == 0)
		return NULL;
	out = labels_intern(r->labels.p, r->labels.n);
	if (out->n > 0)
		return out;
	labels_release(out);
	return NULL;
}

static void push(struct receiver *receiver, const struct entry *e)
{
	struct loki_relabel *r = container_of(receiver, struct loki_relabel, receiver);
	const struct label_cache_entry *known = label_cache_find(&r->cache, e->labels);
	struct entry to = *e;

	metric_add(r->metrics[PROCESSED], 1);
	metric_add(r->metrics[known ? HITS : MISSES], 1);
	if (!known) {
		known = label_cache_add(&r->cache, e->labels, work_out(r, e->labels));
		metric_set(r->metrics[SIZE], (double)r->cache.n);
	}
	if (!known->out)
		return;
	/* The set must outlive the call, whatever the receivers do to this cache. */
	to.labels = labels_hold(known->out);
	receivers_push(&r->to, &to);
	metric_add(r->metrics[WRITTEN], 1);
	labels_release(to.labels);
}

static bool loki_relabel_update(struct component *c, const void *args, struct err *e)
{
	const struct loki_relabel_args *a = args;
	struct loki_relabel *r = container_of(c, struct loki_relabel, base);
	const struct relabel_rules *before = r->rules;

	if (!relabel_args_update(&a->rule, &r->rules, &r->old, e))
		return false;
	if (r->rules != before || r->cache.max != (size_t)a->max_cache_size) {
		label_cache_clear(&r->cache);
		label_cache_init(&r->cache, (size_t)a->max_cache_size);
		metric_set(r->metrics[SIZE], 0);
	}
	r->to = (struct receivers){(struct receiver *const *)a->forward_to.p, a->forward_to.n};
	component_export(c, "rules", value_capsule(&capsule_relabel_rules, r->rules));
	return true;
}

static bool loki_relabel_start(struct component *c, const void *args, struct err *e)
{
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};
	const struct loki_relabel_args *a = args;
	struct loki_relabel *r = container_of(c, struct loki_relabel, base);

	if (!relabel_args_update(&a->rule, &r->rules, &r->old, e))
		return false; /* before anything is made that would have to be given back */
	label_cache_init(&r->cache, 1);
	for (size_t i = 0; i < COUNTERS; i++)
		r->metrics[i] = metric_new(&families[i], labels);
	r->receiver = (struct receiver){push, c->id};
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &r->receiver));
	return loki_relabel_update(c, args, e);
}

static void loki_relabel_stop(struct component *c)
{
	struct loki_relabel *r = container_of(c, struct loki_relabel, base);

	label_cache_clear(&r->cache);
	relabel_rules_release(r->rules);
	relabel_rules_release(r->old);
	label_list_fini(&r->labels);
	for (size_t i = 0; i < COUNTERS; i++)
		metric_free(r->metrics[i]);
	component_stopped(c);
}

static bool loki_relabel_check(const void *args, struct diags *d)
{
	const struct loki_relabel_args *a = args;

	bool ok = true;

	if (a->max_cache_size < 1 || a->max_cache_size > 10000000)
		ok = diag_error(d, a->at, "max_cache_size must be between 1 and 10000000");
	return relabel_args_check(&a->rule, d) && ok;
}

static const struct export_field loki_relabel_exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Takes entries."},
	{"rules", ARG_CAPSULE, &capsule_relabel_rules, "The rules."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type loki_relabel = {
	.name = "loki.relabel",
	.help = "Rewrites the labels of log entries, and drops entries.",
	.stability = STABILITY_GA,
	.args = loki_relabel_args,
	.size = sizeof(struct loki_relabel),
	.args_size = sizeof(struct loki_relabel_args),
	.exports = loki_relabel_exports,
	.check = loki_relabel_check,
	.start = loki_relabel_start,
	.update = loki_relabel_update,
	.stop = loki_relabel_stop,
};
