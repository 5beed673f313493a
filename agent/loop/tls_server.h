#pragma once

/*
 * TLS for what we serve ourselves (HTTP/2 and syslog; libmicrohttpd has its own), on GnuTLS: the
 * keys of a server, and one connection's session over a non-blocking socket.
 */

#include "agent/base/str.h"

#include <sys/types.h>

struct err;
struct tls_keys;
struct tls_session;

/* With NULs; client_ca NULL: clients need no certificate. */
struct tls_pem {
	char *cert;
	char *key;
	char *client_ca;
};

/* Counted, since sessions outlive a change of the keys. NULL and e: they cannot be used. */
struct tls_keys *tls_keys_new(
	struct str cert_pem, struct str key_pem, struct str client_ca_pem, struct err *e);
void tls_keys_release(struct tls_keys *k); /* NULL is nothing */
struct tls_pem tls_keys_pem(const struct tls_keys *k);
bool tls_keys_ask_clients(const struct tls_keys *k);

/* alpn: the one protocol that a client must offer; NULL: none is asked for. The descriptor stays
 * the caller's. */
struct tls_session *tls_session_new(struct tls_keys *k, int fd, const char *alpn);
void tls_session_free(struct tls_session *t); /* NULL is nothing */

enum tls_result {
	TLS_DONE,
	TLS_AGAIN, /* when the socket is ready: to be read, or written if wants_write */
	TLS_FAILED,
};

enum tls_result tls_session_handshake(struct tls_session *t, bool *wants_write);
bool tls_session_has_http2(const struct tls_session *t);

/* As read() and write(): 0 at the end of the stream, -1 and errno, EAGAIN among them. */
ssize_t tls_session_read(struct tls_session *t, void *to, size_t n);
ssize_t tls_session_write(struct tls_session *t, const void *p, size_t n);
void tls_session_bye(struct tls_session *t); /* close_notify, if it can be sent at once */
