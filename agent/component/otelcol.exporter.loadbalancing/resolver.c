/*
 * A name is asked for every `interval`, as libraries do not say how long an answer is good. A
 * Service is watched by its EndpointSlices, so pods that come and go are known within a moment. The
 * agent may have to be given the right to read them (docs/otlp.md).
 */

#include "agent/component/otelcol.exporter.loadbalancing/resolver.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/vec.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/graph/context.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "agent/loop/resolve.h"
#include "k8s/config.h"
#include "k8s/json.h"
#include "k8s/objects.h"

#include <stdlib.h>

enum {
	MAX_BACKENDS = 1024,
	DEFAULT_PORT = 4317,
	MAX_PORTS = 16,
};

struct resolver {
	struct resolver_settings set;
	struct {
		char **p;
		size_t n, cap;
	} names;
	/* dns */
	struct resolve question;
	struct timer next;
	bool is_sick;
	/* kubernetes */
	struct k8s_config config;
	bool is_config;
	struct http_target *target;
	struct objects *slices;
	struct str service;
	struct str namespace;
	int ports[MAX_PORTS];
	size_t n_ports;
};

static const struct arg static_args[] = {
	ARG_PLACE(static_args, at),
	ARG(static_args, hostnames, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "The backends, host:port."),
	ARGS_END,
};
static const struct arg dns_args[] = {
	ARG_PLACE(dns_args, at),
	ARG(dns_args, hostname, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name whose addresses are the backends."),
	ARG(dns_args, port, .type = ARG_STR, .def = "4317", .help = "Port of the backends."),
	ARG(dns_args, interval, .type = ARG_DURATION, .def = "5s",
		.help = "How often the name is looked up."),
	ARG(dns_args, timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT, .def = "1s",
		.help = "Time for an answer; the system's resolver has its own."),
	ARGS_END,
};
static const struct arg kubernetes_args[] = {
	ARG_PLACE(kubernetes_args, at),
	ARG(kubernetes_args, service, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The Service, NAME or NAME.NAMESPACE, whose pods are the backends."),
	ARG(kubernetes_args, ports, .type = ARG_ANY, .help = "Ports of the pods; [4317]."),
	ARG(kubernetes_args, return_hostnames, .type = ARG_BOOL,
		.help = "Name the pods of a StatefulSet by their host names."),
	ARG(kubernetes_args, timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT, .def = "1m",
		.help = "The watch goes on for ever."),
	ARGS_END,
};
static const struct arg cloud_map_args[] = {ARGS_END};

const struct arg resolver_args[] = {
	ARG_PLACE(resolver_args, at),
	ARG_NAMED(resolver_args, "static", fixed, .type = ARG_BLOCK, .block = static_args,
		.size = sizeof(struct static_args), .help = "A list of backends."),
	ARG(resolver_args, dns, .type = ARG_BLOCK, .block = dns_args,
		.size = sizeof(struct dns_args), .help = "The addresses of a name."),
	ARG(resolver_args, kubernetes, .type = ARG_BLOCK, .block = kubernetes_args,
		.size = sizeof(struct kubernetes_args), .help = "The pods of a Service."),
	ARG(resolver_args, aws_cloud_map, .type = ARG_BLOCK, .flags = ARG_NOT_YET,
		.block = cloud_map_args, .size = 1, .help = "Services of AWS."),
	ARGS_END,
};

/* ---- what was found ---- */

static void add_name(struct resolver *r, const char *host, size_t n, int port)
{
	bool is_v6 = memchr(host, ':', n) != NULL;
	struct buf b = {0};

	if (r->names.n >= MAX_BACKENDS)
		return;
	buf_printf(&b, "%s%.*s%s:%d%c", is_v6 ? "[" : "", (int)n, host, is_v6 ? "]" : "", port, 0);
	*vec_add(&r->names) = b.p;
}

static void forget_names(struct resolver *r)
{
	for (size_t i = 0; i < r->names.n; i++)
		free(r->names.p[i]);
	r->names.n = 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tell(struct resolver *r)
{
	size_t n = 0;

	if (r->names.n > 0)
		qsort(r->names.p, r->names.n, sizeof(*r->names.p), by_text);
	for (size_t i = 0; i < r->names.n; i++) {
		if (n > 0 && strcmp(r->names.p[n - 1], r->names.p[i]) == 0)
			free(r->names.p[i]);
		else
			r->names.p[n++] = r->names.p[i];
	}
	r->names.n = n;
	r->set.found(r->set.owner, (const char *const *)r->names.p, n);
	forget_names(r);
}

/* ---- static ---- */

/* A scheme is no part of it, as in the Collector. */
static struct str without_scheme(struct str s)
{
	static const char *const schemes[] = {"http://", "https://", "dns:///", NULL};

	for (size_t i = 0; schemes[i]; i++)
		if (str_starts(s, schemes[i]))
			return str_from_at(s, strlen(schemes[i]));
	return s;
}

static void add_static(struct resolver *r, struct str s)
{
	const char *colon;
	bool has_port;

	s = without_scheme(s);
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = (struct str){s.p + 1, s.n - 2}; /* an address without a port */
	colon = memrchr(s.p, ':', s.n);
	has_port = colon && (s.p[0] == '[' ? colon[-1] == ']' : memchr(s.p, ':', s.n) == colon);
	if (has_port)
		*vec_add(&r->names) = mem_text(s);
	else
		add_name(r, s.p, s.n, DEFAULT_PORT);
}

/* ---- dns ---- */

static void ask(struct resolver *r)
{
	resolve_start(&r->question, r->set.agent->loop, r->set.args->dns->hostname.p);
}

static void on_next(struct timer *t)
{
	ask(container_of(t, struct resolver, next));
}

static void on_addresses(struct resolve *q)
{
	struct resolver *r = container_of(q, struct resolver, question);
	const struct dns_args *a = r->set.args->dns;

	timer_set(&r->next, r->set.agent->loop, a->interval);
	if (q->error || q->n == 0) {
		if (!r->is_sick)
			log_warn(r->set.id, "the backends' name cannot be looked up; those that "
					    "were known stay",
				KV("hostname", a->hostname),
				KV("err", q->error ? q->error : "no address"),
				KV("hint", "check the name and the cluster's DNS"));
		r->is_sick = true;
		return;
	}
	r->is_sick = false;
	for (size_t i = 0; i < q->n; i++)
		add_name(r, q->texts[i], strlen(q->texts[i]), (int)strtol(a->port.p, NULL, 10));
	tell(r);
}

/* ---- kubernetes ---- */

/* The pods of an EndpointSlice (discovery.k8s.io/v1): address, or host name, of those that are
 * ready, as texts one behind the other, each with its NUL, and one more at the end. */
static void read_endpoint(struct arena *a, struct json *j, struct buf *addresses, struct buf *hosts)
{
	struct str key, host = {0};
	struct buf mine = {0};
	bool is_ready = true;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "addresses")) {
			for (json_enter_array(j); json_next_item(j);) {
				buf_add_str(&mine, json_str(j, a));
				buf_add_char(&mine, 0);
			}
		} else if (str_is(key, "hostname")) {
			host = json_str(j, a);
		} else if (str_is(key, "conditions")) {
			for (json_enter_object(j); json_next_key(j, &key);) {
				if (str_is(key, "ready"))
					is_ready = json_peek(j) == 'n' ? (json_skip(j), true)
								       : json_bool(j);
				else
					json_skip(j);
			}
		} else {
			json_skip(j);
		}
	}
	if (is_ready) {
		buf_add_str(addresses, buf_str(&mine));
		if (host.n > 0) {
			buf_add_str(hosts, host);
			buf_add_char(hosts, 0);
		}
	}
	buf_fini(&mine);
}

struct slice {
	char *addresses;
	char *hosts;
};

static bool read_slice(struct arena *a, const struct object_head *head, struct str text,
	struct pod_targets *out, void **extra)
{
	struct buf addresses = {0}, hosts = {0};
	struct json j = json_from(text);
	struct slice *s;
	struct str key;

	(void)head;
	(void)out;
	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (!str_is(key, "endpoints")) {
			json_skip(&j);
			continue;
		}
		for (json_enter_array(&j); json_next_item(&j);)
			read_endpoint(a, &j, &addresses, &hosts);
	}
	if (j.is_bad) {
		buf_fini(&addresses);
		buf_fini(&hosts);
		return false;
	}
	buf_add_char(&addresses, 0);
	buf_add_char(&hosts, 0);
	s = mem_new(struct slice, 1);
	*s = (struct slice){addresses.p, hosts.p};
	*extra = s;
	return true;
}

static void drop_slice(void *extra)
{
	struct slice *s = extra;

	free(s->addresses);
	free(s->hosts);
	free(s);
}

static void add_hosts(struct resolver *r, const struct slice *s, struct arena *a)
{
	for (const char *p = s->hosts; *p; p += strlen(p) + 1) {
		struct str name = arena_printf(a, "%s." STR_FMT "." STR_FMT, p,
			STR_ARG(r->service), STR_ARG(r->namespace));

		for (size_t k = 0; k < r->n_ports; k++)
			add_name(r, name.p, name.n, r->ports[k]);
	}
}

static void on_slices(void *owner)
{
	struct resolver *r = owner;
	struct arena *a = loop_scratch(r->set.agent->loop);
	const char *problem = objects_problem(r->slices);
	const struct object *const *all;
	size_t n;

	if (problem && !r->is_sick)
		log_warn(r->set.id, "the backends' Service cannot be watched",
			KV("service", r->service), KV("namespace", r->namespace),
			KV("err", problem),
			KV("hint", "those that were known stay; the agent needs the right to list "
				   "and watch endpointslices there"));
	r->is_sick = problem != NULL;
	if (!objects_is_synced(r->slices))
		return;
	all = objects_sorted(r->slices, a, &n);
	for (size_t i = 0; i < n; i++) {
		const struct slice *s = all[i]->extra;

		if (s && r->set.args->kubernetes->return_hostnames)
			add_hosts(r, s, a);
		for (const char *p = s ? s->addresses : "";
			*p && !r->set.args->kubernetes->return_hostnames; p += strlen(p) + 1)
			for (size_t k = 0; k < r->n_ports; k++)
				add_name(r, p, strlen(p), r->ports[k]);
	}
	tell(r);
}

static bool start_watch(struct resolver *r, struct err *e)
{
	static const struct object_reader reader = {read_slice, drop_slice};
	struct agent_context *agent = r->set.agent;
	struct objects_settings set;
	const char *file = getenv("KUBECONFIG"); /* set: not in a cluster */
	struct arena scratch;

	if (file && *file ? !k8s_config_kubeconfig(&r->config, file, e)
			  : !k8s_config_in_cluster(&r->config, NULL, e))
		return err_wrap(e, "resolver \"kubernetes\"");
	r->is_config = true;
	if (r->namespace.n == 0)
		r->namespace = r->config.namespace.n ? r->config.namespace : STR("default");
	r->target = http_target_new(agent->http, &r->config.http, e);
	if (!r->target)
		return false;
	arena_init(&scratch, 0);
	set = (struct objects_settings){
		.target = r->target,
		.server = r->config.server,
		.resource = STR("endpointslices"),
		.reader = &reader,
		.changed = on_slices,
		.owner = r,
	};
	set.path = objects_path(
		&scratch, "/apis/discovery.k8s.io/v1", "endpointslices", r->namespace);
	set.label_selector = arena_printf(
		&scratch, "kubernetes.io/service-name=" STR_FMT, STR_ARG(r->service));
	r->slices = objects_new(agent->loop, &set);
	arena_fini(&scratch);
	return true;
}

/* ---- all ---- */

static bool read_ports(const struct kubernetes_args *a, int ports[MAX_PORTS], size_t *n)
{
	*n = 0;
	const struct value *v = a->ports.array.items;

	if (a->ports.type == VALUE_NULL) {
		ports[(*n)++] = DEFAULT_PORT;
		return true;
	}
	if (a->ports.type != VALUE_ARRAY || a->ports.array.n == 0 || a->ports.array.n > MAX_PORTS)
		return false;
	for (size_t i = 0; i < a->ports.array.n; i++) {
		if (v[i].type != VALUE_NUMBER || v[i].number == NUMBER_FLOAT || v[i].i < 1 ||
			v[i].i > 65535)
			return false;
		ports[(*n)++] = (int)v[i].i;
	}
	return true;
}

static bool check_static(const struct static_args *a, struct diags *d)
{
	for (size_t i = 0; i < a->hostnames.n; i++) {
		struct str s = without_scheme(a->hostnames.p[i]);

		if (s.n == 0 || memchr(s.p, '/', s.n) || memchr(s.p, 0, s.n))
			return diag_error(d, a->at,
				"hostnames must be host:port, got \"" STR_FMT "\"",
				STR_ARG(a->hostnames.p[i]));
	}
	return a->hostnames.n > 0 || diag_error(d, a->at, "hostnames must not be empty");
}

static bool check_dns(const struct dns_args *a, struct diags *d)
{
	char *end;
	long port = strtol(a->port.n ? a->port.p : "x", &end, 10);

	if (a->hostname.n == 0)
		return diag_error(d, a->at, "hostname must not be empty");
	if (*end || port < 1 || port > 65535)
		return diag_error(d, a->at, "port must be a number, got \"" STR_FMT "\"",
			STR_ARG(a->port));
	return a->interval > 0 || diag_error(d, a->at, "interval must be greater than zero");
}

static bool check_kubernetes(const struct kubernetes_args *a, struct diags *d)
{
	int ports[MAX_PORTS];
	size_t n;

	if (!k8s_name_is_valid(a->service))
		return diag_error(d, a->at,
			"service must be NAME or NAME.NAMESPACE, got \"" STR_FMT "\"",
			STR_ARG(a->service));
	return read_ports(a, ports, &n) ||
	       diag_error(d, a->at, "ports must be a list of up to %d ports", MAX_PORTS);
}

bool resolver_check(const struct resolver_args *a, struct diags *d)
{
	if (!!a->fixed + !!a->dns + !!a->kubernetes != 1)
		return diag_error(d, a->at, "one of static, dns and kubernetes is wanted");
	return a->fixed ? check_static(a->fixed, d)
	       : a->dns ? check_dns(a->dns, d)
			: check_kubernetes(a->kubernetes, d);
}

struct resolver *resolver_new(const struct resolver_settings *set, struct err *e)
{
	struct resolver *r = mem_new(struct resolver, 1);
	const struct resolver_args *a = set->args;

	r->set = *set;
	r->question.done = on_addresses;
	r->next.fire = on_next;
	if (a->fixed) {
		for (size_t i = 0; i < a->fixed->hostnames.n; i++)
			add_static(r, a->fixed->hostnames.p[i]);
		tell(r);
	} else if (a->dns) {
		ask(r);
	} else {
		struct str all = a->kubernetes->service;

		if (!str_cut(all, '.', &r->service, &r->namespace))
			r->service = all;
		read_ports(a->kubernetes, r->ports, &r->n_ports);
		if (!start_watch(r, e)) {
			resolver_free(r);
			return NULL;
		}
	}
	return r;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	resolve_cancel(&r->question);
	timer_clear(&r->next);
	objects_free(r->slices);
	if (r->target)
		http_target_free(r->target);
	if (r->is_config)
		k8s_config_fini(&r->config);
	forget_names(r);
	free(r->names.p);
	free(r);
}
