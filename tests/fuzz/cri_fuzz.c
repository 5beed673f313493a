/* A CRI line: whatever it is, the fields lie inside it. */
#include "agent/base/must.h"
#include "proto/cri/cri.h"

static bool inside(struct str part, struct str whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cri_clock clock;
	struct str line = {(const char *)data, size};
	struct cri_line l;

	if (!cri_parse(&clock, line, &l))
		return 0;
	must(inside(l.time_text, line) && inside(l.stream, line));
	must(inside(l.tag, line) && inside(l.content, line));
	must(l.stream.n == 6);
	return 0;
}
