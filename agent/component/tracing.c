/*
 * tracing: Alloy's spans about itself. This program makes none, so the block is checked
 * and nothing more; write_to still keeps what it names alive, as in Alloy.
 */

#include "agent/graph/component.h"

struct jaeger_remote {
	struct str url;
	int64_t max_operations;
	int64_t refresh_interval;
};

struct sampler {
	struct jaeger_remote *jaeger_remote;
};

struct tracing_args {
	double sampling_fraction;
	struct arg_capsules write_to;
	bool send_traceparent;
	struct sampler *sampler;
};

static const struct arg jaeger_remote_args[] = {
	ARG(jaeger_remote, url, .type = ARG_STR, .def = "http://127.0.0.1:5778/sampling",
		.help = "Where sampling strategies come from."),
	ARG(jaeger_remote, max_operations, .type = ARG_INT, .def = "256",
		.help = "How many operations are sampled on their own."),
	ARG(jaeger_remote, refresh_interval, .type = ARG_DURATION, .def = "1m",
		.help = "How often strategies are fetched."),
	ARGS_END,
};

static const struct arg sampler_args[] = {
	ARG(sampler, jaeger_remote, .type = ARG_BLOCK, .block = jaeger_remote_args,
		.size = sizeof(struct jaeger_remote), .help = "Sampling as Jaeger says."),
	ARGS_END,
};

static const struct arg tracing_args[] = {
	ARG(tracing_args, sampling_fraction, .type = ARG_FLOAT, .flags = ARG_NO_EFFECT,
		.def = "0.1", .help = "Part of the agent's own traces that is kept."),
	ARG(tracing_args, write_to, .type = ARG_CAPSULES, .flags = ARG_NO_EFFECT,
		.capsule = &capsule_consumer, .help = "Where the agent's own traces go."),
	ARG(tracing_args, send_traceparent, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.def = "false", .help = "Whether the agent's requests carry a traceparent header."),
	ARG(tracing_args, sampler, .type = ARG_BLOCK, .flags = ARG_NO_EFFECT, .block = sampler_args,
		.size = sizeof(struct sampler), .help = "How the agent's own traces are sampled."),
	ARGS_END,
};

static bool take(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	(void)e;
	return true;
}

const struct component_type tracing = {
	.name = "tracing",
	.help = "Traces of the agent itself: accepted, none are made.",
	.stability = STABILITY_GA,
	.is_config = true,
	.args = tracing_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct tracing_args),
	.start = take,
	.update = take,
	.stop = component_stopped,
};
