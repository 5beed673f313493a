#include "agent/component/loki.source.kubernetes_events/lease_name.h"

#include "tests/test.h"

#include <stdlib.h>

/* Its name is one of Kubernetes, whatever the component is called, and no other's. ?: of a hash. */
static void test_names(void **state)
{
	static const struct {
		const char *id;
		const char *want;
	} cases[] = {
		{"loki.source.kubernetes_events.e", "invar-loki.source.kubernetes-events.e"},
		{"my_events", "invar-my-events"},
		{"a._e", "invar-a--e-????????"},
		{"a.e_", "invar-a-e--????????"},
		{"a.E", "invar-a-e-????????"},
		{"..", "invar----????????"},
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str got = events_lease_name(&a, str_from(cases[i].id));
		size_t n = strcspn(cases[i].want, "?");

		print_message("%s: " STR_FMT "\n", cases[i].id, STR_ARG(got));
		assert_int_equal(got.n, strlen(cases[i].want));
		assert_memory_equal(got.p, cases[i].want, n);
	}
	assert_false(str_eq(events_lease_name(&a, STR("a.E")), events_lease_name(&a, STR("A.e"))));
	arena_fini(&a);
}

static void test_long(void **state)
{
	char id[301];
	struct arena a;

	(void)state;
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = 0;
	arena_init(&a, 0);
	assert_int_equal(events_lease_name(&a, str_head(str_from(id), 200)).n, 206);
	assert_int_equal(events_lease_name(&a, str_head(str_from(id), 201)).n, 209);
	assert_int_equal(events_lease_name(&a, str_from(id)).n, 209);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_names), cmocka_unit_test(test_long))
