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

struct syslog_sink {
	/* from: the sender's address in words. */
	void (*message)(struct syslog_sink *s, struct str message, const char *from);
	/* Messages that were longer than max. */
	void (*too_long)(struct syslog_sink *s, uint64_t n);
	/* Datagrams that the kernel had no room for. */
	void (*dropped)(struct syslog_sink *s, uint64_t n);
};

/* Embedded in its owner, zeroed, then the first part filled. */
struct syslog_listener {
	struct syslog_sink *sink;
	const char *id; /* for messages */
	struct budget *budget;
	size_t max;
	char delimiter;
	bool is_raw;
	bool is_udp;
	int64_t idle_timeout; /* ns */

	struct loop *loop; /* this and what follows: its own */
	struct acceptor acceptor;
	struct fd_watch datagrams;
	struct syslog_frames frames; /* of the datagram that is being read */
	struct budget_waiter room;
	struct list connections;
	size_t n;
	int fd;            /* of datagrams */
	uint32_t overflow; /* as the kernel counts it */
};

#define SYSLOG_CONNECTIONS_MAX 1000 /* a listener; more wait in the kernel's queue */

/* False, with e, which says what to do, if the address cannot be had. */
bool syslog_listener_start(struct syslog_listener *l, struct loop *loop, struct str address,
	struct err *e);
void syslog_listener_stop(struct syslog_listener *l); /* twice is fine */
