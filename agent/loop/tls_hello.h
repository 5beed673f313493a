#pragma once

/*
 * The first message of a TLS client, looked at before anybody answers it: does it offer HTTP/2
 * (RFC 8446 4.1.2, RFC 7301)? One record is looked at; a ClientHello cut into several, which no
 * client makes, counts as one that does not.
 */

#include "agent/base/str.h"

enum {
	TLS_HELLO_MAX = 5 + 16384, /* a record and its header */
};

/* The bytes of the whole record, 0 if bytes are no beginning of a handshake record; at least 5
 * bytes are there. */
size_t tls_hello_size(struct str bytes);

/* record is whole. */
bool tls_hello_offers_http2(struct str record);
