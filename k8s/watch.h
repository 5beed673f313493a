#pragma once

/*
 * One quiet stream from the API server: all objects of one kind that match the selectors, and
 * then every change (Kubernetes API concepts, "Efficient detection of changes"). A server that
 * streams the initial events is never asked for a list; from an older one the list is taken
 * object by object as its bytes arrive. A watch goes on for ever: whatever fails is tried again,
 * with jittered exponential backoff, and meanwhile what is known stays.
 */

#include "agent/base/str.h"
#include "k8s/watch_line.h"

#include <stdbool.h>
#include <stdint.h>

struct http_target;
struct loop;
struct watch;

/* Who takes the objects. Embedded in its owner. */
struct watch_sink {
	/* Everything that exists follows (as WATCH_ADDED) … */
	void (*begin)(struct watch_sink *s);
	/* object is one JSON object, valid for the call; event is one of the first three. False: it
	 * could not be understood; counted. */
	bool (*object)(struct watch_sink *s, enum watch_event event, struct str object);
	/* … up to here: what was not among it is gone. */
	void (*complete)(struct watch_sink *s);
	/* The problem came, changed, or went (watch_problem()). */
	void (*problem)(struct watch_sink *s);
};

struct watch_settings {
	struct str server;   /* no slash at the end */
	struct str path;     /* "/api/v1/pods", "/api/v1/namespaces/a/pods" */
	struct str resource; /* "pods": for messages */
	struct str field_selector, label_selector;
	int64_t spread; /* ns: the first request is made within so long; 0: at once */
};

/* Texts are copied; t is borrowed. */
struct watch *watch_new(struct loop *l, struct http_target *t, const struct watch_settings *set,
	struct watch_sink *sink);
void watch_free(struct watch *w); /* NULL is nothing */

/* Why the watch does not work at the moment, for the operator; NULL: it does, or has not been
 * tried. */
const char *watch_problem(const struct watch *w);

/*
 * Something tells that the server may answer again: the kubelet has heard of a new pod. A long
 * pause is cut short: the next request is made within WATCH_SPREAD, but not before what the server
 * has asked for, and once in WATCH_HURRY_EVERY. Else without effect.
 */
void watch_hurry(struct watch *w);

/* Agents that start, or lose their API server, together come (back) apart from each other: 1,000 of
 * them make no more than 500 requests a second (tests/sim/api_load_sim.c). */
#define WATCH_SPREAD (INT64_C(2500) * 1000 * 1000)
#define WATCH_BACKOFF_MIN (INT64_C(1) * 1000 * 1000 * 1000)
#define WATCH_BACKOFF_MAX (INT64_C(60) * 1000 * 1000 * 1000)
#define WATCH_HURRY_FROM (INT64_C(5) * 1000 * 1000 * 1000) /* a pause that has so long to go */
#define WATCH_HURRY_EVERY (INT64_C(30) * 1000 * 1000 * 1000)
#define WATCH_OBJECT_MAX (4u << 20) /* a longer object is skipped, and counted */
