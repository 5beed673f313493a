/* clang-format off */
#include "tests/component.h"
#include "tests/log_dir.h"
/* clang-format on */

LOG_DIR_FIXTURE(import_file)

#define MODULE(name, text) \
	"declare \"" name "\" {\n" \
	" test.sink \"s\" { targets = [{v = \"" text "\"}] }\n}\n"

static void replace(const char *text)
{
	char from[128], to[128];

	log_dir_append(&d, "new", text);
	snprintf(from, sizeof(from), "%s/new", d.path);
	snprintf(to, sizeof(to), "%s/in/f.alloy", d.path);
	assert_int_equal(rename(from, to), 0);
	log_dir_settle(&d);
}

/* Of the import. */
static enum health health(void)
{
	for (size_t i = 0; i < graph_count(h.graph); i++)
		if (strcmp(graph_node(h.graph, i).id, "import.file.m") == 0)
			return graph_node(h.graph, i).health;
	return HEALTH_UNKNOWN;
}

static void test_file(void **state)
{
	(void)state;
	log_dir_append(&d, "in/f.alloy", MODULE("c", "1"));
	assert_true(log_dir_load(&d,
		"import.file \"m\" {\n filename = \"@DIR@/in/f.alloy\"\n}\nm.c \"x\" { }\n"));
	log_dir_want(&d, "target v=1;\n");
	replace(MODULE("c", "2"));
	log_dir_want(&d, "target v=2;\n");
	assert_int_equal(health(), HEALTH_HEALTHY);
	replace("x"); /* what is broken changes nothing, and is said */
	log_dir_want(&d, "");
	assert_int_equal(health(), HEALTH_UNHEALTHY);
	replace(MODULE("c", "2")); /* as it was */
	log_dir_want(&d, "");
	assert_int_equal(health(), HEALTH_HEALTHY);
	replace(MODULE("c", "3"));
	log_dir_want(&d, "target v=3;\n");
}

/* All of its files are one module. */
static void test_folder(void **state)
{
	(void)state;
	log_dir_append(&d, "in/f.alloy", MODULE("c", "1"));
	log_dir_append(&d, "in/g.alloy", MODULE("e", "2"));
	log_dir_append(&d, "in/h.txt", "x");
	assert_true(log_dir_load(&d,
		"import.file \"m\" {\n filename = \"@DIR@/in\"\n}\nm.c \"x\" { }\n"
		"m.e \"y\" { }\n"));
	log_dir_want(&d, "target v=1;\ntarget v=2;\n");
	replace(MODULE("c", "3"));
	log_dir_want(&d, "target v=3;\n");
}

static void test_poll(void **state)
{
	(void)state;
	log_dir_append(&d, "in/f.alloy", MODULE("c", "1"));
	assert_true(log_dir_load(&d,
		"import.file \"m\" {\n filename = \"@DIR@/in/f.alloy\"\n detector = \"poll\"\n"
		" poll_frequency = \"10s\"\n}\nm.c \"x\" { }\n"));
	log_dir_want(&d, "target v=1;\n");
	replace(MODULE("c", "2"));
	log_dir_want(&d, "");
	loop_advance(h.loop, 10 * NS_PER_SEC);
	log_dir_settle(&d);
	log_dir_want(&d, "target v=2;\n");
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *config;
		const char *error;
	} cases[] = {
		{"import.file \"m\" { filename = \"\" }", "1:1: filename must not be empty\n"},
		{"import.file \"m\" { filename = \"/none/x\" }",
			"1:1: cannot import: /none/x: No such file or directory\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(log_dir_load(&d, cases[i].config));
		assert_str(buf_str(&h.errors), cases[i].error);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS_RUN(T(test_file), T(test_folder), T(test_poll), T(test_mistakes))
