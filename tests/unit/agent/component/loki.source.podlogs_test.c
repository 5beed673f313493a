/* Arguments; what it does is in tests/scenario/loki.source.podlogs/. */

/* clang-format off */
#include "tests/component.h"
/* clang-format on */

extern const struct component_type loki_source_podlogs;

static const struct {
	const char *args;
	const char *error;
} cases[] = {
	{"selector {\n match_expression {\n key = \"a\"\n operator = \"like\"\n}\n}",
		"5:2: operator \"like\" is not a valid label selector operator, which are In, "
		"NotIn, Exists and DoesNotExist\n"},
	{"namespace_selector {\n match_expression {\n key = \"a\"\n operator = \"In\"\n}\n}",
		"5:2: values must be specified when operator is 'In' or 'NotIn'\n"},
	{"selector {\n match_expression {\n key = \"a\"\n}\n}",
		"5:2: missing required attribute \"operator\"\n"},
	{"node_filter {\n enabled = 1\n}", "5:12: 1 should be bool, got number\n"},
	{"client {\n api_server = \"https://a\"\n bearer_token = \"a\"\n"
	 " bearer_token_file = \"b\"\n}",
		"4:2: at most one of basic_auth, authorization, oauth2, bearer_token & "
		"bearer_token_file must be configured\n"},
	{"client {\n kubeconfig_file = \"build/none\"\n}",
		"2:1: cannot start: build/none: No such file or directory\n"},
};

static void wrong_arguments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		char text[1024];

		harness_init(&h, &loki_source_podlogs);
		snprintf(text, sizeof(text),
			"test.sink \"s\" { }\nloki.source.podlogs \"p\" {\n"
			" forward_to = [test.sink.s.receiver]\n %s\n}\n",
			cases[i].args);
		assert_false(harness_load(&h, text));
		assert_str(buf_str(&h.errors), cases[i].error);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(wrong_arguments))
