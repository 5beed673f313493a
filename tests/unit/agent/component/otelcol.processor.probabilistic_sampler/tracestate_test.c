#include "agent/component/otelcol.processor.probabilistic_sampler/tracestate.h"

#include "agent/base/buf.h"
#include "tests/test.h"

/* What is parsed, and printed again with th:8. NULL: refused. */
static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"", "ot=th:8"},
	{"vendor=x y,ot=th:4", "ot=th:8,vendor=x y"},
	{" a=b ,\tc@d=e\t, ,", "ot=th:8,a=b,c@d=e"},
	{"ot=rv:0123456789abcd;th:0;xx:y.z", "ot=rv:0123456789abcd;th:8;xx:y.z"},
	{"ot=xx:", "ot=th:8;xx:"},
	{"ot=", NULL},
	{"ot=th", NULL},
	{"ot=th:;a:b", NULL},
	{"ot=th:g", NULL},
	{"ot=rv:12", NULL},
	{"ot=a:b;", NULL},
	{"ot=A:b", NULL},
	{"ot=a:b c", NULL},
	{"a", NULL},
	{"=b", NULL},
	{"A=b", NULL},
	{"a=", NULL},
	{"a=b=c", NULL},
	{"1@a=b", "ot=th:8,1@a=b"},
	{"1=b", NULL},
	{"a@=b", NULL},
	{"a=\x7f", NULL},
};

static void test_cases(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tracestate t;

		assert_int_equal(
			tracestate_parse(str_from(cases[i].text), &t), cases[i].want != NULL);
		if (!cases[i].want)
			continue;
		t.has_threshold = true;
		t.threshold = UINT64_C(8) << 52;
		buf_clear(&out);
		tracestate_print(&out, &t);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

static void test_limits(void **state)
{
	struct buf text = {0};
	struct tracestate t;

	(void)state;
	for (int i = 0; i < 31; i++)
		buf_printf(&text, "k%d=v,", i);
	assert_true(tracestate_parse(str_head(buf_str(&text), text.n - 1), &t));
	buf_printf(&text, "k=v");
	assert_false(tracestate_parse(buf_str(&text), &t));
	buf_clear(&text);
	while (text.n < 1100)
		buf_add_char(&text, ' ');
	assert_false(tracestate_parse(buf_str(&text), &t));
	buf_fini(&text);
	assert_str(tracestate_find(STR("a=b, c=d"), STR("c")), "d");
	assert_null(tracestate_find(STR("a=b"), STR("c")).p);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_limits))
