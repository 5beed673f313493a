/* Addresses to listen on. Failures are the ones that operators see most, so each says what
 * to do. */

#include "agent/loop/listen.h"

#include "agent/base/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKLOG 1024

static bool parse_port(struct str text, in_port_t *port)
{
	int64_t n;

	if (text.n == 0 || text.p[0] < '0' || text.p[0] > '9' || !str_to_int(text, &n) || n > 65535)
		return false;
	*port = htons((uint16_t)n);
	return true;
}

static void set_in(struct listen_address *out, struct in_addr a, in_port_t port)
{
	struct sockaddr_in *in = (void *)&out->addr;

	in->sin_family = AF_INET;
	in->sin_addr = a;
	in->sin_port = port;
	out->size = sizeof(*in);
}

static void set_in6(struct listen_address *out, struct in6_addr a, in_port_t port)
{
	struct sockaddr_in6 *in = (void *)&out->addr;

	in->sin6_family = AF_INET6;
	in->sin6_addr = a;
	in->sin6_port = port;
	out->size = sizeof(*in);
}

static bool look_up(const char *name, in_port_t port, struct listen_address *out, struct err *e)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int code = getaddrinfo(name, NULL, &hints, &found);

	if (code != 0)
		return err_set(e, "\"%s\": %s", name, gai_strerror(code));
	if (found->ai_family == AF_INET)
		set_in(out, ((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr, port);
	else
		set_in6(out, ((struct sockaddr_in6 *)(void *)found->ai_addr)->sin6_addr, port);
	freeaddrinfo(found);
	return true;
}

static bool parse_host(struct str host, in_port_t port, struct listen_address *out, struct err *e)
{
	char text[256];
	struct in_addr in;
	struct in6_addr in6;
	bool bracketed = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

	if (bracketed)
		host = str_head(str_from_at(host, 1), host.n - 2);
	if (host.n >= sizeof(text) || (host.n && memchr(host.p, 0, host.n)))
		return err_set(e, "the host is no name or address");
	if (host.n)
		memcpy(text, host.p, host.n);
	text[host.n] = 0;
	if (inet_pton(AF_INET6, text, &in6) == 1 && bracketed) {
		set_in6(out, in6, port);
	} else if (bracketed || memchr(text, ':', host.n)) {
		return err_set(e, "want an IPv6 address in brackets, [::1]:PORT");
	} else if (host.n == 0) {
		set_in6(out, in6addr_any, port);
		out->any = true;
	} else if (inet_pton(AF_INET, text, &in) == 1) {
		set_in(out, in, port);
	} else if (str_is(host, "localhost")) {
		set_in(out, (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
	} else {
		return look_up(text, port, out, e);
	}
	return true;
}

static bool split(struct str text, struct str *host, struct str *port)
{
	for (size_t i = text.n; i > 0; i--) {
		if (text.p[i - 1] != ':')
			continue;
		*host = str_head(text, i - 1);
		*port = str_from_at(text, i);
		return true;
	}
	return false;
}

bool listen_parse(struct str text, struct listen_address *out, struct err *e)
{
	struct listen_address found = {0};
	struct str host;
	struct str digits;
	in_port_t port;

	if (!split(text, &host, &digits))
		return err_set(e, "want HOST:PORT, such as 0.0.0.0:4318");
	if (!parse_port(digits, &port))
		return err_set(e, "the port is no number from 0 to 65535");
	if (!parse_host(host, port, &found, e))
		return false;
	*out = found;
	return true;
}

static int open_socket(const struct listen_address *a, int type)
{
	int on = 1;
	int off = 0;
	int error;
	/* NOLINTNEXTLINE: an address that was parsed */
	int fd = socket(a->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->addr.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, a->any ? &off : &on, sizeof(on));
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->addr, a->size) == 0 &&
		(type == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static const char *advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "the port is in use; see who has it with `ss -ltnp`, or choose another one";
	case EACCES:
		return "no permission; ports below 1024 want root or CAP_NET_BIND_SERVICE, so "
		       "choose one above";
	case EADDRNOTAVAIL:
		return "no interface here has this address; 0.0.0.0 listens on all of them";
	default:
		return strerror(error);
	}
}

static int open_type(struct str text, int type, struct err *e)
{
	struct listen_address a = {0};
	int fd;

	if (!listen_parse(text, &a, e)) {
		err_wrap(e, "listen address \"" STR_FMT "\"", STR_ARG(text));
		return -1;
	}
	fd = open_socket(&a, type);
	if (fd == -1 && a.any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		in_port_t port = ((struct sockaddr_in6 *)(void *)&a.addr)->sin6_port;

		a.addr = (struct sockaddr_storage){0}; /* a kernel without IPv6 */
		set_in(&a, (struct in_addr){htonl(INADDR_ANY)}, port);
		fd = open_socket(&a, type);
	}
	if (fd == -1)
		err_set(e, "listen on " STR_FMT ": %s", STR_ARG(text), advice(errno));
	return fd;
}

int listen_open(struct str text, struct err *e)
{
	return open_type(text, SOCK_STREAM, e);
}

int listen_open_udp(struct str text, struct err *e)
{
	return open_type(text, SOCK_DGRAM, e);
}

struct in6_addr listen_peer(const struct sockaddr *from)
{
	struct in6_addr a = {0};

	if (from && from->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	if (from && from->sa_family == AF_INET) {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(&a.s6_addr[12],
			&((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	}
	return a;
}
