/* A pod's object, hostile: what is made of it must keep what the header promises. */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "k8s/pod.h"
#include "k8s/pod_targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct pod *p, struct str s)
{
	const char *from = (const char *)p;

	if (s.p == NULL)
		return;
	must(s.p > from && s.p + s.n < from + p->size);
	must(s.p[s.n] == 0 && utf8_is_valid(s));
}

static void check_pairs(const struct pod *p, const struct pod_pairs *v)
{
	for (size_t i = 0; i < v->n; i++) {
		check_text(p, v->p[i].name);
		check_text(p, v->p[i].value);
		must(i == 0 || str_cmp(v->p[i - 1].name, v->p[i].name) < 0);
		must(pod_pairs_find(v, v->p[i].name).p == v->p[i].value.p);
	}
}

static void check_targets(struct arena *a, const struct pod *p)
{
	struct pod_targets t = {0};

	for (size_t i = 0; i < p->n_containers && i < 100; i++) {
		check_text(p, p->containers[i].name);
		check_text(p, p->containers[i].id);
		if (p->containers[i].n_ports < 100)
			pod_targets_add(a, &t, p, &p->containers[i]);
	}
	for (size_t i = 0; i < t.n; i++) {
		for (size_t k = 1; k < t.p[i].n; k++)
			must(str_cmp(t.p[i].v[k - 1].name, t.p[i].v[k].name) < 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct err e;
	struct pod *p;
	struct pod *again;

	arena_init(&a, 0);
	p = pod_parse(&a, (struct str){(const char *)data, size}, &e);
	if (p) {
		again = pod_parse(&a, (struct str){(const char *)data, size}, &e);
		must(again && pod_eq(p, again));
		pod_release(again);
		must(p->uid.n && p->name.n && p->namespace.n && p->log_uid.p);
		check_text(p, p->uid);
		check_text(p, p->log_uid);
		check_text(p, p->ip);
		check_pairs(p, &p->labels);
		check_pairs(p, &p->annotations);
		check_targets(&a, p);
		pod_release(p);
	}
	arena_fini(&a);
	return 0;
}
