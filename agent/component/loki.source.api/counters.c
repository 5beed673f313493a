/*
 * The series that Alloy has (github.com/grafana/dskit/server). Those of durations are made when
 * there is something to show: routes times statuses would be many for a port that nobody uses.
 */

#include "agent/component/loki.source.api/counters.h"

#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/graph/component.h"

#include <stdio.h>

static const double seconds[] = {
	.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 50, 100, 0};
static const double bytes[] = {1048576, 2621440, 5242880, 10485760, 26214400, 52428800, 104857600,
	262144000, 0};

static const struct metric_family duration_family = {"loki_source_api_request_duration_seconds",
	METRIC_HISTOGRAM, "Time in seconds spent serving HTTP requests.", seconds};
static const struct metric_family inflight_family = {"loki_source_api_inflight_requests",
	METRIC_GAUGE, "Current number of inflight requests.", NULL};
static const struct metric_family request_family = {"loki_source_api_request_message_bytes",
	METRIC_HISTOGRAM, "Size in bytes of messages received in the request.", bytes};
static const struct metric_family response_family = {"loki_source_api_response_message_bytes",
	METRIC_HISTOGRAM, "Size in bytes of messages sent in response.", bytes};
static const struct metric_family connections_family = {"loki_source_api_tcp_connections",
	METRIC_GAUGE, "Current number of accepted TCP connections.", NULL};
static const struct metric_family entries_family = {"loki_source_api_entries_written",
	METRIC_COUNTER, "Total number of entries forwarded.", NULL};

static const struct {
	const char *method;
	const char *name;
} routes[API_ROUTES] = {
	[API_PUSH] = {"POST", "loki_api_v1_push"},
	[API_PUSH_SHORT] = {"POST", "api_v1_push"},
	[API_RAW] = {"POST", "loki_api_v1_raw"},
	[API_RAW_SHORT] = {"POST", "api_v1_raw"},
	[API_READY] = {"GET", "ready"},
	[API_NOT_FOUND] = {"other", "notfound"},
};

static const int statuses[API_STATUSES] = {200, 204, 400, 404, 405, 413, 503};

static struct metric *new_series(const struct api_counters *c, const struct metric_family *f,
	enum api_route route)
{
	const struct metric_label labels[] = {
		{"component_id", c->of->id},
		{"component_path", "/"},
		{"method", routes[route].method},
		{"route", routes[route].name},
		{NULL, NULL},
	};

	return metric_new(f, labels);
}

static struct metric *new_duration(const struct api_counters *c, enum api_route route, int status)
{
	char code[16];
	const struct metric_label labels[] = {
		{"component_id", c->of->id},
		{"component_path", "/"},
		{"method", routes[route].method},
		{"route", routes[route].name},
		{"status_code", code},
		{"ws", "false"},
		{NULL, NULL},
	};

	snprintf(code, sizeof(code), "%d", status);
	return metric_new(&duration_family, labels);
}

void api_counters_init(struct api_counters *c, const struct component *of,
	double (*connections)(void *owner), void *owner)
{
	const struct metric_label id[] = {
		{"component_id", of->id}, {"component_path", "/"}, {NULL, NULL}};
	const struct metric_label with_protocol[] = {{"component_id", of->id},
		{"component_path", "/"}, {"protocol", "http"}, {NULL, NULL}};

	*c = (struct api_counters){.of = of};
	for (int i = 0; i < API_ROUTES; i++) {
		c->inflight[i] = new_series(c, &inflight_family, (enum api_route)i);
		c->request_bytes[i] = new_series(c, &request_family, (enum api_route)i);
		c->response_bytes[i] = new_series(c, &response_family, (enum api_route)i);
	}
	c->connections = metric_new(&connections_family, with_protocol);
	metric_set_reader(c->connections, connections, owner);
	c->entries = metric_new(&entries_family, id);
}

void api_counters_fini(struct api_counters *c)
{
	for (size_t i = 0; i < API_ROUTES; i++) {
		for (size_t k = 0; k < API_STATUSES; k++)
			metric_free(c->durations[i][k]);
		metric_free(c->inflight[i]);
		metric_free(c->request_bytes[i]);
		metric_free(c->response_bytes[i]);
	}
	metric_free(c->connections);
	metric_free(c->entries);
}

static size_t status_index(int status)
{
	size_t i = 0;

	while (i < API_STATUSES && statuses[i] != status)
		i++;
	must(i < API_STATUSES);
	return i;
}

void api_counters_answered(struct api_counters *c, enum api_route route, int status, int64_t ns,
	size_t request_bytes, size_t response_bytes)
{
	struct metric **duration = &c->durations[route][status_index(status)];

	if (!*duration)
		*duration = new_duration(c, route, status);
	metric_observe(*duration, (double)ns / 1e9);
	metric_observe(c->request_bytes[route], (double)request_bytes);
	metric_observe(c->response_bytes[route], (double)response_bytes);
}
