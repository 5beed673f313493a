#pragma once

/*
 * How a call ends, as gRPC writes it in headers: grpc-message is percent-encoded, and
 * grpc-status-details-bin a google.rpc.Status in base64, in which RetryInfo tells when to come
 * again (PROTOCOL-HTTP2.md "Responses"; google/rpc/error_details.proto).
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"
#include "proto/grpc/code.h"

#include <stdbool.h>

const char *grpc_code_name(int64_t code); /* "UNAVAILABLE"; "a code unknown" */

/* Both append. What cannot be decoded of a text is left as it is. */
void grpc_text_encode(struct buf *out, struct str text);
void grpc_text_decode(struct buf *out, struct str text);

/* Appends the value of grpc-status-details-bin, with a RetryInfo of retry_delay ns. */
void grpc_details_encode(
	struct buf *out, enum grpc_code code, struct str message, int64_t retry_delay);

/* The retry_delay in the value of grpc-status-details-bin, ns; -1: there is none, or it is not
 * readable. work is for working in. */
int64_t grpc_details_retry(struct str value, struct buf *work);

/* grpc-timeout: ns; -1 if it is none. */
int64_t grpc_timeout_parse(struct str value);
