#include "tests/convert.h"

/* How jobs and labels are called. */
static const struct {
	const char *name;
	const char *want;
} names[] = {
	{"a", "loki.source.file \"a\" {"},
	{"kubernetes-pods", "loki.source.file \"kubernetes_pods\" {"},
	{"a.b/c d", "loki.source.file \"a_b_c_d\" {"},
	{"3x", "loki.source.file \"_3x\" {"},
	{"true", "loki.source.file \"_true\" {"},
	{"'null'", "loki.source.file \"_null\" {"},
	{"gr\xc3\xbc\xc3\x9f"
	 "e",
		"loki.source.file \"gr__e\" {"},
	{"''", "loki.source.file \"_\" {"},
	{"", "(Error) p:3:12: a job wants a job_name"},
	{"[]", "(Error) p:3:13: a job wants a job_name"},
};

static void test_names(void **state)
{
	static const struct convert_flags none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char yaml[200];

		snprintf(yaml, sizeof(yaml),
			"client: {url: u}\nscrape_configs:\n- job_name: %s\n"
			"  static_configs: [{}]\n",
			names[i].name);
		convert_check(yaml, &none, names[i].want);
	}
}

/* Each component of a kind has a name of its own. */
static void test_again(void **state)
{
	static const struct convert_flags none = {0};
	static const char yaml[] =
		"client: {url: u}\nscrape_configs:\n"
		"- {job_name: a, file_sd_configs: [{files: [x]}, {files: [y]}]}\n"
		"- {job_name: a, file_sd_configs: [{files: [z]}]}\n"
		"- {job_name: a_2, static_configs: [{}]}\n";

	(void)state;
	convert_check(yaml, &none, "discovery.file \"a_2\" {\n\tfiles = [\"y\"]");
	convert_check(yaml, &none, "discovery.file \"a_2_2\" {\n\tfiles = [\"z\"]");
	convert_check(yaml, &none, "loki.source.file \"a_2\" {");
	convert_check(yaml, &none, "loki.source.file \"a_2_2\" {");
}

/* A short YAML that says very much ends at a limit, and soon. */
static void test_too_long(void **state)
{
	static const struct convert_flags none = {0};
	struct buf yaml = {0};

	(void)state;
	buf_printf(&yaml, "client: {url: u, tenant_id: &t '");
	for (int i = 0; i < 10000; i++)
		buf_add_char(&yaml, 'x');
	buf_printf(&yaml, "'}\nscrape_configs:\n- job_name: j\n  static_configs:\n  - targets: [");
	for (int i = 0; i < 2000; i++)
		buf_printf(&yaml, "*t, ");
	buf_printf(&yaml, "]\n");
	buf_add_char(&yaml, 0);
	convert_check(yaml.p, &none, "(Critical) the result is too long\n");
	buf_fini(&yaml);
}

TESTS_RUN(cmocka_unit_test(test_names), cmocka_unit_test(test_again),
	cmocka_unit_test(test_too_long))
