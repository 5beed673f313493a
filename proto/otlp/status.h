#pragma once

/*
 * The small messages of OTLP's answers: google.rpc.Status as the body of every error, and the
 * partial success of a 200 (collector/.../v1, OTLP specification "Partial Success").
 */

#include "proto/otlp/types.h"

struct buf;

/* The codes of gRPC that are used here. */
enum otlp_code {
	OTLP_OK = 0,
	OTLP_INVALID_ARGUMENT = 3,
	OTLP_NOT_FOUND = 5,
	OTLP_RESOURCE_EXHAUSTED = 8,
	OTLP_UNIMPLEMENTED = 12,
	OTLP_INTERNAL = 13,
	OTLP_UNAVAILABLE = 14,
	OTLP_UNAUTHENTICATED = 16,
};

enum otlp_encoding {
	OTLP_PROTO,
	OTLP_JSON,
};

/* Both append. message is in UTF-8, or is made so in JSON; at most 4 KiB of it are written. */
void otlp_status_encode(
	struct buf *out, enum otlp_encoding as, enum otlp_code code, struct str message);
void otlp_partial_encode(struct buf *out, enum otlp_encoding as, enum otlp_kind kind,
	int64_t rejected, struct str message); /* 0 and no message: full success */

/* Protobuf bodies, read; views into them. False, and zeroes, if the bytes are not such a message.
 * For JSON see otlp_json_parse() with otlp_status() and otlp_response(). */
bool otlp_status_read(struct str body, int64_t *code, struct str *message);
bool otlp_partial_read(struct str body, int64_t *rejected, struct str *message);
