/* What a request says: views into what libmicrohttpd holds until the answer is sent. */

#include "agent/loop/http_server_private.h"

static struct str value_of(const struct http_request *r, enum MHD_ValueKind kind, const char *name)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(r->connection, kind, name, strlen(name), &value, &n) ==
		MHD_NO)
		return (struct str){NULL, 0};
	return value ? (struct str){value, n} : (struct str){"", 0};
}

struct str http_request_header(const struct http_request *r, const char *name)
{
	return value_of(r, MHD_HEADER_KIND, name);
}

struct str http_request_query(const struct http_request *r, const char *name)
{
	return value_of(r, MHD_GET_ARGUMENT_KIND, name);
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
