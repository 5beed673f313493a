#pragma once

/*
 * One endpoint: batches that fill, and the sender that takes them away. It charges the budget with
 * what both hold, and is alone with its troubles: when it fails and holds more than its share,
 * while another one that takes lines of the same sources does not fail, what it has goes to disk.
 * The order of its requests is: those of the sender, those of the backlog, those behind it.
 */

#include "agent/base/list.h"
#include "agent/component/loki.write/backlog.h"
#include "agent/component/loki.write/settings.h"
#include "agent/flow/budget.h"

struct loki_endpoint {
	struct list link; /* the owner's */
	struct loki_settings *set;
	/* Called from a task when the sender's fault may have changed, and when a drained
	 * endpoint is empty: then the owner frees it. */
	void (*changed)(struct loki_endpoint *ep, bool drained);
	void *owner;

	/* private */
	struct loop *loop;
	struct budget *budget;
	struct loki_settings *old; /* of the request in flight, after a change */
	struct loki_batches batches;
	struct loki_sender sender;
	struct loki_backlog backlog;
	struct list behind; /* struct loki_request, waiting for the backlog to be sent */
	size_t behind_bytes;
	struct ack_set kept;    /* of what is on disk now; given back at rest */
	struct list peers;      /* all endpoints of the process */
	unsigned group;         /* those that take lines of the same sources */
	bool has_company;       /* there have been others in it */
	const struct ack *last; /* of the last entry; never followed */
	size_t charged;
	struct task tidy;
	struct timer drain;
	bool draining;
	bool settle;  /* what is left at the end of draining */
	bool patient; /* progress prolongs the draining */
};

/* Takes the settings. storage: for its backlog; NULL: all wait for it instead. */
struct loki_endpoint *loki_endpoint_new(struct loop *l, struct budget *b, struct loki_settings *set,
	struct storage *storage, void (*changed)(struct loki_endpoint *ep, bool drained),
	void *owner);
void loki_endpoint_free(struct loki_endpoint *ep); /* drained */

void loki_endpoint_push(struct loki_endpoint *ep, const struct entry *e);

/* What has been taken so far is sent first, by the new settings too if the old ones have not
 * brought it through. Takes set. */
void loki_endpoint_change(struct loki_endpoint *ep, struct loki_settings *set);

/* Sends what there is and then says changed(ep, true). After drain_timeout, or when the server
 * says that a setting is wrong, the rest is given up. settle: it is counted as dropped and its
 * acks are released (the endpoint is not wanted any more); else they go to the backlog, or their
 * acks fail, and the same lines are read again: by who takes the place of this one, or at the next
 * start. patient: the time is
 * counted from the last delivery. */
void loki_endpoint_drain(struct loki_endpoint *ep, bool settle, bool patient);
