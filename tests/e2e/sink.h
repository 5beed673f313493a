#pragma once

/*
 * A small HTTP/1.1 server for measuring and checking: a thread a connection, bodies with a
 * Content-Length, every POST answered at once. It trusts its clients; it is for tests only.
 */

#include <stddef.h>
#include <stdint.h>

struct sink {
	/* Called with each POST's body, from the connection's thread; returns the status to
	 * answer. NULL: 204, or 200 for OTLP's paths. */
	int (*took)(const char *path, const char *body, size_t n);
	/* A GET: writes the answer's body. NULL: empty. */
	size_t (*asked)(const char *path, char *out, size_t size);
	uint64_t requests;
	uint64_t bytes;
	uint64_t largest;
};

extern struct sink sink;

/* Listens on loopback (port 0: any), writes the port's number to port_file if that is not
 * NULL, and serves in threads of its own. Ends the program when it cannot. */
void sink_start(int port, const char *port_file);

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
