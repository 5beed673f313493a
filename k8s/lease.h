#pragma once

/*
 * A Lease (coordination.k8s.io/v1): of the agents of a cluster one holds it, and does what only one
 * should do. As client-go's leader election: a holder renews it; others take it over when it was
 * not renewed for its duration, measured by their own clock from when they saw it change; who loses
 * a race is told so by 409 (the resourceVersion).
 *
 * It is made for many agents: who does not hold it reads it once in LEASE_LOOK, with
 * jitter, so that a thousand agents are 17 small reads a second, and the work is taken over within
 * two minutes; at once when the holder ended in order. The holder's progress is in an annotation,
 * so that the next one goes on from there.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct http_target;
struct lease;
struct loop;

#define LEASE_DURATION (INT64_C(60) * 1000 * 1000 * 1000)
#define LEASE_RENEW (INT64_C(20) * 1000 * 1000 * 1000)
#define LEASE_LOOK (INT64_C(60) * 1000 * 1000 * 1000)
#define LEASE_NOTE_MAX 1024

enum lease_state {
	LEASE_UNKNOWN, /* the API server has not said yet */
	LEASE_HELD,    /* by us */
	LEASE_OTHERS,
	LEASE_REFUSED, /* no right to it, or a server without leases; it is tried again */
};

/* Embedded in its owner. */
struct lease_owner {
	/* The state is another one, or lease_problem() is. */
	void (*changed)(struct lease_owner *o);
	/* Progress, to be kept with the lease: asked for at each renewal. Valid for the call;
	 * at most LEASE_NOTE_MAX bytes. */
	struct str (*note)(struct lease_owner *o);
	/* lease_give_back() is done. */
	void (*given_back)(struct lease_owner *o);
};

struct lease_settings {
	struct str server; /* no slash at the end */
	struct str namespace;
	struct str name;
	struct str holder; /* who we are: unique in the cluster */
};

/* Texts are copied; t is borrowed. The first request starts at once. */
struct lease *lease_new(struct loop *l, struct http_target *t, const struct lease_settings *set,
	struct lease_owner *owner);
void lease_free(struct lease *l); /* NULL is nothing; the lease stays as it is */

enum lease_state lease_state(const struct lease *l);
/* What the one before noted last; valid while the state is LEASE_HELD. */
struct str lease_note(const struct lease *l);
/* Why the lease cannot be read or renewed, for the operator; NULL: it can. */
const char *lease_problem(const struct lease *l);

/* Notes the progress and lets go of the lease; given_back() is called once, in here if it is not
 * held. Nothing but lease_free() may follow. */
void lease_give_back(struct lease *l);
