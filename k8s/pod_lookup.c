/*
 * A table of addresses, searched from one end: it is short, and only what no watch knows gets here.
 * When it is full the entry that has been of no use for longest makes room.
 */

#include "k8s/pod_lookup.h"

#include "agent/base/address.h"
#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "k8s/config.h"
#include "k8s/pod.h"
#include "k8s/watch_line.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define FOUND_FOR (300 * NS_PER_SEC)
#define NOBODY_FOR (300 * NS_PER_SEC)
#define FAILED_FOR (60 * NS_PER_SEC)
#define PAUSE NS_PER_SEC

enum {
	ENTRIES = 256,
	MAX_OBJECT = 1 << 20,
	MAX_ANSWER = 4 << 20,
};

enum result {
	FOUND,
	NOBODY,
	FAILED,
	RESULTS,
};

static const struct metric_family lookups_family = {"invar_kubernetes_pod_lookups_total",
	METRIC_COUNTER, "Addresses that the API server was asked for, by what it knew.", NULL};
static const char *const result_names[RESULTS] = {"found", "nobody", "failed"};

struct entry {
	struct in6_addr address;
	struct pod *pod; /* NULL: none is known */
	int64_t until;   /* what is said here is good; 0: it has not been asked yet */
	int64_t used;    /* 0: the entry is free */
	bool is_nobodys;
};

struct pod_lookup {
	struct loop *loop;
	struct arena texts;
	struct str server;
	struct http_target *target;
	struct http_call call;
	struct buf url;     /* of the call */
	struct timer pause; /* between two questions */
	struct metric *lookups[RESULTS];
	struct entry *asked; /* by the call */
	bool has_failed;     /* and it was said */
	struct entry entries[ENTRIES];
};

static void ask_next(struct pod_lookup *s);

static void put_address(struct buf *b, const struct in6_addr *a)
{
	char text[INET6_ADDRSTRLEN];

	buf_add_str(b, str_from(address_print(text, a)));
}

/* ---- answers ---- */

static void set_pod(struct entry *e, struct pod *p)
{
	if (e->pod)
		pod_release(e->pod);
	e->pod = p;
}

/* A pod that runs; two of them are nobody. */
static void take(struct entry *e, struct str object, size_t *found)
{
	struct arena scratch;
	struct pod *p;
	struct err error;

	arena_init(&scratch, 0);
	p = pod_parse(&scratch, object, &error);
	arena_fini(&scratch);
	if (!p)
		return;
	if (p->is_host_network || str_is(p->phase, "Succeeded") || str_is(p->phase, "Failed")) {
		pod_release(p);
		return;
	}
	set_pod(e, p);
	(*found)++;
}

static bool read_list(struct entry *e, struct str answer, size_t *found)
{
	struct watch_list list = {.max = MAX_OBJECT};
	enum watch_list_part part;
	struct str object;

	while ((part = watch_list_next(&list, &answer, &object)) == WATCH_LIST_ITEM ||
		part == WATCH_LIST_METADATA)
		if (part == WATCH_LIST_ITEM)
			take(e, object, found);
	watch_list_fini(&list);
	return part == WATCH_LIST_END;
}

static void fail(struct pod_lookup *s, const char *why)
{
	s->asked->until = loop_now(s->loop) + FAILED_FOR;
	metric_add(s->lookups[FAILED], 1);
	if (!s->has_failed)
		log_warn(NULL, "an address that is no pod's of this node could not be looked up",
			KV("err", why),
			KV("hint", "the agent may list pods of other nodes if its ClusterRole says "
				   "so; without it their data stays without attributes"));
	s->has_failed = true;
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct pod_lookup *s = container_of(call, struct pod_lookup, call);
	struct entry *e = s->asked;
	size_t found = 0;

	if (outcome == HTTP_FAILED) {
		fail(s, call->error);
	} else if (call->status != 200) {
		fail(s, call->status == 403 ? "the API server does not allow it (403)"
					    : "the API server did not answer it");
	} else if (!read_list(e, call->answer, &found)) {
		fail(s, "the answer is no list of pods");
	} else {
		s->has_failed = false;
		metric_add(s->lookups[found == 1 ? FOUND : NOBODY], 1);
		e->is_nobodys = found != 1;
		e->until = loop_now(s->loop) + (found == 1 ? FOUND_FOR : NOBODY_FOR);
		if (found != 1)
			set_pod(e, NULL);
	}
	s->asked = NULL;
	timer_set(&s->pause, s->loop, PAUSE);
}

/* ---- questions ---- */

static void ask(struct pod_lookup *s, struct entry *e)
{
	buf_clear(&s->url);
	buf_printf(&s->url, STR_FMT "/api/v1/pods?limit=10&resourceVersion=0&fieldSelector="
				    "status.podIP%%3D",
		STR_ARG(s->server));
	put_address(&s->url, &e->address);
	s->asked = e;
	s->call.method = "GET";
	s->call.url = buf_str(&s->url);
	s->call.max_answer = MAX_ANSWER;
	s->call.accept_gzip = true;
	s->call.done = on_done;
	http_call_start(s->target, &s->call);
}

static bool is_due(const struct pod_lookup *s, const struct entry *e)
{
	return e->used != 0 && loop_now(s->loop) >= e->until;
}

/* Of those that are due, the one that was wanted last. */
static void ask_next(struct pod_lookup *s)
{
	struct entry *next = NULL;

	if (s->asked || timer_is_set(&s->pause))
		return;
	for (size_t i = 0; i < ENTRIES; i++)
		if (is_due(s, &s->entries[i]) && s->entries[i].used >= s->entries[i].until &&
			(!next || s->entries[i].used > next->used))
			next = &s->entries[i];
	if (next)
		ask(s, next);
}

static void on_pause(struct timer *t)
{
	ask_next(container_of(t, struct pod_lookup, pause));
}

static struct entry *find(struct pod_lookup *s, const struct in6_addr *address)
{
	struct entry *oldest = &s->entries[0];

	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *e = &s->entries[i];

		if (e->used != 0 && IN6_ARE_ADDR_EQUAL(&e->address, address))
			return e;
		if (e != s->asked && (oldest == s->asked || e->used < oldest->used))
			oldest = e;
	}
	set_pod(oldest, NULL);
	*oldest = (struct entry){.address = *address};
	return oldest;
}

const struct pod *pod_lookup_find(
	struct pod_lookup *s, const struct in6_addr *address, bool *is_nobodys)
{
	struct entry *e = find(s, address);

	e->used = loop_now(s->loop);
	ask_next(s);
	*is_nobodys = e->is_nobodys;
	return e->pod;
}

/* ---- its life ---- */

struct pod_lookup *pod_lookup_new(
	struct loop *l, struct http_client *h, const struct k8s_config *config, struct err *e)
{
	struct http_target *target = http_target_new(h, &config->http, e);
	struct pod_lookup *s;

	if (!target)
		return NULL;
	s = mem_new(struct pod_lookup, 1);
	s->loop = l;
	s->target = target;
	s->pause.fire = on_pause;
	arena_init(&s->texts, 0);
	s->server = arena_str(&s->texts, config->server);
	for (size_t i = 0; i < RESULTS; i++) {
		const struct metric_label labels[] = {
			{"server", s->server.p}, {"result", result_names[i]}, {NULL, NULL}};

		s->lookups[i] = metric_new(&lookups_family, labels);
	}
	return s;
}

void pod_lookup_free(struct pod_lookup *s)
{
	if (!s)
		return;
	http_call_cancel(&s->call);
	http_target_free(s->target);
	timer_clear(&s->pause);
	for (size_t i = 0; i < ENTRIES; i++)
		set_pod(&s->entries[i], NULL);
	for (size_t i = 0; i < RESULTS; i++)
		metric_free(s->lookups[i]);
	buf_fini(&s->url);
	arena_fini(&s->texts);
	free(s);
}
