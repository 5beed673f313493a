/*
 * A request of HTTP/2: its headers as one run of bytes, each name and each value with a NUL behind
 * it, and its answer. Requests are used again, with their buffers, since a busy client makes
 * hundreds a second.
 */

#include "agent/base/ascii.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/http2_private.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	MAX_HEADERS = 60 * 1024, /* as the sum of RFC 9113 10.5.1; HTTP/1 has the same limit */
	HEADER_COST = 32,
	MAX_SPARE = 8,
	KEEP_SPARE = 4096, /* bytes of each of a spare's buffers */
	MAX_NV = 32,
	MAX_NAMES = 1024, /* bytes of the names of an answer's headers */
};

/* ---- the request ---- */

static const struct http2_request *of_const(const struct http_request *base)
{
	return (const struct http2_request *)((const char *)base -
					      offsetof(struct http2_request, base));
}

/* The next name and value from *at on. */
static bool next_pair(struct str b, size_t *at, struct str *name, struct str *value)
{
	if (*at >= b.n)
		return false;
	*name = str_from(b.p + *at);
	*value = str_from(b.p + *at + name->n + 1);
	*at += name->n + value->n + 2;
	return true;
}

static void add_pair(struct buf *b, struct str name, struct str value)
{
	buf_add_str(b, name);
	buf_add_char(b, 0);
	buf_add_str(b, value);
	buf_add_char(b, 0);
}

static struct str find(const struct http2_request *r, struct str name)
{
	struct str n, v;

	for (size_t at = 0; next_pair(str_head(buf_str(&r->heads), r->pairs), &at, &n, &v);)
		if (str_eq_nocase(n, name))
			return v;
	return (struct str){NULL, 0};
}

static struct str header_of(const struct http_request *base, const char *name)
{
	return name[0] == ':' ? (struct str){NULL, 0} : find(of_const(base), str_from(name));
}

static void headers_of(const struct http_request *base, struct http_header_visitor *v)
{
	const struct http2_request *r = of_const(base);
	struct str pairs = str_head(buf_str(&r->heads), r->pairs);
	struct str name, value;

	for (size_t at = 0; next_pair(pairs, &at, &name, &value);) {
		if (str_is(name, ":authority"))
			name = STR("host");
		if (name.n > 0 && name.p[0] != ':')
			v->header(v, name, value);
	}
}

/* Not percent-decoded: nobody who asks for one is reached by HTTP/2. */
static struct str query_of(const struct http_request *base, const char *name)
{
	const struct http2_request *r = of_const(base);
	struct str rest = r->query_at ? str_from(r->heads.p + r->query_at) : (struct str){0};

	while (rest.n > 0) {
		struct str one = rest;
		struct str key;
		struct str value = {"", 0};

		if (!str_cut(rest, '&', &one, &rest))
			rest = (struct str){0};
		key = one;
		str_cut(one, '=', &key, &value);
		if (str_is(key, name))
			return value;
	}
	return (struct str){NULL, 0};
}

void http2_request_add_header(struct http2_request *r, struct str name, struct str value)
{
	r->heads_n += name.n + value.n + HEADER_COST;
	if (http2_request_fits(r) && !memchr(value.p, 0, value.n))
		add_pair(&r->heads, name, value);
}

bool http2_request_fits(const struct http2_request *r)
{
	return r->heads_n <= MAX_HEADERS;
}

/* The path without its query is put behind the pairs. */
static bool set_path(struct http2_request *r)
{
	struct str path = find(r, STR(":path"));
	size_t at = path.p ? (size_t)(path.p - r->heads.p) : 0;
	struct str rest;

	if (!path.p)
		return false;
	if (str_cut(path, '?', &path, &rest))
		r->query_at = at + path.n + 1;
	buf_reserve(&r->heads, path.n + 1); /* moves it, perhaps */
	path.p = r->heads.p + at;
	buf_add_str(&r->heads, path);
	buf_add_char(&r->heads, 0);
	r->base.path = r->heads.p + r->pairs;
	return true;
}

bool http2_request_begin(struct http2_request *r)
{
	struct str length;

	r->pairs = r->heads.n;
	if (!set_path(r))
		return false;
	r->base.method = find(r, STR(":method")).p;
	length = find(r, STR("content-length"));
	if (!length.p || !str_to_int(length, &r->length))
		r->length = -1;
	return r->base.method;
}

/* ---- the answer ---- */

struct reply_headers {
	nghttp2_nv nv[MAX_NV];
	size_t n;
	char names[MAX_NAMES]; /* in lower case, as HTTP/2 has them */
	size_t names_n;
};

static void put(struct reply_headers *h, const char *name, const char *value)
{
	size_t n = strlen(name);
	char *to = h->names + h->names_n;

	must(h->n < MAX_NV && n <= sizeof(h->names) - h->names_n);
	for (size_t i = 0; i < n; i++)
		to[i] = ascii_is_upper(name[i]) ? (char)(name[i] | 0x20) : name[i];
	h->names_n += n;
	h->nv[h->n++] = (nghttp2_nv){(uint8_t *)to, (uint8_t *)(uintptr_t)value, n, strlen(value),
		NGHTTP2_NV_FLAG_NONE};
}

static void submit_trailers(struct http2_request *r)
{
	struct reply_headers h = {.n = 0};
	struct str name, value;

	for (size_t at = 0; next_pair(buf_str(&r->trailers), &at, &name, &value);)
		put(&h, name.p, value.p);
	nghttp2_submit_trailer(r->conn->session, r->id, h.nv, h.n);
}

/* nghttp2 asks for the body of an answer, a frame at a time. */
static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *to, size_t n,
	uint32_t *flags, nghttp2_data_source *source, void *owner)
{
	struct http2_request *r = source->ptr;
	size_t left = r->answer.n - r->answer_at;

	(void)session;
	(void)id;
	(void)owner;
	n = n < left ? n : left;
	if (n > 0)
		memcpy(to, r->answer.p + r->answer_at, n);
	r->answer_at += n;
	if (r->answer_at < r->answer.n)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (r->trailers.n > 0) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		submit_trailers(r);
	}
	return (ssize_t)n;
}

static void fill(struct reply_headers *h, const struct http_reply *reply, char status[8],
	char length[24])
{
	snprintf(status, 8, "%d", reply->status);
	put(h, ":status", status);
	if (reply->content_type)
		put(h, "content-type", reply->content_type);
	if (!reply->trailers && reply->body.n > 0) {
		snprintf(length, 24, "%zu", reply->body.n);
		put(h, "content-length", length);
	}
	for (const struct http_reply_header *e = reply->headers; e && e->name; e++)
		put(h, e->name, e->value);
}

static void reply_to(struct http_request *base, const struct http_reply *reply)
{
	struct http2_request *r = container_of(base, struct http2_request, base);
	struct reply_headers h = {.n = 0};
	nghttp2_data_provider body = {.source.ptr = r, .read_callback = on_read};
	bool has_body = reply->trailers || reply->body.n > 0;
	char status[8];
	char length[24];

	if (r->is_closed) {
		http_request_drop_body(base);
		return;
	}
	if (strcmp(base->method ? base->method : "", "HEAD") == 0)
		has_body = false;
	fill(&h, reply, status, length);
	buf_add_str(&r->answer, reply->body);
	for (const struct http_reply_header *e = reply->trailers; e && e->name; e++)
		add_pair(&r->trailers, str_from(e->name), str_from(e->value));
	nghttp2_submit_response(r->conn->session, r->id, h.nv, h.n, has_body ? &body : NULL);
	http_request_drop_body(base); /* not before: the answer may be made of it */
	r->conn->has_answered = true;
	http2_conn_work(r->conn);
}

static const struct http_protocol protocol = {
	.header = header_of,
	.headers = headers_of,
	.query = query_of,
	.reply = reply_to,
	.is_http2 = true,
};

/* ---- its life ---- */

struct http2_request *http2_request_new(struct http2_conn *c, int32_t id)
{
	struct http2 *h = c->http2;
	struct http2_request *r;

	if (h->n_spare > 0) {
		r = container_of(h->spare.next, struct http2_request, base.link);
		list_remove(&r->base.link);
		h->n_spare--;
	} else {
		r = mem_new(struct http2_request, 1);
	}
	r->base.server = h->server;
	r->base.protocol = &protocol;
	r->base.peer = c->peer;
	r->conn = c;
	r->id = id;
	r->length = -1;
	r->began = r->touched = loop_now(h->server->loop);
	list_init(&r->receiving);
	list_add_last(&c->requests, &r->base.link);
	c->n_requests++;
	return r;
}

static void keep(struct buf *b)
{
	buf_clear(b);
	buf_shrink(b, KEEP_SPARE);
}

static void free_request(struct http2_request *r)
{
	buf_fini(&r->heads);
	buf_fini(&r->answer);
	buf_fini(&r->trailers);
	free(r);
}

static void recycle(struct http2 *h, struct http2_request *r)
{
	struct buf heads, answer, trailers;

	if (h->n_spare == MAX_SPARE || h->is_ending) {
		free_request(r);
		return;
	}
	keep(&r->heads);
	keep(&r->answer);
	keep(&r->trailers);
	heads = r->heads;
	answer = r->answer;
	trailers = r->trailers;
	*r = (struct http2_request){.heads = heads, .answer = answer, .trailers = trailers};
	list_add_last(&h->spare, &r->base.link);
	h->n_spare++;
}

void http2_request_end(struct http2_request *r)
{
	struct http2_conn *c = r->conn;
	struct http_server *s = c->http2->server;

	r->is_closed = true;
	if (r->is_asked && !r->base.is_answered && s->set.gone)
		s->set.gone(s, &r->base);
	list_remove(&r->base.link);
	list_remove(&r->receiving);
	must(c->n_requests > 0 && c->n_complete >= r->is_complete);
	c->n_requests--;
	c->n_complete -= r->is_complete;
	if (c->n_complete == 0)
		http_server_may_drop(s);
	if (c->n_requests == 0)
		c->idle_since = loop_now(s->loop);
	http_request_drop_body(&r->base);
	recycle(c->http2, r);
}

void http2_request_free_spare(struct http2 *h)
{
	LIST_EACH (r, &h->spare, struct http2_request, base.link) {
		list_remove(&r->base.link);
		free_request(r);
	}
	h->n_spare = 0;
}
