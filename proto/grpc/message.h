#pragma once

/*
 * Messages of gRPC over HTTP/2 (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"): a byte that says
 * whether it is compressed, four bytes of length, the message.
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <stdbool.h>

enum {
	GRPC_PREFIX = 5,
};

enum grpc_body {
	GRPC_BODY_ONE,      /* as it must be for a unary call */
	GRPC_BODY_EMPTY,    /* no message */
	GRPC_BODY_CUT,      /* it ends within a message */
	GRPC_BODY_MANY,     /* there is more behind the message */
	GRPC_BODY_BAD_FLAG, /* the first byte is neither 0 nor 1 */
};

struct grpc_message {
	bool is_compressed;
	struct str bytes; /* a view */
};

/* The one message of a unary call. Of GRPC_BODY_MANY *out is the first; else, but for
 * GRPC_BODY_ONE, it is not set. */
enum grpc_body grpc_message_read(struct str body, struct grpc_message *out);

/* What is wrong with such a body, in words. */
const char *grpc_body_error(enum grpc_body b);

void grpc_prefix_put(struct buf *out, bool is_compressed, uint32_t n);
