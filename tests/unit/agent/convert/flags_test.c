#include "tests/convert.h"

static const struct {
	const char *args;
	const char *want; /* expand|labels|positions, then what is said */
} cases[] = {
	{"", "0||\n"},
	{"  ", "0||\n"},
	{"-config.expand-env", "1||\n"},
	{"--config.expand-env=true", "1||\n"},
	{"-config.expand-env=false", "0||\n"},
	{" -config.file=/a.yaml  -client.external-labels=a=b,c=d -positions.file=/p",
		"0|a=b,c=d|/p\n"},
	{"-log.level=debug", "0||\n(Error) extra arguments: -log.level is not converted; write it "
			     "into the file (-config.expand-env, -client.external-labels and "
			     "-positions.file are)\n"},
	{"x", "0||\n(Critical) extra arguments: \"x\" is no flag\n"},
};

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conversion c = {0};
		struct convert_flags f;
		struct buf got = {0};
		struct arena a;

		arena_init(&a, 0);
		convert_flags_read(&a, str_from(cases[i].args), &f, &c);
		buf_printf(&got, "%d|" STR_FMT "|" STR_FMT "\n", f.expand_env,
			STR_ARG(f.external_labels), STR_ARG(f.positions));
		conversion_print(&got, &c, "p", CONVERT_INFO);
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		conversion_fini(&c);
		arena_fini(&a);
	}
}

/* What the file has wins, label by label; a file position of the flag wins. */
static void test_used(void **state)
{
	static const struct convert_flags flags = {
		.external_labels = STR("a=1, b=2,,=x,c"), .positions = STR("/flag")};
	static const char yaml[] = "clients:\n"
				   "- {url: u, external_labels: {a: file}}\n"
				   "- {url: u}\n"
				   "positions: {filename: /file}\n"
				   "scrape_configs:\n"
				   "- {job_name: j, static_configs: [{}]}\n";

	(void)state;
	convert_check(yaml, &flags, "external_labels = {\n\t\tb = \"2\",\n\t\ta = \"file\",\n");
	convert_check(yaml, &flags, "external_labels = {\n\t\ta = \"1\",\n\t\tb = \"2\",\n\t}\n");
	convert_check(yaml, &flags, "legacy_positions_file = \"/flag\"\n");
}

TESTS_RUN(cmocka_unit_test(test_read), cmocka_unit_test(test_used))
