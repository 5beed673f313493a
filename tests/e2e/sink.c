/*
 * The HTTP server of the sinks. One thread a connection, because that is the least code whose
 * cost does not hide what is measured: the agent uses one or a few connections.
 */
#include "tests/e2e/sink.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct sink sink;

struct connection {
	int fd;
	char *p;
	size_t n;
	size_t cap;
};

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static int more(struct connection *c, size_t room)
{
	ssize_t n;

	if (c->cap - c->n < room) {
		c->cap = c->n + room;
		c->p = realloc(c->p, c->cap + 1);
		if (!c->p)
			die("out of memory");
	}
	n = read(c->fd, c->p + c->n, c->cap - c->n);
	if (n <= 0)
		return 0;
	c->n += (size_t)n;
	c->p[c->n] = '\0';
	return 1;
}

static void say(int fd, int status, const char *body, size_t n)
{
	char head[160];
	int len;

	if (status == 204)
		len = snprintf(head, sizeof(head), "HTTP/1.1 204 No Content\r\n\r\n");
	else
		len = snprintf(head, sizeof(head),
			"HTTP/1.1 %d Answer\r\nContent-Type: application/x-protobuf\r\n"
			"Content-Length: %zu\r\n\r\n",
			status, n);
	if (write(fd, head, (size_t)len) != len || write(fd, body, n) != (ssize_t)n)
		return;
}

static size_t content_length(const char *head)
{
	for (const char *at = head; at; at = strchr(at, '\n')) {
		if (*at == '\n')
			at++;
		if (strncasecmp(at, "content-length:", 15) == 0)
			return strtoul(at + 15, NULL, 10);
	}
	return 0;
}

static void post(struct connection *c, const char *path, const char *body, size_t n)
{
	int status = strstr(path, "/v1/") && !strstr(path, "/loki/") ? 200 : 204;

	if (sink.took)
		status = sink.took(path, body, n);
	__atomic_fetch_add(&sink.requests, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sink.bytes, n, __ATOMIC_RELAXED);
	if (n > sink.largest)
		sink.largest = n;
	say(c->fd, status, "", 0);
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	static const int one = 1;

	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (;;) {
		char path[256] = "/", method[8] = "";
		char out[1024];
		char *end;
		size_t head, body;

		while (c->n == 0 || !(end = strstr(c->p, "\r\n\r\n")))
			if (!more(c, 65536))
				goto out;
		head = (size_t)(end - c->p) + 4;
		*end = '\0';
		sscanf(c->p, "%7s %255s", method, path);
		body = content_length(c->p);
		while (c->n < head + body)
			if (!more(c, head + body - c->n))
				goto out;
		if (strcmp(method, "POST") == 0)
			post(c, path, c->p + head, body);
		else
			say(c->fd, 200, out, sink.asked ? sink.asked(path, out, sizeof(out)) : 0);
		memmove(c->p, c->p + head + body, c->n - head - body);
		c->n -= head + body;
		if (c->p)
			c->p[c->n] = '\0';
	}
out:
	close(c->fd);
	free(c->p);
	free(c);
	return NULL;
}

static void *listens(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		struct connection *c = calloc(1, sizeof(*c));
		pthread_t t;

		if (!c)
			die("out of memory");
		c->fd = accept(fd, NULL, NULL);
		if (c->fd == -1 || pthread_create(&t, NULL, serve, c) != 0)
			die("accept failed");
		pthread_detach(t);
	}
}

void sink_start(int port, const char *port_file)
{
	static int fd;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof(a);
	pthread_t t;
	int one = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 || listen(fd, 128) == -1)
		die("cannot listen on port %d", port);
	getsockname(fd, (struct sockaddr *)&a, &len);
	if (port_file) {
		char new[4096];
		FILE *f;

		snprintf(new, sizeof(new), "%s.tmp", port_file);
		f = fopen(new, "w");
		if (!f || fprintf(f, "%d\n", ntohs(a.sin_port)) < 0 || fclose(f) == EOF ||
			rename(new, port_file) == -1)
			die("cannot write %s", port_file);
	}
	if (pthread_create(&t, NULL, listens, &fd) != 0)
		die("no thread");
	pthread_detach(t);
}
