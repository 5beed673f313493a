/*
 * The agent's own HTTP server: what probes, dashboards and reloaders ask for, in Alloy's
 * words (Alloy: internal/service/http). The block `http` may put TLS and a password in
 * front of it.
 */

#include "agent/agent_private.h"
#include "agent/base/base64.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/loop/http_server.h"
#include "agent/options.h"

#include <stdlib.h>

#define BODY_MAX (64 << 10)
#define TEXT "text/plain; charset=utf-8"

static void answer(struct http_request *r, int status, const char *type, struct str body)
{
	struct http_reply reply = {.status = status, .content_type = type, .body = body};

	http_reply(r, &reply);
}

static void on_ready(struct agent *a, struct http_request *r)
{
	if (a->state == AGENT_RUNNING)
		answer(r, 200, TEXT, STR("Alloy is ready.\n"));
	else
		answer(r, 503, TEXT, STR("Alloy is not ready.\n"));
}

static void on_healthy(struct agent *a, struct http_request *r)
{
	struct buf bad = {0};

	for (size_t i = 0; i < graph_count(a->graph); i++) {
		struct graph_node_info n = graph_node(a->graph, i);

		if (n.health == HEALTH_UNHEALTHY || n.health == HEALTH_EXITED)
			buf_printf(&bad, "%s%s", bad.n ? ", " : "unhealthy components: ", n.id);
	}
	if (bad.n == 0) {
		answer(r, 200, TEXT, STR("All Alloy components are healthy.\n"));
		return;
	}
	buf_add_char(&bad, '\n');
	answer(r, 500, TEXT, buf_str(&bad));
	buf_fini(&bad);
}

static void on_reload(struct agent *a, struct http_request *r)
{
	struct buf why = {0};

	if (a->state != AGENT_RUNNING) {
		answer(r, 503, TEXT, STR("Alloy is not ready.\n"));
		return;
	}
	if (agent_reload(a, &why)) {
		answer(r, 200, TEXT, STR("config reloaded\n"));
	} else {
		buf_add_char(&why, '\n');
		answer(r, 400, TEXT, buf_str(&why));
	}
	buf_fini(&why);
}

static void on_metrics(struct agent *a, struct http_request *r)
{
	struct buf b = {0};

	(void)a;
	metric_print_all(&b);
	answer(r, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&b));
	buf_fini(&b);
}

/* For a person who opens the port: what runs, and how it is. */
static void on_overview(struct agent *a, struct http_request *r)
{
	struct buf b = {0};

	buf_printf(&b, "invar v%s\n\n", INVAR_VERSION);
	for (size_t i = 0; i < graph_count(a->graph); i++) {
		struct graph_node_info n = graph_node(a->graph, i);

		buf_printf(&b, "%-10s %s%s%s\n", health_names[n.health], n.id,
			n.reason[0] ? "  " : "", n.reason);
	}
	buf_printf(&b, "\n/-/ready  /-/healthy  /-/reload  /metrics\n");
	answer(r, 200, TEXT, buf_str(&b));
	buf_fini(&b);
}

static const struct {
	const char *path;
	const char *methods;
	void (*handle)(struct agent *a, struct http_request *r);
} routes[] = {
	{"/-/ready", "GET HEAD", on_ready},
	{"/-/healthy", "GET HEAD", on_healthy},
	{"/-/reload", "GET POST", on_reload},
	{"/metrics", "GET HEAD", on_metrics},
	{"/", "GET HEAD", on_overview},
};

static bool allows(const char *methods, struct str method)
{
	struct str rest = str_from(methods), word;

	while (str_cut(rest, ' ', &word, &rest))
		if (str_eq(word, method))
			return true;
	return str_eq(rest, method);
}

/* In a time that does not tell where they differ. */
static bool same_secret(struct str a, struct str b)
{
	unsigned char differs = a.n != b.n;

	for (size_t i = 0; i < a.n && i < b.n; i++)
		differs |= (unsigned char)(a.p[i] ^ b.p[i]);
	return !differs;
}

static bool asks_password(const struct agent_http *h, struct str path)
{
	bool matches = false;

	if (!h->has_basic_auth)
		return false;
	if (!h->has_filter)
		return true;
	for (size_t i = 0; i < h->n_filter_paths; i++)
		matches |= path.n >= h->filter_paths[i].n &&
			   str_eq(str_head(path, h->filter_paths[i].n), h->filter_paths[i]);
	return matches == h->filter_authenticates;
}

static bool is_authorized(const struct agent_http *h, struct http_request *r)
{
	struct buf plain = {0}, want = {0};
	bool ok;

	if (!asks_password(h, http_request_path(r)))
		return true;
	buf_printf(&plain, STR_FMT ":" STR_FMT, STR_ARG(h->username), STR_ARG(h->password));
	buf_printf(&want, "Basic ");
	base64_encode(&want, buf_str(&plain), BASE64_STANDARD);
	ok = same_secret(http_request_header(r, "Authorization"), buf_str(&want));
	buf_fini(&plain);
	buf_fini(&want);
	return ok;
}

static void refuse(struct http_request *r)
{
	static const struct http_reply_header headers[] = {
		{"WWW-Authenticate", "Basic realm=\"Restricted\""}, {NULL, NULL}};
	struct http_reply reply = {.status = 401,
		.content_type = TEXT,
		.body = STR("Unauthorized\n"),
		.headers = headers};

	http_reply(r, &reply);
}

/* The UI's prefix may be before every path; probes come without it. */
static struct str without_prefix(const struct agent *a, struct str path)
{
	struct str prefix = str_from(a->options->ui_prefix);

	while (prefix.n > 0 && prefix.p[prefix.n - 1] == '/')
		prefix.n--;
	if (prefix.n == 0 || !str_eq(str_head(path, prefix.n), prefix))
		return path;
	path = str_from_at(path, prefix.n);
	return path.n == 0 ? STR("/") : path;
}

static void on_request(struct http_server *s, struct http_request *r)
{
	struct agent *a = http_server_owner(s);
	struct str path = without_prefix(a, http_request_path(r));

	if (!is_authorized(&a->server.set, r)) {
		refuse(r);
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!str_is(path, routes[i].path))
			continue;
		if (allows(routes[i].methods, http_request_method(r)))
			routes[i].handle(a, r);
		else
			answer(r, 405, TEXT, STR("Method Not Allowed\n"));
		return;
	}
	answer(r, 404, TEXT, STR("404 page not found\n"));
}

static struct http_server *listen_as_set(struct agent *a, struct err *e)
{
	struct http_server_settings set = {
		.address = str_from(a->options->listen_addr),
		.max_body = BODY_MAX,
		.tls_cert_pem = a->server.set.tls_cert_pem,
		.tls_key_pem = a->server.set.tls_key_pem,
		.tls_client_ca_pem = a->server.set.tls_client_ca_pem,
		.request = on_request,
	};

	return http_server_new(a->ctx.loop, &set, a, e);
}

/* The answer to the reload that brought new certificates goes out by the old server. */
static void on_restart(struct task *t)
{
	struct agent *a = container_of(t, struct agent, server.restart);
	struct err e;

	http_server_free(a->server.old);
	a->server.old = a->server.http;
	if (a->server.old)
		http_server_quiesce(a->server.old);
	a->server.http = listen_as_set(a, &e);
	if (!a->server.http)
		log_error(NULL, "the HTTP server could not start with its new settings",
			KV("err", (const char *)e.text),
			KV("hint", "check the block http, then reload"));
}

bool agent_server_start(struct agent *a, struct err *e)
{
	arena_init(&a->server.arena, 0);
	a->server.restart.run = on_restart;
	a->server.http = listen_as_set(a, e);
	if (!a->server.http)
		return err_wrap(e, "the HTTP server cannot start (--server.http.listen-addr=%s)",
			a->options->listen_addr);
	log_info(NULL, "now listening for http traffic", KV("addr", a->options->listen_addr),
		KV("port", http_server_port(a->server.http)));
	return true;
}

void agent_server_stop(struct agent *a)
{
	task_cancel(&a->server.restart);
	http_server_free(a->server.old);
	http_server_free(a->server.http);
	a->server.old = a->server.http = NULL;
	arena_fini(&a->server.arena);
}

static bool same_tls(const struct agent_http *a, const struct agent_http *b)
{
	return str_eq(a->tls_cert_pem, b->tls_cert_pem) && str_eq(a->tls_key_pem, b->tls_key_pem) &&
	       str_eq(a->tls_client_ca_pem, b->tls_client_ca_pem);
}

static struct agent_http copy_settings(struct arena *to, const struct agent_http *h)
{
	struct agent_http c = *h;
	struct str *paths = arena_new(to, struct str, h->n_filter_paths);

	c.tls_cert_pem = arena_str(to, h->tls_cert_pem);
	c.tls_key_pem = arena_str(to, h->tls_key_pem);
	c.tls_client_ca_pem = arena_str(to, h->tls_client_ca_pem);
	c.username = arena_str(to, h->username);
	c.password = arena_str(to, h->password);
	for (size_t i = 0; i < h->n_filter_paths; i++)
		paths[i] = arena_str(to, h->filter_paths[i]);
	c.filter_paths = paths;
	return c;
}

/* On a port of nobody's: the certificate and its key can be used, or the text says why not. */
static bool try_tls(struct agent *a, const struct agent_http *h, struct err *e)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.tls_cert_pem = h->tls_cert_pem,
		.tls_key_pem = h->tls_key_pem,
		.tls_client_ca_pem = h->tls_client_ca_pem,
		.request = on_request,
	};
	struct http_server *s;

	if (h->tls_cert_pem.n == 0)
		return true;
	s = http_server_new(a->ctx.loop, &set, a, e);
	if (!s)
		return err_wrap(e, "tls");
	http_server_free(s);
	return true;
}

bool agent_configure_http(struct agent_context *ctx, const struct agent_http *h, struct err *e)
{
	struct agent *a = container_of(ctx, struct agent, ctx);
	struct arena arena;
	bool restart = !same_tls(&a->server.set, h);

	if (restart && !try_tls(a, h, e))
		return false;
	arena_init(&arena, 0);
	a->server.set = copy_settings(&arena, h);
	arena_fini(&a->server.arena);
	a->server.arena = arena;
	if (restart && a->state != AGENT_DRAINING)
		task_defer(&a->server.restart, a->ctx.loop);
	return true;
}
