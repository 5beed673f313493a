#pragma once

/* The kinds of policies, each in the file of what it looks at. */

#include "agent/component/otelcol.processor.tail_sampling/policy_private.h"

/* policy_attribute.c */
extern const struct policy_kind policy_boolean_attribute;
extern const struct policy_kind policy_numeric_attribute;
extern const struct policy_kind policy_string_attribute;

/* policy_span.c */
extern const struct policy_kind policy_latency;
extern const struct policy_kind policy_ottl_condition;
extern const struct policy_kind policy_status_code;
extern const struct policy_kind policy_trace_flags;
extern const struct policy_kind policy_trace_state;

/* policy_trace.c */
extern const struct policy_kind policy_always_sample;
extern const struct policy_kind policy_bytes_limiting;
extern const struct policy_kind policy_probabilistic;
extern const struct policy_kind policy_rate_limiting;
extern const struct policy_kind policy_span_count;

/* policy_combined.c */
extern const struct policy_kind policy_and;
extern const struct policy_kind policy_composite;
extern const struct policy_kind policy_drop;
extern const struct policy_kind policy_not;
