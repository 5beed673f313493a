#define HARNESS_STABILITY STABILITY_PUBLIC_PREVIEW
/* clang-format off */
#include "tests/component.h"
/* clang-format on */

#include "agent/base/metric.h"

extern const struct component_type loki_secretfilter;

#define KEY "AKIAIOSFODNN7EXAMPLE"

static const struct {
	const char *args;
	const char *line;
	const char *want;
} cases[] = {
	{"", "nothing here", "nothing here"},
	{"", "key " KEY " end", "key AKIA... end"},
	{"redact_percent = 100", KEY, "REDACTED"},
	{"redact_percent = 0", KEY, KEY "..."},
	{"redact_with = \"<gone>\"", KEY "," KEY, "<gone>,<gone>"},
	{"redact_with = \"[$SECRET_NAME $SECRET_HASH]\"", "a " KEY,
		"a [aws-access-token "
		"1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3]"},
	{"rate = 0.0", KEY, KEY},
};

static void load(struct harness *h, const char *args)
{
	char text[1024];

	harness_init(h, &loki_secretfilter);
	snprintf(text, sizeof(text),
		"test.source \"in\" {\n forward_to = [loki.secretfilter.f.receiver]\n}\n"
		"loki.secretfilter \"f\" {\n forward_to = [test.sink.s.receiver]\n %s\n}\n"
		"test.sink \"s\" { }\n",
		args);
	assert_true(harness_load(h, text));
}

static void lines_are_redacted(void **state)
{
	static const char *const labels[] = {"a", "b", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		char want[512];

		load(&h, cases[i].args);
		harness_push(labels, 7, str_from(cases[i].line));
		snprintf(want, sizeof(want), "7 {a=\"b\"} %s\n", cases[i].want);
		assert_str(buf_str(&harness_seen), want);
		harness_fini(&h);
	}
}

static void they_are_counted(void **state)
{
	static const char *const one[] = {"ns", "one", NULL};
	static const char *const two[] = {"ns", "two", NULL};
	static const char *const want[] = {
		"loki_secretfilter_secrets_redacted_total{component_id=\"loki.secretfilter.f\","
		"component_path=\"/\"} 3\n",
		"by_category_total{component_id=\"loki.secretfilter.f\",component_path=\"/\","
		"rule=\"aws-access-token\",origin=\"one\"} 2\n",
		"by_category_total{component_id=\"loki.secretfilter.f\",component_path=\"/\","
		"rule=\"aws-access-token\",origin=\"two\"} 1\n",
	};
	struct buf b = {0};
	struct harness h;

	(void)state;
	load(&h, "origin_label = \"ns\"");
	harness_push(one, 1, STR(KEY " " KEY));
	harness_push(two, 1, STR(KEY));
	harness_push(two, 1, STR("nothing"));
	metric_print_all(&b);
	buf_add_char(&b, 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		assert_non_null(strstr(b.p, want[i]));
	buf_fini(&b);
	harness_fini(&h);
}

static void wrong_arguments(void **state)
{
	static const struct {
		const char *args;
		const char *error;
	} wrong[] = {
		{"rate = 1.5", "1:1: rate must be between 0 and 1\n"},
		{"redact_percent = 101", "1:1: redact_percent must be between 0 and 100\n"},
		{"origin_label = \"a-b\"", "1:1: origin_label \"a-b\" is not the name of a "
					   "label\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct harness h;
		char text[512];

		harness_init(&h, &loki_secretfilter);
		snprintf(text, sizeof(text),
			"loki.secretfilter \"f\" {\n forward_to = []\n %s\n}\n", wrong[i].args);
		assert_false(harness_load(&h, text));
		assert_str(buf_str(&h.errors), wrong[i].error);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(lines_are_redacted), cmocka_unit_test(they_are_counted),
	cmocka_unit_test(wrong_arguments))
