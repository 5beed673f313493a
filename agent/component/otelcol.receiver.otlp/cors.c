/* An origin is answered with itself, not with "*", so that credentials may be sent. */

#include "agent/component/otelcol.receiver.otlp/cors.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"

/* One star in a pattern is any text. */
static bool matches(struct str pattern, struct str origin)
{
	struct str head;
	struct str tail;

	if (!str_cut(pattern, '*', &head, &tail))
		return str_eq_nocase(pattern, origin);
	return origin.n >= head.n + tail.n && str_eq_nocase(head, str_head(origin, head.n)) &&
	       str_eq_nocase(tail, str_from_at(origin, origin.n - tail.n));
}

static bool is_allowed(const struct otlp_cors *c, struct str origin)
{
	if (!origin.p)
		return false;
	for (size_t i = 0; i < c->allowed_origins.n; i++)
		if (matches(c->allowed_origins.p[i], origin))
			return true;
	return false;
}

static const char *join(struct arena *a, const struct arg_strs *v)
{
	struct buf b = {0};
	struct str s;

	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_add_str(&b, STR(", "));
		buf_add_str(&b, v->p[i]);
	}
	s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s.p;
}

size_t cors_answer(const struct otlp_cors *c, const struct http_request *r, struct arena *a,
	struct http_reply_header *headers)
{
	struct str origin = http_request_header(r, "Origin");
	size_t n = 0;

	if (!c || c->allowed_origins.n == 0)
		return 0;
	headers[n++] = (struct http_reply_header){"Vary", "Origin"};
	if (!is_allowed(c, origin))
		return n;
	headers[n++] = (struct http_reply_header){
		"Access-Control-Allow-Origin", arena_str(a, origin).p};
	headers[n++] = (struct http_reply_header){"Access-Control-Allow-Credentials", "true"};
	if (c->exposed_headers.n > 0)
		headers[n++] = (struct http_reply_header){
			"Access-Control-Expose-Headers", join(a, &c->exposed_headers)};
	return n;
}

bool cors_is_preflight(const struct otlp_cors *c, const struct http_request *r)
{
	return c && c->allowed_origins.n > 0 && str_is(http_request_method(r), "OPTIONS") &&
	       http_request_header(r, "Access-Control-Request-Method").p;
}

/* Each of the asked headers is one that is allowed, or one that never needs to be. */
static bool headers_allowed(const struct otlp_cors *c, struct str asked)
{
	while (asked.n > 0) {
		struct str one = asked;
		struct str rest = {0};
		bool ok;

		if (!str_cut(asked, ',', &one, &rest))
			rest = (struct str){0};
		one = str_trim(one);
		ok = one.n == 0 || str_eq_nocase(one, STR("Origin")) ||
		     str_eq_nocase(one, STR("Content-Type")) || str_eq_nocase(one, STR("Accept"));
		for (size_t i = 0; i < c->allowed_headers.n && !ok; i++)
			ok = str_is(c->allowed_headers.p[i], "*") ||
			     str_eq_nocase(c->allowed_headers.p[i], one);
		if (!ok)
			return false;
		asked = rest;
	}
	return true;
}

size_t cors_preflight(const struct otlp_cors *c, const struct http_request *r, struct arena *a,
	struct http_reply_header *headers)
{
	struct str origin = http_request_header(r, "Origin");
	struct str method = http_request_header(r, "Access-Control-Request-Method");
	struct str asked = http_request_header(r, "Access-Control-Request-Headers");
	size_t n = 0;

	headers[n++] = (struct http_reply_header){
		"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"};
	if (!is_allowed(c, origin) || !str_is(method, "POST") || !headers_allowed(c, asked))
		return n;
	headers[n++] = (struct http_reply_header){
		"Access-Control-Allow-Origin", arena_str(a, origin).p};
	headers[n++] = (struct http_reply_header){"Access-Control-Allow-Methods", "POST"};
	if (asked.n > 0)
		headers[n++] = (struct http_reply_header){
			"Access-Control-Allow-Headers", arena_str(a, asked).p};
	headers[n++] = (struct http_reply_header){"Access-Control-Allow-Credentials", "true"};
	if (c->max_age > 0)
		headers[n++] = (struct http_reply_header){
			"Access-Control-Max-Age", arena_printf(a, "%lld", (long long)c->max_age).p};
	return n;
}
