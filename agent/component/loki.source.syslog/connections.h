#pragma once

/*
 * The listener's connections of TCP. Whoever can reach the port may open them, say nothing, or
 * begin messages and not end them: they are bounded in number and in what they hold, and when there
 * are too many the one that has been silent for longest gives way.
 */

#include "agent/component/loki.source.syslog/listener.h"

void syslog_connections_start(struct syslog_listener *l, int fd);
void syslog_connections_stop(struct syslog_listener *l);
void syslog_connections_read(struct syslog_listener *l, bool on);

/* Of the listener, for both kinds of input: */
bool syslog_listener_is_full(struct syslog_listener *l); /* then it goes on by itself */
struct syslog_frames syslog_listener_frames(const struct syslog_listener *l);
void syslog_listener_push(struct syslog_listener *l, struct syslog_frames *f, const char *from);
/* … and what has no end yet, as no more comes. */
void syslog_listener_push_last(struct syslog_listener *l, struct syslog_frames *f,
	const char *from);
void syslog_listener_print_peer(char out[INET6_ADDRSTRLEN], const struct sockaddr_storage *from);
