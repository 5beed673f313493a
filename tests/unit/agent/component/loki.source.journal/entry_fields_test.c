#include "agent/component/loki.source.journal/entry_fields.h"

#include "agent/base/buf.h"
#include "tests/test.h"

#include <stdlib.h>

static const struct {
	const char *fields; /* a space between */
	const char *json;
	const char *labels;
} cases[] = {
	{"MESSAGE=hi PRIORITY=3 _SYSTEMD_UNIT=a.service",
		"{\"MESSAGE\":\"hi\",\"PRIORITY\":\"3\",\"_SYSTEMD_UNIT\":\"a.service\"}",
		"__journal_message=hi __journal_priority=3 __journal__systemd_unit=a.service "
		"__journal_priority_keyword=error more=1 "},
	{"B=1 A=x=y B=2", "{\"A\":\"x=y\",\"B\":\"2\"}", "__journal_b=2 __journal_a=x=y more=1 "},
	{"A= PRIORITY=8 =x x", "{\"A\":\"\",\"PRIORITY\":\"8\"}", "__journal_priority=8 more=1 "},
	{"", "{}", "more=1 "},
};

static void test_cases(void **state)
{
	const struct label more = {STR("more"), STR("1")};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str rest = str_from(cases[i].fields), one;
		struct journal_fields f = {0};
		struct buf b = {0};
		struct label *v;
		struct arena a;
		size_t n;

		arena_init(&a, 0);
		while (str_cut(rest, ' ', &one, &rest))
			journal_fields_add(&f, &a, one);
		journal_fields_add(&f, &a, rest);
		n = journal_fields_labels(&f, &a, &more, 1, &v);
		for (size_t k = 0; k < n; k++)
			buf_printf(&b, STR_FMT "=" STR_FMT " ", STR_ARG(v[k].name),
				STR_ARG(v[k].value));
		assert_str(buf_str(&b), cases[i].labels);
		buf_clear(&b);
		journal_fields_json(&f, &b);
		assert_str(buf_str(&b), cases[i].json);
		buf_fini(&b);
		arena_fini(&a);
	}
}

/* Many fields, and long ones, are bounded. */
static void test_bounds(void **state)
{
	struct journal_fields f = {0};
	struct arena a;
	char text[64];
	char *big = calloc(1, JOURNAL_BYTES_MAX + 1);

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 2 * JOURNAL_FIELDS_MAX; i++) {
		snprintf(text, sizeof(text), "F%d=x", i);
		journal_fields_add(&f, &a, str_from(text));
	}
	assert_int_equal(f.n, JOURNAL_FIELDS_MAX);
	f = (struct journal_fields){0};
	memset(big, 'A', JOURNAL_BYTES_MAX);
	big[1] = '=';
	journal_fields_add(&f, &a, str_from(big));
	assert_int_equal(f.n, 1);
	journal_fields_add(&f, &a, STR("B=1"));
	assert_int_equal(f.n, 1);
	free(big);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_bounds))
