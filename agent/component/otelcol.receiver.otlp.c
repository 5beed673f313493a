/*
 * otelcol.receiver.otlp: takes OTLP over HTTP and hands it on.
 *
 * A request is validated whole before anybody downstream sees it, and answered 200 only when every
 * consumer has it. When one is full (or the process' budget is), the answer is held for up to
 * a second while it is tried again, since many clients wait longer than they retry; then it
 * is 503 with Retry-After. Every error is answered with a Status in the request's own encoding.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/otelcol.receiver.otlp/args.h"
#include "agent/component/otelcol.receiver.otlp/cors.h"
#include "agent/component/otelcol.receiver.otlp/reply.h"
#include "agent/flow/budget.h"
#include "agent/graph/context.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/json_parse.h"
#include "proto/otlp/walk.h"

#include <stdlib.h>

#define HOLD_TIME (INT64_C(1000) * 1000000)
#define HOLD_PAUSE (INT64_C(25) * 1000000)
#define LISTEN_PAUSE (INT64_C(2000) * 1000000)
#define STOP_TIME (INT64_C(2000) * 1000000)

enum {
	KEEP_BUFFER = 1 << 20, /* bytes of a work buffer that are kept between requests */
};

struct otlp_receiver {
	struct component base;
	const struct otlp_receiver_args *args;
	struct consumers to[SIGNAL_KINDS];
	struct http_server *server;
	struct decoder *decoder;
	struct buf decoded;
	struct buf proto; /* made from JSON */
	struct list held; /* struct held, oldest first */
	size_t held_bytes;
	struct timer timer;
	struct timer listen_timer;
	struct task listen_task;
	int64_t stop_by; /* 0: not stopping */
	struct metric *accepted[SIGNAL_KINDS];
	struct metric *refused[SIGNAL_KINDS];
	struct replier reply;
};

/* A request whose answer waits for room downstream. */
struct held {
	struct list link;
	struct http_request *r;
	struct telemetry t; /* bytes n 0: not looked at yet, the budget was full */
	struct buf own;     /* t.bytes are here, or in the request's body */
	uint64_t done;
	uint32_t zero_ids;
	int64_t until;
	size_t charged;
};

static const struct metric_family accepted_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_receiver_accepted_spans_total", METRIC_COUNTER,
		"Spans that were handed on.", NULL},
	[SIGNAL_LOGS] = {"otelcol_receiver_accepted_log_records_total", METRIC_COUNTER,
		"Log records that were handed on.", NULL},
	[SIGNAL_METRICS] = {"otelcol_receiver_accepted_metric_points_total", METRIC_COUNTER,
		"Data points that were handed on.", NULL},
};
static const struct metric_family refused_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_receiver_refused_spans_total", METRIC_COUNTER,
		"Spans that were refused.", NULL},
	[SIGNAL_LOGS] = {"otelcol_receiver_refused_log_records_total", METRIC_COUNTER,
		"Log records that were refused.", NULL},
	[SIGNAL_METRICS] = {"otelcol_receiver_refused_metric_points_total", METRIC_COUNTER,
		"Data points that were refused.", NULL},
};
_Static_assert((int)OTLP_TRACES == (int)SIGNAL_TRACES && (int)OTLP_LOGS == (int)SIGNAL_LOGS &&
		       (int)OTLP_METRICS == (int)SIGNAL_METRICS,
	"the signals of proto/otlp and of agent/flow are numbered alike");

static void refuse_full(struct otlp_receiver *o, struct http_request *r, const struct telemetry *t)
{
	static const struct http_reply_header retry_after = {"Retry-After", "1"};

	metric_add(o->refused[t->kind], t->items);
	reply_error(&o->reply, r, 503, REFUSED_FULL,
		STR("the queues are full; send it again later"), &retry_after);
}

/* Which signal a path is for; SIGNAL_KINDS: none. */
static enum signal_kind kind_of(const struct otlp_receiver *o, struct str path)
{
	const struct otlp_http *h = o->args->http;

	if (!h)
		return SIGNAL_KINDS;
	if (str_eq(path, h->traces_url_path))
		return SIGNAL_TRACES;
	if (str_eq(path, h->logs_url_path))
		return SIGNAL_LOGS;
	return str_eq(path, h->metrics_url_path) ? SIGNAL_METRICS : SIGNAL_KINDS;
}

static bool encoding_is_taken(const struct otlp_http *h, struct str encoding)
{
	encoding = str_trim(encoding);
	if (!decoder_knows(encoding))
		return false;
	if (encoding.n == 0 || str_eq_nocase(encoding, STR("identity")))
		return true;
	for (size_t i = 0; i < h->compression_algorithms.n; i++)
		if (str_eq_nocase(h->compression_algorithms.p[i], encoding))
			return true;
	return false;
}

static bool is_admitted(
	const struct otlp_receiver *o, struct http_request *r, const char **challenge)
{
	struct auth_handler *auth = o->args->http->auth;

	*challenge = "Basic";
	if (!auth)
		return true;
	return auth->admits &&
	       auth->admits(auth,
		       http_request_header(r, auth->header ? auth->header : "Authorization"),
		       challenge);
}

/* What can be said of a request by its head alone. False: it is answered. */
static bool on_head(struct http_server *s, struct http_request *r)
{
	struct otlp_receiver *o = http_server_owner(s);
	enum signal_kind kind = kind_of(o, http_request_path(r));
	struct str type = reply_media_type(r);
	const char *challenge;

	if (kind == SIGNAL_KINDS || !consumers_take(&o->to[kind], kind)) {
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			kind == SIGNAL_KINDS
				? STR("nothing is served at this path; OTLP goes to /v1/traces, "
				      "/v1/logs, /v1/metrics")
				: STR("this signal is not received here: no output takes it"),
			NULL);
		return false;
	}
	if (cors_is_preflight(o->args->http->cors, r)) {
		reply_preflight(&o->reply, r);
		return false;
	}
	if (!str_is(http_request_method(r), "POST")) {
		static const struct http_reply_header allow = {"Allow", "POST"};

		reply_error(&o->reply, r, 405, REFUSED_NOT_TAKEN,
			STR("OTLP is sent with POST"), &allow);
		return false;
	}
	if (!is_admitted(o, r, &challenge)) {
		struct http_reply_header header = {"WWW-Authenticate", challenge};

		reply_error(&o->reply, r, 401, REFUSED_UNAUTHORIZED,
			STR("the credentials are missing or wrong"), &header);
		return false;
	}
	if (!str_eq_nocase(type, STR("application/x-protobuf")) &&
		!str_eq_nocase(type, STR("application/json"))) {
		reply_error(&o->reply, r, 415, REFUSED_NOT_TAKEN,
			STR("unsupported Content-Type; OTLP is application/x-protobuf or "
			    "application/json"),
			NULL);
		return false;
	}
	if (!encoding_is_taken(o->args->http, http_request_header(r, "Content-Encoding"))) {
		reply_error(&o->reply, r, 400, REFUSED_NOT_TAKEN,
			STR("unsupported Content-Encoding; known are " DECODER_NAMES), NULL);
		return false;
	}
	return true;
}

static void on_too_large(struct http_server *s, struct http_request *r)
{
	struct otlp_receiver *o = http_server_owner(s);

	reply_error(&o->reply, r, 413, REFUSED_TOO_LARGE,
		STR("the body is larger than max_request_body_size"), NULL);
}

/* The body, decoded, as protobuf: in the request, or in *in, one of the receiver's buffers. False:
 * it has been refused. */
static bool read_body(struct otlp_receiver *o, struct http_request *r, enum otlp_kind kind,
	struct str *out, struct buf **in)
{
	struct str encoding = str_trim(http_request_header(r, "Content-Encoding"));
	struct str body = http_request_body(r);
	enum decoded result = DECODED;
	struct err e;

	*in = NULL;
	if (encoding.n > 0 && !str_eq_nocase(encoding, STR("identity"))) {
		buf_clear(&o->decoded);
		result = decoder_run(o->decoder, encoding, body,
			(size_t)o->args->http->max_request_body_size, &o->decoded, &e);
		body = buf_str(&o->decoded);
		*in = &o->decoded;
	}
	if (result == DECODE_TOO_LARGE) {
		reply_error(&o->reply, r, 413, REFUSED_TOO_LARGE,
			str_from(e.text), NULL);
		return false;
	}
	if (result == DECODED && body.n > 0 && reply_encoding(r) == OTLP_JSON) {
		buf_clear(&o->proto);
		if (!otlp_json_parse(otlp_request(kind), body, &o->proto, &e))
			result = DECODE_BAD;
		body = buf_str(&o->proto);
		*in = &o->proto;
	}
	*out = body;
	if (result == DECODED)
		return true;
	reply_error(&o->reply, r, 400, REFUSED_MALFORMED, str_from(e.text),
		NULL);
	return false;
}

/* Reads and checks a request. False: it has been answered. */
static bool read_request(struct otlp_receiver *o, struct http_request *r, struct telemetry *t,
	uint32_t *zero_ids, struct buf **in)
{
	enum otlp_kind kind = (enum otlp_kind)t->kind;
	struct otlp_counts counts;
	struct err e;

	if (!read_body(o, r, kind, &t->bytes, in))
		return false;
	if (!otlp_walk(kind, t->bytes, &counts, &e)) {
		reply_error(&o->reply, r, 400, REFUSED_MALFORMED,
			str_from(e.text), NULL);
		return false;
	}
	if (counts.items == 0) {
		reply_accepted(&o->reply, r, kind, 0);
		return false;
	}
	t->items = counts.items;
	t->peer = *http_request_peer(r);
	*zero_ids = counts.zero_ids;
	return true;
}

/* What is held here is in the budget too, but shall not keep itself out. */
static bool budget_has_room(const struct otlp_receiver *o)
{
	const struct budget *b = o->base.agent->budget;

	return b->used - o->held_bytes < b->limit;
}

/* False: full. */
static bool hand_on(struct otlp_receiver *o, struct http_request *r, const struct telemetry *t,
	uint32_t zero_ids, uint64_t *done)
{
	if (!budget_has_room(o) && *done == 0)
		return false;
	switch (consumers_push(&o->to[t->kind], t, done)) {
	case CONSUMED:
		metric_add(o->accepted[t->kind], t->items);
		reply_accepted(&o->reply, r, (enum otlp_kind)t->kind, zero_ids);
		return true;
	case CONSUMER_NONE:
		metric_add(o->refused[t->kind], t->items);
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			STR("this signal is not received here: no output takes it"), NULL);
		return true;
	case CONSUMER_FULL:
		break;
	}
	return false;
}

static void charge(struct otlp_receiver *o, struct held *h, size_t n)
{
	budget_charge(o->base.agent->budget, n);
	o->held_bytes += n;
	h->charged += n;
}

static void free_held(struct otlp_receiver *o, struct held *h)
{
	budget_return(o->base.agent->budget, h->charged);
	o->held_bytes -= h->charged;
	list_remove(&h->link);
	buf_fini(&h->own);
	free(h);
}

/* in is the buffer that t->bytes are in, which the held request takes over; NULL: they are in r. */
static void hold(struct otlp_receiver *o, struct http_request *r, const struct telemetry *t,
	struct buf *in, uint32_t zero_ids, uint64_t done)
{
	struct held *h = mem_new(struct held, 1);

	h->r = r;
	h->t = *t;
	h->zero_ids = zero_ids;
	h->done = done;
	h->until = loop_now(o->base.loop) + HOLD_TIME;
	if (in) {
		h->own = *in;
		*in = (struct buf){0};
	}
	charge(o, h, h->own.cap + http_request_body(r).n);
	list_add_last(&o->held, &h->link);
	http_request_set_user(r, h);
	if (!timer_is_set(&o->timer))
		timer_set(&o->timer, o->base.loop, HOLD_PAUSE);
}

static void shrink(struct buf *b)
{
	buf_clear(b);
	buf_shrink(b, KEEP_BUFFER);
}

static void on_request(struct http_server *s, struct http_request *r)
{
	struct otlp_receiver *o = http_server_owner(s);
	enum signal_kind kind = kind_of(o, http_request_path(r));
	struct telemetry t = {.kind = kind};
	struct buf *in = NULL;
	uint32_t zero_ids = 0;
	uint64_t done = 0;

	if (kind == SIGNAL_KINDS) { /* a reload changed the paths while the body came */
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			STR("nothing is served at this path"), NULL);
		return;
	}
	if (budget_is_full(o->base.agent->budget)) {
		hold(o, r, &t, NULL, 0, 0);
		return;
	}
	if (read_request(o, r, &t, &zero_ids, &in) && !hand_on(o, r, &t, zero_ids, &done))
		hold(o, r, &t, in, zero_ids, done);
	shrink(&o->decoded);
	shrink(&o->proto);
}

static void on_gone(struct http_server *s, struct http_request *r)
{
	struct otlp_receiver *o = http_server_owner(s);
	struct held *h = http_request_user(r);

	if (h)
		free_held(o, h);
}

/* True: it is answered, and gone. */
static bool try_again(struct otlp_receiver *o, struct held *h)
{
	struct buf *in = NULL;

	if (h->t.bytes.n == 0) {
		if (!budget_has_room(o))
			return false;
		if (!read_request(o, h->r, &h->t, &h->zero_ids, &in))
			return true;
		if (in) {
			h->own = *in;
			*in = (struct buf){0};
			charge(o, h, h->own.cap);
		}
	}
	return hand_on(o, h->r, &h->t, h->zero_ids, &h->done);
}

static void stop_when_idle(struct otlp_receiver *o);

static void on_timer(struct timer *t)
{
	struct otlp_receiver *o = container_of(t, struct otlp_receiver, timer);

	LIST_EACH (h, &o->held, struct held, link) {
		if (!try_again(o, h)) {
			if (loop_now(o->base.loop) < h->until)
				continue;
			refuse_full(o, h->r, &h->t);
		}
		free_held(o, h);
	}
	if (o->stop_by != 0)
		stop_when_idle(o);
	else if (!list_is_empty(&o->held))
		timer_set(&o->timer, o->base.loop, HOLD_PAUSE);
}

static bool listen_on(
	struct otlp_receiver *o, const struct otlp_http *h, struct http_server **out, struct err *e)
{
	struct arena scratch;
	struct http_server_settings set = {
		.address = h->endpoint,
		.max_body = (size_t)h->max_request_body_size,
		.idle_timeout = h->idle_timeout,
		.request = on_request,
		.head = on_head,
		.gone = on_gone,
		.too_large = on_too_large,
	};

	arena_init(&scratch, 0);
	*out = NULL;
	if (otelcol_tls_server_apply(h->tls, &scratch, &set, e))
		*out = http_server_new(o->base.loop, &set, o, e);
	arena_fini(&scratch);
	if (!*out)
		return false;
	log_info(o->base.id, "OTLP over HTTP is received", KV("endpoint", h->endpoint),
		KV("port", http_server_port(*out)));
	return true;
}

/* May the server that runs go on with the new settings? */
static bool same_server(const struct otlp_http *a, const struct otlp_http *b)
{
	return a && b && !a->tls && !b->tls && str_eq(a->endpoint, b->endpoint) &&
	       a->max_request_body_size == b->max_request_body_size &&
	       a->idle_timeout == b->idle_timeout;
}

/*
 * A port that is in use, or a certificate that is not there yet, is no reason to end: the one who
 * has the port is often our own predecessor on this node. It is tried again until it succeeds.
 */
static void try_to_listen(struct otlp_receiver *o, bool first)
{
	struct err e;

	if (listen_on(o, o->args->http, &o->server, &e)) {
		component_set_health(&o->base, HEALTH_HEALTHY, "started component");
		return;
	}
	component_set_health(&o->base, HEALTH_UNHEALTHY, e.text);
	if (first)
		log_error(o->base.id, "OTLP cannot be received; it is tried again",
			KV("err", (const char *)e.text), KV("endpoint", o->args->http->endpoint));
	timer_set(&o->listen_timer, o->base.loop, LISTEN_PAUSE);
}

static void on_listen_timer(struct timer *t)
{
	try_to_listen(container_of(t, struct otlp_receiver, listen_timer), false);
}

/* After start() or update(), since what is said of health in them does not last. */
static void on_listen_task(struct task *t)
{
	try_to_listen(container_of(t, struct otlp_receiver, listen_task), true);
}

static bool otelcol_receiver_otlp_update(struct component *c, const void *args, struct err *e)
{
	struct otlp_receiver *o = container_of(c, struct otlp_receiver, base);
	const struct otlp_receiver_args *a = args;
	const struct otlp_http *old = o->args ? o->args->http : NULL;

	(void)e;
	o->args = a;
	o->reply.http = a->http;
	if (o->server && !same_server(old, a->http)) {
		http_server_free(o->server);
		o->server = NULL;
	}
	timer_clear(&o->listen_timer);
	if (a->http && !o->server)
		task_defer(&o->listen_task, c->loop);
	otelcol_output_consumers(a->output, o->to);
	LIST_EACH (h, &o->held, struct held, link)
		h->done = 0; /* whose bits these were may have changed */
	return true;
}

static struct metric *new_counter(const struct component *c, const struct metric_family *f)
{
	const struct metric_label labels[] = {
		{"component_id", c->id},
		{"component_path", "/"},
		{"receiver", "otlp"},
		{"transport", "http"},
		{NULL, NULL},
	};

	return metric_new(f, labels);
}

static void fini(struct otlp_receiver *o)
{
	timer_clear(&o->timer);
	timer_clear(&o->listen_timer);
	task_cancel(&o->listen_task);
	if (o->server)
		http_server_free(o->server);
	o->server = NULL;
	LIST_EACH (h, &o->held, struct held, link)
		free_held(o, h);
	decoder_free(o->decoder);
	buf_fini(&o->decoded);
	buf_fini(&o->proto);
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		metric_free(o->accepted[i]);
		metric_free(o->refused[i]);
	}
	reply_fini(&o->reply);
}

static bool otelcol_receiver_otlp_start(struct component *c, const void *args, struct err *e)
{
	struct otlp_receiver *o = container_of(c, struct otlp_receiver, base);

	list_init(&o->held);
	o->timer.fire = on_timer;
	o->listen_timer.fire = on_listen_timer;
	o->listen_task.run = on_listen_task;
	o->decoder = decoder_new();
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		o->accepted[i] = new_counter(c, &accepted_families[i]);
		o->refused[i] = new_counter(c, &refused_families[i]);
	}
	reply_init(&o->reply, c);
	return otelcol_receiver_otlp_update(c, args, e);
}

/* Requests that are under way are still taken, and their connections closed with the answer. */
static void stop_when_idle(struct otlp_receiver *o)
{
	if (o->server && loop_now(o->base.loop) < o->stop_by &&
		(http_server_connections(o->server) > 0 || !list_is_empty(&o->held))) {
		timer_set(&o->timer, o->base.loop, HOLD_PAUSE);
		return;
	}
	fini(o);
	component_stopped(&o->base);
}

static void otelcol_receiver_otlp_stop(struct component *c)
{
	struct otlp_receiver *o = container_of(c, struct otlp_receiver, base);

	timer_clear(&o->listen_timer);
	task_cancel(&o->listen_task);
	if (o->server)
		http_server_quiesce(o->server);
	o->reply.is_closing = true;
	o->stop_by = loop_now(c->loop) + STOP_TIME;
	stop_when_idle(o);
}

const struct component_type otelcol_receiver_otlp = {
	.name = "otelcol.receiver.otlp",
	.help = "Receives OTLP over HTTP, as protobuf or JSON.",
	.stability = STABILITY_GA,
	.args = otlp_receiver_args,
	.size = sizeof(struct otlp_receiver),
	.args_size = sizeof(struct otlp_receiver_args),
	.check = otlp_receiver_check,
	.start = otelcol_receiver_otlp_start,
	.update = otelcol_receiver_otlp_update,
	.stop = otelcol_receiver_otlp_stop,
};
