/* Metrics of a tenant. Those that need a label which is not known in advance (a status code,
 * a reason) are made when it is first seen. */

#include "agent/component/loki.write/tenant.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/component/loki.write/ages.h"

#include <stdio.h>
#include <stdlib.h>

#define KIB 1024.0
#define MIB (1024.0 * 1024.0)

const char *const loki_drop_names[LOKI_DROPS] = {
	"ingester_error",
	"rate_limited",
	"stream_limited",
	"line_too_long",
	"endpoint_removed",
	"backlog_damaged",
};

static const double size_buckets[] = {
	1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 512 * KIB,
	1 * MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB, 20 * MIB, 0};
static const double duration_buckets[] = {
	.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 0};
static const double latency_buckets[] = {
	.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 0};

static const struct metric_family sent_bytes = {
	"loki_write_sent_bytes_total", METRIC_COUNTER, "Number of bytes sent.", NULL};
static const struct metric_family sent_entries = {
	"loki_write_sent_entries_total", METRIC_COUNTER,
	"Number of log entries sent to the ingester.", NULL};
static const struct metric_family dropped_bytes = {
	"loki_write_dropped_bytes_total", METRIC_COUNTER,
	"Number of bytes dropped because failed to be sent to the ingester after all retries.",
	NULL};
static const struct metric_family dropped_entries = {
	"loki_write_dropped_entries_total", METRIC_COUNTER,
	"Number of log entries dropped because they failed to be sent to the ingester after all "
	"retries.",
	NULL};
static const struct metric_family refused = {
	"invar_loki_write_refused_entries_total", METRIC_COUNTER,
	"Entries that the server's answers name as refused, by reason; a part of those dropped.",
	NULL};
static const struct metric_family retries = {
	"loki_write_batch_retries_total", METRIC_COUNTER,
	"Number of times batches have had to be retried.", NULL};
static const struct metric_family repaired = {
	"loki_write_repaired_texts_total", METRIC_COUNTER,
	"Label names, label values and structured metadata that were not valid and were made so.",
	NULL};
static const struct metric_family request_size = {
	"loki_write_request_size_bytes", METRIC_HISTOGRAM,
	"Number of bytes for encoded requests.", size_buckets};
static const struct metric_family request_duration = {
	"loki_write_request_duration_seconds", METRIC_HISTOGRAM,
	"Duration of sent requests.", duration_buckets};
static const struct metric_family latency = {
	"loki_write_entry_propagation_latency_seconds", METRIC_HISTOGRAM,
	"Time in seconds from entry creation until it's either successfully sent or dropped.",
	latency_buckets};

static struct metric *series(const struct loki_tenant *t, const struct metric_family *f,
	const char *name, const char *value)
{
	const struct metric_label labels[] = {
		{"component_id", t->all->id},
		{"component_path", "/"},
		{"host", t->key.p},
		{"tenant", t->name.p},
		{name, value},
		{NULL, NULL},
	};

	return metric_new(f, labels);
}

/* host NUL name NUL */
static struct str key_new(struct str host, struct str name)
{
	struct buf b = {0};

	buf_add_str(&b, host);
	buf_add_char(&b, 0);
	buf_add_str(&b, name);
	buf_add_char(&b, 0);
	return buf_str(&b);
}

struct loki_tenant *loki_tenant_get(struct loki_tenants *all, struct str host, struct str name)
{
	struct str key = key_new(host, name);
	struct loki_tenant *t = map_find(&all->map, key);

	if (t) {
		free((char *)(uintptr_t)key.p);
		return loki_tenant_hold(t);
	}
	t = mem_new(struct loki_tenant, 1);
	*t = (struct loki_tenant){.refs = 1, .all = all, .key = key};
	t->name = (struct str){key.p + host.n + 1, name.n};
	map_set(&all->map, key, t);
	t->sent_bytes = series(t, &sent_bytes, NULL, NULL);
	t->sent_entries = series(t, &sent_entries, NULL, NULL);
	t->retries = series(t, &retries, NULL, NULL);
	t->repaired = series(t, &repaired, NULL, NULL);
	t->request_size = series(t, &request_size, NULL, NULL);
	t->latency = series(t, &latency, NULL, NULL);
	for (size_t i = 0; i < LOKI_DROP_GONE; i++) {
		t->dropped_bytes[i] = series(t, &dropped_bytes, "reason", loki_drop_names[i]);
		t->dropped_entries[i] = series(t, &dropped_entries, "reason", loki_drop_names[i]);
	}
	return t;
}

struct loki_tenant *loki_tenant_hold(struct loki_tenant *t)
{
	must(t->refs > 0);
	t->refs++;
	return t;
}

void loki_tenant_release(struct loki_tenant *t)
{
	must(t->refs > 0);
	if (--t->refs > 0)
		return;
	metric_free(t->sent_bytes);
	metric_free(t->sent_entries);
	metric_free(t->retries);
	metric_free(t->repaired);
	metric_free(t->request_size);
	metric_free(t->latency);
	for (size_t i = 0; i < LOKI_DROPS; i++) {
		metric_free(t->dropped_bytes[i]);
		metric_free(t->dropped_entries[i]);
	}
	for (size_t i = 0; i < LOKI_WHYS; i++)
		metric_free(t->refused[i]);
	for (size_t i = 0; i < t->statuses.n; i++)
		metric_free(t->statuses.p[i].duration);
	free(t->statuses.p);
	map_remove(&t->all->map, t->key);
	if (t->all->map.n == 0)
		map_fini(&t->all->map);
	free((char *)(uintptr_t)t->key.p);
	free(t);
}

void loki_tenant_dropped(struct loki_tenant *t, enum loki_drop why, size_t entries, size_t bytes)
{
	if (!t->dropped_bytes[why]) {
		t->dropped_bytes[why] = series(t, &dropped_bytes, "reason", loki_drop_names[why]);
		t->dropped_entries[why] =
			series(t, &dropped_entries, "reason", loki_drop_names[why]);
	}
	metric_add(t->dropped_bytes[why], (double)bytes);
	metric_add(t->dropped_entries[why], (double)entries);
}

void loki_tenant_refused(struct loki_tenant *t, enum loki_why why, size_t entries)
{
	if (!t->refused[why])
		t->refused[why] = series(t, &refused, "reason", loki_why_names[why]);
	metric_add(t->refused[why], (double)entries);
}

void loki_tenant_answered(struct loki_tenant *t, int status, int64_t took_ns)
{
	struct loki_status *s = NULL;
	char code[16];

	for (size_t i = 0; i < t->statuses.n && !s; i++) {
		if (t->statuses.p[i].code == status)
			s = &t->statuses.p[i];
	}
	if (!s) {
		snprintf(code, sizeof(code), "%d", status);
		s = vec_add(&t->statuses);
		s->code = status;
		s->duration = series(t, &request_duration, "status_code", code);
	}
	metric_observe(s->duration, (double)took_ns / (double)NS_PER_SEC);
}

void loki_tenant_settled(struct loki_tenant *t, const struct loki_ages *ages, int64_t wall_ns)
{
	for (size_t i = 0; i < ages->runs; i++) {
		double age = (double)wall_ns - (double)ages->run[i].time;

		metric_observe_many(t->latency, age / (double)NS_PER_SEC, ages->run[i].n);
	}
}
