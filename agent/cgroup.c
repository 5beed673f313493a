/*
 * In a container the cgroup is seen at the root of the mount, in version 2 (memory.max) as in
 * version 1 (memory/memory.limit_in_bytes, where "no limit" is a number near 2^63).
 */

#include "agent/cgroup.h"

#include "agent/base/str.h"

#include <stdio.h>

#define NO_LIMIT (INT64_C(1) << 60)

static int64_t read_limit(const char *root, const char *name)
{
	char path[256], text[64];
	int64_t limit = 0;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (!str_to_int(str_trim((struct str){text, n}), &limit)) /* "max" */
		return 0;
	return limit > 0 && limit < NO_LIMIT ? limit : 0;
}

int64_t cgroup_memory_limit(const char *root)
{
	int64_t limit = read_limit(root, "memory.max");

	return limit ? limit : read_limit(root, "memory/memory.limit_in_bytes");
}
