#pragma once

/*
 * What the exporters that send OTLP to a server have in common: for each signal a bounded queue and
 * the senders that work it off (channel.c), retries, the isolation of what is refused, and the
 * connection's settings (target.c). Each signal has its own, so that an upstream that does not take
 * metrics holds no trace back. What differs is a struct export_protocol.
 */

#include "agent/base/buf.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/flow/telemetry.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "proto/otlp/types.h"

struct arena;
struct channel;
struct client;
struct decoder;
struct encoder;
struct exporter;
struct target;

enum answer {
	ANSWER_DELIVERED,
	ANSWER_RETRY,   /* now, or not at all: it may be better later */
	ANSWER_REFUSED, /* for good */
};

/* What an upstream's answer means. */
struct verdict {
	enum answer answer;
	int64_t retry_after;  /* ns; -1: not said */
	bool is_malformed;    /* refused for what it holds: a part of it may be guilty */
	bool is_unauthorized; /* the credentials may have changed meanwhile */
	const char *hint;     /* what to do about a refusal */
};

enum {
	EXPORT_HEADERS = 6, /* of the protocol */
	EXPORT_ALL_HEADERS = EXPORT_HEADERS + AUTH_CLIENT_HEADERS,
	EXPORT_ANSWER_HEADERS = 4,
};

struct export_protocol {
	const char *name;                                  /* of the exporter, in metrics */
	size_t max_request;                                /* bytes; larger ones are cut */
	const char *answer_headers[EXPORT_ANSWER_HEADERS]; /* for judge(); NULL at the end */

	/* Where requests of this signal go; in a, or as long as the arguments. */
	struct str (*url)(const struct exporter *x, enum signal_kind kind, struct arena *a);
	/* Appends a request as it goes over the wire, in the way that format() names (by
	 * export_format()); and what it was before. unpack() is false when it cannot be read. */
	const char *(*format)(const struct exporter *x);
	void (*pack)(struct exporter *x, enum otlp_kind kind, struct str request, struct buf *out);
	bool (*unpack)(struct exporter *x, const char *format, enum otlp_kind kind, struct str body,
		struct buf *out);
	/* Fills headers; returns how many. */
	size_t (*headers)(const struct exporter *x, struct http_header headers[EXPORT_HEADERS]);
	/* Appends to why, NUL at its end, what the operator should read if it was not
	 * delivered. */
	void (*judge)(const struct http_call *call, enum http_outcome outcome, struct verdict *v,
		struct buf *why);
	/* Of a success: how many of items were rejected, and what was said. An answer that cannot
	 * be read is full success, for it is one. */
	uint32_t (*partial)(const struct http_call *call, enum otlp_kind kind, uint32_t items,
		struct buf *message);
	bool (*settings)(
		const struct exporter *x, struct arena *a, struct http_settings *s, struct err *e);
};

/* An instance; it is filled by the component in its start() and update(). */
struct exporter {
	struct component base;
	const struct export_protocol *protocol;
	const void *args;
	const struct otelcol_retry *retry;
	const struct otelcol_queue *queue;
	struct auth_handler *auth; /* NULL: none */
	struct encoder *encoder;

	/* One that is no component of its own, but a part of another: called in place of
	 * component_stopped(), and nothing is exported. base has what a component has. */
	void (*stopped)(struct exporter *x);
	/* … and who gets what waits after export_leave(). */
	enum consumed (*take_over)(struct exporter *x, const struct telemetry *t);

	/* its own */
	struct consumer input;
	struct target *target;   /* the newest one */
	struct decoder *decoder; /* to look at a refused request again */
	struct buf work;
	struct buf work2;
	struct buf pairs;
	struct channel *channels[SIGNAL_KINDS];
	bool is_stopping;
	bool is_leaving; /* export_leave(): take_over has what waits */
	struct timer stop_timer;
	struct task stop_task;
};

/* What a component's arguments come to. encoder becomes the exporter's, or is freed on failure. */
struct export_settings {
	const void *args;
	const struct otelcol_retry *retry;
	const struct otelcol_queue *queue;
	struct auth_handler *auth;
	struct encoder *encoder;
};

/* For the functions of the component's type. start() exports `input`. */
bool export_start(struct exporter *x, const struct export_protocol *p,
	const struct export_settings *set, struct err *e);
bool export_update(struct exporter *x, const struct export_settings *set, struct err *e);
void export_stop(struct exporter *x);
/* Its server is gone for good: take_over() gets what waits, until all is gone and stopped() is
 * called. export_stop() may follow. */
void export_leave(struct exporter *x);
/* channel_is_full() of the data's signal. */
bool export_is_full(const struct exporter *x, const struct telemetry *t);
extern const struct export_field export_fields[];

/* The name "kind/encoding" of a way of packing; encoding NULL: none. It lives as long as the
 * process. The other one gives the encoding of such a name, if the kind is that; p NULL: it
 * is not. */
const char *export_format(const char *kind, const char *encoding);
struct str export_format_encoding(const char *format, const char *kind);

/* For judge(). */
struct str export_answer_header(const struct http_call *call, const char *name);

/* The wait before the next try. *interval is the state, 0 before the first; random is below 2^20.
 */
int64_t export_backoff(const struct otelcol_retry *r, int64_t *interval, uint64_t random);

/* ---- target.c ---- */

/* The target to send with now, made anew when settings or credentials have changed; NULL: it
 * cannot be made, e says why. Give it back with target_release(). */
struct target *target_take(struct exporter *x, struct err *e);
struct http_target *target_http(struct target *t);

/* What has to be kept of who brought data, as headers of its request need it; NULL: nothing. The
 * caller releases it. False: e says why it cannot be sent. */
bool target_keep_client(
	struct exporter *x, struct client *all, struct client **kept, struct err *e);
/* Headers of a request with data of c; returns how many. 0, e filled: it cannot be sent. */
size_t target_headers(const struct target *t, const struct exporter *x, const struct client *c,
	struct http_header headers[EXPORT_ALL_HEADERS], struct err *e);
void target_release(struct target *t);       /* NULL is nothing */
void target_release_later(struct target *t); /* in the callback of one of its calls */
void target_mark_stale(struct target *t);    /* the next request makes a new one */

/* ---- channel.c ---- */

/* NULL, with e filled: its queue on disk cannot be opened. */
struct channel *channel_new(struct exporter *x, enum signal_kind kind, struct err *e);
void channel_free(struct channel *c); /* NULL is nothing; what is in memory is dropped, counted */
/* From now on the queue is where sending_queue says. On failure it is where it was. */
bool channel_keep(struct channel *c, const struct otelcol_queue *q, struct err *e);
void channel_update(struct channel *c); /* new arguments are in the exporter */
bool channel_is_full(const struct channel *c, const struct telemetry *t);
enum consumed channel_push(struct channel *c, const struct telemetry *t);
void channel_flush(struct channel *c); /* the exporter is stopping: everything is sent now */
bool channel_is_empty(const struct channel *c);

/* ---- export.c, for channel.c ---- */

void export_drained(struct exporter *x); /* a channel of a stopping one has become empty */
