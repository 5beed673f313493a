/*
 * loki.write: batches log entries and pushes them to Loki.
 *
 * Entries are encoded as they come, straight behind the others of their stream; a batch is
 * sent when it is batch_size long or batch_wait old, one request in flight an endpoint, so
 * that the order of each stream is kept. Endpoints are independent of each other.
 *
 * Differences from Alloy, on purpose, for here lines can wait in their files:
 *  - A batch is tried again without limit, unless max_backoff_retries is written.
 *  - 401, 403, 404 and their like say that a setting is wrong. Alloy drops the batch; here it is
 *    kept and tried again, the component is unhealthy and the log says what to look at.
 *  - 413, labels that Loki cannot parse, and a 500 because of an ingester that takes no message of
 *    that length: the batch is cut in halves until what is refused stands alone. Labels and
 *    metadata that are no valid UTF-8 are repaired beforehand. A batch that gets one 429 after
 *    the other may be beyond the burst that the server allows: it is cut too, and waits on.
 *  - Retry-After is honoured, and up to a quarter of it added, so that not all come back at once.
 *  - When the budget is used up, what is there is sent without waiting for batch_wait.
 *  - queue_config and wal have no effect but drain_timeout: the agent's memory budget is the
 *    queue, the files are the log. Only what an endpoint that fails would keep from others that
 *    take the same lines goes to disk (loki.write/backlog.h).
 *
 * Other 4xx are final. A 400 of Loki is partial, it has stored what it did not complain about, and
 * says not how much that is: the whole batch is counted as dropped, which is the upper bound.
 *
 * When the component ends, by a reload or with the process, what the server has not taken
 * within drain_timeout is given up, and its acks fail (agent/flow/ack.h): no position moves past
 * it. Whoever takes its place gets those lines, or the next start sends them.
 */

#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_storage.h"
#include "agent/component/loki.write/dry_run.h"
#include "agent/component/loki.write/endpoint.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* clang-format off */
static const struct arg queue_args[] = {
	ARG(loki_queue_args, drain_timeout, .type = ARG_DURATION, .def = "15s",
		.help = "How long a stopping endpoint goes on sending what it has."),
	ARG(loki_queue_args, block_on_overflow, .type = ARG_BOOL, .def = "true",
		.flags = ARG_NO_EFFECT,
		.help = "Sources always wait when the memory budget is used up."),
	ARG(loki_queue_args, capacity, .type = ARG_SIZE, .def = "10MiB",
		.flags = ARG_NO_EFFECT,
		.help = "The memory budget of the agent takes its place."),
	ARG(loki_queue_args, min_shards, .type = ARG_INT, .def = "1",
		.flags = ARG_NO_EFFECT,
		.help = "Requests of an endpoint are sent one after the other."),
	ARGS_END,
};

static const struct arg wal_args[] = {
	ARG(loki_wal_args, enabled, .type = ARG_BOOL, .def = "false",
		.flags = ARG_NO_EFFECT,
		.help = "Lines that are not delivered wait in their files."),
	ARG(loki_wal_args, max_segment_age, .type = ARG_DURATION, .def = "1h",
		.flags = ARG_NO_EFFECT,
		.help = "There is no write-ahead log."),
	ARG(loki_wal_args, min_read_frequency, .type = ARG_DURATION, .def = "250ms",
		.flags = ARG_NO_EFFECT,
		.help = "There is no write-ahead log."),
	ARG(loki_wal_args, max_read_frequency, .type = ARG_DURATION, .def = "1s",
		.flags = ARG_NO_EFFECT,
		.help = "There is no write-ahead log."),
	ARG(loki_wal_args, drain_timeout, .type = ARG_DURATION, .def = "30s",
		.flags = ARG_NO_EFFECT,
		.help = "There is no write-ahead log."),
	ARGS_END,
};

static const struct arg endpoint_args[] = {
	ARG_PLACE(loki_endpoint_args, at),
	ARG(loki_endpoint_args, url, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Full URL to push to, used as it is."),
	ARG(loki_endpoint_args, name, .type = ARG_STR,
		.help = "Name in messages; without it, six digits of a hash of the arguments."),
	ARG(loki_endpoint_args, tenant_id, .type = ARG_STR,
		.help = "X-Scope-OrgID of entries that have no label __tenant_id__."),
	ARG(loki_endpoint_args, batch_size, .type = ARG_SIZE, .def = "1MiB",
		.help = "Lines and metadata of this length are one batch."),
	ARG(loki_endpoint_args, batch_wait, .type = ARG_DURATION, .def = "1s",
		.help = "A batch this old is sent."),
	ARG(loki_endpoint_args, remote_timeout, .type = ARG_DURATION, .def = "10s",
		.help = "How long one request may take."),
	ARG(loki_endpoint_args, headers, .type = ARG_MAP,
		.help = "Further headers of each request."),
	ARG(loki_endpoint_args, min_backoff_period, .type = ARG_DURATION, .def = "500ms",
		.help = "Wait before the first new try; it doubles with each."),
	ARG(loki_endpoint_args, max_backoff_period, .type = ARG_DURATION, .def = "5m",
		.help = "The longest wait between two tries."),
	ARG(loki_endpoint_args, max_backoff_retries, .type = ARG_INT, .def = "-1",
		.help = "Tries before a batch is dropped. Not written, or 0: no limit."),
	ARG(loki_endpoint_args, retry_on_http_429, .type = ARG_BOOL, .def = "true",
		.help = "Whether a batch that was refused with 429 is tried again."),
	HTTP_CLIENT_ARGS(loki_endpoint_args, http),
	ARG(loki_endpoint_args, queue_config, .type = ARG_BLOCK, .block = queue_args,
		.size = sizeof(struct loki_queue_args), .help = "The queue of an endpoint."),
	ARGS_END,
};

static const struct arg write_args[] = {
	ARG_PLACE(loki_write_args, at),
	ARG(loki_write_args, endpoint, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = endpoint_args, .size = sizeof(struct loki_endpoint_args),
		.help = "Where to send to; several are independent."),
	ARG(loki_write_args, external_labels, .type = ARG_MAP,
		.help = "Labels for streams that have none of that name."),
	ARG(loki_write_args, max_streams, .type = ARG_INT, .def = "0",
		.help = "Streams in one batch; entries of more are dropped. 0: no limit."),
	ARG(loki_write_args, wal, .type = ARG_BLOCK, .block = wal_args,
		.size = sizeof(struct loki_wal_args), .help = "Alloy's write-ahead log."),
	ARGS_END,
};
/* clang-format on */

static const struct metric_family backlog_bytes = {"invar_loki_write_backlog_bytes", METRIC_GAUGE,
	"Bytes on disk that endpoints which failed have still to be sent.", NULL};
static const struct metric_family backlog_limit = {"invar_loki_write_backlog_limit_bytes",
	METRIC_GAUGE, "Bytes that they may take.", NULL};
static const struct metric_family backlog_damaged = {"invar_loki_write_backlog_damaged_total",
	METRIC_COUNTER, "Batches on disk that could not be read, at least.", NULL};
static const struct storage_metrics backlog_metrics = {
	&backlog_bytes, &backlog_limit, &backlog_damaged};

struct loki_write {
	struct component base;
	struct receiver receiver;
	struct list endpoints; /* struct loki_endpoint, in the order of the configuration */
	struct list retired;   /* those that a reload took out, while they drain */
	struct loki_tenants tenants;
	struct storage *storage; /* of the endpoints' backlogs; NULL: none */
	struct loki_dry_run dry_run;
	const struct loki_write_args *args;
	bool stopping;
	bool unhealthy;
};

static const struct loki_endpoint_args *endpoints_of(const struct loki_write_args *a)
{
	return a->endpoint.p;
}

/* Alloy takes whatever Go's net/url can read, and then fails each push. One such endpoint must not
 * keep the others from their work, so it is a warning here. What Go refuses of it is refused. */
static bool may_be_url(struct str url)
{
	for (size_t i = 0; i < url.n; i++) {
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
			return false;
	}
	return url.n > 0 && url.p[0] != ':' && !ascii_is_digit(url.p[0]) &&
	       !str_eq_nocase(str_head(url, 5), STR("http:")) &&
	       !str_eq_nocase(str_head(url, 6), STR("https:"));
}

static bool check_endpoint(const struct loki_endpoint_args *ep, struct diags *d)
{
	struct str host;
	bool ok = true;

	if (!loki_settings_host(ep->url, &host)) {
		ok = may_be_url(ep->url);
		if (ok)
			diag_warning(d, ep->at, "nothing can be sent to the url %.*s",
				STR_ARG(ep->url));
		else
			diag_error(d, ep->at, "invalid url %.*s", STR_ARG(ep->url));
		diag_hint(d, "it begins with http:// or https:// and mostly ends in "
			     "/loki/api/v1/push");
	}
	return http_client_args_check(&ep->http, d) && ok;
}

static bool loki_write_check(const void *args, struct diags *d)
{
	const struct loki_write_args *a = args;
	const struct loki_endpoint_args *ep = endpoints_of(a);
	bool ok = true;

	if (a->endpoint.n == 0) {
		diag_warning(d, a->at, "there is no endpoint: what comes here goes nowhere");
		diag_hint(d, "add endpoint { url = \"http://HOST/loki/api/v1/push\" }");
	}
	for (size_t i = 0; i < a->endpoint.n; i++) {
		struct str name = loki_settings_name(d->arena, &ep[i]);

		ok = check_endpoint(&ep[i], d) && ok;
		for (size_t k = 0; k < i && ep[i].url.n > 0; k++) {
			if (str_eq(name, loki_settings_name(d->arena, &ep[k])))
				ok = diag_error(d, ep[i].at,
					"duplicate client configs are not allowed, found duplicate "
					"for name: %.*s",
					STR_ARG(name));
		}
	}
	return ok;
}

static void on_push(struct receiver *r, const struct entry *e)
{
	struct loki_write *w = container_of(r, struct loki_write, receiver);

	LIST_EACH (ep, &w->endpoints, struct loki_endpoint, link)
		loki_endpoint_push(ep, e);
}

/* Nobody holds the ack: the entry is settled when its source gives its own back. */
static void on_push_dry(struct receiver *r, const struct entry *e)
{
	struct loki_write *w = container_of(r, struct loki_write, receiver);
	const struct arg_map *external = &w->args->external_labels;
	struct arena *a = loop_scratch(w->base.loop);
	struct label *v = arena_new(a, struct label, external->n + 1);

	for (size_t i = 0; i < external->n; i++)
		v[i] = (struct label){external->p[i].name, external->p[i].value};
	loki_dry_run_print(&w->dry_run, e, v, external->n);
}

static void show_health(struct loki_write *w)
{
	const char *fault = NULL;

	LIST_EACH (ep, &w->endpoints, struct loki_endpoint, link) {
		if (ep->sender.fault[0] && !fault)
			fault = ep->sender.fault;
	}
	if (fault)
		component_set_health(&w->base, HEALTH_UNHEALTHY, fault);
	else if (w->unhealthy)
		component_set_health(&w->base, HEALTH_HEALTHY, "all endpoints answer");
	w->unhealthy = fault != NULL;
}

static void stop_if_empty(struct loki_write *w)
{
	if (!w->stopping || !list_is_empty(&w->endpoints) || !list_is_empty(&w->retired))
		return;
	loki_dry_run_fini(&w->dry_run);
	if (w->storage)
		storage_retire(w->storage);
	storage_release(w->storage);
	w->storage = NULL;
	component_stopped(&w->base);
}

static void on_changed(struct loki_endpoint *ep, bool drained)
{
	struct loki_write *w = ep->owner;

	if (drained)
		loki_endpoint_free(ep);
	show_health(w);
	stop_if_empty(w);
}

/* Settings of all endpoints, or none. In the arena of the turn. */
static struct loki_settings **make_settings(struct loki_write *w, const struct loki_write_args *a,
	struct err *e)
{
	struct arena *scratch = loop_scratch(w->base.loop);
	struct loki_settings **s = arena_new(scratch, struct loki_settings *, a->endpoint.n + 1);
	struct http_client *http = w->base.agent->http;

	for (size_t i = 0; i < a->endpoint.n; i++) {
		s[i] = loki_settings_new(a, &endpoints_of(a)[i], &w->tenants, http, e);
		if (s[i])
			continue;
		while (i > 0)
			loki_settings_free(s[--i]);
		return NULL;
	}
	return s;
}

/* A folder of the component's name below --storage.path. It is made when it is needed. */
static struct storage *make_storage(const struct component *c)
{
	const struct agent_context *agent = c->agent;
	struct buf path = {0};
	struct storage *s;

	if (agent->backlog_limit == 0 || agent->storage_path.n == 0 ||
		agent->dry_run != DRY_RUN_OFF)
		return NULL;
	buf_printf(&path, STR_FMT "/", STR_ARG(agent->storage_path));
	for (const char *p = c->id; *p; p++)
		buf_add_char(&path, *p == '/' ? '_' : *p);
	buf_add_char(&path, 0);
	s = storage_new(c->id, path.p, &backlog_metrics);
	s->mode = 0700;
	s->fsync = true;
	s->max_size = agent->backlog_limit;
	s->full = "the other endpoints wait for the one that fails; give the disk room, or raise "
		  "--storage.backlog-limit";
	buf_fini(&path);
	return s;
}

static void say_strangers(struct loki_write *w)
{
	struct arena *a = loop_scratch(w->base.loop);
	const char **folders = arena_new(a, const char *, w->args->endpoint.n + 1);
	size_t n = 0;

	LIST_EACH (ep, &w->endpoints, const struct loki_endpoint, link)
		folders[n++] = ep->set->folder;
	if (w->storage)
		loki_backlog_say_strangers(w->base.id, w->storage, folders, n);
}

static void add_endpoint(struct loki_write *w, struct loki_settings *s)
{
	struct agent_context *agent = w->base.agent;
	struct loki_endpoint *ep = loki_endpoint_new(
		w->base.loop, agent->budget, s, w->storage, on_changed, w);

	list_add_last(&w->endpoints, &ep->link);
}

static bool loki_write_start(struct component *c, const void *args, struct err *e)
{
	struct loki_write *w = container_of(c, struct loki_write, base);
	struct loki_settings **s;

	w->args = args;
	w->tenants.id = c->id;
	list_init(&w->endpoints);
	list_init(&w->retired);
	s = make_settings(w, w->args, e);
	if (!s)
		return false;
	w->storage = make_storage(c);
	for (size_t i = 0; i < w->args->endpoint.n; i++)
		add_endpoint(w, s[i]);
	say_strangers(w);
	loki_dry_run_init(&w->dry_run, c->loop, c->id, c->agent->dry_run, STDOUT_FILENO);
	w->receiver.id = c->id;
	w->receiver.push = c->agent->dry_run == DRY_RUN_OFF ? on_push : on_push_dry;
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &w->receiver));
	return true;
}

/* Which of the endpoints in old goes on with these settings: one of that name, else of that
 * url. NULL: none. */
static struct loki_endpoint *find_same(struct list *old, const struct loki_settings *s)
{
	LIST_EACH (ep, old, struct loki_endpoint, link) {
		if (str_eq(ep->set->send.name, s->send.name))
			return ep;
	}
	LIST_EACH (ep, old, struct loki_endpoint, link) {
		if (str_eq(ep->set->send.url, s->send.url))
			return ep;
	}
	return NULL;
}

/* An endpoint that has no counterpart takes over one that has none either, in order: a
 * corrected url sends what the wrong one could not. */
static void pair(struct loki_write *w, struct loki_settings **s, size_t n)
{
	struct arena *a = loop_scratch(w->base.loop);
	struct loki_endpoint **of = arena_new(a, struct loki_endpoint *, n + 1);
	struct list old;

	list_init(&old);
	LIST_EACH (ep, &w->endpoints, struct loki_endpoint, link) {
		list_remove(&ep->link);
		list_add_last(&old, &ep->link);
	}
	for (size_t i = 0; i < n; i++) {
		of[i] = find_same(&old, s[i]);
		if (of[i])
			list_remove(&of[i]->link);
	}
	for (size_t i = 0; i < n; i++) {
		if (!of[i] && !list_is_empty(&old)) {
			of[i] = container_of(old.next, struct loki_endpoint, link);
			list_remove(&of[i]->link);
		}
		if (!of[i]) {
			add_endpoint(w, s[i]);
			continue;
		}
		list_add_last(&w->endpoints, &of[i]->link);
		loki_endpoint_change(of[i], s[i]);
	}
	LIST_EACH (ep, &old, struct loki_endpoint, link) {
		list_remove(&ep->link);
		list_add_last(&w->retired, &ep->link);
		loki_endpoint_drain(ep, true, false);
	}
}

static bool loki_write_update(struct component *c, const void *args, struct err *e)
{
	struct loki_write *w = container_of(c, struct loki_write, base);
	const struct loki_write_args *a = args;
	struct loki_settings **s = make_settings(w, a, e);

	if (!s)
		return false;
	w->args = a;
	pair(w, s, a->endpoint.n);
	loki_dry_run_change(&w->dry_run);
	return true;
}

static void loki_write_stop(struct component *c)
{
	struct loki_write *w = container_of(c, struct loki_write, base);

	w->stopping = true;
	LIST_EACH (ep, &w->endpoints, struct loki_endpoint, link)
		loki_endpoint_drain(ep, false, c->agent->once);
	stop_if_empty(w);
}

static const struct export_field exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Where entries are pushed to."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type loki_write = {
	.name = "loki.write",
	.help = "Pushes log entries to Loki.",
	.stability = STABILITY_GA,
	.args = write_args,
	.size = sizeof(struct loki_write),
	.args_size = sizeof(struct loki_write_args),
	.exports = exports,
	.check = loki_write_check,
	.start = loki_write_start,
	.update = loki_write_update,
	.stop = loki_write_stop,
};
