/* Policies by what spans are: how long the trace took, their status, flags, tracestate, and
 * conditions of OTTL. One span is enough. */

#include "agent/component/otelcol.processor.tail_sampling/kinds.h"
#include "agent/graph/component.h"

enum {
	SPAN_FLAGS = 16, /* opentelemetry-proto, trace/v1; fixed32, the low byte is W3C's */
	FLAG_SAMPLED = 1,
	STATE_MAX = 256, /* of key and value together: W3C Trace Context, 3.3.1.1 */
};

#define NS_PER_MS UINT64_C(1000000)

/* ---- latency ---- */

static void latency_begin(struct policy *p)
{
	p->time.first = p->time.last = 0;
}

static void latency_span(struct policy *p, struct otlp_place *at)
{
	uint64_t start = otlp_message_number(&at->item, OTLP_SPAN_START, WIRE_FIXED64);
	uint64_t end = otlp_message_number(&at->item, OTLP_SPAN_END, WIRE_FIXED64);

	if (p->time.first == 0 || (start > 0 && start < p->time.first))
		p->time.first = start;
	if (end > p->time.last)
		p->time.last = end;
}

/* The whole trace's: the Collector looks after each span, so what is under the upper limit depends
 * on their order. */
static enum verdict latency_decide(struct policy *p, const struct subject *s)
{
	const struct tail_latency_args *a = p->args->latency;
	uint64_t ns = p->time.last > p->time.first ? p->time.last - p->time.first : 0;
	int64_t ms = (int64_t)(ns / NS_PER_MS);

	(void)s;
	if (ms <= a->threshold_ms)
		return NOT_SAMPLED;
	return a->upper_threshold_ms == 0 || ms <= a->upper_threshold_ms ? SAMPLED : NOT_SAMPLED;
}

const struct policy_kind policy_latency = {
	.name = "latency",
	.block = offsetof(struct tail_policy_args, latency),
	.levels = LEVEL_ANY,
	.begin = latency_begin,
	.span = latency_span,
	.decide = latency_decide,
};

/* ---- status_code ---- */

static bool status_init(struct policy *p, const struct compiling *c)
{
	static const char *const names[] = {"UNSET", "OK", "ERROR"};
	const struct arg_strs *codes = &p->args->status_code->status_codes;

	if (codes->n == 0)
		return policy_error(p, c, "there are no status_codes");
	for (size_t i = 0; i < codes->n; i++) {
		size_t k = 0;

		while (k < 3 && !str_is(codes->p[i], names[k]))
			k++;
		if (k == 3)
			return policy_error(p, c,
				"unknown status code \"" STR_FMT "\", supported: OK, ERROR, UNSET",
				STR_ARG(codes->p[i]));
		p->statuses |= 1U << k;
	}
	return true;
}

static void status_span(struct policy *p, struct otlp_place *at)
{
	uint64_t code = 0;

	if (p->has_matched)
		return;
	for (size_t i = 0; i < at->item.n; i++) { /* parts of one message merge */
		const struct otlp_slot *s = &at->item.p[i];
		struct wire_reader r = wire_read(s->bytes);
		struct wire_field f;

		if (s->number != OTLP_SPAN_STATUS || s->wire != WIRE_BYTES)
			continue;
		while (wire_next(&r, &f))
			if (f.number == OTLP_STATUS_CODE && f.wire == WIRE_VARINT)
				code = f.value;
	}
	p->has_matched = code < 3 && (p->statuses >> code & 1);
}

const struct policy_kind policy_status_code = {
	.name = "status_code",
	.block = offsetof(struct tail_policy_args, status_code),
	.levels = LEVEL_ANY,
	.init = status_init,
	.span = status_span,
	.decide = policy_matched,
};

/* ---- trace_flags ---- */

static void flags_span(struct policy *p, struct otlp_place *at)
{
	uint64_t flags = otlp_message_number(&at->item, SPAN_FLAGS, WIRE_FIXED32);

	p->has_matched = p->has_matched || (flags & FLAG_SAMPLED);
}

const struct policy_kind policy_trace_flags = {
	.name = "trace_flags",
	.levels = LEVEL_ANY,
	.span = flags_span,
	.decide = policy_matched,
};

/* ---- trace_state ---- */

/* The value of a key in a list `a=b,c=d`. Empty: it is not there. */
static struct str state_find(struct str list, struct str key)
{
	while (list.n > 0) {
		struct str member = list;
		struct str name;
		struct str value;

		if (!str_cut(list, ',', &member, &list))
			list = STR("");
		if (str_cut(str_trim(member), '=', &name, &value) && str_eq(name, key))
			return value;
	}
	return STR("");
}

static void state_span(struct policy *p, struct otlp_place *at)
{
	const struct tail_state_args *a = p->args->trace_state;
	struct str value;

	if (p->has_matched)
		return;
	value = state_find(otlp_message_bytes(&at->item, OTLP_SPAN_TRACE_STATE), a->key);
	for (size_t i = 0; value.n > 0 && i < a->values.n; i++)
		if (a->key.n + value.n < STATE_MAX && str_eq(a->values.p[i], value))
			p->has_matched = true;
}

const struct policy_kind policy_trace_state = {
	.name = "trace_state",
	.block = offsetof(struct tail_policy_args, trace_state),
	.levels = LEVEL_ANY,
	.span = state_span,
	.decide = policy_matched,
};

/* ---- ottl_condition ---- */

static bool ottl_add(struct policy *p, const struct compiling *c, enum ottl_context context,
	const struct arg_strs *conditions)
{
	const struct tail_ottl_args *a = p->args->ottl_condition;
	const struct ottl_source s = {
		.at = a->at,
		.kind = SIGNAL_TRACES,
		.context = str_from(ottl_context_names[context]),
		.mode = otelcol_ottl_mode(a->error_mode),
		.conditions = *conditions,
	};

	return otelcol_ottl_add(&p->ottl.groups[SIGNAL_TRACES], &s, c->d);
}

static bool ottl_init(struct policy *p, const struct compiling *c)
{
	const struct tail_ottl_args *a = p->args->ottl_condition;
	bool ok;

	if (a->span.n + a->spanevent.n == 0)
		return policy_error(p, c, "expected at least one OTTL condition to filter on");
	p->ottl.runner.owner = c->owner;
	ok = ottl_add(p, c, OTTL_SPAN, &a->span);
	return ottl_add(p, c, OTTL_SPANEVENT, &a->spanevent) && ok;
}

static void ottl_fini(struct policy *p)
{
	otelcol_ottl_free(p->ottl.groups);
	otelcol_ottl_runner_fini(&p->ottl.runner);
}

static void ottl_look(struct policy *p, struct otlp_place *at, enum ottl_context context)
{
	const struct ottl_groups *g = &p->ottl.groups[SIGNAL_TRACES];

	for (size_t i = 0; i < g->n && !p->has_matched && !p->has_failed; i++) {
		if (g->p[i].context != context)
			continue;
		p->ottl.runner.has_failed = false;
		p->has_matched = otelcol_ottl_holds(&p->ottl.runner, &g->p[i], at);
		p->has_failed = p->ottl.runner.has_failed;
	}
}

static void ottl_span(struct policy *p, struct otlp_place *at)
{
	ottl_look(p, at, OTTL_SPAN);
}

static void ottl_event(struct policy *p, struct otlp_place *at)
{
	ottl_look(p, at, OTTL_SPANEVENT);
}

const struct policy_kind policy_ottl_condition = {
	.name = "ottl_condition",
	.block = offsetof(struct tail_policy_args, ottl_condition),
	.levels = LEVEL_ANY,
	.init = ottl_init,
	.fini = ottl_fini,
	.span = ottl_span,
	.event = ottl_event,
	.decide = policy_matched,
};
