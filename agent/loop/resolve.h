#pragma once

/*
 * The addresses of a name, as the system knows them (getaddrinfo on a thread of libuv's). Embedded
 * in its owner, zeroed; done() is set by it. One question at a time.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct loop;

#define RESOLVE_TEXT INET6_ADDRSTRLEN
#define RESOLVE_MAX 1024 /* addresses; more are left out */

struct resolve {
	void (*done)(struct resolve *r);
	const char *error;           /* in done(); NULL: it worked */
	char (*texts)[RESOLVE_TEXT]; /* in done(): the addresses, each once */
	size_t n;
	struct resolve_work *work; /* its own; NULL: no question is under way */
};

void resolve_start(struct resolve *r, struct loop *l, const char *name);
void resolve_cancel(struct resolve *r); /* done() is not called any more */
