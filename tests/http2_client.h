#pragma once

/*
 * A client of HTTP/2 for tests, on nghttp2, in the same thread as the server's loop: each step is a
 * turn of the loop and what the socket then has. What comes is written down, a line an event:
 *
 *	1 :status=200 content-type=application/grpc
 *	1 data 5
 *	1 trailers grpc-status=0
 *	1 closed 0
 *	goaway 0 last=1 "too_many_pings"
 */

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct h2_client {
	struct loop *loop;
	int fd;
	nghttp2_session *session;
	struct buf seen;
	struct buf data; /* of all answers */
	bool is_closed;  /* by the server */
	size_t pongs;
};

struct h2_body {
	struct str left;
	bool is_stuck; /* no more comes */
};

static inline int h2_on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name,
	size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *owner)
{
	struct h2_client *c = owner;

	(void)s;
	(void)flags;
	if (c->seen.n == 0 || c->seen.p[c->seen.n - 1] == '\n')
		buf_printf(&c->seen, "%d%s", f->hd.stream_id,
			f->headers.cat == NGHTTP2_HCAT_HEADERS ? " trailers" : "");
	buf_printf(&c->seen, " %.*s=%.*s", (int)name_n, (const char *)name, (int)value_n,
		(const char *)value);
	return 0;
}

static inline int h2_on_frame(nghttp2_session *s, const nghttp2_frame *f, void *owner)
{
	struct h2_client *c = owner;

	(void)s;
	if (f->hd.type == NGHTTP2_HEADERS)
		buf_add_char(&c->seen, '\n');
	if (f->hd.type == NGHTTP2_PING && f->hd.flags & NGHTTP2_FLAG_ACK)
		c->pongs++;
	if (f->hd.type == NGHTTP2_GOAWAY)
		buf_printf(&c->seen, "goaway %u last=%d \"%.*s\"\n", f->goaway.error_code,
			f->goaway.last_stream_id, (int)f->goaway.opaque_data_len,
			f->goaway.opaque_data_len ? (char *)f->goaway.opaque_data : "");
	return 0;
}

static inline int h2_on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p,
	size_t n, void *owner)
{
	struct h2_client *c = owner;

	(void)s;
	(void)flags;
	buf_printf(&c->seen, "%d data %zu\n", id, n);
	buf_add(&c->data, p, n);
	return 0;
}

static inline int h2_on_close(nghttp2_session *s, int32_t id, uint32_t error, void *owner)
{
	(void)s;
	buf_printf(&((struct h2_client *)owner)->seen, "%d closed %u\n", id, error);
	return 0;
}

static inline int h2_dial(int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons((uint16_t)port),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static inline void h2_client_init(struct h2_client *c, struct loop *l, int port)
{
	nghttp2_session_callbacks *cb;
	nghttp2_option *option;

	*c = (struct h2_client){.loop = l, .fd = h2_dial(port)};
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, h2_on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, h2_on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, h2_on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, h2_on_close);
	nghttp2_option_new(&option);
	nghttp2_option_set_max_send_header_block_length(option, 4 << 20); /* if a test wants it */
	nghttp2_session_client_new2(&c->session, cb, c, option);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0);
}

static inline void h2_client_fini(struct h2_client *c)
{
	nghttp2_session_del(c->session);
	close(c->fd);
	buf_fini(&c->seen);
	buf_fini(&c->data);
}

static inline ssize_t h2_on_read(nghttp2_session *s, int32_t id, uint8_t *to, size_t n,
	uint32_t *flags, nghttp2_data_source *source, void *owner)
{
	struct h2_body *b = source->ptr;
	struct str part = str_head(b->left, n);

	(void)s;
	(void)id;
	(void)owner;
	if (part.n == 0 && b->is_stuck)
		return NGHTTP2_ERR_DEFERRED;
	if (part.n)
		memcpy(to, part.p, part.n);
	b->left = str_from_at(b->left, part.n);
	if (b->left.n == 0 && !b->is_stuck)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)part.n;
}

/* headers: name, value, …, NULL, beside those with a colon. */
static inline int32_t h2_post(
	struct h2_client *c, const char *path, const char *const *headers, struct h2_body *body)
{
	const char *all[64] = {":method", "POST", ":scheme", "http", ":authority", "a", ":path",
		path};
	nghttp2_data_provider p = {.source.ptr = body, .read_callback = h2_on_read};
	nghttp2_nv nv[32];
	size_t n = 8;

	for (; headers && *headers; headers++)
		all[n++] = *headers;
	for (size_t i = 0; i < n / 2; i++)
		nv[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)all[2 * i],
			(uint8_t *)(uintptr_t)all[2 * i + 1], strlen(all[2 * i]),
			strlen(all[2 * i + 1]), NGHTTP2_NV_FLAG_NONE};
	return nghttp2_submit_request(c->session, NULL, nv, n / 2, body ? &p : NULL, NULL);
}

/* A turn: sends what there is, lets the server work, and reads. */
static inline void h2_turn(struct h2_client *c)
{
	static char bytes[65536];
	const uint8_t *p;
	ssize_t n;

	while (!c->is_closed && (n = nghttp2_session_mem_send(c->session, &p)) > 0) {
		struct str text = {(const char *)p, (size_t)n};

		while (text.n > 0) {
			n = send(c->fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n == -1 && errno != EAGAIN)
				break;
			text = str_from_at(text, n > 0 ? (size_t)n : 0);
			loop_turn(c->loop, 0);
		}
	}
	loop_turn(c->loop, 0);
	n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n == -1 && errno == EAGAIN) {
		loop_turn(c->loop, 1000000);
		n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	}
	if (n > 0)
		nghttp2_session_mem_recv(c->session, (uint8_t *)bytes, (size_t)n);
	if (n == 0 || (n == -1 && errno != EAGAIN))
		c->is_closed = true;
}

/* Until what was seen holds text; it fails after some seconds. */
static inline void h2_wait(struct h2_client *c, const char *text)
{
	for (int i = 0; i < 5000; i++) {
		if (c->seen.n && str_find(buf_str(&c->seen), str_from(text)) != -1)
			return;
		h2_turn(c);
	}
	print_message("seen:\n%.*s\n", (int)c->seen.n, c->seen.p);
	fail_msg("never seen: %s", text);
}

static inline void h2_wait_closed(struct h2_client *c)
{
	for (int i = 0; i < 5000 && !c->is_closed; i++)
		h2_turn(c);
	assert_true(c->is_closed);
}
