/*
 * Requests. A push is answered 204 when its entries have been handed on, and only while the memory
 * budget has room: beyond it the answer is held for a moment, since most clients wait longer than
 * they try again, and is then 503 with Retry-After. Bodies that wait are not in the budget; the
 * server bounds them (max_bodies), or they would keep themselves out.
 *
 * Codes and texts are those of Loki (pkg/loghttp/push), which clients know.
 */

#include "agent/base/address.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/loki.source.api/api.h"
#include "agent/graph/context.h"
#include "proto/loki/push_json.h"
#include "proto/otlp/decode.h"

#include <stdlib.h>

#define HOLD (INT64_C(1000) * 1000000)

enum {
	KEEP_BUFFER = 1 << 20, /* bytes of a work buffer that are kept between requests */
	MAX_TENANT = 150,
};

/* A request whose answer waits for room. */
struct held {
	struct list link;
	struct http_request *r;
	int64_t since;
};

static const struct {
	const char *path;
	const char *method;
} routes[API_NOT_FOUND] = {
	[API_PUSH] = {"/loki/api/v1/push", "POST"},
	[API_PUSH_SHORT] = {"/api/v1/push", "POST"},
	[API_RAW] = {"/loki/api/v1/raw", "POST"},
	[API_RAW_SHORT] = {"/api/v1/raw", "POST"},
	[API_READY] = {"/ready", "GET"},
};

static enum api_route route_of(const struct http_request *r)
{
	struct str path = http_request_path(r);
	int i = 0;

	while (i < API_NOT_FOUND && !str_is(path, routes[i].path))
		i++;
	return (enum api_route)i;
}

/* ---- answers ---- */

static void answer(struct api_source *s, struct http_request *r, int64_t since,
	const struct http_reply *reply)
{
	size_t n = http_request_body(r).n;
	enum api_route route = route_of(r);
	struct http_reply last = *reply;

	last.close = s->stop_by != 0;
	http_reply(r, &last);
	api_counters_answered(&s->counters, route, reply->status,
		loop_now(s->base.loop) - since, n, reply->body.n);
}

/* As Go's http.Error() writes it. */
static void refuse(struct api_source *s, struct http_request *r, int64_t since, int status,
	struct str what)
{
	static const struct http_reply_header plain[] = {
		{"X-Content-Type-Options", "nosniff"}, {NULL, NULL}};
	static const struct http_reply_header again[] = {
		{"X-Content-Type-Options", "nosniff"}, {"Retry-After", "1"}, {NULL, NULL}};
	struct str body = arena_printf(loop_scratch(s->base.loop), STR_FMT "\n", STR_ARG(what));

	answer(s, r, since,
		&(struct http_reply){
			.status = status,
			.content_type = "text/plain; charset=utf-8",
			.body = body,
			.headers = status == 503 ? again : plain,
		});
}

static void refuse_size(struct api_source *s, struct http_request *r, int64_t since, size_t n)
{
	refuse(s, r, since, 413,
		arena_printf(loop_scratch(s->base.loop),
			"request body too large: message size too large than max (%zu vs %zu)", n,
			s->settings.max_body));
}

bool api_on_head(struct http_server *server, struct http_request *r)
{
	struct api_source *s = http_server_owner(server);
	enum api_route route = route_of(r);
	int64_t now = loop_now(s->base.loop);

	if (route == API_NOT_FOUND) {
		refuse(s, r, now, 404, STR("404 page not found"));
		return false;
	}
	if (str_is(http_request_method(r), routes[route].method))
		return true;
	answer(s, r, now, &(struct http_reply){.status = 405});
	return false;
}

void api_on_too_large(struct http_server *server, struct http_request *r)
{
	struct api_source *s = http_server_owner(server);
	int64_t n = 0;

	if (!str_to_int(http_request_header(r, "Content-Length"), &n) ||
		n <= (int64_t)s->settings.max_body)
		n = (int64_t)s->settings.max_body + 1;
	refuse_size(s, r, loop_now(s->base.loop), (size_t)n);
}

static void refuse_full(struct api_source *s, struct http_request *r, int64_t since)
{
	char from[INET6_ADDRSTRLEN];

	if (log_is_due(&s->full_said_at, loop_now(s->base.loop)))
		log_warn(s->base.id, "a push was refused: the memory budget is used up",
			KV("from", address_print(from, http_request_peer(r))),
			KV("hint", "its senders are to come again; the destination is away or too "
				   "slow, or --memory.budget is small"));
	refuse(s, r, since, 503,
		STR("the agent's memory budget is used up; send it again later"));
}

void api_on_busy(struct http_server *server, struct http_request *r)
{
	struct api_source *s = http_server_owner(server);

	refuse_full(s, r, loop_now(s->base.loop));
}

/* ---- bodies ---- */

/* Why a request is refused; status 0: it is not. */
struct verdict {
	int status;
	size_t size; /* of 413 */
	struct err e;
};

static bool fail(struct verdict *v, const char *what)
{
	v->status = 400;
	return err_set(&v->e, "%s", what);
}

static bool decode(struct api_source *s, struct str encoding, struct str *body, struct buf *out,
	struct verdict *v, const char *what)
{
	enum decoded result;

	if (body->n == 0)
		return fail(v, what);
	buf_clear(out);
	result = decoder_run(s->decoder, encoding, *body, s->settings.max_body, out, &v->e);
	*body = buf_str(out);
	if (result == DECODED)
		return true;
	if (result != DECODE_TOO_LARGE)
		return fail(v, what);
	v->status = 413;
	v->size = s->settings.max_body + 1;
	return false;
}

/* What Content-Encoding says is undone, but for snappy, which every push in protobuf has. */
static bool read_body(struct api_source *s, struct http_request *r, struct str *body,
	struct verdict *v)
{
	struct str encoding = str_trim(http_request_header(r, "Content-Encoding"));

	*body = http_request_body(r);
	if (encoding.n == 0 || str_is(encoding, "snappy"))
		return true;
	if (str_is(encoding, "gzip"))
		return decode(s, encoding, body, &s->decoded, v, "gzip: invalid header");
	if (str_is(encoding, "deflate"))
		return decode(s, encoding, body, &s->decoded, v, "flate: corrupt input");
	v->status = 400;
	return err_set(&v->e, "Content-Encoding \"" STR_FMT "\" not supported",
		STR_ARG(str_head(encoding, 100)));
}

static bool read_push(struct api_source *s, struct http_request *r, struct str *body,
	struct verdict *v)
{
	struct str header = http_request_header(r, "Content-Type");
	struct str type = header;
	struct str parameters;

	if (!read_body(s, r, body, v))
		return false;
	str_cut(header, ';', &type, &parameters);
	type = str_trim(type);
	if (type.n == 0)
		return fail(v, "mime: no media type");
	if (!str_eq_nocase(type, STR("application/json")))
		return decode(s, STR("snappy"), body, &s->unsnapped, v, "snappy: corrupt input");
	buf_clear(&s->proto);
	if (!push_json_parse(*body, &s->proto, &v->e)) {
		v->status = 400;
		return false;
	}
	*body = buf_str(&s->proto);
	return true;
}

/* Loki's rule for the name of a tenant, and none is fine. */
static bool read_tenant(const struct http_request *r, struct str *out, struct verdict *v)
{
	struct str t = http_request_header(r, "X-Scope-OrgID");

	v->status = 400;
	if (t.n > MAX_TENANT)
		return err_set(&v->e, "tenant ID is too long: max %d characters", MAX_TENANT);
	for (size_t i = 0; i < t.n; i++) {
		char c = t.p[i];
		bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			  (c >= 'A' && c <= 'Z') || (c && strchr("!-_.*'()", c));

		if (!ok)
			return err_set(&v->e,
				"tenant ID '" STR_FMT "' contains unsupported character '%c'",
				STR_ARG(t), c);
	}
	if (str_is(t, ".") || str_is(t, ".."))
		return err_set(&v->e, "tenant ID is '.' or '..'");
	v->status = 0;
	*out = t;
	return true;
}

static void shrink(struct buf *b)
{
	buf_clear(b);
	buf_shrink(b, KEEP_BUFFER);
}

/* Reads it and hands it on. */
static void take(struct api_source *s, struct http_request *r, struct verdict *v)
{
	enum api_route route = route_of(r);
	bool is_raw = route == API_RAW || route == API_RAW_SHORT;
	struct str tenant = {0};
	struct str body = {0};
	bool ok;

	if (!read_tenant(r, &tenant, v))
		return;
	if (is_raw ? read_body(s, r, &body, v) : read_push(s, r, &body, v)) {
		ok = is_raw ? api_push_raw(s, body, tenant, &v->e)
			    : api_push(s, body, tenant, &v->e);
		v->status = ok ? 0 : 400;
	}
	shrink(&s->decoded);
	shrink(&s->unsnapped);
	shrink(&s->proto);
}

static void say_refused(struct api_source *s, const struct http_request *r, const char *why)
{
	char from[INET6_ADDRSTRLEN];

	if (log_is_due(&s->refused_said_at, loop_now(s->base.loop)))
		log_warn(s->base.id, "failed to parse incoming push request", KV("err", why),
			KV("from", address_print(from, http_request_peer(r))),
			KV("hint", "look at this sender; said once a minute, "
				   "loki_source_api_request_duration_seconds counts"));
}

static void take_and_answer(struct api_source *s, struct http_request *r, int64_t since)
{
	struct verdict v = {0};

	take(s, r, &v);
	if (v.status == 0) {
		answer(s, r, since, &(struct http_reply){.status = 204});
		return;
	}
	say_refused(s, r, v.status == 413 ? "too large" : v.e.text);
	if (v.status == 413)
		refuse_size(s, r, since, v.size);
	else
		refuse(s, r, since, v.status, str_from(v.e.text));
}

/* ---- holding ---- */

static void free_held(struct api_source *s, struct held *h)
{
	metric_add(s->counters.inflight[route_of(h->r)], -1);
	list_remove(&h->link);
	free(h);
}

/* The timer is for the oldest that is held; while we stop, it is the stop's. */
static void wait_for_room(struct api_source *s)
{
	struct held *first;

	if (list_is_empty(&s->held)) {
		budget_unwait(&s->waiter);
		return;
	}
	budget_wait(s->base.agent->budget, &s->waiter);
	if (s->stop_by != 0)
		return;
	first = container_of(s->held.next, struct held, link);
	timer_set(&s->timer, s->base.loop, first->since + HOLD - loop_now(s->base.loop));
}

static void try_held(struct api_source *s)
{
	LIST_EACH (h, &s->held, struct held, link) {
		if (budget_is_full(s->base.agent->budget))
			break;
		take_and_answer(s, h->r, h->since);
		free_held(s, h);
	}
	wait_for_room(s);
}

/* Not within the call that made the room: who made it is in the middle of something. */
static void on_room(struct budget_waiter *w)
{
	struct api_source *s = container_of(w, struct api_source, waiter);

	task_defer(&s->room_task, s->base.loop);
}

static void on_room_task(struct task *t)
{
	try_held(container_of(t, struct api_source, room_task));
}

static void hold(struct api_source *s, struct http_request *r)
{
	struct held *h = mem_new(struct held, 1);

	h->r = r;
	h->since = loop_now(s->base.loop);
	list_add_last(&s->held, &h->link);
	metric_add(s->counters.inflight[route_of(r)], 1);
	http_request_set_user(r, h);
	wait_for_room(s);
}

void api_intake_expire(struct api_source *s)
{
	int64_t now = loop_now(s->base.loop);

	LIST_EACH (h, &s->held, struct held, link) {
		if (now < h->since + HOLD)
			break;
		refuse_full(s, h->r, h->since);
		free_held(s, h);
	}
	wait_for_room(s);
}

void api_on_request(struct http_server *server, struct http_request *r)
{
	struct api_source *s = http_server_owner(server);

	if (route_of(r) == API_READY) {
		answer(s, r, loop_now(s->base.loop),
			&(struct http_reply){.status = 200,
				.content_type = "text/plain; charset=utf-8",
				.body = STR("ready")});
		return;
	}
	try_held(s); /* first come, first served */
	if (budget_is_full(s->base.agent->budget))
		hold(s, r);
	else
		take_and_answer(s, r, loop_now(s->base.loop));
}

void api_on_gone(struct http_server *server, struct http_request *r)
{
	struct held *h = http_request_user(r);

	if (h)
		free_held(http_server_owner(server), h);
}

void api_intake_init(struct api_source *s)
{
	list_init(&s->held);
	s->waiter.room = on_room;
	s->room_task.run = on_room_task;
	s->decoder = decoder_new();
	arena_init(&s->scratch, 0);
}

void api_intake_fini(struct api_source *s)
{
	budget_unwait(&s->waiter);
	task_cancel(&s->room_task);
	decoder_free(s->decoder);
	buf_fini(&s->decoded);
	buf_fini(&s->unsnapped);
	buf_fini(&s->proto);
	arena_fini(&s->scratch);
}
