#include "agent/cgroup.h"

#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *file;
	const char *text;
	int64_t want;
} cases[] = {
	{"memory.max", "268435456\n", 268435456},
	{"memory.max", "max\n", 0},
	{"memory.max", "", 0},
	{"memory.max", "-1\n", 0},
	{"memory/memory.limit_in_bytes", "134217728\n", 134217728},
	{"memory/memory.limit_in_bytes", "9223372036854771712\n", 0}, /* no limit */
	{"nothing", "1", 0},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char root[] = "build/cgroup_test.XXXXXX", sub[64], path[128];
		FILE *f;

		assert_non_null(mkdtemp(root));
		snprintf(sub, sizeof(sub), "%s/memory", root);
		assert_int_equal(mkdir(sub, 0755), 0);
		snprintf(path, sizeof(path), "%s/%s", root, cases[i].file);
		f = fopen(path, "we");
		assert_non_null(f);
		fputs(cases[i].text, f);
		fclose(f);
		assert_int_equal(cgroup_memory_limit(root), cases[i].want);
		unlink(path);
		rmdir(sub);
		rmdir(root);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
