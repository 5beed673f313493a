/* A line of Docker's json-file driver: no input crashes it or reads outside of it. */
#include "agent/base/buf.h"
#include "proto/cri/docker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf scratch;
	volatile char sum = 0;
	struct docker_line l;

	if (!docker_parse((struct str){(const char *)data, size}, &scratch, &l))
		return 0;
	for (size_t i = 0; i < l.content.n; i++)
		sum = (char)(sum + l.content.p[i]);
	for (size_t i = 0; i < l.stream.n; i++)
		sum = (char)(sum + l.stream.p[i]);
	return 0;
}
