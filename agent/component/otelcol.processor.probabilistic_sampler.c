/*
 * otelcol.processor.probabilistic_sampler: keeps a part of all traces, or of all log records,
 * chosen so that every agent chooses the same.
 *
 * It decides as the Collector does (processor/probabilisticsamplerprocessor), bit for bit: spans of
 * one trace may come by different nodes, and some of those may run the Collector. Without a mode it
 * is hash_seed when there is a seed (or logs are chosen by an attribute), else proportional.
 */

#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/otelcol.processor.probabilistic_sampler/threshold.h"
#include "agent/component/otelcol.processor.probabilistic_sampler/tracestate.h"
#include "agent/config/number.h"
#include "agent/loop/loop.h"

#define ATTR_THRESHOLD STR("sampling.threshold")
#define ATTR_RANDOMNESS STR("sampling.randomness")

struct sampler_args {
	struct range at;
	double sampling_percentage;
	struct str mode;
	uint64_t hash_seed;
	int64_t sampling_precision;
	bool fail_closed;
	struct str attribute_source;
	struct str from_attribute;
	struct str sampling_priority;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

enum mode {
	NEVER,
	HASH_SEED,
	EQUALIZING,
	PROPORTIONAL,
};

/* Where an item's randomness came from: the label policy of the metrics. */
enum policy {
	MISSING,
	TRACE_ID_HASH,
	TRACE_ID_W3C,
	RANDOMNESS,
	PRIORITY,
	ATTRIBUTE,
	POLICIES,
};

struct sampler {
	struct component base;
	struct otelcol_editor editor;
	struct otlp_visitor visitor;
	const struct sampler_args *args;
	enum mode modes[SIGNAL_KINDS]; /* of traces and logs */
	double ratio;
	uint64_t threshold; /* of hash_seed and equalizing */
	struct buf text;
	uint32_t counts[POLICIES][2]; /* of the request under way; [1]: kept */
	struct metric *sampled[SIGNAL_METRICS][POLICIES][2];
};

/* What is known of an item before it is decided. */
struct candidate {
	enum policy policy;
	uint64_t randomness;
	bool is_bad;       /* an error: fail_closed decides */
	bool is_read_only; /* its sampling information cannot be read, or is not ours to change */
	bool has_threshold;
	uint64_t threshold;
	bool sets_randomness;    /* `randomness` is to be written */
	struct tracestate state; /* of spans */
};

static const char *const mode_names[] = {"", "hash_seed", "equalizing", "proportional", NULL};
static const char *const sources[] = {"traceID", "record", NULL};

static const struct arg sampler_args[] = {
	ARG_PLACE(sampler_args, at),
	ARG(sampler_args, sampling_percentage, .type = ARG_FLOAT, .def = "0",
		.help = "How many of a hundred are kept; 100 and more: all; 0: none."),
	ARG(sampler_args, mode, .type = ARG_STR, .one_of = mode_names,
		.help = "hash_seed, proportional or equalizing; not given: hash_seed with a seed, "
			"else proportional."),
	ARG(sampler_args, hash_seed, .type = ARG_UINT, .def = "0",
		.help = "The same on all agents that see parts of a trace."),
	ARG(sampler_args, sampling_precision, .type = ARG_INT, .def = "4",
		.help = "Hex digits of the threshold."),
	ARG(sampler_args, fail_closed, .type = ARG_BOOL, .def = "true",
		.help = "Whether items that cannot be decided are dropped."),
	ARG(sampler_args, attribute_source, .type = ARG_STR, .def = "traceID", .one_of = sources,
		.help = "Log records: chosen by traceID, or by an attribute of the record."),
	ARG(sampler_args, from_attribute, .type = ARG_STR,
		.help = "Log records: that attribute; also of those without a trace id."),
	ARG(sampler_args, sampling_priority, .type = ARG_STR,
		.help = "Log records: the attribute that has a percentage of the record's own."),
	ARG(sampler_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(sampler_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static const struct metric_family families[SIGNAL_METRICS] = {
	[SIGNAL_TRACES] = {"otelcol_processor_probabilistic_sampler_count_traces_sampled_total",
		METRIC_COUNTER, "Spans that were decided, by policy.", NULL},
	[SIGNAL_LOGS] = {"otelcol_processor_probabilistic_sampler_count_logs_sampled_total",
		METRIC_COUNTER, "Log records that were decided, by policy.", NULL},
};

static bool is_zero(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] != 0)
			return false;
	return true;
}

static void set_randomness(struct candidate *c, enum policy policy, uint64_t randomness)
{
	c->policy = policy;
	c->randomness = randomness;
}

/* With hash_seed an item that has sampling information already is an error; one that has none gets
 * the randomness that it is chosen by. */
static void use_hash(struct candidate *c, bool has_randomness)
{
	if (has_randomness || c->has_threshold)
		c->is_bad = c->is_read_only = true;
	else
		c->sets_randomness = true;
}

static struct candidate span_candidate(const struct sampler *s, const struct otlp_place *p)
{
	struct candidate c = {.randomness = SAMPLING_MOST};
	struct str id = otlp_message_bytes(&p->item, OTLP_SPAN_TRACE_ID);

	if (s->modes[SIGNAL_TRACES] == HASH_SEED && !is_zero(id))
		set_randomness(
			&c, TRACE_ID_HASH, sampling_of_hash(id, (uint32_t)s->args->hash_seed));
	if (!tracestate_parse(otlp_message_bytes(&p->item, OTLP_SPAN_TRACE_STATE), &c.state)) {
		c.is_bad = c.is_read_only = true;
		return c;
	}
	c.has_threshold = c.state.has_threshold;
	c.threshold = c.state.threshold;
	if (s->modes[SIGNAL_TRACES] == NEVER)
		set_randomness(&c, PRIORITY, SAMPLING_MOST);
	else if (s->modes[SIGNAL_TRACES] == HASH_SEED)
		use_hash(&c, c.state.has_randomness);
	else if (c.state.has_randomness)
		set_randomness(&c, RANDOMNESS, c.state.randomness);
	else if (!is_zero(id))
		set_randomness(&c, TRACE_ID_W3C, sampling_of_trace_id(id));
	return c;
}

/* The text of an attribute that is a string; empty if there is none. */
static struct str attr_text(const struct otlp_message *m, struct str key)
{
	const struct otlp_slot *a = otlp_message_attr(m, key);
	struct otlp_any v = otlp_any_read(a ? a->any : STR(""));

	return v.kind == OTLP_ANY_STRING ? v.bytes : STR("");
}

static void hash_record(struct sampler *s, const struct otlp_place *p, struct candidate *c)
{
	struct str id = otlp_message_bytes(&p->item, OTLP_LOG_TRACE_ID);
	uint32_t seed = (uint32_t)s->args->hash_seed;
	const struct otlp_slot *a;
	struct otlp_any v;

	if (str_is(s->args->attribute_source, "traceID") && !is_zero(id)) {
		set_randomness(c, TRACE_ID_HASH, sampling_of_hash(id, seed));
		return;
	}
	a = s->args->from_attribute.n ? otlp_message_attr(&p->item, s->args->from_attribute) : NULL;
	if (!a)
		return;
	v = otlp_any_read(a->any);
	buf_clear(&s->text);
	if (v.kind == OTLP_ANY_BYTES)
		buf_add_str(&s->text, v.bytes);
	else
		otlp_any_text(&s->text, a->any);
	if (s->text.n > 0)
		set_randomness(c, ATTRIBUTE, sampling_of_hash(buf_str(&s->text), seed));
}

static struct candidate log_candidate(struct sampler *s, const struct otlp_place *p)
{
	struct candidate c = {.randomness = SAMPLING_MOST};
	struct str th = attr_text(&p->item, ATTR_THRESHOLD);
	struct str rv = attr_text(&p->item, ATTR_RANDOMNESS);
	struct str id = otlp_message_bytes(&p->item, OTLP_LOG_TRACE_ID);
	uint64_t randomness = 0;

	if (s->modes[SIGNAL_LOGS] == HASH_SEED)
		hash_record(s, p, &c);
	c.has_threshold = th.n > 0;
	if ((th.n > 0 && !sampling_parse_threshold(th, &c.threshold)) ||
		(rv.n > 0 && !sampling_parse_randomness(rv, &randomness))) {
		c.is_bad = c.is_read_only = true;
		return c;
	}
	if (s->modes[SIGNAL_LOGS] == NEVER) {
		set_randomness(&c, PRIORITY, SAMPLING_MOST);
	} else if (s->modes[SIGNAL_LOGS] == HASH_SEED) {
		use_hash(&c, rv.n > 0);
		c.sets_randomness = c.sets_randomness && c.policy != MISSING;
	} else if (rv.n > 0) {
		set_randomness(&c, RANDOMNESS, randomness);
	} else if (!is_zero(id)) {
		set_randomness(&c, TRACE_ID_W3C, sampling_of_trace_id(id));
	}
	return c;
}

/* The threshold of an item whose information is sound. */
static uint64_t decide(const struct sampler *s, enum signal_kind kind, const struct candidate *c)
{
	double before = c->has_threshold ? sampling_probability(c->threshold) : 1;
	uint64_t t;

	switch (s->modes[kind]) {
	case NEVER:
		return SAMPLING_NEVER;
	case HASH_SEED:
		return s->threshold;
	case EQUALIZING:
		return c->has_threshold && c->threshold > s->threshold ? c->threshold
								       : s->threshold;
	case PROPORTIONAL:
		return sampling_threshold(
			       before * s->ratio, (unsigned)s->args->sampling_precision, &t)
			       ? t
			       : SAMPLING_NEVER;
	}
	return SAMPLING_NEVER;
}

static uint64_t threshold_of(const struct sampler *s, enum signal_kind kind, struct candidate *c)
{
	bool is_bad = c->is_bad || c->policy == MISSING;

	/* It says that it was kept by a threshold that it does not reach. */
	if (!is_bad && !c->is_read_only && c->has_threshold && c->randomness < c->threshold) {
		is_bad = true;
		c->has_threshold = false;
	}
	if (is_bad)
		return s->args->fail_closed ? SAMPLING_NEVER : SAMPLING_ALWAYS;
	return decide(s, kind, c);
}

/* Spans: sampling.priority 0 drops, more keeps, whatever the rest says. */
static void span_priority(
	const struct otlp_place *p, struct candidate *c, uint64_t *threshold)
{
	const struct otlp_slot *a = otlp_message_attr(&p->item, STR("sampling.priority"));
	struct otlp_any v = otlp_any_read(a ? a->any : STR(""));
	double priority = -1;
	bool range;

	if (v.kind == OTLP_ANY_INT)
		priority = v.integer > 0 ? 1 : (double)v.integer;
	else if (v.kind == OTLP_ANY_DOUBLE)
		priority = v.number;
	else if (v.kind == OTLP_ANY_STRING && !float_parse(v.bytes, &priority, &range))
		return;
	if (!(priority >= 0))
		return;
	c->policy = PRIORITY;
	*threshold = priority > 0 ? SAMPLING_ALWAYS : SAMPLING_NEVER;
}

/* Log records: a percentage of their own. */
static void log_priority(const struct sampler *s, const struct otlp_place *p,
	struct candidate *c, uint64_t *threshold)
{
	const struct otlp_slot *a = s->args->sampling_priority.n
					    ? otlp_message_attr(
						      &p->item, s->args->sampling_priority)
					    : NULL;
	struct otlp_any v = otlp_any_read(a ? a->any : STR(""));
	double probability = v.kind == OTLP_ANY_INT ? (double)v.integer / 100 : v.number / 100;
	uint64_t t;

	if ((v.kind != OTLP_ANY_INT && v.kind != OTLP_ANY_DOUBLE) || probability == 0 ||
		!sampling_threshold(probability, (unsigned)s->args->sampling_precision, &t))
		return;
	c->policy = PRIORITY;
	*threshold = t;
}

static void write_span(struct sampler *s, struct otlp_place *p, struct candidate *c)
{
	c->state.has_threshold = c->has_threshold;
	c->state.threshold = c->threshold;
	if (c->sets_randomness) {
		c->state.has_randomness = true;
		c->state.randomness = c->randomness;
	}
	buf_clear(&s->text);
	tracestate_print(&s->text, &c->state);
	if (!str_eq(buf_str(&s->text), c->state.text))
		otlp_message_set_bytes(&p->item, OTLP_SPAN_TRACE_STATE, buf_str(&s->text));
}

static void write_log(struct otlp_place *p, const struct candidate *c)
{
	char text[SAMPLING_TEXT];

	if (c->sets_randomness)
		otlp_message_set_attr(&p->item, ATTR_RANDOMNESS,
			otlp_any_string(
				p->scratch, sampling_print_randomness(text, c->randomness)));
	otlp_message_set_attr(&p->item, ATTR_THRESHOLD,
		otlp_any_string(p->scratch, sampling_print_threshold(text, c->threshold)));
}

static bool on_item(struct otlp_visitor *v, struct otlp_place *p)
{
	struct sampler *s = container_of(v, struct sampler, visitor);
	enum signal_kind kind = (enum signal_kind)p->kind;
	struct candidate c =
		kind == SIGNAL_TRACES ? span_candidate(s, p) : log_candidate(s, p);
	uint64_t threshold = threshold_of(s, kind, &c);
	bool keep;

	if (kind == SIGNAL_TRACES)
		span_priority(p, &c, &threshold);
	else
		log_priority(s, p, &c, &threshold);
	keep = c.randomness >= threshold;
	s->counts[c.policy][keep]++;
	if (!keep || c.is_read_only)
		return keep;
	/* A threshold is never lowered: the item would count for less than it stands for. */
	if (!c.has_threshold || c.threshold <= threshold) {
		c.has_threshold = true;
		c.threshold = threshold;
	}
	if (kind == SIGNAL_TRACES)
		write_span(s, p, &c);
	else
		write_log(p, &c);
	return true;
}

static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct sampler *s = container_of(e, struct sampler, editor);

	memset(s->counts, 0, sizeof(s->counts));
	if (t->kind != SIGNAL_METRICS)
		otelcol_editor_pass(e, t, &s->visitor);
	return true;
}

static void done(struct otelcol_editor *e, enum signal_kind kind)
{
	struct sampler *s = container_of(e, struct sampler, editor);

	for (size_t i = 0; kind != SIGNAL_METRICS && i < POLICIES; i++)
		for (size_t k = 0; k < 2; k++)
			metric_add(s->sampled[kind][i][k], s->counts[i][k]);
}

static enum mode mode_of(const struct sampler_args *a, enum signal_kind kind)
{
	bool by_record = kind == SIGNAL_LOGS && !str_is(a->attribute_source, "traceID");

	if (a->sampling_percentage <= 0)
		return NEVER;
	if (str_is(a->mode, "hash_seed") || (a->mode.n == 0 && (a->hash_seed != 0 || by_record)))
		return HASH_SEED;
	return str_is(a->mode, "equalizing") ? EQUALIZING : PROPORTIONAL;
}

static bool otelcol_processor_probabilistic_sampler_update(
	struct component *c, const void *args, struct err *e)
{
	struct sampler *s = container_of(c, struct sampler, base);
	const struct sampler_args *a = args;
	float percentage = (float)a->sampling_percentage;

	(void)e;
	s->args = a;
	percentage = percentage > 100 ? 100 : percentage;
	s->ratio = (double)percentage / 100;
	s->ratio = s->ratio < 0x1p-56 ? 0x1p-56 : s->ratio;
	for (int i = 0; i < SIGNAL_METRICS; i++) {
		s->modes[i] = mode_of(a, (enum signal_kind)i);
		if (s->modes[i] == HASH_SEED)
			s->threshold = sampling_hash_threshold(percentage);
		else if (s->modes[i] == EQUALIZING)
			sampling_threshold(
				s->ratio, (unsigned)a->sampling_precision, &s->threshold);
		if (s->modes[i] == HASH_SEED && s->threshold == SAMPLING_NEVER)
			s->modes[i] = NEVER;
	}
	otelcol_editor_set_output(&s->editor, a->output);
	return true;
}

static void fini(struct otelcol_editor *e)
{
	struct sampler *s = container_of(e, struct sampler, editor);

	buf_fini(&s->text);
	for (size_t i = 0; i < SIGNAL_METRICS; i++)
		for (size_t p = 0; p < POLICIES; p++)
			for (size_t k = 0; k < 2; k++)
				metric_free(s->sampled[i][p][k]);
}

static void make_metrics(struct sampler *s)
{
	static const char *const policies[POLICIES] = {"missing_randomness", "trace_id_hash",
		"trace_id_w3c", "sampling_randomness", "sampling_priority", "attribute"};

	for (size_t i = 0; i < SIGNAL_METRICS; i++) {
		for (size_t p = 0; p < POLICIES * 2; p++) {
			const struct metric_label labels[] = {{"component_id", s->base.id},
				{"component_path", "/"}, {"policy", policies[p / 2]},
				{"sampled", p % 2 ? "true" : "false"}, {NULL, NULL}};

			s->sampled[i][p / 2][p % 2] = metric_new(&families[i], labels);
		}
	}
}

static bool otelcol_processor_probabilistic_sampler_start(
	struct component *c, const void *args, struct err *e)
{
	struct sampler *s = container_of(c, struct sampler, base);

	s->visitor.item = on_item;
	s->editor.run = run;
	s->editor.done = done;
	s->editor.fini = fini;
	make_metrics(s);
	otelcol_editor_start(&s->editor, c, "probabilistic_sampler");
	return otelcol_processor_probabilistic_sampler_update(c, args, e);
}

static void otelcol_processor_probabilistic_sampler_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct sampler, base)->editor);
}

static bool sampler_check(const void *args, struct diags *d)
{
	const struct sampler_args *a = args;
	bool ok = otelcol_output_check(a->output, d);

	if (a->sampling_percentage < 0)
		ok = diag_error(d, a->at, "sampling_percentage must not be negative");
	if (a->sampling_percentage > 0 && a->sampling_percentage / 100 < 0x1p-56)
		ok = diag_error(d, a->at, "sampling_percentage is too small");
	if (a->sampling_precision < 1 || a->sampling_precision > SAMPLING_DIGITS)
		ok = diag_error(d, a->at, "sampling_precision must be from 1 to %d",
			SAMPLING_DIGITS);
	if (a->hash_seed > UINT32_MAX)
		ok = diag_error(d, a->at, "hash_seed must fit 32 bits");
	if (str_is(a->attribute_source, "record") && a->from_attribute.n == 0)
		ok = diag_error(d, a->at,
			"attribute_source \"record\" wants from_attribute");
	if (otelcol_output_has(a->output, SIGNAL_METRICS))
		ok = diag_error(d, a->at, "this processor is for traces and logs only");
	return ok;
}

const struct component_type otelcol_processor_probabilistic_sampler = {
	.name = "otelcol.processor.probabilistic_sampler",
	.help = "Keeps a part of all traces or log records.",
	.stability = STABILITY_GA,
	.args = sampler_args,
	.size = sizeof(struct sampler),
	.args_size = sizeof(struct sampler_args),
	.exports = otelcol_editor_exports,
	.check = sampler_check,
	.start = otelcol_processor_probabilistic_sampler_start,
	.update = otelcol_processor_probabilistic_sampler_update,
	.stop = otelcol_processor_probabilistic_sampler_stop,
};
