/*
 * A connection of HTTP/2 by its bytes, behind the preface and SETTINGS that each must have; the
 * first byte says where the bytes are cut in two. The server behind it answers at once, later or
 * never.
 */

#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/loop/http_server_private.h"
#include "agent/loop/loop.h"

#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct http_server *server;
static struct loop *loop;
static struct http_request *late;

static void on_request(struct http_server *s, struct http_request *r)
{
	static const struct http_reply_header trailers[] = {{"grpc-status", "0"}, {NULL, NULL}};
	struct str path = http_request_path(r);

	(void)s;
	must(http_request_method(r).n > 0);
	http_request_header(r, "content-type");
	http_request_query(r, "q");
	if (path.n % 3 == 2 && !late) {
		late = r;
		return;
	}
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .content_type = "text/plain",
			      .body = str_head(http_request_body(r), 100),
			      .trailers = path.n % 3 ? trailers : NULL,
		      });
}

static bool on_head(struct http_server *s, struct http_request *r)
{
	(void)s;
	if (http_request_path(r).n != 1)
		return true;
	http_reply(r, &(struct http_reply){.status = 404, .body = STR("no")});
	return false;
}

static void on_gone(struct http_server *s, struct http_request *r)
{
	(void)s;
	must(r == late);
	late = NULL;
}

static void start(void)
{
	static const struct http2_settings http2 = {.max_streams = 20, .ping_min_time = 1000};
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = 1000,
		.max_bodies = 3000,
		.request = on_request,
		.head = on_head,
		.gone = on_gone,
		.http2 = &http2,
	};
	struct err e;

	loop = loop_new();
	loop_fake_clock(loop, 1, 1);
	server = http_server_new(loop, &set, NULL, &e);
	must(server);
}

static void tell(int fd, const void *p, size_t n)
{
	must(send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) != 0 || n == 0);
	loop_turn(loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
	struct in6_addr peer = {0};
	size_t cut;
	int fd[2];

	if (!server)
		start();
	if (size == 0)
		return 0;
	cut = data[0] < size ? data[0] : size;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	http2_add(server->http2, fd[0], &peer, false);
	tell(fd[1], begin, sizeof(begin) - 1);
	tell(fd[1], data, cut);
	if (late) {
		struct http_request *r = late;

		late = NULL;
		http_reply(r, &(struct http_reply){.status = 503});
	}
	tell(fd[1], data + cut, size - cut);
	loop_turn(loop, 0);
	close(fd[1]);
	/* Two turns are enough, but libFuzzer's alarm may end one before it has seen anything. */
	for (int i = 0; i < 100 && http_server_connections(server) > 0; i++)
		loop_turn(loop, 0);
	must(http_server_connections(server) == 0);
	must(server->bodies == 0);
	must(!late);
	return 0;
}
