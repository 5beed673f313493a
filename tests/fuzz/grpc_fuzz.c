/* Messages of gRPC, and what its headers say: as a body, as grpc-status-details-bin, as
 * grpc-message and as grpc-timeout. */

#include "agent/base/must.h"
#include "proto/grpc/message.h"
#include "proto/grpc/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf a;
	static struct buf b;
	struct str text = {(const char *)data, size};
	struct grpc_message m;
	int64_t delay;

	switch (grpc_message_read(text, &m)) {
	case GRPC_BODY_ONE:
		must(m.bytes.n + GRPC_PREFIX == size);
		break;
	case GRPC_BODY_MANY:
		must(m.bytes.n + GRPC_PREFIX < size);
		break;
	case GRPC_BODY_EMPTY:
	case GRPC_BODY_CUT:
	case GRPC_BODY_BAD_FLAG:
		break;
	}
	delay = grpc_details_retry(text, &a);
	must(delay >= -1);
	if (delay >= 0) {
		buf_clear(&b);
		grpc_details_encode(&b, GRPC_UNAVAILABLE, str_head(text, 10), delay);
		must(grpc_details_retry(buf_str(&b), &a) == delay);
	}
	buf_clear(&a);
	buf_clear(&b);
	grpc_text_encode(&a, text);
	grpc_text_decode(&b, buf_str(&a));
	must(b.n == size && (size == 0 || memcmp(b.p, data, size) == 0));
	buf_clear(&b);
	grpc_text_decode(&b, text);
	must(grpc_timeout_parse(text) >= -1);
	return 0;
}
