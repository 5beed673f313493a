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
 *
 * New arguments: the streams of namespaces that stay go on; those that are not wanted any more
 * leave, and when what they have under way is delivered, or after a moment, the new ones begin
 * there. With another client all leave, and the Lease is given back and asked for anew.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/component/loki.source.kubernetes_events/lease_name.h"
#include "agent/component/loki.source.kubernetes_events/stream.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/http_client.h"
#include "k8s/config.h"
#include "k8s/lease.h"

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
	const struct events_args *args;
	struct server {
		struct k8s_config config;
		struct http_target *target;
	} at, next; /* next.target: that client follows when all streams have left */
	struct streams {
		struct events_stream **p;
		size_t n, cap;
	} streams, leaving;  /* leaving: no more is read by them */
	struct buf after;    /* the least place of those that left; empty: not known */
	struct lease *lease; /* NULL: this agent sends them in any case */
	struct lease_owner owner;
	struct timer patience; /* while stopping, or streams are leaving */
	enum lease_state told; /* in the log */
	bool is_sending;
	bool is_moving; /* the Lease is being given back for the next server */
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
			ok = diag_error(d, a->at,
				"namespaces: \"" STR_FMT "\" is not the name of a namespace",
				STR_ARG(a->namespaces.p[i]));
	return ok;
}

/* The lesser one of two places; empty is the least. */
static struct str lesser(struct str a, struct str b)
{
	struct str of_a, of_b, rest;
	int64_t x, y;

	if (!str_cut(a, ' ', &of_a, &rest) || !str_to_int(of_a, &x) ||
		!str_cut(b, ' ', &of_b, &rest) || !str_to_int(of_b, &y))
		return (struct str){0};
	return x <= y ? a : b;
}

/* The least that all streams have delivered, for who goes on from there. */
static struct str least_place(const struct events_source *s)
{
	const struct streams *const both[] = {&s->streams, &s->leaving};
	struct str least = {0};
	bool is_first = true;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < both[k]->n; i++) {
			struct str place = buf_str(&both[k]->p[i]->progress->place);

			least = is_first ? place : lesser(least, place);
			is_first = false;
		}
	return least;
}

/* Streams that are still to begin go on from where those that left were. */
static struct str on_note(struct lease_owner *o)
{
	struct events_source *s = container_of(o, struct events_source, owner);

	return s->streams.n + s->leaving.n ? least_place(s) : buf_str(&s->after);
}

static const char *find_problem(const struct events_source *s)
{
	for (size_t i = 0; i < s->streams.n; i++) {
		struct watch *w = s->streams.p[i]->watch;

		if (w && watch_problem(w))
			return watch_problem(w);
	}
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
	for (size_t i = 0; i < s->streams.n; i++)
		events_stream_begin(s->streams.p[i], place);
}

static void send_no_more(struct events_source *s)
{
	s->is_sending = false;
	metric_set(s->elected, 0);
	for (size_t i = 0; i < s->streams.n; i++)
		events_stream_end(s->streams.p[i]);
}

static void tell_of_others(const struct events_source *s)
{
	if (lease_problem(s->lease))
		log_warn(s->base.id, "this agent sends the events of the cluster no more, as its "
				     "Lease could not be renewed",
			KV("err", lease_problem(s->lease)),
			KV("hint", "it is tried again; another agent may take it over"));
	else
		log_info(s->base.id, "another agent sends the events of the cluster");
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
		tell_of_others(s);
		send_no_more(s);
	} else if (state == LEASE_REFUSED && !s->is_sending) {
		log_warn(s->base.id, "no Lease can be had, so every agent sends the events",
			KV("err", lease_problem(s->lease)),
			KV("hint", "give the agent's service account a Role with get, create and "
				   "update of leases (coordination.k8s.io) in its namespace"));
		send_from(s, buf_str(&s->after));
	} else if (state == LEASE_UNKNOWN && lease_problem(s->lease)) {
		log_warn(s->base.id, "it is not known who sends the events of the cluster, this "
				     "agent does not",
			KV("err", lease_problem(s->lease)),
			KV("hint", "it is tried again; the API server must let the agent read "
				   "and write the Lease"));
	}
	s->told = state;
	update_health(s);
}

static bool is_idle(const struct events_source *s)
{
	const struct streams *const both[] = {&s->streams, &s->leaving};
	bool idle = true;

	for (size_t k = s->is_stopping ? 0 : 1; k < 2; k++)
		for (size_t i = 0; i < both[k]->n; i++)
			idle = idle && progress_is_idle(both[k]->p[i]->progress);
	return idle;
}

static void free_streams(struct streams *v)
{
	for (size_t i = 0; i < v->n; i++)
		events_stream_free(v->p[i]);
	free(v->p);
	*v = (struct streams){0};
}

static void close_server(struct server *at)
{
	http_target_free(at->target);
	k8s_config_fini(&at->config);
	*at = (struct server){0};
}

static bool open_server(struct events_source *s, const struct events_args *a, struct server *at,
	struct err *e)
{
	*at = (struct server){0};
	if (!k8s_client_args_config(a->client, &at->config, e))
		return false;
	at->target = http_target_new(s->base.agent->http, &at->config.http, e);
	if (at->target)
		return true;
	k8s_config_fini(&at->config);
	return false;
}

static void finish(struct events_source *s)
{
	free_streams(&s->streams);
	free_streams(&s->leaving);
	lease_free(s->lease);
	if (s->next.target)
		close_server(&s->next);
	close_server(&s->at);
	metric_free(s->lines);
	metric_free(s->elected);
	buf_fini(&s->after);
	component_stopped(&s->base);
}

static void on_stream(void *owner)
{
	struct events_source *s = owner;

	if (!s->is_stopping)
		update_health(s);
	if (timer_is_set(&s->patience) && is_idle(s))
		timer_set(&s->patience, s->base.loop, 0);
}

static void set_stream(struct events_source *s, struct events_stream *one)
{
	const struct events_args *a = s->args;

	one->job = a->job_name;
	one->is_json = str_is(a->log_format, "json");
	one->to = (struct receivers){
		(struct receiver *const *)(const void *)a->forward_to.p, a->forward_to.n};
	events_stream_changed(one);
}

static struct events_stream *find_stream(const struct events_source *s, struct str namespace)
{
	for (size_t i = 0; i < s->streams.n; i++)
		if (str_eq(s->streams.p[i]->namespace, namespace))
			return s->streams.p[i];
	return NULL;
}

static void add_stream(struct events_source *s, struct str namespace)
{
	struct events_stream *one;

	if (find_stream(s, namespace))
		return;
	one = events_stream_new(s->base.agent, namespace);
	one->target = s->at.target;
	one->id = s->base.id;
	one->lines = s->lines;
	one->changed = on_stream;
	one->owner = s;
	one->watch_settings.server = s->at.config.server;
	set_stream(s, one);
	*vec_add(&s->streams) = one;
	if (s->is_sending)
		events_stream_begin(one, buf_str(&s->after));
}

static void add_streams(struct events_source *s)
{
	const struct arg_strs *v = &s->args->namespaces;

	for (size_t i = 0; i < v->n; i++)
		add_stream(s, v->p[i]);
	if (v->n == 0)
		add_stream(s, (struct str){0});
}

/* Two pods of one node are two: a Deployment may have them. */
static struct str holder_name(struct events_source *s, struct arena *a)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return arena_printf(a, STR_FMT "_%s", STR_ARG(s->base.agent->node_name), host);
}

static void ask_for_lease(struct events_source *s, struct str namespace)
{
	struct arena a;

	arena_init(&a, 0);
	s->lease = lease_new(s->base.loop, s->at.target,
		&(struct lease_settings){s->at.config.server, namespace,
			events_lease_name(&a, str_from(s->base.id)), holder_name(s, &a)},
		&s->owner);
	arena_fini(&a);
}

static void elect(struct events_source *s)
{
	const char *env = getenv("POD_NAMESPACE");
	struct str own = s->at.config.namespace;
	struct str namespace = own.n ? own : str_from(env);

	s->told = LEASE_UNKNOWN;
	if (s->base.agent->dry_run != DRY_RUN_OFF || s->base.agent->once) {
		send_from(s, buf_str(&s->after));
	} else if (namespace.n == 0) {
		log_warn(s->base.id, "the agent's namespace is not known, so every agent sends the "
				     "events",
			KV("hint", "set POD_NAMESPACE for a Lease in that namespace"));
		send_from(s, buf_str(&s->after));
	} else {
		ask_for_lease(s, namespace);
	}
}

/* Places of another cluster mean nothing. */
static void take_server(struct events_source *s)
{
	lease_free(s->lease);
	s->lease = NULL;
	s->is_moving = false;
	s->is_sending = false;
	metric_set(s->elected, 0);
	if (!str_eq(s->at.config.server, s->next.config.server))
		buf_clear(&s->after);
	close_server(&s->at);
	s->at = s->next;
	s->next = (struct server){0};
	add_streams(s);
	elect(s);
}

static void on_given_back(struct lease_owner *o)
{
	struct events_source *s = container_of(o, struct events_source, owner);

	if (s->is_stopping)
		finish(s);
	else
		take_server(s);
}

/* The next one goes on from what is noted, so what is under way is given a moment. */
static void give_back(struct events_source *s)
{
	timer_clear(&s->patience);
	if (s->is_moving)
		return; /* it is on its way */
	if (s->lease)
		lease_give_back(s->lease);
	else
		on_given_back(&s->owner);
}

/* What had to leave has left, or was given its time. */
static void follow(struct events_source *s)
{
	struct str place = least_place(s);

	if (s->is_sending && s->streams.n + s->leaving.n) {
		buf_clear(&s->after);
		buf_add_str(&s->after, place);
	}
	free_streams(&s->leaving);
	if (s->next.target) {
		give_back(s);
		s->is_moving = s->next.target;
	} else {
		add_streams(s);
	}
}

static void on_patience(struct timer *t)
{
	struct events_source *s = container_of(t, struct events_source, patience);

	if (s->is_stopping)
		give_back(s);
	else
		follow(s);
}

static bool is_wanted(const struct events_source *s, struct str namespace)
{
	const struct arg_strs *v = &s->args->namespaces;

	for (size_t i = 0; i < v->n; i++)
		if (str_eq(v->p[i], namespace))
			return true;
	return v->n == 0 && namespace.n == 0;
}

/* All of them, or those that are not wanted any more; the others take what is new. */
static void leave(struct events_source *s, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->streams.n; i++) {
		struct events_stream *one = s->streams.p[i];

		if (all || !is_wanted(s, one->namespace)) {
			events_stream_end(one);
			*vec_add(&s->leaving) = one;
		} else {
			set_stream(s, one);
			s->streams.p[kept++] = one;
		}
	}
	s->streams.n = kept;
}

static bool is_same_server(const struct server *a, const struct server *b)
{
	struct buf x = {0}, y = {0};
	bool same;

	k8s_config_add_key(&x, &a->config);
	k8s_config_add_key(&y, &b->config);
	same = str_eq(buf_str(&x), buf_str(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

static bool events_update(struct component *c, const void *args, struct err *e)
{
	struct events_source *s = container_of(c, struct events_source, base);
	struct server server;

	if (!open_server(s, args, &server, e))
		return false;
	s->args = args;
	if (is_same_server(&server, s->next.target ? &s->next : &s->at)) {
		close_server(&server);
	} else {
		if (s->next.target)
			close_server(&s->next);
		s->next = server;
	}
	leave(s, s->next.target != NULL);
	if (!s->is_moving)
		timer_set(&s->patience, c->loop, is_idle(s) ? 0 : STOP_WAIT);
	return true;
}

static bool events_start(struct component *c, const void *args, struct err *e)
{
	struct events_source *s = container_of(c, struct events_source, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};

	if (!open_server(s, args, &s->at, e))
		return false;
	s->args = args;
	s->lines = metric_new(&lines, labels);
	s->elected = metric_new(&elected, labels);
	s->patience.fire = on_patience;
	s->owner = (struct lease_owner){on_elected, on_note, on_given_back};
	add_streams(s);
	elect(s);
	return true;
}

static void events_stop(struct component *c)
{
	struct events_source *s = container_of(c, struct events_source, base);

	s->is_stopping = true;
	for (size_t i = 0; i < s->streams.n; i++)
		events_stream_end(s->streams.p[i]);
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
	.update = events_update,
	.stop = events_stop,
};
