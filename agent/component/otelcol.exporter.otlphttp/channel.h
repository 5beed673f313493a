#pragma once

/*
 * One signal on its way to the upstream: a bounded queue of requests ready to be sent, and
 * the senders that work it off. Each signal has its own, so that an upstream that does not take
 * metrics holds no trace back.
 */

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/component/otelcol.exporter.otlphttp/args.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"

struct auth_handler;
struct decoder;
struct encoder;
struct metric;
struct target;

/* What the three channels share. */
struct exporter {
	struct component base;
	const struct otlphttp_args *args;
	struct consumer input;
	struct target *target; /* the newest one */
	struct encoder *encoder;
	struct decoder *decoder; /* to look at a refused request again */
	struct buf work;
	struct buf work2;
	struct channel *channels[SIGNAL_KINDS];
	bool is_stopping;
	void (*drained)(struct exporter *x); /* a channel of a stopping one has become empty */
	struct timer stop_timer;
	struct task stop_task;
};

/* The target to send with now, made anew when settings or credentials have changed; NULL: it
 * cannot be made, e says why. Give it back with target_release(). */
struct target *target_take(struct exporter *x, struct err *e);
struct http_target *target_http(struct target *t);
void target_release(struct target *t);       /* NULL is nothing */
void target_release_later(struct target *t); /* in the callback of one of its calls */
void target_mark_stale(struct target *t);    /* the next request makes a new one */

struct channel *channel_new(struct exporter *x, enum signal_kind kind);
void channel_free(struct channel *c); /* NULL is nothing; what is in it is dropped and counted */

/* New arguments are in the exporter. */
void channel_update(struct channel *c);

enum consumed channel_push(struct channel *c, const struct telemetry *t);
void channel_flush(struct channel *c); /* the exporter is stopping: everything is sent now */
bool channel_is_empty(const struct channel *c);
