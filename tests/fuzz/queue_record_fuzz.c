/* A file of a queue on disk. What is found lies one behind the other and within the file, and is
 * found again in what is left when the file ends behind it. The first byte says whether heads get
 * the checksum that they want, which would keep the fuzzer out. */
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_export/record.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MAX = 1 << 16,
};

static int file = -1;

static void write_file(const char *p, size_t n)
{
	must(ftruncate(file, 0) == 0);
	must(pwrite(file, p, n, 0) == (ssize_t)n);
}

/* Every 64th byte may begin a record: of what is written there, with good checksums. */
static void mend(char *p, size_t n)
{
	for (size_t at = 0; at + RECORD_HEAD <= n; at += 64) {
		struct record r = {.kind = (enum signal_kind)((unsigned char)p[at] % SIGNAL_KINDS),
			.n = (uint32_t)(unsigned char)p[at + 1],
			.items = (uint32_t)(unsigned char)p[at + 2],
			.is_done = p[at + 3] & 1,
			.client = p[at + 3] & 4 ? (uint32_t)(unsigned char)p[at + 4] : 0};

		if (p[at + 3] & 2)
			record_encode(&r, p + at);
	}
}

static uint64_t scan(size_t n, size_t *found)
{
	struct record_scan s = {.fd = file, .size = n};
	uint64_t at = 0, last = 0;
	enum record_found f;
	struct record r;
	uint64_t from, to;

	*found = 0;
	while ((f = record_next(&s, &r, &from, &to)) != RECORD_END) {
		must(f != RECORD_UNREADABLE);
		must(from == at && to > from && to <= n);
		must(f != RECORD_FOUND || to - from == RECORD_HEAD + (uint64_t)r.n);
		must(f != RECORD_CUT || to == n);
		*found += f == RECORD_FOUND;
		if (f == RECORD_FOUND)
			last = to;
		at = to;
	}
	must(at == n);
	return last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t found, again;
	uint64_t last;
	char *p;

	if (size < 1 || size > MAX)
		return 0;
	if (file == -1)
		file = memfd_create("records", MFD_CLOEXEC);
	p = mem_text((struct str){(const char *)data + 1, size - 1});
	if (data[0] & 1)
		mend(p, size - 1);
	write_file(p, size - 1);
	last = scan(size - 1, &found);
	must(scan(last, &again) == last && again == found);
	free(p);
	return 0;
}
