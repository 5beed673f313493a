/*
 * What nghttp2 tells us of a connection. It keeps the protocol's rules (RFC 9113, HPACK, floods of
 * acknowledgements, resets and continuations) and ends those who break them; here are requests.
 *
 * Flow control is the back-pressure: a stream's window is opened again as its bytes are kept. When
 * half of max_bodies is in use, only the oldest of the bodies that are coming goes on, so that one
 * is always finished; the others wait, and get their windows when there is room.
 */

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/http2_private.h"

enum {
	DISCARD_MAX = 1 << 20, /* of a body that is refused; then the stream is reset */
};

static struct http2_request *request_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

/* ---- bodies ---- */

static bool has_room(const struct http_server *s)
{
	return s->set.max_bodies == 0 || s->bodies < s->set.max_bodies / 2;
}

static bool is_first(const struct http2_request *r)
{
	return r->conn->http2->receiving.next == &r->receiving;
}

static void give_back(struct http2_request *r)
{
	if (r->owed == 0)
		return;
	nghttp2_session_consume_stream(r->conn->session, r->id, r->owed);
	r->owed = 0;
	http2_conn_work(r->conn);
}

static void on_room(struct task *t)
{
	struct http2 *h = container_of(t, struct http2, room);

	LIST_EACH (r, &h->receiving, struct http2_request, receiving)
		if (is_first(r) || has_room(h->server))
			give_back(r);
}

void http2_give_room(struct http2 *h)
{
	h->room.run = on_room;
	if (!list_is_empty(&h->receiving))
		task_defer(&h->room, h->server->loop);
}

static void discard(struct http2_request *r, size_t n)
{
	nghttp2_session *session = r->conn->session;

	nghttp2_session_consume(session, r->id, n);
	r->discarded += n;
	if (r->discarded > DISCARD_MAX)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, r->id, NGHTTP2_NO_ERROR);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
	void *owner)
{
	struct http2_request *r = request_of(session, id);

	(void)flags;
	(void)owner;
	if (!r) {
		nghttp2_session_consume(session, id, n);
		return 0;
	}
	r->touched = loop_now(r->base.server->loop);
	if (r->base.is_answered || !http_request_add(&r->base, (struct str){(const char *)p, n})) {
		list_remove(&r->receiving);
		discard(r, n);
		return 0;
	}
	if (list_is_empty(&r->receiving))
		list_add_last(&r->conn->http2->receiving, &r->receiving);
	nghttp2_session_consume_connection(session, n);
	r->owed += n;
	if (is_first(r) || has_room(r->base.server)) {
		nghttp2_session_consume_stream(session, id, r->owed);
		r->owed = 0;
	}
	return 0;
}

static void on_complete(struct http2_request *r)
{
	struct http_server *s = r->base.server;

	r->is_complete = true;
	r->conn->n_complete++;
	list_remove(&r->receiving);
	http2_give_room(r->conn->http2); /* another one is the oldest now */
	if (r->base.is_answered)
		return;
	r->is_asked = true;
	s->set.request(s, &r->base);
}

/* ---- heads ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
	struct http2_conn *c = owner;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	nghttp2_session_set_stream_user_data(
		session, frame->hd.stream_id, http2_request_new(c, frame->hd.stream_id));
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *owner)
{
	struct http2_request *r = request_of(session, frame->hd.stream_id);

	(void)flags;
	(void)owner;
	if (!r || r->is_head_done) /* trailers: OTLP has none */
		return 0;
	http2_request_add_header(r, (struct str){(const char *)name, name_n},
		(struct str){(const char *)value, value_n});
	return 0;
}

static void send_continue(struct http2_request *r)
{
	nghttp2_nv nv = {(uint8_t[]){":status"}, (uint8_t[]){"100"}, 7, 3, NGHTTP2_NV_FLAG_NONE};

	if (str_eq_nocase(http_request_header(&r->base, "expect"), STR("100-continue")))
		nghttp2_submit_headers(
			r->conn->session, NGHTTP2_FLAG_NONE, r->id, NULL, &nv, 1, NULL);
}

static void on_head(struct http2_request *r, bool is_last)
{
	struct http_server *s = r->base.server;
	bool is_good = http2_request_begin(r);

	r->is_head_done = true;
	if (!http2_request_fits(r))
		http_request_refuse(&r->base, 431, "The head of the request is too large.\n");
	else if (!is_good)
		http_request_refuse(&r->base, 400, "The request has no method or no path.\n");
	else if (r->length > 0 && (uint64_t)r->length > s->set.max_body)
		http_request_too_large(&r->base);
	else if (s->set.head && !s->set.head(s, &r->base))
		must(r->base.is_answered);
	else if (!is_last)
		send_continue(r);
}

static void on_ping(struct http2_conn *c, bool is_answer)
{
	if (is_answer) {
		c->pinged = 0;
		http2_conn_go_on_draining(c);
	} else if (!http2_times_on_ping(c)) {
		http2_conn_end(c, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
	}
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
	struct http2_conn *c = owner;
	struct http2_request *r = request_of(session, frame->hd.stream_id);
	bool is_last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	switch (frame->hd.type) {
	case NGHTTP2_SETTINGS:
		if (c->state == HTTP2_HANDSHAKE)
			http2_set_state(c, HTTP2_OPEN);
		return 0;
	case NGHTTP2_PING:
		on_ping(c, frame->hd.flags & NGHTTP2_FLAG_ACK);
		return 0;
	case NGHTTP2_HEADERS:
		if (r && !r->is_head_done)
			on_head(r, is_last);
		break;
	case NGHTTP2_DATA:
		break;
	default:
		return 0;
	}
	if (r && is_last)
		on_complete(r);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *owner)
{
	struct http2_request *r = request_of(session, id);

	(void)error;
	(void)owner;
	if (r)
		http2_request_end(r);
	return 0;
}

nghttp2_session_callbacks *http2_callbacks_new(void)
{
	nghttp2_session_callbacks *cb;

	if (nghttp2_session_callbacks_new(&cb) != 0)
		mem_out(1);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	return cb;
}
