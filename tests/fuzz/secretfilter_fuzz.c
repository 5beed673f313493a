/* Lines in which secrets are looked for: what is found lies in the line, in order, and apart. */

#include "agent/base/must.h"
#include "agent/component/loki.secretfilter/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = {size ? (const char *)data : "", size};
	struct secret s;
	size_t at = 0;
	size_t before = 0;

	while (secret_scan(line, &at, &s)) {
		must(s.rule && s.n > 0 && s.at >= before && s.at + s.n <= line.n);
		must(at == s.at + s.n);
		before = at;
	}
	must(at == line.n);
	return 0;
}
