#pragma once

/*
 * In place of agent/loop/http_server.c, for tests of what receives: a request is a struct that the
 * test fills, and its answer is written down. Included by one test each.
 */

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/loop/http_server.h"
#include "tests/test.h"

#include <stdlib.h>

#include <arpa/inet.h>

struct http_request {
	const char *method;
	const char *path;
	const char *headers[16]; /* name, value, …; NULL ends */
	struct str body;
	struct in6_addr peer;
	bool is_http2;
	void *user;
	bool is_answered;
	int status;
	char answer[1024];
	size_t answer_n;
	char answer_headers[1024]; /* "Name: value\n" each */
	char trailers[256];
	const char *content_type;
	bool close;
};

struct http_server {
	struct http_server_settings set;
	void *owner;
};

static struct http_server *fake_server;     /* the newest one; NULL: none */
static struct http_server *fake_servers[4]; /* all of them, in order of their beginning */
static const char *fake_server_error;       /* why none can be made */
static size_t fake_server_connections_left; /* as http_server_connections() says */
static bool fake_server_quiet;

struct http_server *http_server_new(
	struct loop *l, const struct http_server_settings *set, void *owner, struct err *e)
{
	struct http_server *s;

	(void)l;
	if (fake_server_error) {
		err_set(e, "%s", fake_server_error);
		return NULL;
	}
	s = mem_new(struct http_server, 1);
	s->set = *set;
	s->owner = owner;
	fake_server = s;
	for (size_t i = 0; i < 4; i++) {
		if (!fake_servers[i]) {
			fake_servers[i] = s;
			break;
		}
	}
	fake_server_quiet = false;
	return s;
}
void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	if (fake_server == s)
		fake_server = NULL;
	for (size_t i = 0; i < 4; i++) {
		if (fake_servers[i] == s)
			fake_servers[i] = NULL;
		else if (fake_servers[i])
			fake_server = fake_servers[i];
	}
	free(s);
}
void http_server_quiesce(struct http_server *s)
{
	(void)s;
	fake_server_quiet = true;
}
void *http_server_owner(const struct http_server *s)
{
	return s->owner;
}
int http_server_port(const struct http_server *s)
{
	(void)s;
	return 4318;
}
static size_t fake_server_keys; /* how often they were set anew */
bool http_server_set_tls(struct http_server *s, struct str cert_pem, struct str key_pem,
	struct str client_ca_pem, struct err *e)
{
	(void)s;
	(void)client_ca_pem;
	(void)e;
	assert_true(cert_pem.n && key_pem.n);
	fake_server_keys++;
	return true;
}
size_t http_server_connections(const struct http_server *s)
{
	(void)s;
	return fake_server_connections_left;
}
size_t http_server_bodies(const struct http_server *s)
{
	(void)s;
	return 0;
}
bool http_request_is_http2(const struct http_request *r)
{
	return r->is_http2;
}
struct str http_request_method(const struct http_request *r)
{
	return str_from(r->method);
}
struct str http_request_path(const struct http_request *r)
{
	return str_from(r->path);
}
struct str http_request_query(const struct http_request *r, const char *name)
{
	(void)r;
	(void)name;
	return (struct str){0};
}
struct str http_request_header(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < 16 && r->headers[i]; i += 2)
		if (str_eq_nocase(str_from(r->headers[i]), str_from(name)))
			return str_from(r->headers[i + 1]);
	return (struct str){0};
}
void http_request_headers(const struct http_request *r, struct http_header_visitor *v)
{
	for (size_t i = 0; i < 16 && r->headers[i]; i += 2)
		v->header(v, str_from(r->headers[i]), str_from(r->headers[i + 1]));
}
struct str http_request_body(const struct http_request *r)
{
	return r->body;
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
void http_reply(struct http_request *r, const struct http_reply *reply)
{
	assert_false(r->is_answered);
	r->is_answered = true;
	r->status = reply->status;
	r->content_type = reply->content_type;
	r->close = reply->close;
	r->answer_n = reply->body.n < sizeof(r->answer) ? reply->body.n : sizeof(r->answer) - 1;
	if (r->answer_n > 0)
		memcpy(r->answer, reply->body.p, r->answer_n);
	r->answer[r->answer_n] = 0;
	r->answer_headers[0] = r->trailers[0] = 0;
	for (const struct http_reply_header *h = reply->trailers; h && h->name; h++)
		snprintf(r->trailers + strlen(r->trailers),
			sizeof(r->trailers) - strlen(r->trailers), "%s: %s\n", h->name, h->value);
	for (const struct http_reply_header *h = reply->headers; h && h->name; h++)
		snprintf(r->answer_headers + strlen(r->answer_headers),
			sizeof(r->answer_headers) - strlen(r->answer_headers), "%s: %s\n", h->name,
			h->value);
}

/* As the server would: the head, then the body. */
static inline void fake_server_receive(struct http_request *r)
{
	if (fake_server->set.head && !fake_server->set.head(fake_server, r)) {
		assert_true(r->is_answered);
		return;
	}
	if (r->body.n > fake_server->set.max_body)
		fake_server->set.too_large(fake_server, r);
	else
		fake_server->set.request(fake_server, r);
}
