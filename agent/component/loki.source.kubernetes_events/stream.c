#include "agent/component/loki.source.kubernetes_events/stream.h"

#include "agent/base/arena.h"
#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"
#include "agent/graph/context.h"
#include "k8s/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* An older version with so much newer a time: the cluster's store was restored from a backup, and
 * counts from an earlier version on. */
#define RESTORED (INT64_C(600) * 1000 * 1000 * 1000)

/* Events of one object follow each other, so the last set mostly does. */
static const struct labels *labels_of(struct events_stream *s, struct str namespace)
{
	struct label v[3] = {{STR("namespace"), namespace}, {STR("job"), s->job},
		{STR("instance"), str_from(s->id)}};

	if (s->last.labels && str_eq(s->last.namespace, namespace))
		return s->last.labels;
	labels_release(s->last.labels);
	s->last.labels = labels_intern(v, 3);
	buf_clear(&s->last.bytes);
	buf_add_str(&s->last.bytes, namespace);
	s->last.namespace = buf_str(&s->last.bytes);
	return s->last.labels;
}

static void push(struct events_stream *s, const struct k8s_event *e)
{
	struct entry entry = {.labels = labels_of(s, e->namespace), .time = e->time};

	buf_clear(&s->line);
	if (s->is_json)
		k8s_event_print_json(&s->line, e);
	else
		k8s_event_print_logfmt(&s->line, e);
	entry.line = buf_str(&s->line);
	entry.ack = progress_add(s->progress);
	s->mark_time = e->time > s->mark_time ? e->time : s->mark_time;
	metric_add(s->lines, 1);
	receivers_push(&s->to, &entry);
}

static int compare(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x;
	uint64_t b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

/* Versions from before the restore say nothing of those that follow, and this list may have passed
 * over some already: everything is listed again, and sent. Loki keeps one of what it has. */
static void start_over(struct events_stream *s, const struct k8s_event *e)
{
	log_warn(s->id, "events are older by their version than those before, and newer by their "
			"time: the cluster seems to be restored, all that it has are sent",
		KV("version", e->version_text));
	s->mark = 0;
	s->mark_time = e->time;
	s->listed = 0;
	s->pushed.n = s->n_sorted = 0;
	s->is_cut = true;
	if (!s->progress->is_listing)
		task_defer(&s->restart, s->agent->loop);
}

static bool is_restored(const struct events_stream *s, const struct k8s_event *e)
{
	return e->time > s->mark_time &&
	       (uint64_t)e->time - (uint64_t)s->mark_time > (uint64_t)RESTORED;
}

static bool is_known(struct events_stream *s, const struct k8s_event *e)
{
	if (e->version > s->mark)
		return s->n_sorted > 0 && bsearch(&e->version, s->pushed.p, s->n_sorted,
						  sizeof(*s->pushed.p), compare);
	if (is_restored(s, e))
		start_over(s, e);
	return true;
}

static void on_room(struct budget_waiter *w)
{
	struct events_stream *s = container_of(w, struct events_stream, room);

	s->watch = watch_new(s->agent->loop, s->target, &s->watch_settings, &s->sink);
}

/* The watch must not be freed in its own callback. */
static void on_restart(struct task *t)
{
	struct events_stream *s = container_of(t, struct events_stream, restart);

	watch_free(s->watch);
	s->watch = NULL;
	progress_seal(s->progress);
	if (budget_is_full(s->agent->budget))
		budget_wait(s->agent->budget, &s->room);
	else
		on_room(&s->room);
}

static void pause_if_full(struct events_stream *s)
{
	if (budget_is_full(s->agent->budget))
		task_defer(&s->restart, s->agent->loop);
}

static void on_begin(struct watch_sink *sink)
{
	struct events_stream *s = container_of(sink, struct events_stream, sink);

	if (s->pushed.n)
		qsort(s->pushed.p, s->pushed.n, sizeof(*s->pushed.p), compare);
	s->n_sorted = s->pushed.n;
	s->is_cut = false;
	progress_list(s->progress);
}

/* Everything up to the mark has been pushed. */
static void reach(struct events_stream *s)
{
	char place[64];
	int n = snprintf(place, sizeof(place), "%" PRIu64 " %" PRId64, s->mark, s->mark_time);

	progress_reach(s->progress, (struct str){place, (size_t)n});
}

static void take_listed(struct events_stream *s, const struct k8s_event *e)
{
	s->is_cut |= budget_is_full(s->agent->budget);
	if (s->is_cut)
		return;
	*vec_add(&s->pushed) = e->version;
	s->listed = e->version > s->listed ? e->version : s->listed;
	push(s, e);
}

static bool on_object(struct watch_sink *sink, enum watch_event event, struct str object)
{
	struct events_stream *s = container_of(sink, struct events_stream, sink);
	struct k8s_event e;
	struct arena a;
	bool ok;

	if (event == WATCH_DELETED) /* it has expired, which is no news */
		return true;
	arena_init(&a, 0);
	ok = k8s_event_parse(&a, object, &e);
	if (ok && !is_known(s, &e)) {
		if (s->progress->is_listing) {
			take_listed(s, &e);
		} else if (!s->is_cut) {
			push(s, &e);
			s->mark = e.version;
			reach(s);
			pause_if_full(s);
		}
	}
	arena_fini(&a);
	return ok;
}

/* A list that was cut is one step without a version: it moves no progress, and is read again
 * when there is room. */
static void on_complete(struct watch_sink *sink)
{
	struct events_stream *s = container_of(sink, struct events_stream, sink);

	if (s->is_cut) {
		progress_seal(s->progress);
		task_defer(&s->restart, s->agent->loop);
		return;
	}
	s->mark = s->listed > s->mark ? s->listed : s->mark;
	s->pushed.n = 0;
	s->n_sorted = 0;
	reach(s);
	progress_seal(s->progress);
	pause_if_full(s);
	once_idle(&s->once);
	s->changed(s->owner);
}

static void on_problem(struct watch_sink *sink)
{
	struct events_stream *s = container_of(sink, struct events_stream, sink);

	s->changed(s->owner);
}

/* What somebody gave up is read anew. */
static void on_again(void *owner)
{
	struct events_stream *s = owner;

	s->changed(s->owner);
	if (!s->is_running)
		return;
	events_stream_end(s);
	events_stream_begin(s, buf_str(&s->progress->place));
}

static void on_idle(void *owner)
{
	struct events_stream *s = owner;

	s->changed(s->owner);
}

/* The path, with the namespace's name in it. */
static void set_path(struct events_stream *s, struct str namespace)
{
	static const char all[] = "/api/v1/events", one[] = "/api/v1/namespaces/";

	if (namespace.n)
		buf_printf(&s->path, "%s" STR_FMT "/events", one, STR_ARG(namespace));
	else
		buf_printf(&s->path, "%s", all);
	s->namespace = namespace;
	s->namespace.p = s->path.p + (namespace.n ? sizeof(one) - 1 : 0);
	s->watch_settings.path = buf_str(&s->path);
	s->watch_settings.resource = STR("events");
}

struct events_stream *events_stream_new(struct agent_context *agent, struct str namespace)
{
	struct events_stream *s = mem_new(struct events_stream, 1);

	s->agent = agent;
	set_path(s, namespace);
	s->progress = progress_new(agent->loop, s);
	s->progress->again = on_again;
	s->progress->idle = on_idle;
	s->sink = (struct watch_sink){on_begin, on_object, on_complete, on_problem};
	s->restart.run = on_restart;
	s->room.room = on_room;
	return s;
}

void events_stream_changed(struct events_stream *s)
{
	labels_release(s->last.labels);
	s->last.labels = NULL;
}

void events_stream_begin(struct events_stream *s, struct str place)
{
	struct str version, time;
	int64_t v = 0;

	s->mark = 0;
	s->mark_time = 0;
	if (str_cut(place, ' ', &version, &time) && str_to_int(version, &v) && v > 0 &&
		str_to_int(time, &s->mark_time))
		s->mark = (uint64_t)v;
	if (place.p != s->progress->place.p)
		progress_start_at(s->progress, s->mark ? place : (struct str){0});
	s->listed = 0;
	s->pushed.n = s->n_sorted = 0;
	s->is_running = true;
	once_busy(s->agent->work, &s->once);
	s->watch = watch_new(s->agent->loop, s->target, &s->watch_settings, &s->sink);
}

void events_stream_end(struct events_stream *s)
{
	if (!s->is_running)
		return;
	s->is_running = false;
	task_cancel(&s->restart);
	budget_unwait(&s->room);
	watch_free(s->watch);
	s->watch = NULL;
	progress_seal(s->progress);
	once_idle(&s->once);
}

void events_stream_free(struct events_stream *s)
{
	events_stream_end(s);
	progress_leave(s->progress);
	labels_release(s->last.labels);
	buf_fini(&s->last.bytes);
	buf_fini(&s->line);
	buf_fini(&s->path);
	free(s->pushed.p);
	free(s);
}
