/*
 * The http_target of an exporter. It is counted, because requests that are under way keep the old
 * one when settings change; the last one of them lets it go, after its callback.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/otelcol.exporter.otlphttp/channel.h"
#include "agent/graph/context.h"

#include <stdlib.h>

struct target {
	struct http_target *http;
	struct loop *loop;
	uint64_t auth_version;
	bool is_stale;
	size_t refs;
	size_t releases; /* to be done by the task */
	struct task release_task;
};

struct http_target *target_http(struct target *t)
{
	return t->http;
}

void target_mark_stale(struct target *t)
{
	t->is_stale = true;
}

void target_release(struct target *t)
{
	if (!t)
		return;
	must(t->refs > 0);
	if (--t->refs > 0)
		return;
	http_target_free(t->http);
	free(t);
}

static void on_release(struct task *task)
{
	struct target *t = container_of(task, struct target, release_task);

	for (size_t n = t->releases; n > 0; n--) {
		bool is_last = t->refs == 1;

		t->releases--;
		target_release(t);
		if (is_last)
			return;
	}
}

void target_release_later(struct target *t)
{
	if (!t)
		return;
	t->releases++;
	t->release_task.run = on_release;
	task_defer(&t->release_task, t->loop);
}

static bool fill(const struct exporter *x, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct otlphttp_client *c = x->args->client;
	struct http_header *headers = arena_new(a, struct http_header, c->headers.n + 2);

	for (size_t i = 0; i < c->headers.n; i++)
		headers[i] = (struct http_header){c->headers.p[i].name, c->headers.p[i].value};
	*s = (struct http_settings){
		.headers = headers,
		.n_headers = c->headers.n,
		.proxy_url = c->proxy_url,
		.proxy_from_environment = c->proxy_url.n == 0,
		.follow_redirects = true,
		.enable_http2 = c->force_attempt_http2,
		.timeout = c->timeout,
	};
	if (c->disable_keep_alives)
		headers[s->n_headers++] = (struct http_header){STR("Connection"), STR("close")};
	otelcol_tls_client_apply(c->tls, s);
	if (c->auth && !c->auth->apply)
		return err_set(e, "%s authenticates servers' clients, not clients", c->auth->id);
	return !c->auth || c->auth->apply(c->auth, a, s, e);
}

static struct target *make(struct exporter *x, struct err *e)
{
	struct http_settings set = {0};
	struct http_target *http = NULL;
	struct arena scratch;
	struct target *t;

	arena_init(&scratch, 0);
	if (fill(x, &scratch, &set, e))
		http = http_target_new(x->base.agent->http, &set, e);
	arena_fini(&scratch);
	if (!http)
		return NULL;
	t = mem_new(struct target, 1);
	t->http = http;
	t->loop = x->base.loop;
	t->auth_version = x->args->client->auth ? x->args->client->auth->version : 0;
	t->refs = 1;
	return t;
}

struct target *target_take(struct exporter *x, struct err *e)
{
	struct target *t = x->target;

	if (!t || t->is_stale ||
		(x->args->client->auth && x->args->client->auth->version != t->auth_version)) {
		t = make(x, e);
		if (!t)
			return NULL;
		target_release(x->target);
		x->target = t;
	}
	t->refs++;
	return t;
}
