#pragma once

/*
 * Sends the requests of one endpoint, in order, one in flight: a request that is to be sent
 * again is in front of all later ones, so that the order of each stream is kept.
 */

#include "agent/component/loki.write/request.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"

enum loki_sender_state {
	SENDER_IDLE,    /* there is nothing to send */
	SENDER_SENDING, /* for the answer to the first request */
	SENDER_WAITING, /* for the timer: then the first request is sent again */
	SENDER_STATES,
};

/* How to send. Those of an endpoint may be replaced while a request is in flight; they must
 * live until on_done of it, see loki_sender.flying. */
struct loki_send_settings {
	const char *id;  /* of the component */
	struct str name; /* of the endpoint */
	struct str url;
	struct str host;
	struct http_target *http;
	struct str org_id; /* X-Scope-OrgID of entries without tenant; p NULL: none */
	int64_t min_backoff;
	int64_t max_backoff;
	int64_t max_tries; /* 0: no limit */
	bool retry_429;
	/* http_call_start() and http_call_cancel(), or a test's. */
	void (*start)(struct http_target *t, struct http_call *call);
	void (*cancel)(struct http_call *call);
};

/* Refusals that were said lately. */
struct loki_said {
	uint64_t kind;
	int64_t at;
	int64_t silent; /* times since then */
};

struct loki_sender {
	struct loop *loop;
	const struct loki_send_settings *set;
	/* Called at the end of whatever may have changed bytes, fault or state. It may not free the
	 * sender. */
	void (*changed)(struct loki_sender *s);

	enum loki_sender_state state;
	size_t bytes;    /* compressed, waiting */
	int64_t tries;   /* of the first request */
	bool delivered;  /* since the owner last looked */
	char fault[256]; /* what is wrong with the settings; empty: nothing known */

	/* private */
	struct list queue;                       /* struct loki_request */
	const struct loki_send_settings *flying; /* of the call; NULL: none */
	struct http_call call;
	bool answered; /* the call ended with an answer, not with an error */
	struct timer timer;
	struct loki_said said[64];
};

void loki_sender_init(struct loki_sender *s, struct loop *l, const struct loki_send_settings *set,
	void (*changed)(struct loki_sender *s));
void loki_sender_add(struct loki_sender *s, struct loki_request *r);

/* The first that is not the first part of one that was cut. NULL: none waits. */
struct loki_request *loki_sender_whole(const struct loki_sender *s);
/* Moves all that follow it to the beginning of rest, in order. */
void loki_sender_keep_first(struct loki_sender *s, struct list *rest);

/* With other settings from the next try on, which is now if one was waited for. */
void loki_sender_change(struct loki_sender *s, const struct loki_send_settings *set);

/* Gives up, also on those in more, which are taken: the call is cancelled and nothing is sent any
 * more. settle: the entries are counted
 * as dropped and their acks released; else the acks fail, and their files are read again. */
void loki_sender_abandon(struct loki_sender *s, struct list *more, bool settle);
