/* A positions file from disk: refused, or printed again as it was read. The checksum would keep the
 * fuzzer out, so the input gets its last line here. */
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/tail/positions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct positions p = {0};
	struct positions q = {0};
	struct buf text = {0};
	struct err e;

	positions_print_start(&text);
	buf_add(&text, data, size);
	positions_print_end(&text);
	if (positions_parse(&p, buf_str(&text), &e)) {
		buf_clear(&text);
		positions_print_start(&text);
		positions_print_all(&text, &p);
		positions_print_end(&text);
		must(positions_parse(&q, buf_str(&text), &e));
		must(p.n == q.n);
	}
	positions_fini(&p);
	positions_fini(&q);
	buf_fini(&text);
	return 0;
}
