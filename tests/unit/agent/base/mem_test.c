#include "agent/base/mem.h"

#include "tests/test.h"

#define MIB ((size_t)1 << 20)

/* What is free, as seen each time, and whether it is given back then. */
static void test_is_much(void **state)
{
	static const struct {
		size_t free_mib;
		bool want;
	} seen[] = {
		{0, false},
		{4, false},
		{30, true},  /* an outage has ended */
		{30, false}, /* that was given back, and counts as free */
		{33, false},
		{35, true},
		{2, false}, /* it is in use again … */
		{6, false},
		{7, true}, /* … and free */
	};
	size_t least = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		print_message("%zu: %zu MiB\n", i, seen[i].free_mib);
		assert_int_equal(mem_is_much(seen[i].free_mib * MIB, &least), seen[i].want);
	}
}

TESTS_RUN(cmocka_unit_test(test_is_much))
