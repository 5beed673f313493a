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
	if (!x->protocol->settings(x, a, s, e))
		return false;
	if (x->auth && x->auth->storage)
		return err_set(e, "%s is a storage, not credentials", x->auth->id);
	if (x->auth && !x->auth->apply)
		return err_set(e, "%s authenticates servers' clients, not clients", x->auth->id);
	return !x->auth || x->auth->apply(x->auth, a, s, e);
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
