/*
 * otelcol.processor.tail_sampling: keeps or drops whole traces, once they had time to come
 * together.
 *
 * It is bounded as a node needs it: by num_traces and by a quarter of the memory budget. When more
 * comes, the oldest trace is decided with what there is of it (the Collector throws it away
 * undecided). And it sees only what the pods of this node send; docs/otlp.md says what follows from
 * that, and so does the log at the start.
 *
 * What came is held here alone: like the batch processor it takes data before it is delivered, and
 * when what follows is full it is full too. Whose connection a span came by is not kept, as in the
 * Collector: components that ask for it come before this one.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/common/otelcol_fanout.h"
#include "agent/component/otelcol.processor.tail_sampling/counters.h"
#include "agent/component/otelcol.processor.tail_sampling/cut.h"
#include "agent/component/otelcol.processor.tail_sampling/decided.h"
#include "agent/component/otelcol.processor.tail_sampling/policy.h"
#include "agent/component/otelcol.processor.tail_sampling/traces.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"

#define LEAST_PAUSE (NS_PER_SEC / 10)  /* between two looks at what is due */
#define SEND_BYTES ((size_t)512 << 10) /* traces go out together until they are so large */
#define TURN_BYTES ((size_t)8 << 20)   /* are decided in one turn */
#define REPEAT_BYTES ((size_t)32 << 20)
#define KEEP_BUFFER ((size_t)1 << 20)

enum {
	BUDGET_SHARE = 4,    /* of the memory budget: for traces */
	DECIDED_SHARE = 32,  /* for what was decided of others, twice */
	REPEAT_FACTOR = 8,   /* of a request, beside REPEAT_BYTES: see is_too_much() */
	SPAN_ESTIMATE = 128, /* bytes a span costs beside its own, at worst */
};

struct sampler {
	struct component base;
	const struct tail_sampling_args *args;
	struct consumer input;
	struct fanout out;
	struct policies *policies;
	struct traces traces;
	struct decided decided[2]; /* [1]: sampled */
	struct cut cut;
	struct timer timer;
	int64_t looked_at;
	struct {
		struct buf bytes; /* sampled, on its way */
		uint32_t items;
		struct ack *ack;
		size_t charged; /* while it is blocked */
	} ready;
	bool is_blocked; /* what follows was full */
	bool is_stopping;
	/* The request under way. */
	const struct telemetry *request;
	size_t number;
	size_t repeated;
	struct trace *last;
	uint8_t passed[TRACE_ID]; /* a trace that was not sampled */
	bool has_passed;
	int64_t room_said_at; /* on the loop's clock; 0: never */
	int64_t repeats_said_at;
	struct counters counters;
};

static size_t bytes_limit(const struct sampler *s)
{
	return s->base.agent->otlp_budget->limit / BUDGET_SHARE;
}

/* ---- out ---- */

static void ready_clear(struct sampler *s)
{
	budget_return(s->base.agent->otlp_budget, s->ready.charged);
	s->ready.charged = 0;
	if (s->ready.ack)
		ack_release(s->ready.ack);
	s->ready.ack = NULL;
	s->ready.items = 0;
	buf_clear(&s->ready.bytes);
	buf_shrink(&s->ready.bytes, KEEP_BUFFER);
}

/* False: what follows is full, and the timer brings it again. */
static bool send_ready(struct sampler *s)
{
	const struct telemetry t = {.kind = SIGNAL_TRACES,
		.bytes = buf_str(&s->ready.bytes),
		.items = s->ready.items,
		.ack = s->ready.ack};

	s->is_blocked = false;
	if (t.items == 0)
		return true;
	if (fanout_push(&s->out, &t) == CONSUMER_FULL) {
		s->is_blocked = true;
		budget_return(s->base.agent->otlp_budget, s->ready.charged);
		s->ready.charged = t.bytes.n;
		budget_charge(s->base.agent->otlp_budget, t.bytes.n);
		return false;
	}
	metric_add(s->counters.outgoing, t.items);
	ready_clear(s);
	return true;
}

/* ---- the end of a trace ---- */

/* Whole ones, as the Collector counts them. */
static double seconds_since(const struct sampler *s, int64_t then)
{
	int64_t whole = (loop_now(s->base.loop) - then) / NS_PER_SEC;

	return (double)whole;
}

static void forget(struct sampler *s, struct trace *x, enum fate fate)
{
	metric_add(s->counters.spans[fate], x->spans);
	if (x->stage != STAGE_LATE) {
		metric_observe(s->counters.removal_age, seconds_since(s, x->arrived));
		decided_put(&s->decided[fate == FATE_SAMPLED], x->id, loop_now(s->base.loop));
	}
	if (s->last == x)
		s->last = NULL;
	traces_remove(&s->traces, x);
}

static enum decision judge(struct sampler *s, struct trace *x, struct str bytes)
{
	struct subject what = {
		.bytes = bytes, .spans = x->spans, .now = loop_now(s->base.loop)};
	enum decision d;

	if (x->stage == STAGE_LATE)
		return DECIDED_SAMPLED;
	memcpy(what.id, x->id, sizeof(what.id));
	d = policies_decide(s->policies, &what);
	metric_add(s->counters.traces[d], 1);
	return d;
}

/* Decides a trace, and puts it to what goes out. */
static void settle(struct sampler *s, struct trace *x)
{
	struct buf *out = &s->ready.bytes;
	size_t start = out->n;
	enum decision d;

	trace_write(x, out);
	d = judge(s, x, str_from_at(buf_str(out), start));
	if (d == DECIDED_SAMPLED) {
		s->ready.items += x->spans;
		ack_gather(&s->ready.ack, x->ack);
	} else {
		out->n = start;
	}
	forget(s, x, (enum fate)d);
	if (out->n >= SEND_BYTES)
		send_ready(s);
}

/* ---- which is next ---- */

static int64_t due(const struct sampler *s, const struct trace *x)
{
	switch (x->stage) {
	case STAGE_LATE:
		return 0;
	case STAGE_ROOTED:
		return x->rooted + s->args->decision_wait_after_root_received;
	case STAGE_WAITING:
	case STAGES:
		break;
	}
	return x->arrived + s->args->decision_wait;
}

static struct trace *next_due(const struct sampler *s)
{
	struct trace *best = NULL;

	for (int i = 0; i < STAGES; i++) {
		struct trace *x = traces_first(&s->traces, (enum stage)i);

		if (x && (!best || due(s, x) < due(s, best)))
			best = x;
	}
	return best;
}

static bool is_over(const struct sampler *s, size_t more_traces, size_t more_bytes)
{
	return s->traces.n > 0 && (s->traces.n + more_traces > s->args->num_traces ||
					  s->traces.held + more_bytes > bytes_limit(s));
}

static void warn_of_room(struct sampler *s)
{
	if (!log_is_due(&s->room_said_at, loop_now(s->base.loop)))
		return;
	log_warn(s->base.id, "too many traces wait; the oldest are decided before their time",
		KV("traces", s->traces.n), KV("num_traces", s->args->num_traces),
		KV("bytes", s->traces.held), KV("bytes_limit", bytes_limit(s)),
		KV("hint", "lower decision_wait, or raise num_traces or --memory.budget, of which "
			   "traces may take a quarter"));
}

/* Until there is room, or what follows is full. */
static void make_room(struct sampler *s, size_t more_traces, size_t more_bytes)
{
	while (is_over(s, more_traces, more_bytes) && !s->is_blocked) {
		struct trace *x = next_due(s);

		if (x->stage != STAGE_LATE) {
			metric_add(s->counters.too_early, 1);
			warn_of_room(s);
		}
		settle(s, x);
	}
}

/* ---- time ---- */

static void show(struct sampler *s)
{
	metric_set(s->counters.on_memory, (double)s->traces.n);
	metric_set(s->counters.bytes, (double)s->traces.held);
}

static void set_timer(struct sampler *s)
{
	int64_t now = loop_now(s->base.loop);
	struct trace *x = next_due(s);
	int64_t at;

	timer_clear(&s->timer);
	if (s->is_blocked) {
		timer_set(&s->timer, s->base.loop, OTELCOL_RETRY_PAUSE);
	} else if (x) {
		at = due(s, x);
		if (at < s->looked_at + LEAST_PAUSE)
			at = s->looked_at + LEAST_PAUSE;
		timer_set(&s->timer, s->base.loop, at > now ? at - now : 1);
	}
}

/* What is due, or everything; but no more in a turn than is bearable. */
static void decide_due(struct sampler *s, bool all)
{
	int64_t now = loop_now(s->base.loop);
	int64_t start = loop_measure(s->base.loop);
	struct trace *x;
	size_t done = 0;

	while (!s->is_blocked && (x = next_due(s)) && (all || due(s, x) <= now)) {
		if (done > TURN_BYTES && !all)
			break;
		done += x->size + SPAN_ESTIMATE;
		settle(s, x);
	}
	s->looked_at = done > TURN_BYTES && !all ? 0 : now;
	if (!s->is_blocked)
		send_ready(s);
	if (done > 0)
		metric_observe(s->counters.run,
			(double)(loop_measure(s->base.loop) - start) / NS_PER_MS);
}

static void end_if_empty(struct sampler *s);

static void on_timer(struct timer *t)
{
	struct sampler *s = container_of(t, struct sampler, timer);

	if (!s->is_blocked || send_ready(s))
		decide_due(s, s->is_stopping);
	show(s);
	set_timer(s);
	end_if_empty(s);
}

/* ---- in ---- */

/* The decision on a trace that is not held. */
static bool was_decided(struct sampler *s, const uint8_t id[TRACE_ID], enum decision *out)
{
	int64_t at;

	for (int i = 0; i < 2; i++) {
		if (!decided_find(&s->decided[i], id, &at))
			continue;
		*out = i ? DECIDED_SAMPLED : DECIDED_NOT;
		metric_observe(s->counters.late_age, seconds_since(s, at));
		return true;
	}
	return false;
}

/* The trace that a span belongs to. NULL: it was decided that it is not sampled. */
static struct trace *trace_for(struct sampler *s, const uint8_t id[TRACE_ID])
{
	enum decision d;
	struct trace *x;

	if (s->last && memcmp(s->last->id, id, TRACE_ID) == 0)
		return s->last;
	if (s->has_passed && memcmp(s->passed, id, TRACE_ID) == 0)
		return NULL;
	x = traces_find(&s->traces, id);
	if (x)
		return x;
	if (!was_decided(s, id, &d)) {
		metric_add(s->counters.new_ids, 1);
		make_room(s, 1, 0);
		return traces_add(&s->traces, id, loop_now(s->base.loop));
	}
	if (d == DECIDED_SAMPLED) {
		x = traces_add(&s->traces, id, loop_now(s->base.loop));
		traces_move(&s->traces, x, STAGE_LATE);
		return x;
	}
	memcpy(s->passed, id, TRACE_ID);
	s->has_passed = true;
	return NULL;
}

/* Once a request. */
static void touch(struct sampler *s, struct trace *x)
{
	s->last = x;
	if (x->request == s->number)
		return;
	x->request = s->number;
	ack_gather(&x->ack, s->request->ack);
}

/* A resource is repeated for each trace that has spans in it. A large one with many traces would
 * become gigabytes: beyond some size they end here. */
static bool is_too_much(const struct sampler *s)
{
	return s->repeated > REPEAT_BYTES + REPEAT_FACTOR * s->request->bytes.n;
}

static void on_root(struct sampler *s, struct trace *x)
{
	int64_t now = loop_now(s->base.loop);
	int64_t wait = s->args->decision_wait_after_root_received;

	if (wait <= 0 || x->stage != STAGE_WAITING || now + wait >= due(s, x))
		return;
	x->rooted = now;
	traces_move(&s->traces, x, STAGE_ROOTED);
}

static void on_span(struct cut *c, const struct cut_span *span)
{
	struct sampler *s = container_of(c, struct sampler, cut);
	struct trace *x = is_too_much(s) ? NULL : trace_for(s, span->id);
	size_t before;
	size_t max = s->args->maximum_trace_size_bytes;

	if (!x) {
		bool large = is_too_much(s);

		metric_add(s->counters.spans[large ? FATE_TOO_LARGE : FATE_NOT], 1);
		if (!large)
			metric_add(s->counters.cached[0], 1);
		return;
	}
	touch(s, x);
	before = x->size;
	cut_keep(c, span, x);
	s->repeated += x->size - before - span->raw.n;
	if (x->stage == STAGE_LATE) {
		metric_add(s->counters.cached[1], 1);
	} else if (max > 0 && x->size > max) {
		metric_add(s->counters.too_large, 1);
		forget(s, x, FATE_TOO_LARGE);
	} else if (span->is_root) {
		on_root(s, x);
	}
}

static enum consumed sampler_consume(struct consumer *c, const struct telemetry *t)
{
	struct sampler *s = container_of(c, struct sampler, input);
	size_t limit = bytes_limit(s);
	size_t more = t->bytes.n + (size_t)t->items * SPAN_ESTIMATE;

	if (t->kind != SIGNAL_TRACES || !fanout_takes(&s->out, t->kind))
		return CONSUMER_NONE;
	if (s->is_blocked || (s->args->block_on_overflow && is_over(s, 1, 0)))
		return CONSUMER_FULL;
	make_room(s, 0, more > limit / 2 ? limit / 2 : more);
	if (s->is_blocked) {
		set_timer(s);
		return CONSUMER_FULL;
	}
	s->request = t;
	s->number++;
	s->repeated = 0;
	s->has_passed = false;
	metric_add(s->counters.incoming, t->items);
	cut_run(&s->cut, t->bytes);
	if (is_too_much(s) && log_is_due(&s->repeats_said_at, loop_now(s->base.loop)))
		log_warn(s->base.id, "a request repeats a large resource too often",
			KV("bytes", t->bytes.n),
			KV("hint", "spans were dropped; its sender should send smaller requests"));
	s->last = NULL;
	s->request = NULL;
	while (!s->is_blocked && traces_first(&s->traces, STAGE_LATE))
		settle(s, traces_first(&s->traces, STAGE_LATE));
	if (!s->is_blocked)
		send_ready(s);
	show(s);
	set_timer(s);
	return CONSUMED;
}

/* As container_of(), for what is const. */
static bool sampler_takes(const struct consumer *c, enum signal_kind kind)
{
	const struct sampler *s =
		(const void *)((const char *)c - offsetof(struct sampler, input));

	return kind == SIGNAL_TRACES && fanout_takes(&s->out, kind);
}

/* ---- life ---- */

static uint32_t cache_size(const struct sampler *s, uint64_t wanted)
{
	uint64_t most = s->base.agent->otlp_budget->limit / DECIDED_SHARE / DECIDED_SIZE;
	uint64_t n = wanted > 0 ? wanted : s->args->num_traces;

	if (wanted > most)
		log_warn(s->base.id, "decision_cache is larger than the memory budget allows",
			KV("wanted", wanted), KV("remembered", most),
			KV("hint", "raise --memory.budget, or lower the sizes in decision_cache"));
	return (uint32_t)(n < most ? n : most);
}

static bool otelcol_processor_tail_sampling_update(
	struct component *c, const void *args, struct err *e)
{
	struct sampler *s = container_of(c, struct sampler, base);
	const struct tail_sampling_args *a = args;
	struct tail_cache_sizes sizes = {0};

	if (!tail_cache_sizes(&a->decision_cache, &sizes, e))
		return false;
	s->args = a;
	decided_set_max(&s->decided[0], cache_size(s, sizes.non_sampled));
	decided_set_max(&s->decided[1], cache_size(s, sizes.sampled));
	s->policies = policies_new(c, s->args, s->policies);
	fanout_set(&s->out, s->args->output);
	set_timer(s);
	return true;
}

static void fini(struct sampler *s)
{
	timer_clear(&s->timer);
	ready_clear(s);
	buf_fini(&s->ready.bytes);
	fanout_fini(&s->out);
	traces_fini(&s->traces);
	cut_fini(&s->cut);
	decided_fini(&s->decided[0]);
	decided_fini(&s->decided[1]);
	policies_free(s->policies);
	counters_fini(&s->counters);
}

static void end_if_empty(struct sampler *s)
{
	if (!s->is_stopping || s->traces.n > 0 || s->ready.items > 0 ||
		!fanout_is_empty(&s->out))
		return;
	s->is_stopping = false;
	fini(s);
	component_stopped(&s->base);
}

static void on_drained(struct fanout *f)
{
	end_if_empty(container_of(f, struct sampler, out));
}

static bool otelcol_processor_tail_sampling_start(
	struct component *c, const void *args, struct err *e)
{
	struct sampler *s = container_of(c, struct sampler, base);
	uint64_t seed = loop_random(c->loop, UINT64_MAX);

	fanout_init(&s->out, c->loop, c->agent->otlp_budget);
	s->out.drained = on_drained;
	s->timer.fire = on_timer;
	s->input = (struct consumer){sampler_consume, sampler_takes, c->id};
	traces_init(&s->traces, c->agent->otlp_budget, seed);
	decided_init(&s->decided[0], seed);
	decided_init(&s->decided[1], seed);
	s->cut = (struct cut){.traces = &s->traces, .span = on_span};
	counters_init(&s->counters, c->id);
	component_export(c, "input", value_capsule(&capsule_consumer, &s->input));
	log_warn(c->id, "traces are judged by the spans that the pods of this node send",
		KV("hint", "a trace of several nodes is judged by each from its own part; to judge "
			   "it whole, send spans by otelcol.exporter.loadbalancing to samplers "
			   "behind it (docs/otlp.md)"));
	return otelcol_processor_tail_sampling_update(c, args, e);
}

static void drop_all(struct sampler *s, enum stage stage)
{
	struct trace *x;

	while ((x = traces_first(&s->traces, stage)))
		forget(s, x, FATE_SHUTDOWN);
}

static void otelcol_processor_tail_sampling_stop(struct component *c)
{
	struct sampler *s = container_of(c, struct sampler, base);

	s->is_stopping = true;
	if (s->args->drop_pending_traces_on_shutdown) {
		drop_all(s, STAGE_ROOTED);
		drop_all(s, STAGE_WAITING);
	}
	decide_due(s, true);
	set_timer(s);
	end_if_empty(s);
}

static const struct export_field exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_processor_tail_sampling = {
	.name = "otelcol.processor.tail_sampling",
	.help = "Keeps whole traces by policies, a node's part of them.",
	.stability = STABILITY_GA,
	.args = tail_sampling_args,
	.size = sizeof(struct sampler),
	.args_size = sizeof(struct tail_sampling_args),
	.exports = exports,
	.check = tail_sampling_check,
	.start = otelcol_processor_tail_sampling_start,
	.update = otelcol_processor_tail_sampling_update,
	.stop = otelcol_processor_tail_sampling_stop,
};
