#include "agent/base/mem.h"

#include "tests/test.h"

#define MIB ((size_t)1 << 20)

static const size_t *mib; /* what the system says from now on */

static size_t anonymous(void)
{
	return *mib++ * MIB;
}

/* What is given back is looked at once more, and is the least from then on. */
static void test_tidy(void **state)
{
	static const struct {
		size_t mib[2];
		bool want;
	} turns[] = {
		{{3}, false},
		{{40, 20}, true}, /* an outage has ended */
		{{22}, false},
		{{27, 19}, true},
		{{10}, false}, /* other things are in use */
		{{13}, false},
		{{17, 15}, true},
		{{18}, false},
		{{0}, false}, /* the system does not say */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		print_message("%zu: %zu MiB\n", i, turns[i].mib[0]);
		mib = turns[i].mib;
		assert_int_equal(mem_tidy(anonymous), turns[i].want);
		assert_int_equal(mib - turns[i].mib, turns[i].want ? 2 : 1);
	}
}

TESTS_RUN(cmocka_unit_test(test_tidy))
