/* What a request says. */

#include "agent/loop/http_server_private.h"

struct str http_request_header(const struct http_request *r, const char *name)
{
	return r->protocol->header(r, name);
}

void http_request_headers(const struct http_request *r, struct http_header_visitor *v)
{
	r->protocol->headers(r, v);
}

struct str http_request_query(const struct http_request *r, const char *name)
{
	return r->protocol->query(r, name);
}

bool http_request_is_http2(const struct http_request *r)
{
	return r->protocol->is_http2;
}

struct str http_request_method(const struct http_request *r)
{
	return str_from(r->method);
}

struct str http_request_path(const struct http_request *r)
{
	return str_from(r->path);
}

struct str http_request_body(const struct http_request *r)
{
	return r->body.n ? buf_str(&r->body) : (struct str){"", 0};
}

const struct in6_addr *http_request_peer(const struct http_request *r)
{
	return &r->peer;
}

void http_request_set_user(struct http_request *r, void *p)
{
	r->user = p;
}

void *http_request_user(const struct http_request *r)
{
	return r->user;
}
