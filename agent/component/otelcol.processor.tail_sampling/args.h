#pragma once

/* What otelcol.processor.tail_sampling accepts. A policy has the block that its type names;
 * policies inside others are the same struct with fewer blocks. */

#include "agent/component/common/otelcol_args.h"

struct tail_latency_args {
	int64_t threshold_ms;
	int64_t upper_threshold_ms; /* 0: none */
};
struct tail_numeric_args {
	struct str key;
	int64_t min_value; /* 0: none, as the Collector has it; likewise max_value */
	int64_t max_value;
	bool invert_match;
};
struct tail_boolean_args {
	struct str key;
	bool value;
	bool invert_match;
};
struct tail_string_args {
	struct str key;
	struct arg_strs values;
	bool enabled_regex_matching;
	int64_t cache_max_size;
	bool invert_match;
};
struct tail_probabilistic_args {
	struct str hash_salt;
	double sampling_percentage;
};
struct tail_status_args {
	struct arg_strs status_codes;
};
struct tail_rate_args { /* rate_limiting and bytes_limiting */
	int64_t per_second;
	int64_t burst_capacity; /* 0: two seconds' worth */
};
struct tail_count_args {
	int64_t min_spans;
	int64_t max_spans; /* 0: none */
};
struct tail_state_args {
	struct str key;
	struct arg_strs values;
};
struct tail_ottl_args {
	struct range at;
	struct str error_mode;
	struct arg_strs span;
	struct arg_strs spanevent;
};
struct tail_sub_args { /* and, drop; not has one */
	struct range at;
	struct arg_blocks policies; /* struct tail_policy_args */
};
struct tail_rate_allocation {
	struct range at;
	struct str policy;
	int64_t percent;
};
struct tail_composite_args {
	struct range at;
	int64_t max_total_spans_per_second;
	struct arg_strs policy_order;
	struct arg_blocks composite_sub_policy; /* struct tail_policy_args */
	struct arg_blocks rate_allocation;
};

struct tail_policy_args {
	struct range at;
	struct str name;
	struct str type;
	struct tail_latency_args *latency;
	struct tail_numeric_args *numeric_attribute;
	struct tail_boolean_args *boolean_attribute;
	struct tail_string_args *string_attribute;
	struct tail_probabilistic_args *probabilistic;
	struct tail_status_args *status_code;
	struct tail_rate_args *rate_limiting;
	struct tail_rate_args *bytes_limiting;
	struct tail_count_args *span_count;
	struct tail_state_args *trace_state;
	struct tail_ottl_args *ottl_condition;
	struct tail_sub_args *and;
	struct tail_sub_args *drop;
	struct tail_sub_args * not ;
	struct tail_composite_args *composite;
};

struct tail_sampling_args {
	struct range at;
	int64_t decision_wait;
	int64_t decision_wait_after_root_received;
	uint64_t num_traces;
	bool block_on_overflow;
	uint64_t expected_new_traces_per_sec;
	bool sample_on_first_match;
	bool drop_pending_traces_on_shutdown;
	uint64_t maximum_trace_size_bytes;
	struct value decision_cache;
	struct arg_blocks policy; /* struct tail_policy_args */
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

extern const struct arg tail_sampling_args[];
bool tail_sampling_check(const void *args, struct diags *d);

/* The sizes in decision_cache; 0 where none is given. False: it is no such object. */
struct tail_cache_sizes {
	uint64_t sampled;
	uint64_t non_sampled;
};
bool tail_cache_sizes(const struct value *v, struct tail_cache_sizes *out, struct err *e);
