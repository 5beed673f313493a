#pragma once

/* One place of a channel's num_consumers: the request that it is busy with, until it is done. */

#include "agent/component/common/otelcol_export/export.h"
#include "agent/component/common/otelcol_export/queue.h"

struct channel;

enum sender_state {
	IDLE,
	SENDING, /* a request is under way */
	WAITING, /* for the time of the next try */
};

struct sender {
	struct channel *channel;
	enum sender_state state;
	struct queued *q;
	struct target *target;
	struct http_call call;
	struct http_answer_header answer_headers[EXPORT_ANSWER_HEADERS];
	struct timer timer;
};

struct sender *sender_new(struct channel *c);
/* What it was busy with, the caller's; or NULL. */
struct queued *sender_free(struct sender *s);
/* It has got its request. */
void sender_send(struct sender *s);
/* The time is short: what waits for its next try is tried now, or waits on disk for the next
 * life. */
void sender_hurry(struct sender *s);
