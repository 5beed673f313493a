/*
 * The http_target of an exporter. It is counted, because requests that are under way keep the old
 * one when settings change; the last one of them lets it go, after its callback.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_export/export.h"
#include "agent/component/common/otelcol_export/record.h"
#include "agent/flow/client.h"
#include "agent/graph/context.h"

#include <stdlib.h>

struct target {
	struct http_target *http;
	struct loop *loop;
	uint64_t auth_version;
	bool is_stale;
	struct str client_headers[AUTH_CLIENT_HEADERS]; /* names; of the handler's arguments */
	size_t n_client_headers;
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
	if (!x->protocol->settings(x, a, s, e))
		return false;
	if (x->auth && x->auth->storage)
		return err_set(e, "%s is a storage, not credentials", x->auth->id);
	if (x->auth && !x->auth->apply)
		return err_set(e, "%s authenticates servers' clients, not clients", x->auth->id);
	return !x->auth || x->auth->apply(x->auth, a, s, e);
}

/* Those that apply() has left without a value. */
static void find_client_headers(
	struct target *t, const struct exporter *x, const struct http_settings *s)
{
	struct str value;
	struct err e;

	for (size_t i = 0; i < s->n_headers; i++) {
		if (s->headers[i].value.p ||
			!x->auth->value(x->auth, NULL, s->headers[i].name, &value, &e) || !value.p)
			continue;
		must(t->n_client_headers < AUTH_CLIENT_HEADERS);
		t->client_headers[t->n_client_headers++] = s->headers[i].name;
	}
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
	if (!http) {
		arena_fini(&scratch);
		return NULL;
	}
	t = mem_new(struct target, 1);
	if (x->auth && x->auth->value)
		find_client_headers(t, x, &set);
	arena_fini(&scratch);
	t->http = http;
	t->loop = x->base.loop;
	t->auth_version = x->auth ? x->auth->version : 0;
	t->refs = 1;
	return t;
}

struct target *target_take(struct exporter *x, struct err *e)
{
	struct target *t = x->target;

	if (!t || t->is_stale ||
		(x->auth && x->auth->version != t->auth_version)) {
		t = make(x, e);
		if (!t)
			return NULL;
		target_release(x->target);
		x->target = t;
	}
	t->refs++;
	return t;
}

bool target_keep_client(
	struct exporter *x, struct client *all, struct client **kept, struct err *e)
{
	*kept = NULL;
	if (!x->auth || !x->auth->keep)
		return true;
	buf_clear(&x->pairs);
	if (!x->auth->keep(x->auth, all, &x->pairs, e))
		return false;
	if (x->pairs.n > RECORD_CLIENT_MAX)
		return err_set(e, "the values of headers of its sender are %zu bytes, more than %d",
			x->pairs.n, RECORD_CLIENT_MAX);
	*kept = str_eq(buf_str(&x->pairs), client_pairs(all)) ? client_hold(all)
							      : client_new(buf_str(&x->pairs));
	return true;
}

size_t target_headers(const struct target *t, const struct exporter *x, const struct client *c,
	struct http_header headers[EXPORT_ALL_HEADERS], struct err *e)
{
	size_t n = x->protocol->headers(x, headers);

	for (size_t i = 0; i < t->n_client_headers; i++) {
		struct str value = {0};

		if (!x->auth->value(x->auth, c, t->client_headers[i], &value, e))
			return 0;
		if (value.p)
			headers[n++] = (struct http_header){t->client_headers[i], value};
	}
	return n;
}
