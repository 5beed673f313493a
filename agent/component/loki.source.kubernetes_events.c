/*
 * loki.source.kubernetes_events: the cluster's events as log lines.
 *
 * Of a DaemonSet's agents one sends them: who holds a Lease in the agent's own namespace, which
 * also keeps how far they were delivered, so that another agent goes on from there. Without the
 * right to Leases every agent sends them, as Alloy's do, and says so; Loki keeps one of the
 * entries that are equal. A dry run takes no Lease: it changes nothing in the cluster.
 *
 * Differences from Alloy, on purpose: what was sent is told by resourceVersion, not by time,
 * so that no event of the same second is lost; and it moves when Loki has accepted, not before.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/component/loki.source.kubernetes_events/stream.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/http_client.h"
#include "k8s/config.h"
#include "k8s/lease.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#define STOP_WAIT (INT64_C(3) * 1000 * 1000 * 1000) /* for what is under way */

struct clustering_block {
	bool enabled;
};

static const struct arg clustering_args[] = {
	ARG(clustering_block, enabled, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "Not needed: a Lease says who sends the events."),
	ARGS_END,
};

struct events_args {
	struct range at;
	struct arg_capsules forward_to;
	struct str job_name;
	struct arg_strs namespaces;
	struct str log_format;
	const struct k8s_client_args *client;
	const struct clustering_block *clustering;
};

static const char *const formats[] = {"logfmt", "json", NULL};

static const struct arg events_args[] = {
	ARG_PLACE(events_args, at),
	ARG(events_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(events_args, job_name, .type = ARG_STR, .def = "loki.source.kubernetes_events",
		.help = "Value of the label job."),
	ARG(events_args, namespaces, .type = ARG_STRS,
		.help = "Namespaces whose events are wanted; empty: all."),
	ARG(events_args, log_format, .type = ARG_STR, .def = "logfmt", .one_of = formats,
		.help = "How a line is written: logfmt or json."),
	ARG(events_args, client, .type = ARG_BLOCK, K8S_CLIENT_ARGS_BLOCK),
	ARG(events_args, clustering, .type = ARG_BLOCK, .block = clustering_args,
		.size = sizeof(struct clustering_block), .flags = ARG_NO_EFFECT,
		.help = "How Alloy shares the work; here a Lease does."),
	ARGS_END,
};

static const struct metric_family lines = {"invar_kubernetes_events_lines_total", METRIC_COUNTER,
	"Events of the cluster that were forwarded.", NULL};
static const struct metric_family elected = {"invar_kubernetes_events_elected", METRIC_GAUGE,
	"1 if this agent sends the events, 0 if another one does.", NULL};

struct events_source {
	struct component base;
	struct arena texts;
	struct k8s_config config;
	struct http_target *target;
	struct events_stream **streams;
	size_t n;
	struct lease *lease; /* NULL: this agent sends them in any case */
	struct lease_owner owner;
	struct timer patience; /* while stopping */
	enum lease_state told; /* in the log */
	bool is_sending;
	bool is_stopping;
	bool is_sick;
	struct metric *lines;
	struct metric *elected;
};

static bool events_check(const void *args, struct diags *d)
{
	const struct events_args *a = args;
	bool ok = k8s_client_args_check(a->client, d);

	for (size_t i = 0; i < a->namespaces.n; i++)
		if (!k8s_name_is_valid(a->namespaces.p[i]))
			ok = diag_error(d, a->at, "\"" STR_FMT "\" is not the name of a namespace",
				STR_ARG(a->namespaces.p[i]));
	return ok;
}

/* The least that all streams have delivered, for who goes on from there. */
static struct str on_note(struct lease_owner *o)
{
	struct events_source *s = container_of(o, struct events_source, owner);
	struct str least = {0};
	int64_t version, lowest = INT64_MAX;

	for (size_t i = 0; i < s->n; i++) {
		struct str place = buf_str(&s->streams[i]->progress->place), head, tail;

		if (!str_cut(place, ' ', &head, &tail) || !str_to_int(head, &version))
			return (struct str){0};
		if (version < lowest)
			least = place;
		lowest = version < lowest ? version : lowest;
	}
	return least;
}

static const char *find_problem(const struct events_source *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->streams[i]->watch && watch_problem(s->streams[i]->watch))
			return watch_problem(s->streams[i]->watch);
	return s->lease && !s->is_sending ? lease_problem(s->lease) : NULL;
}

static void update_health(struct events_source *s)
{
	const char *problem = find_problem(s);

	if (problem)
		component_set_health(&s->base, HEALTH_UNHEALTHY, problem);
	else if (s->is_sick)
		component_set_health(&s->base, HEALTH_HEALTHY, "the API server answers");
	s->is_sick = problem != NULL;
}

static void send_from(struct events_source *s, struct str place)
{
	if (s->is_sending)
		return;
	s->is_sending = true;
	metric_set(s->elected, 1);
	for (size_t i = 0; i < s->n; i++)
		events_stream_begin(s->streams[i], place);
}

static void send_no_more(struct events_source *s)
{
	s->is_sending = false;
	metric_set(s->elected, 0);
	for (size_t i = 0; i < s->n; i++)
		events_stream_end(s->streams[i]);
}

static void on_elected(struct lease_owner *o)
{
	struct events_source *s = container_of(o, struct events_source, owner);
	enum lease_state state = lease_state(s->lease);

	if (state == LEASE_HELD && !s->is_sending) {
		log_info(s->base.id, "this agent sends the events of the cluster",
			KV("after", lease_note(s->lease)));
		send_from(s, lease_note(s->lease));
	} else if (state == LEASE_OTHERS && s->told != LEASE_OTHERS) {
		log_info(s->base.id, "another agent sends the events of the cluster");
		send_no_more(s);
	} else if (state == LEASE_REFUSED && !s->is_sending) {
		log_warn(s->base.id, "no Lease can be had, so every agent sends the events",
			KV("err", lease_problem(s->lease)),
			KV("hint", "give the agent's service account a Role with get, create and "
				   "update of leases (coordination.k8s.io) in its namespace"));
		send_from(s, (struct str){0});
	}
	s->told = state;
	update_health(s);
}

static bool is_idle(const struct events_source *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!progress_is_idle(s->streams[i]->progress))
			return false;
	return true;
}

static void finish(struct lease_owner *o)
{
	struct events_source *s = container_of(o, struct events_source, owner);

	for (size_t i = 0; i < s->n; i++)
		events_stream_free(s->streams[i]);
	free(s->streams);
	lease_free(s->lease);
	http_target_free(s->target);
	k8s_config_fini(&s->config);
	metric_free(s->lines);
	metric_free(s->elected);
	arena_fini(&s->texts);
	component_stopped(&s->base);
}

/* The next one goes on from what is noted, so what is under way is given a moment. */
static void give_back(struct events_source *s)
{
	timer_clear(&s->patience);
	if (s->lease)
		lease_give_back(s->lease);
	else
		finish(&s->owner);
}

static void on_patience(struct timer *t)
{
	give_back(container_of(t, struct events_source, patience));
}

static void on_stream(void *owner)
{
	struct events_source *s = owner;

	if (!s->is_stopping)
		update_health(s);
	else if (timer_is_set(&s->patience) && is_idle(s))
		timer_set(&s->patience, s->base.loop, 0);
}

static struct str events_path(struct arena *a, struct str namespace)
{
	return namespace.n ? arena_printf(a, "/api/v1/namespaces/" STR_FMT "/events",
				     STR_ARG(namespace))
			   : STR("/api/v1/events");
}

static struct events_stream *add_stream(struct events_source *s, const struct events_args *a,
	struct str namespace)
{
	struct events_stream *one = events_stream_new(s->base.agent);

	one->target = s->target;
	one->id = s->base.id;
	one->job = arena_str(&s->texts, a->job_name);
	one->is_json = str_is(a->log_format, "json");
	one->to = (struct receivers){
		(struct receiver *const *)(const void *)a->forward_to.p, a->forward_to.n};
	one->lines = s->lines;
	one->changed = on_stream;
	one->owner = s;
	one->watch_settings = (struct watch_settings){
		.server = s->config.server,
		.path = events_path(&s->texts, namespace),
		.resource = STR("events"),
	};
	return one;
}

/* A name of Kubernetes made of the component's id. */
static struct str lease_name(struct arena *a, const char *id)
{
	struct str name = arena_printf(a, "invar-%s", id);
	char *p = arena_new(a, char, name.n + 1);

	for (size_t i = 0; i < name.n; i++)
		p[i] = (char)(isalnum((unsigned char)name.p[i]) ? tolower((unsigned char)name.p[i])
			      : name.p[i] == '.'                ? '.'
								: '-');
	return (struct str){p, name.n};
}

/* Two pods of one node are two: a Deployment may have them. */
static struct str holder_name(struct events_source *s)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return arena_printf(&s->texts, STR_FMT "_%s", STR_ARG(s->base.agent->node_name), host);
}

static void elect(struct events_source *s)
{
	const char *env = getenv("POD_NAMESPACE");
	struct str namespace = s->config.namespace.n ? s->config.namespace : str_from(env);

	s->owner = (struct lease_owner){on_elected, on_note, finish};
	if (s->base.agent->dry_run != DRY_RUN_OFF || s->base.agent->once) {
		send_from(s, (struct str){0});
	} else if (namespace.n == 0) {
		log_warn(s->base.id, "the agent's namespace is not known, so every agent sends the "
				     "events",
			KV("hint", "set POD_NAMESPACE for a Lease in that namespace"));
		send_from(s, (struct str){0});
	} else {
		s->lease = lease_new(s->base.loop, s->target,
			&(struct lease_settings){s->config.server, namespace,
				lease_name(&s->texts, s->base.id), holder_name(s)},
			&s->owner);
	}
}

static bool events_start(struct component *c, const void *args, struct err *e)
{
	struct events_source *s = container_of(c, struct events_source, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};
	const struct events_args *a = args;

	if (!k8s_client_args_config(a->client, &s->config, e))
		return false;
	s->target = http_target_new(c->agent->http, &s->config.http, e);
	if (!s->target) {
		k8s_config_fini(&s->config);
		return false;
	}
	arena_init(&s->texts, 0);
	s->lines = metric_new(&lines, labels);
	s->elected = metric_new(&elected, labels);
	s->patience.fire = on_patience;
	s->n = a->namespaces.n ? a->namespaces.n : 1;
	s->streams = mem_new(struct events_stream *, s->n);
	for (size_t i = 0; i < s->n; i++)
		s->streams[i] = add_stream(
			s, a, a->namespaces.n ? a->namespaces.p[i] : (struct str){0});
	elect(s);
	return true;
}

static void events_stop(struct component *c)
{
	struct events_source *s = container_of(c, struct events_source, base);

	s->is_stopping = true;
	for (size_t i = 0; i < s->n; i++)
		events_stream_end(s->streams[i]);
	if (is_idle(s))
		give_back(s);
	else
		timer_set(&s->patience, c->loop, STOP_WAIT);
}

const struct component_type loki_source_kubernetes_events = {
	.name = "loki.source.kubernetes_events",
	.help = "Forwards the events of the cluster as log lines.",
	.stability = STABILITY_GA,
	.args = events_args,
	.size = sizeof(struct events_source),
	.args_size = sizeof(struct events_args),
	.check = events_check,
	.start = events_start,
	.stop = events_stop,
};
