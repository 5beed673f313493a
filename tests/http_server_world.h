#pragma once

/*
 * For tests of the HTTP server: it, what its handlers saw, and raw sockets to send it anything.
 * /late is answered by the test, /forbidden with 403 at its head; others with how many bytes their
 * body had.
 */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BODY ((size_t)64 * 1024)

static struct loop *l;
static struct http_server *server;
static struct http_request *late;
static struct buf seen; /* what the handler was told */
static int gone;

static inline void on_header(struct http_header_visitor *v, struct str name, struct str value)
{
	(void)v;
	buf_printf(&seen, " " STR_FMT "=" STR_FMT, STR_ARG(name), STR_ARG(value));
}

static inline void on_request(struct http_server *s, struct http_request *r)
{
	struct str body = http_request_body(r);
	struct str q = http_request_query(r, "q");
	char text[64];

	assert_ptr_equal(http_server_owner(s), &seen);
	buf_printf(&seen, STR_FMT " " STR_FMT, STR_ARG(http_request_method(r)),
		STR_ARG(http_request_path(r)));
	if (q.p)
		buf_printf(&seen, " q=" STR_FMT, STR_ARG(q));
	if (str_is(http_request_path(r), "/headers"))
		http_request_headers(r, &(struct http_header_visitor){on_header});
	if (http_request_header(r, "x-TEST").p)
		buf_printf(&seen, " x=" STR_FMT, STR_ARG(http_request_header(r, "x-TEST")));
	buf_printf(&seen, " " STR_FMT "; ", STR_ARG(str_head(body, 20)));
	if (str_is(http_request_path(r), "/late")) {
		late = r;
		http_request_set_user(r, &late);
		return;
	}
	snprintf(text, sizeof(text), "%zu bytes", body.n);
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .content_type = "text/plain",
			      .body = str_from(text),
		      });
}

static inline bool on_head(struct http_server *s, struct http_request *r)
{
	(void)s;
	if (!str_is(http_request_path(r), "/forbidden"))
		return true;
	http_reply(r, &(struct http_reply){.status = 403, .body = STR("no")});
	return false;
}

static inline void on_gone(struct http_server *s, struct http_request *r)
{
	(void)s;
	assert_ptr_equal(http_request_user(r), &late);
	late = NULL;
	gone++;
}

static inline int set_up(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.request = on_request,
		.head = on_head,
		.gone = on_gone,
	};
	struct err e;

	(void)state;
	late = NULL;
	gone = 0;
	l = loop_new();
	server = http_server_new(l, &set, &seen, &e);
	assert_non_null(server);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_server_free(server);
	loop_free(l);
	buf_fini(&seen);
	return 0;
}

static inline int dial(void)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons((uint16_t)http_server_port(server)),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static inline void turn(int n)
{
	while (n-- > 0)
		loop_turn(l, 0);
}

/* Sends all of it, the server running beside. Stops where the server has closed. */
static inline void tell(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = send(fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == -1 && errno != EAGAIN)
			return;
		if (n > 0)
			text = str_from_at(text, (size_t)n);
		turn(1);
	}
}

/* Reads until there are n answers ("HTTP/1.1 " at a line's start), or the end. */
static inline void hear(int fd, struct buf *out, size_t answers)
{
	size_t quiet = 0;

	for (int i = 0; i < 3000 && quiet < 3; i++) {
		ssize_t n = recv(fd, buf_reserve(out, 65536), 65536, MSG_DONTWAIT);
		size_t count = 0;

		if (n == 0 || (n == -1 && errno != EAGAIN))
			return;
		if (n > 0)
			out->n += (size_t)n;
		for (size_t at = 0; at + 9 <= out->n; at++)
			count += memcmp(out->p + at, "HTTP/1.1 ", 9) == 0;
		quiet = n == -1 && count >= answers ? quiet + 1 : 0;
		loop_turn(l, NS_PER_MS);
	}
}

/* "200" or "200 400 200": the statuses, then the last answer's body after a space. */
static inline struct str statuses(const struct buf *b, struct buf *out)
{
	struct str all = buf_str(b);
	ptrdiff_t end;

	buf_clear(out);
	for (size_t at = 0; at + 12 <= all.n; at++)
		if (memcmp(all.p + at, "HTTP/1.1 ", 9) == 0)
			buf_printf(out, "%.3s ", all.p + at + 9);
	while ((end = str_find(all, STR("\r\n\r\n"))) != -1)
		all = str_from_at(all, (size_t)end + 4);
	buf_add_str(out, b->n ? all : STR(""));
	return buf_str(out);
}

#define HOST "Host: a\r\n"

static inline bool matches(struct str got, const char *want)
{
	size_t n = strlen(want);

	if (n && want[n - 1] == '*')
		return got.n >= n - 1 && (n == 1 || memcmp(got.p, want, n - 1) == 0);
	return str_is(got, want);
}

/* Bodies of n bytes under a limit of MAX_BODY; the answer can be read, whatever the length. */
static inline void send_body(size_t n, bool chunked, const char *want)
{
	struct buf text = {0};
	struct buf answer = {0};
	struct buf got = {0};
	char *body = mem_new(char, n);
	int fd = dial();

	memset(body, 'x', n);
	buf_printf(&text, "POST /b HTTP/1.1\r\n" HOST);
	if (chunked)
		buf_printf(&text, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
	else
		buf_printf(&text, "Content-Length: %zu\r\n\r\n", n);
	buf_add(&text, body, n);
	if (chunked)
		buf_printf(&text, "\r\n0\r\n\r\n");
	tell(fd, buf_str(&text));
	hear(fd, &answer, 1);
	if (!matches(statuses(&answer, &got), want))
		assert_str(statuses(&answer, &got), want);
	close(fd);
	free(body);
	buf_fini(&text);
	buf_fini(&answer);
	buf_fini(&got);
	buf_clear(&seen);
}
