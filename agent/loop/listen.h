#pragma once

/* Sockets to listen on, from the addresses that people write. */

#include "agent/base/str.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct err;

struct listen_address {
	struct sockaddr_storage addr;
	socklen_t size;
	bool any; /* no host was given: all interfaces, IPv6 and IPv4 */
};

/* "host:port": an IPv4 address, an IPv6 address in brackets, "localhost", another name (looked up
 * at once, so only at start), or no host. */
bool listen_parse(struct str text, struct listen_address *out, struct err *e);

/* A listening TCP socket, non-blocking; -1 and e, which says what to do about it. */
int listen_open(struct str text, struct err *e);

/* The same for datagrams; the kernel tells with each how many it had to drop (SO_RXQ_OVFL). */
int listen_open_udp(struct str text, struct err *e);

/* The peer as IPv6; IPv4 is mapped (::ffff:a.b.c.d), anything else is ::. */
struct in6_addr listen_peer(const struct sockaddr *from);
