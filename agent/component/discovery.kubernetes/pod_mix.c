/*
 * Targets of pods and folders. Everything is made anew each time: it happens when pods change, and
 * what did not change is found out by comparing the export.
 */

#include "agent/component/discovery.kubernetes/pod_mix.h"

#include "agent/base/arena.h"
#include "agent/base/must.h"

#include <stdlib.h>

/* One run. */
struct run {
	struct pod_mix *m;
	struct arena *a;
	int64_t now;
	int64_t wait; /* until the first of those that are held back; 0: none is */
	struct pod_targets *out;
};

/* Is it time to do without the API server's word? Notes when it will be. */
static bool is_due(struct run *r, const struct pod_dir_container *c)
{
	bool waits = r->m->pods && !r->m->is_cut_off;
	int64_t left = waits ? c->since + POD_MIX_WAIT - r->now : 0;

	if (left <= 0)
		return true;
	if (r->wait == 0 || left < r->wait)
		r->wait = left;
	return false;
}

static const struct pod_dir_container *find_container(const struct pod_dir *d, struct str name)
{
	for (size_t i = 0; d && i < d->n_containers; i++) {
		if (str_eq(d->containers[i].name, name))
			return &d->containers[i];
	}
	return NULL;
}

/* May the target of a container of a pod that the API server has be given? */
static bool is_ready(struct run *r, const struct pod *p, const struct pod_dir *d,
	const struct pod_container *c)
{
	const struct pod_dir_container *folder;

	if (c->kind == POD_CONTAINER_EPHEMERAL)
		return false;
	if (c->id.n > 0 || !str_is(p->phase, "Pending") || !r->m->dirs)
		return c->id.n > 0 || p->ip.n > 0 || !str_is(p->phase, "Pending");
	folder = find_container(d, c->name);
	return folder && is_due(r, folder);
}

static void add_pod(struct run *r, const struct pod *p)
{
	const struct pod_dir *d = r->m->dirs ? pod_dirs_find(r->m->dirs, p->log_uid) : NULL;

	for (size_t i = 0; i < p->n_containers; i++) {
		if (is_ready(r, p, d, &p->containers[i]))
			pod_targets_add(r->a, r->out, p, &p->containers[i]);
	}
}

static int by_name(const void *x, const void *y)
{
	const struct pod *a = *(const struct pod *const *)x;
	const struct pod *b = *(const struct pod *const *)y;
	int cmp = str_cmp(a->namespace, b->namespace);

	cmp = cmp ? cmp : str_cmp(a->name, b->name);
	return cmp ? cmp : str_cmp(a->uid, b->uid);
}

/* Sorted, so that a pod that changes does not move those behind it. */
static void add_live(struct run *r)
{
	const struct pod **v;
	size_t n = 0;

	if (!r->m->pods)
		return;
	v = arena_new(r->a, const struct pod *, pod_store_count(r->m->pods) + 1);
	POD_STORE_EACH(p, r->m->pods)
	{
		if (p->gone_at == 0)
			v[n++] = p;
	}
	must(n == pod_store_count(r->m->pods));
	qsort(v, n, sizeof(*v), by_name); /* NOLINT: pointers are sorted */
	for (size_t i = 0; i < n; i++)
		add_pod(r, v[i]);
}

/* A deleted pod: only those containers that may have lines left to read. */
static void add_deleted(struct run *r, const struct pod *p, const struct pod_dir *d)
{
	for (size_t i = 0; i < p->n_containers; i++) {
		if (p->containers[i].kind != POD_CONTAINER_EPHEMERAL &&
			find_container(d, p->containers[i].name))
			pod_targets_add(r->a, r->out, p, &p->containers[i]);
	}
}

static bool is_wanted(const struct pod_mix *m, struct str namespace)
{
	for (size_t i = 0; i < m->n_namespaces; i++) {
		if (str_eq(m->namespaces[i], namespace))
			return true;
	}
	return m->n_namespaces == 0;
}

static void add_folder(struct run *r, const struct pod_dir *d)
{
	if (!is_wanted(r->m, d->namespace))
		return;
	r->m->has_news = r->m->has_news || r->now - d->since < POD_MIX_NEW;
	if (!r->m->has_others)
		return;
	for (size_t i = 0; i < d->n_containers; i++) {
		if (is_due(r, &d->containers[i]))
			pod_targets_add_dir(r->a, r->out, d, d->containers[i].name, r->m->node);
	}
}

/* The pod that the API server has or had for this folder, kept from now on. */
static const struct pod *keep(struct pod_mix *m, const struct pod_dir *d)
{
	struct pod *kept = map_find(&m->kept, d->uid);
	const struct pod *p = m->pods ? pod_store_find_log_uid(m->pods, d->uid) : NULL;

	if (!p || p == kept)
		return kept;
	pod_release(kept);
	kept = pod_hold(p);
	map_set(&m->kept, d->uid, kept);
	return kept;
}

/* Lets go of the pods that have no folder any more. */
static void forget(struct pod_mix *m, struct arena *a)
{
	struct pod **gone = arena_new(a, struct pod *, m->kept.n + 1);
	struct str *uids = arena_new(a, struct str, m->kept.n + 1);
	size_t n = 0;

	MAP_EACH(slot, &m->kept)
	{
		if (m->dirs && pod_dirs_find(m->dirs, slot->key))
			continue;
		uids[n] = arena_str(a, slot->key);
		gone[n++] = slot->value;
	}
	for (size_t i = 0; i < n; i++) {
		map_remove(&m->kept, uids[i]);
		pod_release(gone[i]);
	}
}

int64_t pod_mix_targets(struct pod_mix *m, struct arena *a, int64_t now, struct pod_targets *out)
{
	struct run r = {m, a, now, 0, out};

	m->has_news = false;
	forget(m, a);
	add_live(&r);
	if (!m->dirs)
		return 0;
	POD_DIRS_EACH(d, m->dirs)
	{
		const struct pod *p = keep(m, d);
		const struct pod *known = m->pods ? pod_store_find_log_uid(m->pods, d->uid) : NULL;

		if (!p)
			add_folder(&r, d);
		else if (p != known || known->gone_at)
			add_deleted(&r, p, d);
	}
	return r.wait;
}

void pod_mix_fini(struct pod_mix *m)
{
	MAP_EACH(slot, &m->kept)
	pod_release(slot->value);
	map_fini(&m->kept);
}
