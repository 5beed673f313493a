#include "agent/component/otelcol.processor.tail_sampling/args.h"

#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/common/otelcol_ottl.h"
#include "agent/component/otelcol.processor.tail_sampling/policy.h"

static const struct arg latency_args[] = {
	ARG(tail_latency_args, threshold_ms, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "From the first start to the last end it took more than this."),
	ARG(tail_latency_args, upper_threshold_ms, .type = ARG_INT, .def = "0",
		.help = "And at most this; 0: no limit."),
	ARGS_END,
};
static const struct arg numeric_args[] = {
	ARG(tail_numeric_args, key, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Attribute of a resource or a span; integers only."),
	ARG(tail_numeric_args, min_value, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "The least it may be; 0: no limit."),
	ARG(tail_numeric_args, max_value, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "The most it may be; 0: no limit."),
	ARG(tail_numeric_args, invert_match, .type = ARG_BOOL, .def = "false",
		.help = "Traces where it is nowhere so."),
	ARGS_END,
};
static const struct arg boolean_args[] = {
	ARG(tail_boolean_args, key, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Attribute of a resource or a span."),
	ARG(tail_boolean_args, value, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "What it is to be."),
	ARG(tail_boolean_args, invert_match, .type = ARG_BOOL, .def = "false",
		.help = "Traces where it is nowhere so."),
	ARGS_END,
};
static const struct arg string_args[] = {
	ARG(tail_string_args, key, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Attribute of a resource or a span."),
	ARG(tail_string_args, values, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Which values, or regular expressions, it may have."),
	ARG(tail_string_args, enabled_regex_matching, .type = ARG_BOOL, .def = "false",
		.help = "Whether the values are regular expressions; they match anywhere."),
	ARG(tail_string_args, cache_max_size, .type = ARG_INT, .flags = ARG_NO_EFFECT,
		.help = "Results are not cached."),
	ARG(tail_string_args, invert_match, .type = ARG_BOOL, .def = "false",
		.help = "Traces where it is nowhere so."),
	ARGS_END,
};
static const struct arg probabilistic_args[] = {
	ARG(tail_probabilistic_args, hash_salt, .type = ARG_STR,
		.help = "Another one chooses other traces."),
	ARG(tail_probabilistic_args, sampling_percentage, .type = ARG_FLOAT, .flags = ARG_REQUIRED,
		.help = "How many of a hundred traces."),
	ARGS_END,
};
static const struct arg status_args[] = {
	ARG(tail_status_args, status_codes, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Of any span: OK, ERROR or UNSET."),
	ARGS_END,
};
static const struct arg rate_args[] = {
	ARG_NAMED(tail_rate_args, "spans_per_second", per_second, .type = ARG_INT,
		.flags = ARG_REQUIRED, .help = "How many spans; a trace is taken whole or not."),
	ARG(tail_rate_args, burst_capacity, .type = ARG_INT, .def = "0",
		.help = "How many at once; 0: twice as many."),
	ARGS_END,
};
static const struct arg bytes_args[] = {
	ARG_NAMED(tail_rate_args, "bytes_per_second", per_second, .type = ARG_INT,
		.flags = ARG_REQUIRED, .help = "How many bytes, as protobuf."),
	ARG(tail_rate_args, burst_capacity, .type = ARG_INT, .def = "0",
		.help = "How many at once; 0: twice as many."),
	ARGS_END,
};
static const struct arg count_args[] = {
	ARG(tail_count_args, min_spans, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "The least number of spans."),
	ARG(tail_count_args, max_spans, .type = ARG_INT, .def = "0",
		.help = "The largest; 0: no limit."),
	ARGS_END,
};
static const struct arg state_args[] = {
	ARG(tail_state_args, key, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Key in a span's tracestate."),
	ARG(tail_state_args, values, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Which values it may have."),
	ARGS_END,
};
static const struct arg ottl_args[] = {
	ARG_PLACE(tail_ottl_args, at),
	ARG(tail_ottl_args, error_mode, .type = ARG_STR, .flags = ARG_REQUIRED,
		.one_of = otelcol_ottl_modes,
		.help = "When a condition fails: ignore (and say so), silent, or propagate: the "
			"policy has no say."),
	ARG(tail_ottl_args, span, .type = ARG_STRS, .help = "One of these holds for a span."),
	ARG(tail_ottl_args, spanevent, .type = ARG_STRS, .help = "Or for an event of a span."),
	ARGS_END,
};

#define OF(args, of) .type = ARG_BLOCK, .block = (args), .size = sizeof(struct of)

#define NAME_AND_TYPE \
	ARG_PLACE(tail_policy_args, at), \
		ARG(tail_policy_args, name, .type = ARG_STR, .flags = ARG_REQUIRED, \
			.help = "As metrics call it."), \
		ARG(tail_policy_args, type, .type = ARG_STR, .flags = ARG_REQUIRED, \
			.help = "Which kind it is: the block of this name says more; " \
				"always_sample and trace_flags have none.")

#define LEAVES \
	ARG(tail_policy_args, latency, OF(latency_args, tail_latency_args), \
		.help = "How long the trace took."), \
		ARG(tail_policy_args, numeric_attribute, OF(numeric_args, tail_numeric_args), \
			.help = "An attribute within limits."), \
		ARG(tail_policy_args, boolean_attribute, OF(boolean_args, tail_boolean_args), \
			.help = "An attribute that is true, or false."), \
		ARG(tail_policy_args, string_attribute, OF(string_args, tail_string_args), \
			.help = "An attribute with one of several values."), \
		ARG(tail_policy_args, probabilistic, \
			OF(probabilistic_args, tail_probabilistic_args), \
			.help = "A part of all traces, chosen by their ids as the Collector " \
				"does."), \
		ARG(tail_policy_args, status_code, OF(status_args, tail_status_args), \
			.help = "The status of a span."), \
		ARG(tail_policy_args, rate_limiting, OF(rate_args, tail_rate_args), \
			.help = "As many as fit a number of spans a second."), \
		ARG(tail_policy_args, bytes_limiting, OF(bytes_args, tail_rate_args), \
			.help = "As many as fit a number of bytes a second."), \
		ARG(tail_policy_args, span_count, OF(count_args, tail_count_args), \
			.help = "How many spans the trace has."), \
		ARG(tail_policy_args, trace_state, OF(state_args, tail_state_args), \
			.help = "An entry in a span's tracestate."), \
		ARG(tail_policy_args, ottl_condition, OF(ottl_args, tail_ottl_args), \
			.help = "Conditions of OTTL.")

static const struct arg leaf_args[] = {NAME_AND_TYPE, LEAVES, ARGS_END};

static const struct arg and_args[] = {
	ARG_PLACE(tail_sub_args, at),
	ARG_NAMED(tail_sub_args, "and_sub_policy", policies, OF(leaf_args, tail_policy_args),
		.flags = ARG_REQUIRED | ARG_REPEATED, .help = "One of those that must all agree."),
	ARGS_END,
};
static const struct arg drop_args[] = {
	ARG_PLACE(tail_sub_args, at),
	ARG_NAMED(tail_sub_args, "drop_sub_policy", policies, OF(leaf_args, tail_policy_args),
		.flags = ARG_REQUIRED | ARG_REPEATED, .help = "One of those that must all agree."),
	ARGS_END,
};
static const struct arg not_args[] = {
	ARG_PLACE(tail_sub_args, at),
	ARG_NAMED(tail_sub_args, "not_sub_policy", policies, OF(leaf_args, tail_policy_args),
		.flags = ARG_REQUIRED | ARG_REPEATED, .help = "The one that must not."),
	ARGS_END,
};

static const struct arg in_composite_args[] = {
	NAME_AND_TYPE,
	LEAVES,
	ARG(tail_policy_args, and, OF(and_args, tail_sub_args), .help = "All of several policies."),
	ARGS_END,
};
static const struct arg allocation_args[] = {
	ARG_PLACE(tail_rate_allocation, at),
	ARG(tail_rate_allocation, policy, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of a composite_sub_policy."),
	ARG(tail_rate_allocation, percent, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "Its part of max_total_spans_per_second; 0: as if it was not named."),
	ARGS_END,
};
static const struct arg composite_args[] = {
	ARG_PLACE(tail_composite_args, at),
	ARG(tail_composite_args, max_total_spans_per_second, .type = ARG_INT,
		.flags = ARG_REQUIRED, .help = "What the parts are parts of."),
	ARG(tail_composite_args, policy_order, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "The order in which policies are asked; those not named come last."),
	ARG(tail_composite_args, composite_sub_policy, OF(in_composite_args, tail_policy_args),
		.flags = ARG_REPEATED, .help = "The first one that takes a trace decides."),
	ARG(tail_composite_args, rate_allocation, OF(allocation_args, tail_rate_allocation),
		.flags = ARG_REPEATED,
		.help = "How many spans a second a policy may take; those without it share "
			"what is left."),
	ARGS_END,
};

static const struct arg policy_args[] = {
	NAME_AND_TYPE,
	LEAVES,
	ARG(tail_policy_args, and, OF(and_args, tail_sub_args), .help = "All of several policies."),
	ARG(tail_policy_args, drop, OF(drop_args, tail_sub_args),
		.help = "What all of several policies take is dropped, whatever others say."),
	ARG(tail_policy_args, not, OF(not_args, tail_sub_args), .help = "What a policy does not."),
	ARG(tail_policy_args, composite, OF(composite_args, tail_composite_args),
		.help = "Several policies that share a number of spans a second."),
	ARGS_END,
};

const struct arg tail_sampling_args[] = {
	ARG_PLACE(tail_sampling_args, at),
	ARG(tail_sampling_args, decision_wait, .type = ARG_DURATION, .def = "30s",
		.help = "How long after a trace's first span it is decided."),
	ARG(tail_sampling_args, decision_wait_after_root_received, .type = ARG_DURATION,
		.def = "0s", .help = "How long after its root span, if that is sooner; 0: not."),
	ARG(tail_sampling_args, num_traces, .type = ARG_UINT, .def = "50000",
		.help = "How many traces may wait. A quarter of the memory budget is a limit "
			"too; beyond either the oldest is decided at once."),
	ARG(tail_sampling_args, block_on_overflow, .type = ARG_BOOL, .def = "false",
		.help = "Senders wait instead when as many traces wait as may."),
	ARG(tail_sampling_args, expected_new_traces_per_sec, .type = ARG_UINT,
		.flags = ARG_NO_EFFECT, .help = "Nothing is set aside beforehand."),
	ARG(tail_sampling_args, sample_on_first_match, .type = ARG_BOOL, .def = "false",
		.help = "The first policy that takes a trace decides; others are not asked."),
	ARG(tail_sampling_args, drop_pending_traces_on_shutdown, .type = ARG_BOOL, .def = "false",
		.help = "Traces that wait at the end are dropped, not decided."),
	ARG(tail_sampling_args, maximum_trace_size_bytes, .type = ARG_UINT, .def = "0",
		.help = "A larger trace is dropped; 0: no limit."),
	ARG(tail_sampling_args, decision_cache, .type = ARG_ANY,
		.help = "{sampled_cache_size, non_sampled_cache_size}: how many decisions are "
			"remembered for spans that come late; 0: num_traces."),
	ARG(tail_sampling_args, policy, OF(policy_args, tail_policy_args),
		.flags = ARG_REQUIRED | ARG_REPEATED, .help = "Which traces are kept."),
	ARG(tail_sampling_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(tail_sampling_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

bool tail_cache_sizes(const struct value *v, struct tail_cache_sizes *out, struct err *e)
{
	struct tail_cache_sizes s = {0, 0};

	if (v->type != VALUE_NULL && v->type != VALUE_OBJECT)
		return err_set(e, "should be object, got %s", value_type_name(v));
	for (size_t i = 0; v->type == VALUE_OBJECT && i < v->object.n; i++) {
		const struct field *f = &v->object.fields[i];
		uint64_t *to = str_is(f->key, "sampled_cache_size")       ? &s.sampled
			       : str_is(f->key, "non_sampled_cache_size") ? &s.non_sampled
									  : NULL;

		if (!to)
			return err_set(e, "unrecognized attribute name \"" STR_FMT "\"",
				STR_ARG(f->key));
		if (!value_to_uint(&f->value, to, e))
			return false;
	}
	*out = s;
	return true;
}

bool tail_sampling_check(const void *args, struct diags *d)
{
	const struct tail_sampling_args *a = args;
	bool ok = otelcol_output_check(a->output, d);
	struct tail_cache_sizes sizes;
	struct err e = {""};

	if (a->decision_wait < NS_PER_SEC / 1000)
		ok = diag_error(d, a->at, "decision_wait must be greater than zero");
	if (a->decision_wait_after_root_received < 0)
		ok = diag_error(
			d, a->at, "decision_wait_after_root_received must not be negative");
	if (a->num_traces == 0)
		ok = diag_error(d, a->at, "num_traces must be greater than zero");
	if (!tail_cache_sizes(&a->decision_cache, &sizes, &e))
		ok = diag_error(d, a->at, "decision_cache: %s", e.text);
	if (otelcol_output_has(a->output, SIGNAL_LOGS) ||
		otelcol_output_has(a->output, SIGNAL_METRICS))
		diag_warning(d, a->output->at,
			"this processor is for traces only: logs and metrics do not come here");
	return policies_check(a, d) && ok;
}
