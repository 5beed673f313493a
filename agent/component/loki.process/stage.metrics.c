/*
 * stage.metrics: counters, gauges and histograms of what goes by, shown on /metrics with the
 * entry's labels. Extracted values have no types here: a text is a number, a duration (then it is
 * in seconds), or true or false (1 or 0).
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/component/loki.process/custom.h"
#include "agent/config/number.h"

#include <math.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000000)
#define BUCKETS_MAX 1000

enum action {
	ACTION_INC,
	ACTION_DEC,
	ACTION_SET,
	ACTION_ADD,
	ACTION_SUB,
	ACTION_OBSERVE,
};

/* Of each kind; what a kind does not have keeps its zero. */
struct metric_args {
	struct range at;
	struct str name;
	struct str description;
	struct str source;
	struct str prefix;
	int64_t max_idle_duration;
	struct str value;
	struct str action;
	bool match_all;
	bool count_entry_bytes;
	struct value buckets;
};

/* clang-format off */
#define COMMON_ARGS \
	ARG_PLACE(metric_args, at), \
	ARG(metric_args, name, .type = ARG_STR, .flags = ARG_REQUIRED, \
		.help = "Its name, without the prefix."), \
	ARG(metric_args, description, .type = ARG_STR, \
		.help = "One sentence, shown with it."), \
	ARG(metric_args, source, .type = ARG_STR, \
		.help = "Name of the extracted value; the metric's name by default."), \
	ARG(metric_args, prefix, .type = ARG_STR, .def = "loki_process_custom_", \
		.help = "Stands before the name."), \
	ARG(metric_args, max_idle_duration, .type = ARG_DURATION, .def = "5m", \
		.help = "A series that nothing was added to for so long is not shown any more."), \
	ARG(metric_args, value, .type = ARG_STR, \
		.help = "Only entries of which the source is this text are taken.")
/* clang-format on */

static const struct arg counter_args[] = {
	COMMON_ARGS,
	ARG(metric_args, action, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "inc: add one; add: add the source."),
	ARG(metric_args, match_all, .type = ARG_BOOL,
		.help = "Whether every entry is taken, whatever the source is."),
	ARG(metric_args, count_entry_bytes, .type = ARG_BOOL,
		.help = "Whether the length of the line is added."),
	ARGS_END,
};

static const struct arg gauge_args[] = {
	COMMON_ARGS,
	ARG(metric_args, action, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "inc, dec, set, add or sub."),
	ARGS_END,
};

static const struct arg histogram_args[] = {
	COMMON_ARGS,
	ARG(metric_args, buckets, .type = ARG_ANY, .flags = ARG_REQUIRED,
		.help = "Upper bounds, ascending."),
	ARGS_END,
};

static const enum metric_kind counter_kind = METRIC_COUNTER;
static const enum metric_kind gauge_kind = METRIC_GAUGE;
static const enum metric_kind histogram_kind = METRIC_HISTOGRAM;

static const struct arg_choice_type metric_counter = {
	.name = "metric.counter",
	.help = "Only goes up.",
	.args = counter_args,
	.size = sizeof(struct metric_args),
	.ops = &counter_kind,
};
static const struct arg_choice_type metric_gauge = {
	.name = "metric.gauge",
	.help = "Goes up and down.",
	.args = gauge_args,
	.size = sizeof(struct metric_args),
	.ops = &gauge_kind,
};
static const struct arg_choice_type metric_histogram = {
	.name = "metric.histogram",
	.help = "Counts values by their size.",
	.args = histogram_args,
	.size = sizeof(struct metric_args),
	.ops = &histogram_kind,
};
static const struct arg_choice_type *const metric_types[] = {
	&metric_counter, &metric_gauge, &metric_histogram, NULL};

struct metrics_args {
	struct arg_choices metrics;
};

static const struct arg metrics_args[] = {
	ARG(metrics_args, metrics, .type = ARG_CHOICE, .choices = metric_types,
		.help = "What is counted."),
	ARGS_END,
};

struct counted {
	const struct metric_args *args;
	struct custom *custom;
	enum action action;
	bool is_counter;
	struct str source;
};

struct metrics {
	struct stage base;
	struct counted *p;
	size_t n;
};

static enum metric_kind kind_of(const struct arg_choice *c)
{
	return *(const enum metric_kind *)c->type->ops;
}

/* --- at load --- */

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = ascii_is_letter(c) || c == '_' ||
			      c == ':';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return true;
}

/* False: not a list of numbers that rise. NULL only checks. */
static bool read_buckets(const struct value *v, double *to, struct err *e)
{
	double before = -INFINITY;

	if (v->type != VALUE_ARRAY)
		return err_set(e, "buckets should be list(number), got %s", value_type_name(v));
	if (v->array.n > BUCKETS_MAX)
		return err_set(e, "more than %d buckets", BUCKETS_MAX);
	for (size_t i = 0; i < v->array.n; i++) {
		double bound;

		if (!value_to_float(&v->array.items[i], &bound, e))
			return err_wrap(e, "buckets");
		if (!(bound > before))
			return err_set(e, "histogram buckets must be in increasing order");
		before = bound;
		if (to)
			to[i] = bound;
	}
	return true;
}

static bool find_action(enum metric_kind kind, struct str text, enum action *out)
{
	static const char *const names[] = {"inc", "dec", "set", "add", "sub"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*out = (enum action)i;
		if (str_is(text, names[i]))
			return kind == METRIC_GAUGE || *out == ACTION_INC || *out == ACTION_ADD;
	}
	return false;
}

static bool check_counter(const struct metric_args *a, struct diags *d)
{
	enum action action = ACTION_ADD;
	bool ok = true;

	if (!find_action(METRIC_COUNTER, a->action, &action))
		ok = diag_error(d, a->at,
			"the 'action' counter field must be either 'inc' or 'add'");
	if (a->match_all && a->value.n)
		ok = diag_error(d, a->at,
			"a 'counter' metric supports either 'match_all' or a 'value', but not "
			"both");
	if (a->count_entry_bytes && (!a->match_all || action != ACTION_ADD))
		ok = diag_error(d, a->at,
			"the 'count_entry_bytes' counter field must be specified along with "
			"match_all set to true or action set to 'add'");
	return ok;
}

static bool check_one(const struct arg_choice *c, struct diags *d)
{
	const struct metric_args *a = c->args;
	enum action action;
	bool ok = true;
	struct err e;

	if (a->max_idle_duration < SECOND)
		ok = diag_error(
			d, a->at, "max_idle_duration must be greater or equal than 1s");
	if (a->name.n == 0 || !is_name(a->name) || !is_name(a->prefix))
		ok = diag_error(d, a->at, "\"" STR_FMT STR_FMT "\" is not a valid metric name",
			STR_ARG(a->prefix), STR_ARG(a->name));
	switch (kind_of(c)) {
	case METRIC_COUNTER:
		return check_counter(a, d) && ok;
	case METRIC_GAUGE:
		if (!find_action(METRIC_GAUGE, a->action, &action))
			ok = diag_error(d, a->at,
				"the 'action' gauge field must be one of the following values: "
				"[set, inc, dec, add, sub]");
		return ok;
	case METRIC_HISTOGRAM:
		return read_buckets(&a->buckets, NULL, &e)
			       ? ok
			       : diag_error(d, a->at, "%s", e.text);
	}
	return false;
}

static bool metrics_check(const void *args, struct range at, struct diags *d)
{
	const struct metrics_args *a = args;
	bool ok = true;

	(void)at;
	for (size_t i = 0; i < a->metrics.n; i++)
		ok &= check_one(&a->metrics.p[i], d);
	return ok;
}

static bool metrics_uses_extracted(const void *args)
{
	const struct metrics_args *a = args;

	for (size_t i = 0; i < a->metrics.n; i++) {
		if (!((const struct metric_args *)a->metrics.p[i].args)->match_all)
			return true;
	}
	return false;
}

/* A second one of the same name adds to the same series; Alloy forgets the first. */
static bool make(struct metrics *m, const struct arg_choice *c, struct err *e)
{
	const struct metric_args *a = c->args;
	struct counted *it = &m->p[m->n];
	struct custom_spec spec = {
		.kind = kind_of(c),
		.prefix = a->prefix.n ? a->prefix : STR("loki_process_custom_"),
		.name = a->name,
		.help = a->description,
		.max_idle = a->max_idle_duration,
	};
	double bounds[BUCKETS_MAX];

	*it = (struct counted){.args = a, .source = a->source.n ? a->source : a->name};
	it->is_counter = spec.kind == METRIC_COUNTER;
	if (spec.kind == METRIC_HISTOGRAM) {
		if (!read_buckets(&a->buckets, bounds, e))
			return false;
		spec.buckets = bounds;
		spec.n_buckets = a->buckets.array.n;
		it->action = ACTION_OBSERVE;
	} else {
		find_action(spec.kind, a->action, &it->action);
	}
	it->custom = custom_hold(m->base.in->process, &spec);
	m->n++;
	return true;
}

static bool metrics_init(struct stage *s, const void *args, struct err *e)
{
	const struct metrics_args *a = args;
	struct metrics *m = container_of(s, struct metrics, base);

	m->p = mem_new(struct counted, a->metrics.n + 1);
	for (size_t i = 0; i < a->metrics.n; i++) {
		if (!make(m, &a->metrics.p[i], e))
			return false;
	}
	return true;
}

/* --- entries --- */

static bool to_number(struct work *w, struct str text, double *out)
{
	struct value v;
	struct err e;
	int64_t ns;
	bool range;

	if (str_is(text, "true") || str_is(text, "false")) {
		*out = str_is(text, "true");
		return true;
	}
	if (float_parse(text, out, &range))
		return true;
	v = value_str(arena_str(w->arena, text));
	if (text.n == 0 || !value_to_duration(&v, &ns, &e))
		return false;
	*out = (double)ns * 1e-9;
	return true;
}

static void apply(struct counted *c, const struct work *w, double v)
{
	struct metric *m = custom_series(c->custom, w->e.labels);

	if (!m)
		return;
	switch (c->action) {
	case ACTION_INC:
		metric_add(m, 1);
		break;
	case ACTION_DEC:
		metric_add(m, -1);
		break;
	case ACTION_SET:
		metric_set(m, v);
		break;
	case ACTION_ADD:
		metric_add(m, v);
		break;
	case ACTION_SUB:
		metric_add(m, -v);
		break;
	case ACTION_OBSERVE:
		metric_observe(m, v);
		break;
	}
}

static void count(struct counted *c, struct work *w)
{
	bool needs_number = c->action != ACTION_INC && c->action != ACTION_DEC;
	struct str text = {0};
	double v = 0;
	bool has_text;

	if (c->args->match_all) {
		if (c->args->count_entry_bytes)
			v = (double)w->e.line.n;
		else if (needs_number)
			return; /* there is nothing to add */
		apply(c, w, v);
		return;
	}
	if (!extracted_has(&w->x, c->source))
		return;
	has_text = extracted_find(&w->x, c->source, &text);
	if (c->args->value.n && (!has_text || !str_eq(text, c->args->value)))
		return;
	if (needs_number && (!has_text || !to_number(w, text, &v)))
		return;
	if (c->is_counter && !(v >= 0)) /* it must not go down */
		return;
	apply(c, w, v);
}

static bool metrics_run(struct stage *s, struct work *w)
{
	struct metrics *m = container_of(s, struct metrics, base);

	for (size_t i = 0; i < m->n; i++)
		count(&m->p[i], w);
	return true;
}

static void metrics_fini(struct stage *s)
{
	struct metrics *m = container_of(s, struct metrics, base);

	for (size_t i = 0; i < m->n; i++)
		custom_release(m->p[i].custom);
	free(m->p);
}

static const struct stage_ops metrics_ops = {
	.size = sizeof(struct metrics),
	.uses_extracted = metrics_uses_extracted,
	.check = metrics_check,
	.init = metrics_init,
	.run = metrics_run,
	.fini = metrics_fini,
};

const struct arg_choice_type stage_metrics = {
	.name = "stage.metrics",
	.help = "Makes metrics of entries.",
	.args = metrics_args,
	.size = sizeof(struct metrics_args),
	.ops = &metrics_ops,
};
