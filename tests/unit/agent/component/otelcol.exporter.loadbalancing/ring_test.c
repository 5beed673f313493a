#include "agent/component/otelcol.exporter.loadbalancing/ring.h"
#include "tests/test.h"

/* From the Collector's consistent_hashing_test.go. */
static void test_as_the_collector(void **state)
{
	static const char *const names[] = {"endpoint-1", "endpoint-2"};
	static const struct {
		struct str key;
		size_t want;
	} cases[] = {
		{{"\1\2\0\0", 4}, 0},
		{{"\200\200\0\0", 4}, 1},
		{{"ad-service-7", 12}, 0},
		{{"get-recommendations-1", 21}, 1},
	};
	struct ring r = {0};

	(void)state;
	ring_make(&r, names, 2);
	assert_int_equal(r.n, 200);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(ring_find(&r, cases[i].key), cases[i].want);
	ring_fini(&r);
}

/* A backend that goes moves its own keys alone, and each of the others gets some of them. */
static void test_one_goes(void **state)
{
	static const char *const all[] = {"a:1", "b:1", "c:1", "d:1"};
	static const char *const left[] = {"a:1", "b:1", "d:1"};
	static const size_t as[] = {0, 1, 3};
	struct ring before = {0}, after = {0};
	size_t got[4] = {0};

	(void)state;
	ring_make(&before, all, 4);
	ring_make(&after, left, 3);
	for (uint32_t i = 0; i < 10000; i++) {
		struct str key = {(const char *)&i, sizeof(i)};
		size_t was = ring_find(&before, key);
		size_t is = as[ring_find(&after, key)];

		assert_true(was == 2 || is == was);
		if (was == 2)
			got[is]++;
	}
	assert_true(got[0] > 100 && got[1] > 100 && got[3] > 100);
	ring_fini(&before);
	ring_fini(&after);
}

TESTS_RUN(cmocka_unit_test(test_as_the_collector), cmocka_unit_test(test_one_goes))
