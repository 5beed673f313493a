/* Unary calls only: OTLP has no others. */

#include "proto/grpc/message.h"

enum grpc_body grpc_message_read(struct str body, struct grpc_message *out)
{
	size_t n = 0;

	if (body.n == 0)
		return GRPC_BODY_EMPTY;
	if ((uint8_t)body.p[0] > 1)
		return GRPC_BODY_BAD_FLAG;
	if (body.n < GRPC_PREFIX)
		return GRPC_BODY_CUT;
	for (size_t i = 1; i < GRPC_PREFIX; i++)
		n = n << 8 | (uint8_t)body.p[i];
	if (body.n - GRPC_PREFIX < n)
		return GRPC_BODY_CUT;
	*out = (struct grpc_message){body.p[0] == 1, {body.p + GRPC_PREFIX, n}};
	return body.n - GRPC_PREFIX > n ? GRPC_BODY_MANY : GRPC_BODY_ONE;
}

const char *grpc_body_error(enum grpc_body b)
{
	switch (b) {
	case GRPC_BODY_ONE:
		break;
	case GRPC_BODY_EMPTY:
		return "the call has no message";
	case GRPC_BODY_CUT:
		return "the message is cut off";
	case GRPC_BODY_MANY:
		return "the call has more than one message";
	case GRPC_BODY_BAD_FLAG:
		return "the flag of the message is neither 0 nor 1";
	}
	return "";
}

void grpc_prefix_put(struct buf *out, bool is_compressed, uint32_t n)
{
	buf_add_char(out, is_compressed ? 1 : 0);
	for (unsigned shift = 32; shift > 0; shift -= 8)
		buf_add_char(out, (char)(n >> (shift - 8) & 0xff));
}
