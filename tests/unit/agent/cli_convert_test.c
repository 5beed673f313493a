#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/config/eval.h"
#include "agent/convert/convert.h"
#include "agent/registry.h"
#include "agent/source.h"
#include "tests/golden.h"

#include <glob.h>
#include <unistd.h>

/*
 * tests/data/promtail: NAME.yaml becomes NAME.alloy, and says NAME.diags. The first line of a file
 * may be "# --extra-args=…".
 */

/* What comes of a configuration without errors is right, but for variables that are not set. */
static void check_right(const struct conversion *c, struct str args)
{
	const struct plan_settings set = {
		.types = registry_types(), .stability = STABILITY_GA, .terse = true};

	if (conversion_level(c) < CONVERT_ERROR && args.n == 0)
		assert_true(source_validate_text(STR("golden"), buf_str(&c->text), &set, stderr));
}

static void check_file(const char *path)
{
	struct buf yaml = {0}, said = {0};
	struct conversion c = {0};
	struct convert_flags flags;
	struct str args = STR("");
	struct str rest;
	struct arena a;

	arena_init(&a, 0);
	golden_read(path, &yaml);
	if (str_starts(buf_str(&yaml), "# --extra-args="))
		str_cut(str_from_at(buf_str(&yaml), 15), '\n', &args, &rest);
	convert_flags_read(&a, args, &flags, &c);
	convert_promtail(&a, buf_str(&yaml), &flags, &c);
	conversion_print(&said, &c, "promtail.yaml", CONVERT_INFO);
	golden_check(path, ".alloy", buf_str(&c.text));
	golden_check(path, ".diags", buf_str(&said));
	check_right(&c, args);
	conversion_fini(&c);
	buf_fini(&said);
	buf_fini(&yaml);
	arena_fini(&a);
}

static void test_goldens(void **state)
{
	glob_t g;

	(void)state;
	assert_int_equal(glob("tests/data/promtail/*.yaml", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 10);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check_file(g.gl_pathv[i]);
	globfree(&g);
}

TESTS_RUN(cmocka_unit_test(test_goldens))
