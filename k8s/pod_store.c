/*
 * The store. Pods are in one list and in four tables; a table's entry is always the pod to prefer,
 * so that a look-up is one probe. Only addresses may have several holders at a time (one pod has
 * ended, another got its address), and who is meant is decided when somebody asks.
 */

#include "k8s/pod_store.h"

#include "agent/base/buf.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/loop/loop.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* The pods that have, or had, one address. */
struct holders {
	struct pod **p;
	size_t n;
	size_t cap;
};

struct pod_store {
	struct loop *loop;
	struct list pods;
	struct map by_uid;
	struct map by_log_uid;
	struct map by_name; /* "namespace/name" */
	struct map by_ip;   /* 16 bytes; struct holders */
	size_t count;
	size_t bytes;
	bool is_synced;
	bool is_calling;
	struct list subscribers;
	struct task notify;
	struct timer bury;
};

static void on_notify(struct task *t);
static void on_bury(struct timer *t);

struct pod_store *pod_store_new(struct loop *l)
{
	struct pod_store *s = mem_new(struct pod_store, 1);

	s->loop = l;
	list_init(&s->pods);
	list_init(&s->subscribers);
	s->notify.run = on_notify;
	s->bury.fire = on_bury;
	return s;
}

static struct str ip_key(const struct in6_addr *ip)
{
	return (struct str){(const char *)ip->s6_addr, sizeof(ip->s6_addr)};
}

bool pod_store_parse_ip(struct str text, struct in6_addr *out)
{
	char z[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;

	if (text.n == 0 || text.n >= sizeof(z))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	if (inet_pton(AF_INET, z, &v4) == 1) {
		*out = (struct in6_addr){0};
		out->s6_addr[10] = out->s6_addr[11] = 0xff;
		memcpy(&out->s6_addr[12], &v4, sizeof(v4));
		return true;
	}
	if (inet_pton(AF_INET6, z, &v6) != 1)
		return false;
	*out = v6;
	return true;
}

static void add_holder(struct pod_store *s, struct pod *p, struct str text)
{
	struct in6_addr ip;
	struct holders *h;

	if (!pod_store_parse_ip(text, &ip))
		return;
	h = map_find(&s->by_ip, ip_key(&ip));
	if (!h) {
		h = mem_new(struct holders, 1);
		map_set(&s->by_ip, ip_key(&ip), h);
	}
	for (size_t i = 0; i < h->n; i++) {
		if (h->p[i] == p)
			return;
	}
	*vec_add(h) = p; /* NOLINT: its elements are pointers */
}

static void remove_holder(struct pod_store *s, const struct pod *p, struct str text)
{
	struct in6_addr ip;
	struct holders *h;

	if (!pod_store_parse_ip(text, &ip))
		return;
	h = map_find(&s->by_ip, ip_key(&ip));
	for (size_t i = 0; h && i < h->n; i++) {
		if (h->p[i] == p) {
			vec_remove(h, i); /* NOLINT: pointers */
			break;
		}
	}
	if (!h || h->n > 0)
		return;
	map_remove(&s->by_ip, ip_key(&ip));
	free(h->p);
	free(h);
}

static void name_key(struct buf *out, struct str ns, struct str name)
{
	buf_add_str(out, ns);
	buf_add_char(out, '/');
	buf_add_str(out, name);
}

static void add(struct pod_store *s, struct pod *p)
{
	struct buf name = {0};

	name_key(&name, p->namespace, p->name);
	map_set(&s->by_uid, p->uid, p);
	map_set(&s->by_log_uid, p->log_uid, p);
	map_set(&s->by_name, buf_str(&name), p);
	for (size_t i = 0; i < p->n_ips && !p->is_host_network; i++)
		add_holder(s, p, p->ips[i]);
	list_add_last(&s->pods, &p->link);
	s->bytes += p->size;
	s->count += p->gone_at == 0;
	buf_fini(&name);
}

static void drop_key(struct map *m, struct str key, const struct pod *p)
{
	if (map_find(m, key) == p)
		map_remove(m, key);
}

static void take_out(struct pod_store *s, struct pod *p)
{
	struct buf name = {0};

	name_key(&name, p->namespace, p->name);
	drop_key(&s->by_uid, p->uid, p);
	drop_key(&s->by_log_uid, p->log_uid, p);
	drop_key(&s->by_name, buf_str(&name), p);
	for (size_t i = 0; i < p->n_ips && !p->is_host_network; i++)
		remove_holder(s, p, p->ips[i]);
	list_remove(&p->link);
	s->bytes -= p->size;
	s->count -= p->gone_at == 0;
	buf_fini(&name);
	pod_release(p);
}

void pod_store_free(struct pod_store *s)
{
	if (!s)
		return;
	must(!s->is_calling && list_is_empty(&s->subscribers));
	LIST_EACH (p, &s->pods, struct pod, link)
		take_out(s, p);
	must(s->by_ip.n == 0 && s->bytes == 0 && s->count == 0);
	map_fini(&s->by_uid);
	map_fini(&s->by_log_uid);
	map_fini(&s->by_name);
	map_fini(&s->by_ip);
	timer_clear(&s->bury);
	task_cancel(&s->notify);
	free(s);
}

const struct pod *pod_store_find_uid(const struct pod_store *s, struct str uid)
{
	return map_find(&s->by_uid, uid);
}

const struct pod *pod_store_find_log_uid(const struct pod_store *s, struct str log_uid)
{
	return map_find(&s->by_log_uid, log_uid);
}

const struct pod *pod_store_find_name(const struct pod_store *s, struct str ns, struct str name)
{
	struct buf key = {0};
	const struct pod *p;

	name_key(&key, ns, name);
	p = map_find(&s->by_name, buf_str(&key));
	buf_fini(&key);
	return p;
}

/* How good a claim to its address a pod has. */
static int claim(const struct pod *p)
{
	if (p->gone_at || pod_is_finished(p))
		return 0;
	return p->deleted ? 1 : 2;
}

const struct pod *pod_store_find_ip(const struct pod_store *s, const struct in6_addr *ip)
{
	const struct holders *h = map_find(&s->by_ip, ip_key(ip));
	const struct pod *best = NULL;
	size_t equal = 0;

	for (size_t i = 0; h && i < h->n; i++) {
		int cmp = best ? claim(h->p[i]) - claim(best) : 1;

		equal = cmp > 0 ? 1 : equal + (cmp == 0);
		if (cmp > 0 || (cmp == 0 && h->p[i]->started > best->started))
			best = h->p[i];
	}
	return best && claim(best) == 2 && equal > 1 ? NULL : best;
}

struct list *pod_store_pods(struct pod_store *s)
{
	return &s->pods;
}

size_t pod_store_count(const struct pod_store *s)
{
	return s->count;
}

size_t pod_store_bytes(const struct pod_store *s)
{
	return s->bytes;
}

bool pod_store_is_synced(const struct pod_store *s)
{
	return s->is_synced;
}

void pod_store_touch(struct pod_store *s)
{
	task_defer(&s->notify, s->loop);
}

/* A subscriber may take itself or another one out: nobody's place is remembered. */
static void on_notify(struct task *t)
{
	struct pod_store *s = container_of(t, struct pod_store, notify);
	struct list todo;

	list_init(&todo);
	while (!list_is_empty(&s->subscribers)) {
		struct list *link = s->subscribers.next;

		list_remove(link);
		list_add_last(&todo, link);
	}
	s->is_calling = true;
	while (!list_is_empty(&todo)) {
		struct pod_subscriber *w = container_of(todo.next, struct pod_subscriber, link);

		list_remove(&w->link);
		list_add_last(&s->subscribers, &w->link);
		w->changed(w);
	}
	s->is_calling = false;
}

void pod_store_subscribe(struct pod_store *s, struct pod_subscriber *w)
{
	list_add_last(&s->subscribers, &w->link);
}

void pod_store_unsubscribe(struct pod_subscriber *w)
{
	if (w->link.next)
		list_remove(&w->link);
}

void pod_store_begin(struct pod_store *s, const void *scope)
{
	LIST_EACH (p, &s->pods, struct pod, link) {
		if (p->scope == scope)
			p->is_seen = false;
	}
}

void pod_store_set(struct pod_store *s, const void *scope, struct pod *p)
{
	struct pod *old = map_find(&s->by_uid, p->uid);

	must(list_is_empty(&p->link));
	if (old && old->gone_at == 0 && pod_eq(old, p)) {
		old->scope = scope;
		old->is_seen = true;
		pod_release(p);
		return;
	}
	if (old)
		take_out(s, old);
	p->scope = scope;
	p->is_seen = true;
	add(s, p);
	pod_store_touch(s);
}

static void set_gone(struct pod_store *s, struct pod *p)
{
	if (p->gone_at)
		return;
	p->gone_at = loop_now(s->loop);
	if (p->gone_at == 0)
		p->gone_at = 1;
	s->count--;
	if (!timer_is_set(&s->bury))
		timer_set(&s->bury, s->loop, POD_STORE_GRACE);
	pod_store_touch(s);
}

void pod_store_delete(struct pod_store *s, struct str uid)
{
	struct pod *p = map_find(&s->by_uid, uid);

	if (p)
		set_gone(s, p);
}

void pod_store_complete(struct pod_store *s, const void *scope)
{
	LIST_EACH (p, &s->pods, struct pod, link) {
		if (p->scope == scope && !p->is_seen)
			set_gone(s, p);
	}
}

void pod_store_set_synced(struct pod_store *s)
{
	if (s->is_synced)
		return;
	s->is_synced = true;
	pod_store_touch(s);
}

/* Forgets those that were deleted long ago, and waits for the next of them. */
static void on_bury(struct timer *t)
{
	struct pod_store *s = container_of(t, struct pod_store, bury);
	int64_t now = loop_now(s->loop);
	int64_t next = 0;

	LIST_EACH (p, &s->pods, struct pod, link) {
		if (p->gone_at == 0)
			continue;
		if (p->gone_at + POD_STORE_GRACE <= now)
			take_out(s, p);
		else if (next == 0 || p->gone_at < next)
			next = p->gone_at;
	}
	if (next)
		timer_set(&s->bury, s->loop, next + POD_STORE_GRACE - now);
}
