#pragma once

/*
 * For tests of HTTP/2: a server, and what its handlers saw. /late is answered by the test, /grpc
 * with trailers, /forbidden with 403 at its head, /echo with its own body; others with how many
 * bytes their body had.
 */

#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_server.h"
#include "tests/http2_client.h"

#define MAX_BODY ((size_t)256 * 1024)
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"

static struct loop *l;
static struct http_server *server;
static struct http_request *late;
static struct buf seen;
static int gone;
static size_t too_large;

static const struct http_reply_header trailers[] = {{"Grpc-Status", "0"}, {NULL, NULL}};

static inline void on_header(struct http_header_visitor *v, struct str name, struct str value)
{
	(void)v;
	buf_printf(&seen, " " STR_FMT "=" STR_FMT, STR_ARG(name), STR_ARG(value));
}

static inline void on_request(struct http_server *s, struct http_request *r)
{
	char text[64];

	(void)s;
	assert_true(http_request_is_http2(r));
	buf_printf(&seen, STR_FMT " " STR_FMT, STR_ARG(http_request_method(r)),
		STR_ARG(http_request_path(r)));
	if (http_request_query(r, "q").p)
		buf_printf(&seen, " q=" STR_FMT, STR_ARG(http_request_query(r, "q")));
	if (str_is(http_request_path(r), "/headers"))
		http_request_headers(r, &(struct http_header_visitor){on_header});
	if (http_request_header(r, "X-Test").p)
		buf_printf(&seen, " x=" STR_FMT, STR_ARG(http_request_header(r, "X-Test")));
	buf_printf(&seen, " %zu; ", http_request_body(r).n);
	if (str_is(http_request_path(r), "/late")) {
		late = r;
		http_request_set_user(r, &late);
		return;
	}
	snprintf(text, sizeof(text), "%zu bytes", http_request_body(r).n);
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .content_type = "text/plain",
			      .body = str_is(http_request_path(r), "/echo")
					      ? http_request_body(r)
					      : str_from(text),
			      .trailers = str_is(http_request_path(r), "/grpc") ? trailers : NULL,
		      });
}

static inline bool on_head(struct http_server *s, struct http_request *r)
{
	const struct http_reply_header headers[] = {{"Retry-After", "1"}, {NULL, NULL}};

	(void)s;
	assert_null(http_request_header(r, ":path").p);
	if (!str_is(http_request_path(r), "/forbidden"))
		return true;
	http_reply(
		r, &(struct http_reply){.status = 403, .body = STR("no"), .headers = headers});
	return false;
}

static inline void on_gone(struct http_server *s, struct http_request *r)
{
	(void)s;
	assert_ptr_equal(http_request_user(r), &late);
	late = NULL;
	gone++;
}

static inline void on_too_large(struct http_server *s, struct http_request *r)
{
	(void)s;
	too_large++;
	http_reply(r, &(struct http_reply){.status = 413});
}

static inline void start(const struct http2_settings *h2, size_t max_bodies)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.max_bodies = max_bodies,
		.request = on_request,
		.head = on_head,
		.gone = on_gone,
		.too_large = on_too_large,
		.http2 = h2,
	};
	struct err e;

	http_server_free(server);
	server = http_server_new(l, &set, &seen, &e);
	assert_non_null(server);
}

static inline int set_up(void **state)
{
	(void)state;
	late = NULL;
	gone = 0;
	too_large = 0;
	l = loop_new();
	start(&(struct http2_settings){0}, 0);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_server_free(server);
	server = NULL;
	loop_free(l);
	buf_fini(&seen);
	return 0;
}

static inline void begin(struct h2_client *c)
{
	h2_client_init(c, l, http_server_port(server));
}

/* A text of n bytes; free it. */
static inline struct str make(size_t n)
{
	char *p = mem_new(char, n + 1);

	memset(p, 'x', n);
	return (struct str){p, n};
}

static inline void release(struct str s)
{
	free((void *)(uintptr_t)s.p);
}
