#pragma once

/*
 * One address on which syslog messages come, by TCP or UDP. While the memory budget is used up
 * connections are not read, so that their senders wait; of datagrams the kernel then drops what
 * does not fit into its buffer, which is counted.
 */

#include "agent/flow/budget.h"
#include "agent/loop/acceptor.h"
#include "proto/syslog/frame.h"

struct err;
struct tls_keys;

/* Why a connection was closed by us before its time. */
enum syslog_end {
	SYSLOG_NO_ROOM,   /* others needed the room; it had been silent for longest, or held much */
	SYSLOG_WRONG_TLS, /* TLS was not understood, or is not spoken here */
	SYSLOG_ENDS,
};

struct syslog_sink {
	/* from: the sender's address in words. */
	void (*message)(struct syslog_sink *s, struct str message, const char *from);
	/* Messages that were longer than max. */
	void (*too_long)(struct syslog_sink *s, uint64_t n);
	/* Datagrams that the kernel had no room for. */
	void (*dropped)(struct syslog_sink *s, uint64_t n);
	void (*closed)(struct syslog_sink *s, enum syslog_end why, const char *from);
	/* For one more connection; if is_tls. */
	struct tls_keys *(*keys)(struct syslog_sink *s);
};

/* Embedded in its owner, zeroed, then the first part filled. */
struct syslog_listener {
	struct syslog_sink *sink;
	struct budget *budget;
	size_t max;
	char delimiter;
	bool is_raw;
	bool is_udp;
	bool is_tls;
	int64_t idle_timeout; /* ns */

	struct loop *loop; /* this and what follows: its own */
	struct budget_waiter room;

	struct acceptor acceptor;
	struct list connections; /* the one that is silent for longest comes first */
	size_t n;
	size_t held; /* bytes of messages that are not whole yet, in the budget too */
	struct timer again;

	struct fd_watch datagrams;
	struct syslog_frames frames; /* of the datagram that is being read */
	int fd;                      /* of datagrams */
	uint32_t overflow;           /* as the kernel counts it */
};

#define SYSLOG_CONNECTIONS_MAX 1000 /* a listener */
#define SYSLOG_TLS_MAX 500          /* with TLS: a session takes tens of kilobytes */

/* False, with e, which says what to do, if the address cannot be had. */
bool syslog_listener_start(struct syslog_listener *l, struct loop *loop, struct str address,
	struct err *e);
void syslog_listener_stop(struct syslog_listener *l); /* twice is fine */
