/*
 * From a complete request to the consumers. It is validated whole before anybody downstream sees
 * it. When a consumer is full (or the process' budget is), the answer is held while it is
 * tried again: for a second over HTTP, as many clients wait longer than they retry, and longer over
 * gRPC, where most do not retry at all. Then it is refused, with the time to come again.
 */

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/otelcol.receiver.otlp/receiver.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"
#include "agent/graph/context.h"
#include "proto/grpc/message.h"
#include "proto/grpc/status.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/json_parse.h"
#include "proto/otlp/walk.h"

#include <stdlib.h>

#define HOLD_HTTP (INT64_C(1000) * 1000000)
#define HOLD_GRPC (INT64_C(8000) * 1000000) /* clients give a call ten seconds */
#define HOLD_PAUSE (INT64_C(25) * 1000000)

enum {
	KEEP_BUFFER = 1 << 20, /* bytes of a work buffer that are kept between requests */
};

/* A request whose answer waits for room downstream. */
struct held {
	struct list link;
	struct door *door;
	struct http_request *r;
	struct telemetry t; /* bytes n 0: not looked at yet, the budget was full */
	bool is_admitted;   /* its credentials are good */
	struct buf own;     /* t.bytes are here, or in the request's body */
	uint64_t done;
	uint32_t zero_ids;
	int64_t until;
	size_t charged;
};

_Static_assert((int)OTLP_TRACES == (int)SIGNAL_TRACES && (int)OTLP_LOGS == (int)SIGNAL_LOGS &&
		       (int)OTLP_METRICS == (int)SIGNAL_METRICS,
	"the signals of proto/otlp and of agent/flow are numbered alike");

/* ---- reading ---- */

/* A call's one message, and how it is encoded. False: it has been refused. */
static bool read_message(
	struct otlp_receiver *o, struct http_request *r, struct str *body, struct str *encoding)
{
	struct grpc_message m = {0};
	enum grpc_body b = grpc_message_read(*body, &m);
	const char *problem = NULL;

	*encoding = str_trim(http_request_header(r, "grpc-encoding"));
	if (b != GRPC_BODY_ONE)
		problem = grpc_body_error(b);
	else if (m.is_compressed &&
		 (encoding->n == 0 || str_eq_nocase(*encoding, STR("identity"))))
		problem = "the message is said to be compressed, but there is no grpc-encoding";
	if (problem) {
		reply_error(&o->reply, r, 400, REFUSED_MALFORMED, str_from(problem), NULL);
		return false;
	}
	*body = m.bytes;
	if (!m.is_compressed)
		*encoding = (struct str){0};
	return true;
}

/* The body, decoded, as protobuf: in the request, or in *in, one of the receiver's buffers. False:
 * it has been refused. */
static bool read_body(struct door *d, struct http_request *r, enum otlp_kind kind, struct str *out,
	struct buf **in)
{
	struct otlp_receiver *o = d->receiver;
	struct str encoding = str_trim(http_request_header(r, "Content-Encoding"));
	struct str body = http_request_body(r);
	enum decoded result = DECODED;
	struct err e;

	*in = NULL;
	if (reply_is_grpc(r) && !read_message(o, r, &body, &encoding))
		return false;
	if (encoding.n > 0 && !str_eq_nocase(encoding, STR("identity"))) {
		buf_clear(&o->decoded);
		result = decoder_run(o->decoder, encoding, body, d->max_message, &o->decoded, &e);
		body = buf_str(&o->decoded);
		*in = &o->decoded;
	} else if (body.n > d->max_message) {
		err_set(&e, "the body is too large");
		result = DECODE_TOO_LARGE;
	}
	if (result == DECODE_TOO_LARGE) {
		reply_error(&o->reply, r, 413, REFUSED_TOO_LARGE, str_from(e.text), NULL);
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
	reply_error(&o->reply, r, 400, REFUSED_MALFORMED, str_from(e.text), NULL);
	return false;
}

struct gatherer {
	struct http_header_visitor visitor;
	struct buf *pairs;
};

static void on_header(struct http_header_visitor *v, struct str name, struct str value)
{
	client_put(container_of(v, struct gatherer, visitor)->pairs, CLIENT_METADATA, name, value);
}

/* NULL, and nothing is done for it, unless the configuration asks. */
static struct client *client_of(const struct door *d, const struct http_request *r)
{
	struct buf *pairs = &d->receiver->pairs;
	struct gatherer g = {{on_header}, pairs};
	struct auth_handler *auth = d->auth;

	if (!d->include_metadata && !(auth && auth->describe))
		return NULL;
	buf_clear(pairs);
	if (d->include_metadata)
		http_request_headers(r, &g.visitor);
	if (auth && auth->describe)
		auth->describe(auth,
			http_request_header(r, auth->header ? auth->header : "Authorization"),
			pairs);
	return client_new(buf_str(pairs));
}

/* Reads and checks a request. False: it has been answered. */
static bool read_request(struct door *d, struct http_request *r, struct telemetry *t,
	uint32_t *zero_ids, struct buf **in)
{
	struct otlp_receiver *o = d->receiver;
	enum otlp_kind kind = (enum otlp_kind)t->kind;
	struct otlp_counts counts;
	struct err e;

	if (!read_body(d, r, kind, &t->bytes, in))
		return false;
	if (!otlp_walk(kind, t->bytes, &counts, &e)) {
		reply_error(&o->reply, r, 400, REFUSED_MALFORMED, str_from(e.text), NULL);
		return false;
	}
	if (counts.items == 0) {
		reply_accepted(&o->reply, r, kind, 0);
		return false;
	}
	t->items = counts.items;
	t->peer = *http_request_peer(r);
	t->client = client_of(d, r);
	*zero_ids = counts.zero_ids;
	return true;
}

/* ---- handing on ---- */

static enum transport transport_of(const struct http_request *r)
{
	return reply_is_grpc(r) ? TRANSPORT_GRPC : TRANSPORT_HTTP;
}

/* What is held here is in the budget too, but shall not keep itself out. */
static bool budget_has_room(const struct otlp_receiver *o)
{
	const struct budget *b = o->base.agent->otlp_budget;

	return b->used - o->held_bytes + budget_taken(b) < b->limit;
}

/* False: full. */
static bool hand_on(struct otlp_receiver *o, struct http_request *r, const struct telemetry *t,
	uint32_t zero_ids, uint64_t *done)
{
	if (!budget_has_room(o) && *done == 0)
		return false;
	switch (consumers_push(&o->to[t->kind], t, done)) {
	case CONSUMED:
		metric_add(o->accepted[transport_of(r)][t->kind], t->items);
		reply_accepted(&o->reply, r, (enum otlp_kind)t->kind, zero_ids);
		return true;
	case CONSUMER_NONE:
		metric_add(o->refused[transport_of(r)][t->kind], t->items);
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			STR("this signal is not received here: no output takes it"), NULL);
		return true;
	case CONSUMER_FULL:
		break;
	}
	return false;
}

/* ---- holding ---- */

static void charge(struct otlp_receiver *o, struct held *h, size_t n)
{
	budget_charge(o->base.agent->otlp_budget, n);
	o->held_bytes += n;
	h->charged += n;
}

static void free_held(struct otlp_receiver *o, struct held *h)
{
	budget_return(o->base.agent->otlp_budget, h->charged);
	o->held_bytes -= h->charged;
	list_remove(&h->link);
	client_release(h->t.client);
	buf_fini(&h->own);
	free(h);
}

/* A call that has its own deadline is answered before it. */
static int64_t hold_time(const struct http_request *r)
{
	int64_t timeout;

	if (!reply_is_grpc(r))
		return HOLD_HTTP;
	timeout = grpc_timeout_parse(http_request_header(r, "grpc-timeout"));
	return timeout < 0 || timeout / 4 * 3 > HOLD_GRPC ? HOLD_GRPC : timeout / 4 * 3;
}

/* in is the buffer that t->bytes are in, which the held request takes over; NULL: they are in r. */
static struct held *hold(struct door *d, struct http_request *r, const struct telemetry *t,
	struct buf *in,
	uint32_t zero_ids, uint64_t done)
{
	struct otlp_receiver *o = d->receiver;
	struct held *h = mem_new(struct held, 1);

	h->door = d;
	h->r = r;
	h->t = *t;
	h->zero_ids = zero_ids;
	h->done = done;
	h->until = loop_now(o->base.loop) + hold_time(r);
	if (in) {
		h->own = *in;
		*in = (struct buf){0};
	}
	charge(o, h, h->own.cap + http_request_body(r).n + client_size(t->client));
	list_add_last(&o->held, &h->link);
	http_request_set_user(r, h);
	if (!timer_is_set(&o->timer))
		timer_set(&o->timer, o->base.loop, HOLD_PAUSE);
	return h;
}

static void shrink(struct buf *b)
{
	buf_clear(b);
	buf_shrink(b, KEEP_BUFFER);
}

void intake_take(struct door *d, struct http_request *r)
{
	struct otlp_receiver *o = d->receiver;
	enum signal_kind kind = head_kind(o, r);
	struct telemetry t = {.kind = kind};
	struct buf *in = NULL;
	uint32_t zero_ids = 0;
	uint64_t done = 0;

	if (kind == SIGNAL_KINDS) { /* a reload changed the paths while the body came */
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			STR("nothing is served at this path"), NULL);
		return;
	}
	switch (head_credentials(d, r)) {
	case AUTH_ADMITTED:
		break;
	case AUTH_LATER:
		hold(d, r, &t, NULL, 0, 0);
		return;
	case AUTH_REFUSED:
	case AUTH_BUSY:
		return;
	}
	if (budget_is_full(o->base.agent->otlp_budget)) {
		hold(d, r, &t, NULL, 0, 0)->is_admitted = true;
		return;
	}
	if (read_request(d, r, &t, &zero_ids, &in)) {
		if (hand_on(o, r, &t, zero_ids, &done))
			client_release(t.client);
		else
			hold(d, r, &t, in, zero_ids, done)->is_admitted = true;
	}
	shrink(&o->decoded);
	shrink(&o->proto);
}

void intake_forget(struct door *d, struct http_request *r)
{
	struct held *h = http_request_user(r);

	if (h)
		free_held(d->receiver, h);
}

/* True: it is answered, and gone. */
static bool try_again(struct otlp_receiver *o, struct held *h)
{
	struct buf *in = NULL;

	if (!h->is_admitted) {
		enum admission a = head_credentials(h->door, h->r);

		if (a != AUTH_ADMITTED)
			return a != AUTH_LATER;
		h->is_admitted = true;
	}
	if (h->t.bytes.n == 0) {
		if (!budget_has_room(o))
			return false;
		if (!read_request(h->door, h->r, &h->t, &h->zero_ids, &in))
			return true;
		if (in) {
			h->own = *in;
			*in = (struct buf){0};
		}
		charge(o, h, h->own.cap + client_size(h->t.client));
	}
	return hand_on(o, h->r, &h->t, h->zero_ids, &h->done);
}

void intake_try_held(struct otlp_receiver *o)
{
	LIST_EACH (h, &o->held, struct held, link) {
		if (!try_again(o, h)) {
			if (loop_now(o->base.loop) < h->until)
				continue;
			metric_add(o->refused[transport_of(h->r)][h->t.kind], h->t.items);
			reply_full(&o->reply, h->r,
				STR("the queues are full; send it again later"));
		}
		free_held(o, h);
	}
	if (!list_is_empty(&o->held))
		timer_set(&o->timer, o->base.loop, HOLD_PAUSE);
}

void intake_hurry(struct otlp_receiver *o, int64_t until)
{
	LIST_EACH (h, &o->held, struct held, link)
		h->until = h->until < until ? h->until : until;
}

void intake_renew(struct otlp_receiver *o)
{
	LIST_EACH (h, &o->held, struct held, link)
		h->done = 0; /* whose bits these were may have changed */
}

void intake_init(struct otlp_receiver *o)
{
	list_init(&o->held);
	o->decoder = decoder_new();
}

void intake_fini(struct otlp_receiver *o)
{
	LIST_EACH (h, &o->held, struct held, link)
		free_held(o, h);
	decoder_free(o->decoder);
	buf_fini(&o->decoded);
	buf_fini(&o->proto);
	buf_fini(&o->pairs);
}
