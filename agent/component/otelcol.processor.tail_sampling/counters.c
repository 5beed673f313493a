/* Names and units are the Collector's where it has one. One pass over a trace serves all policies,
 * so there is no time that each of them takes (sampling_decision_latency). */

#include "agent/component/otelcol.processor.tail_sampling/counters.h"

#include "agent/base/metric.h"

#define NAME(rest) "otelcol_processor_tail_sampling_" rest

static const double ages[] = {
	1, 2, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 480, 600, 900, 1200, 1800, 0};

static const double latencies[] = {1, 2, 5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000,
	2000, 3000, 4000, 5000, 10000, 20000, 30000, 50000, 0};

static const struct metric_family incoming_family = {"otelcol_processor_incoming_items_total",
	METRIC_COUNTER, "Items that came to the processor.", NULL};
static const struct metric_family outgoing_family = {"otelcol_processor_outgoing_items_total",
	METRIC_COUNTER, "Items that the processor handed on; the others it dropped.", NULL};
static const struct metric_family spans_family = {"invar_tail_sampling_spans_total",
	METRIC_COUNTER, "Spans by what was decided; those that wait are in none.", NULL};
static const struct metric_family traces_family = {NAME("global_count_traces_sampled_total"),
	METRIC_COUNTER, "Traces by what was decided.", NULL};
static const struct metric_family cached_family = {
	NAME("early_releases_from_cache_decision_total"), METRIC_COUNTER,
	"Spans that came when their trace was decided already.", NULL};
static const struct metric_family new_ids_family = {
	NAME("new_trace_id_received_total"), METRIC_COUNTER, "Traces that were new.", NULL};
static const struct metric_family on_memory_family = {
	NAME("sampling_traces_on_memory"), METRIC_GAUGE, "Traces that wait.", NULL};
static const struct metric_family bytes_family = {"invar_tail_sampling_waiting_bytes",
	METRIC_GAUGE, "Memory that traces take that wait.", NULL};
static const struct metric_family too_early_family = {
	NAME("sampling_trace_dropped_too_early_total"), METRIC_COUNTER,
	"Traces that were decided before their time, as too many waited.", NULL};
static const struct metric_family too_large_family = {
	NAME("traces_dropped_too_large_total"), METRIC_COUNTER,
	"Traces that were dropped as larger than maximum_trace_size_bytes.", NULL};
static const struct metric_family late_age_family = {NAME("sampling_late_span_age"),
	METRIC_HISTOGRAM, "Seconds from a decision to a span that came late.", ages};
static const struct metric_family run_family = {NAME("sampling_decision_timer_latency"),
	METRIC_HISTOGRAM,
	"Milliseconds of a run of the timer that decided traces, with what takes them.", latencies};
static const struct metric_family removal_age_family = {NAME("sampling_trace_removal_age"),
	METRIC_HISTOGRAM, "Seconds from a trace's first span to its end here.", ages};

static struct metric *make(const struct metric_family *f, const char *id)
{
	const struct metric_label labels[] = {
		{"component_id", id}, {"component_path", "/"}, {NULL, NULL}};

	return metric_new(f, labels);
}

static struct metric *make_items(const struct metric_family *f, const char *id)
{
	const struct metric_label labels[] = {{"component_id", id}, {"component_path", "/"},
		{"otel_signal", "traces"}, {"processor", "tail_sampling"}, {NULL, NULL}};

	return metric_new(f, labels);
}

static struct metric *make_decision(
	const struct metric_family *f, const char *id, const char *decision, bool sampled)
{
	const struct metric_label labels[] = {{"component_id", id}, {"component_path", "/"},
		{"sampled", sampled ? "true" : "false"}, {decision ? "decision" : NULL, decision},
		{NULL, NULL}};

	return metric_new(f, labels);
}

void counters_init(struct counters *c, const char *id)
{
	static const char *const fates[FATES] = {
		"not_sampled", "sampled", "dropped", "too_large", "shutdown"};

	for (size_t i = 0; i < FATES; i++)
		c->spans[i] = make_decision(&spans_family, id, fates[i], i == FATE_SAMPLED);
	for (size_t i = 0; i < DECISIONS; i++)
		c->traces[i] = make_decision(&traces_family, id, fates[i], i == DECIDED_SAMPLED);
	for (size_t i = 0; i < 2; i++)
		c->cached[i] = make_decision(&cached_family, id, NULL, i == 1);
	c->incoming = make_items(&incoming_family, id);
	c->outgoing = make_items(&outgoing_family, id);
	c->new_ids = make(&new_ids_family, id);
	c->on_memory = make(&on_memory_family, id);
	c->bytes = make(&bytes_family, id);
	c->too_early = make(&too_early_family, id);
	c->too_large = make(&too_large_family, id);
	c->late_age = make(&late_age_family, id);
	c->run = make(&run_family, id);
	c->removal_age = make(&removal_age_family, id);
}

void counters_fini(struct counters *c)
{
	for (size_t i = 0; i < FATES; i++)
		metric_free(c->spans[i]);
	for (size_t i = 0; i < DECISIONS; i++)
		metric_free(c->traces[i]);
	for (size_t i = 0; i < 2; i++)
		metric_free(c->cached[i]);
	metric_free(c->incoming);
	metric_free(c->outgoing);
	metric_free(c->new_ids);
	metric_free(c->on_memory);
	metric_free(c->bytes);
	metric_free(c->too_early);
	metric_free(c->too_large);
	metric_free(c->late_age);
	metric_free(c->run);
	metric_free(c->removal_age);
}
