#include "agent/base/nearest.h"

#include "tests/test.h"

static const char *const names[] = {"loki.write", "loki.process", "url", "forward_to", NULL};

static const struct {
	const char *word;
	const char *best;
} cases[] = {
	{"loki.wirte", "loki.write"},
	{"loki.write", "loki.write"},
	{"write", "loki.write"},
	{"ur", "url"},
	{"uri", "url"},
	{"forward", "forward_to"},
	{"forwrad_to", "forward_to"},
	{"prometheus", NULL},
	{"x", NULL},
	{"", NULL},
	{"to", NULL},
	{"loki.what", NULL},
	{"lokki.write", "loki.write"},
	{"loki.writeloki.writeloki.writeloki.writeloki.writeloki.writeloki.write", NULL},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nearest n;

		nearest_init(&n, str_from(cases[i].word));
		for (size_t k = 0; names[k]; k++)
			nearest_try(&n, names[k]);
		print_message("%s\n", cases[i].word);
		assert_string_equal(
			n.best ? n.best : "none", cases[i].best ? cases[i].best : "none");
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
