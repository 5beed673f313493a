/* What a reader makes is in an arena of the call; what is kept of it is measured and copied into
 * one allocation, as with pods. */

#include "k8s/objects.h"

#include "agent/base/arena.h"
#include "agent/base/container_of.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/loop.h"
#include "k8s/json.h"
#include "k8s/watch.h"

#include <stdio.h>
#include <stdlib.h>

struct objects {
	struct watch_sink sink;
	struct watch *watch;
	struct loop *loop;
	struct task tell;
	struct map map; /* by "NAMESPACE/NAME" */
	const struct object_reader *reader;
	void (*changed)(void *owner);
	void *owner;
	bool is_synced;
};

/* ---- one object ---- */

static bool read_head(struct arena *a, struct str json, struct object_head *h)
{
	struct json j = json_from(json);
	struct str key;

	*h = (struct object_head){0};
	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (!str_is(key, "metadata")) {
			json_skip(&j);
			continue;
		}
		for (json_enter_object(&j); json_next_key(&j, &key);) {
			if (str_is(key, "name"))
				h->name = json_str(&j, a);
			else if (str_is(key, "namespace"))
				h->namespace = json_str(&j, a);
			else if (str_is(key, "labels"))
				pod_pairs_read(a, &j, &h->labels);
			else if (str_is(key, "annotations"))
				pod_pairs_read(a, &j, &h->annotations);
			else
				json_skip(&j);
		}
	}
	return !j.is_bad && h->name.n > 0;
}

/* Where the next text or array goes. */
struct pack {
	char *p;
	size_t left;
};

static void *take(struct pack *k, size_t n)
{
	void *p = k->p;

	must(n <= k->left);
	k->p += n;
	k->left -= n;
	return p;
}

static struct str keep_text(struct pack *k, struct str s)
{
	char *p = take(k, s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

static size_t measure(const struct object_head *h, const struct pod_targets *t)
{
	size_t n = sizeof(struct object) + t->n * sizeof(*t->p) + h->namespace.n + h->name.n;

	for (size_t i = 0; i < t->n; i++) {
		n += t->p[i].n * sizeof(*t->p[i].v);
		for (size_t k = 0; k < t->p[i].n; k++)
			n += t->p[i].v[k].name.n + t->p[i].v[k].value.n;
	}
	return n;
}

/* Arrays first, as texts may have any length. */
static struct object *keep(const struct object_head *h, const struct pod_targets *t)
{
	struct pack k = {.left = measure(h, t)};
	struct pod_target *targets;
	struct object *o;

	k.p = mem_alloc(1, k.left);
	o = take(&k, sizeof(*o));
	targets = take(&k, t->n * sizeof(*targets));
	for (size_t i = 0; i < t->n; i++)
		targets[i] = (struct pod_target){
			take(&k, t->p[i].n * sizeof(*t->p[i].v)), t->p[i].n};
	for (size_t i = 0; i < t->n; i++)
		for (size_t m = 0; m < t->p[i].n; m++) {
			targets[i].v[m].name = keep_text(&k, t->p[i].v[m].name);
			targets[i].v[m].value = keep_text(&k, t->p[i].v[m].value);
		}
	o->namespace = keep_text(&k, h->namespace);
	o->name = keep_text(&k, h->name);
	o->targets = targets;
	o->n_targets = t->n;
	must(k.left == 0);
	return o;
}

static void drop(struct objects *s, struct object *o)
{
	if (!o)
		return;
	if (o->extra)
		s->reader->drop(o->extra);
	free(o);
}

/* ---- the watch ---- */

static struct str make_key(struct arena *a, struct str namespace, struct str name)
{
	return arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(namespace), STR_ARG(name));
}

static void on_begin(struct watch_sink *w)
{
	struct objects *s = container_of(w, struct objects, sink);

	MAP_EACH(slot, &s->map)
	((struct object *)slot->value)->is_seen = false;
}

static bool set(struct objects *s, struct arena *a, struct str json, enum watch_event event)
{
	struct pod_targets t = {0};
	struct object_head h;
	struct object *o;
	struct str key;
	void *extra = NULL;

	if (!read_head(a, json, &h))
		return false;
	key = make_key(a, h.namespace, h.name);
	if (event == WATCH_DELETED) {
		drop(s, map_remove(&s->map, key));
		return true;
	}
	if (!s->reader->read(a, &h, json, &t, &extra)) {
		drop(s, map_remove(&s->map, key));
		return false;
	}
	o = keep(&h, &t);
	o->extra = extra;
	o->is_seen = true;
	drop(s, map_find(&s->map, key));
	map_set(&s->map, key, o);
	return true;
}

static bool on_object(struct watch_sink *w, enum watch_event event, struct str json)
{
	struct objects *s = container_of(w, struct objects, sink);
	struct arena a;
	bool ok;

	arena_init(&a, 0);
	ok = set(s, &a, json, event);
	arena_fini(&a);
	task_defer(&s->tell, s->loop);
	return ok;
}

static void forget_unseen(struct objects *s)
{
	struct arena a;
	struct str *gone;
	size_t n = 0;

	arena_init(&a, 0);
	gone = arena_new(&a, struct str, s->map.n + 1);
	MAP_EACH(slot, &s->map)
	if (!((struct object *)slot->value)->is_seen)
		gone[n++] = arena_str(&a, slot->key);
	for (size_t i = 0; i < n; i++)
		drop(s, map_remove(&s->map, gone[i]));
	arena_fini(&a);
}

static void on_complete(struct watch_sink *w)
{
	struct objects *s = container_of(w, struct objects, sink);

	forget_unseen(s);
	s->is_synced = true;
	task_defer(&s->tell, s->loop);
}

static void on_problem(struct watch_sink *w)
{
	struct objects *s = container_of(w, struct objects, sink);

	task_defer(&s->tell, s->loop);
}

static void on_tell(struct task *t)
{
	struct objects *s = container_of(t, struct objects, tell);

	s->changed(s->owner);
}

struct objects *objects_new(struct loop *l, const struct objects_settings *set)
{
	struct objects *s = mem_new(struct objects, 1);
	struct watch_settings w = {
		.server = set->server,
		.path = set->path,
		.resource = set->resource,
		.field_selector = set->field_selector,
		.label_selector = set->label_selector,
		.spread = set->spread,
	};

	s->loop = l;
	s->sink = (struct watch_sink){on_begin, on_object, on_complete, on_problem};
	s->tell.run = on_tell;
	s->reader = set->reader;
	s->changed = set->changed;
	s->owner = set->owner;
	s->watch = watch_new(l, set->target, &w, &s->sink);
	return s;
}

void objects_free(struct objects *s)
{
	if (!s)
		return;
	watch_free(s->watch);
	task_cancel(&s->tell);
	MAP_EACH(slot, &s->map)
	drop(s, slot->value);
	map_fini(&s->map);
	free(s);
}

bool objects_is_synced(const struct objects *s)
{
	return s->is_synced;
}

const char *objects_problem(const struct objects *s)
{
	return watch_problem(s->watch);
}

/* ---- looking ---- */

const struct object *objects_find(const struct objects *s, struct str namespace, struct str name)
{
	char text[512];
	int n = snprintf(text, sizeof(text), STR_FMT "/" STR_FMT, STR_ARG(namespace),
		STR_ARG(name));

	if (n < 0 || n >= (int)sizeof(text)) /* longer than Kubernetes lets a name be */
		return NULL;
	return map_find(&s->map, (struct str){text, (size_t)n});
}

static int by_name(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x;
	const struct object *b = *(const struct object *const *)y;
	int cmp = str_cmp(a->namespace, b->namespace);

	return cmp ? cmp : str_cmp(a->name, b->name);
}

const struct object *const *objects_sorted(const struct objects *s, struct arena *a, size_t *n)
{
	const struct object **v = arena_new(a, const struct object *, s->map.n + 1);

	*n = 0;
	MAP_EACH(slot, &s->map)
	v[(*n)++] = slot->value;
	qsort(v, *n, sizeof(*v), by_name); /* NOLINT: pointers are sorted */
	return v;
}

struct str objects_path(struct arena *a, const char *prefix, const char *plural,
	struct str namespace)
{
	if (namespace.n == 0)
		return arena_printf(a, "%s/%s", prefix, plural);
	return arena_printf(
		a, "%s/namespaces/" STR_FMT "/%s", prefix, STR_ARG(namespace), plural);
}
