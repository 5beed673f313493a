/* Retry-After and HTTP dates from a server, and what may be sent as a header. */

#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = {(const char *)data, size};
	struct http_header h = {STR("X"), s};
	int64_t wall = INT64_C(1795344007) * NS_PER_SEC;
	int64_t after = http_header_retry_after(s, wall);
	int64_t seconds = INT64_MIN;

	must(after >= -1 && after <= INT64_MAX / 4);
	if (http_header_date(s, &seconds))
		must(seconds > -INT64_C(63000000000) && seconds < INT64_C(260000000000));
	else
		must(seconds == INT64_MIN);
	if (http_header_is_valid(&h))
		for (size_t i = 0; i < size; i++)
			must(data[i] != '\n' && data[i] != '\r' && data[i] != 0);
	return 0;
}
