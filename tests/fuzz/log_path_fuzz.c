/* A path: if it is a log's, its parts make the same path again. */

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "k8s/log_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf back;
	struct str path = {(const char *)data, size};
	struct log_path p;

	if (!log_path_parse(path, &p))
		return 0;
	must(p.namespace.n && p.pod.n && p.uid.n && p.container.n && p.restart >= 0);
	buf_clear(&back);
	log_path_encode(&back, &p);
	must(str_eq(buf_str(&back), path));
	return 0;
}
