#include "k8s/pod_wishes.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "k8s/pod.h"
#include "tests/test.h"

/* The wishes for the containers web and db of a pod with these annotations and labels. */
static const struct {
	const char *annotations;
	const char *labels;
	const char *web;
	const char *db;
} cases[] = {
	{"", "", "", ""},
	{"\"invar.dev/exclude\":\"true\"", "", "excluded", "excluded"},
	{"\"invar.dev/exclude\":\"false\"", "", "", ""},
	{"\"fluentbit.io/exclude\":\"True\"", "", "excluded", "excluded"},
	{"\"fluentbit.io/exclude\":\"on\"", "", "excluded", "excluded"},
	{"\"fluentbit.io/exclude-db\":\"true\"", "", "", "excluded"},
	{"\"vector.dev/exclude\":\"true\"", "", "excluded", "excluded"},
	{"", "\"vector.dev/exclude\":\"true\"", "excluded", "excluded"},
	{"\"vector.dev/exclude-containers\":\"db, x\"", "", "", "excluded"},
	{"\"invar.dev/exclude-containers\":\"x,web\"", "", "excluded", ""},
	{"\"invar.dev/exclude-containers\":\"we\"", "", "", ""},
	{"\"invar.dev/exclude-containers\":\"\"", "", "", ""},
	{"\"co.elastic.logs/enabled\":\"false\"", "", "excluded", "excluded"},
	{"\"co.elastic.logs/enabled\":\"true\"", "", "", ""},
	{"\"invar.dev/tenant\":\"a\"", "", "tenant a", "tenant a"},
	{"\"invar.dev/multiline-firstline\":\"^x\"", "", "first ^x", "first ^x"},
	{"\"invar.dev/multiline-firstline\":\"^x\",\"invar.dev/multiline-firstline-db\":\"^y\"",
		"", "first ^x", "first ^y"},
	{"\"co.elastic.logs/multiline.pattern\":\"^z\",\"co.elastic.logs/multiline.negate\":"
	 "\"true\","
	 "\"co.elastic.logs/multiline.match\":\"after\"",
		"", "first ^z", "first ^z"},
	{"\"co.elastic.logs/multiline.pattern\":\"^z\"", "", "", ""},
};

static struct str show(struct arena *a, const struct pod *p, const char *container)
{
	const struct pod_container *c = pod_find_container(p, str_from(container));
	struct pod_wishes w = pod_wishes_find(p, c);

	return arena_printf(a, "%s%s" STR_FMT "%s" STR_FMT, w.excluded ? "excluded" : "",
		w.tenant.n ? "tenant " : "", STR_ARG(w.tenant), w.firstline.n ? "first " : "",
		STR_ARG(w.firstline));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct pod *p;
		struct err e;

		print_message("%s %s\n", cases[i].annotations, cases[i].labels);
		arena_init(&a, 0);
		p = pod_parse(&a,
			arena_printf(&a,
				"{\"metadata\":{\"uid\":\"u\",\"name\":\"p\",\"namespace\":\"n\","
				"\"annotations\":{%s},\"labels\":{%s}},\"spec\":{\"containers\":["
				"{\"name\":\"web\"},{\"name\":\"db\"}]}}",
				cases[i].annotations, cases[i].labels),
			&e);
		assert_non_null(p);
		assert_str(show(&a, p, "web"), cases[i].web);
		assert_str(show(&a, p, "db"), cases[i].db);
		pod_release(p);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
