/* JSON that is taken gives protobuf that only the walk's checks of ids and depth may refuse;
 * printed and parsed again it is the same. The first byte says which signal. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "proto/otlp/json_parse.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf proto = {0};
	struct buf json = {0};
	struct buf again = {0};
	struct buf json2 = {0};
	struct otlp_counts n;
	struct err e;
	enum otlp_kind kind;

	if (size == 0)
		return 0;
	kind = (enum otlp_kind)(data[0] % OTLP_KINDS);
	if (otlp_json_parse(otlp_request(kind), (struct str){(const char *)data + 1, size - 1},
		    &proto, &e)) {
		bool ok = otlp_walk(kind, buf_str(&proto), &n, &e);

		must(ok || strstr(e.text, "an id has"));
		otlp_json_print(otlp_request(kind), buf_str(&proto), &json);
		must(otlp_json_parse(otlp_request(kind), buf_str(&json), &again, &e));
		otlp_json_print(otlp_request(kind), buf_str(&again), &json2);
		must(str_eq(buf_str(&json), buf_str(&json2)));
	} else {
		must(proto.n == 0);
	}
	buf_fini(&proto);
	buf_fini(&json);
	buf_fini(&again);
	buf_fini(&json2);
	return 0;
}
