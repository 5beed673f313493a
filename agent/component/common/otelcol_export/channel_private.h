#pragma once

/* Private to channel.c and sender.c: a queue, and those that take from it. */

#include "agent/base/arena.h"
#include "agent/component/common/otelcol_export/export.h"
#include "agent/component/common/otelcol_export/queue.h"

struct ack;
struct client;
struct sender;

struct channel {
	struct exporter *x;
	enum signal_kind kind;
	struct arena url_arena;
	struct str url;
	struct export_queue queue;
	struct sender **senders; /* made once, for the loop knows their addresses */
	size_t n_senders;
	size_t limit;        /* of them that may work now */
	struct buf gathered; /* sending_queue { batch {} } */
	uint32_t gathered_items;
	struct ack *gathered_ack;       /* of all that is in it; NULL: nobody asks */
	struct client *gathered_client; /* … and it is all of this one */
	struct timer flush;
	struct metric *sent;
	struct metric *failed;
	struct metric *refused;
	struct metric *size;
	struct metric *capacity;
	struct metric *batch_size;
};

/* Takes what waits, as far as there are senders that have nothing to do. */
void channel_pump(struct channel *c);
/* Packs a request into the queue. first: it is a part of one that was at the head. False: the disk
 * does not take it. */
bool channel_enqueue(struct channel *c, const struct telemetry *t, bool first);
/* Counts them as lost, and says why. */
void channel_drop(struct channel *c, uint32_t items, const char *why, const char *hint);
