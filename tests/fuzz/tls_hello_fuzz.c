/* The first record of a TLS client. */

#include "agent/loop/tls_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str record = {(const char *)data, size};
	size_t n = tls_hello_size(record);

	if (n > 0 && n <= size)
		tls_hello_offers_http2(str_head(record, n));
	return 0;
}
