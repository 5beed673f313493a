#include "agent/source.h"

#include "agent/config/eval.h"
#include "agent/registry.h"
#include "tests/golden.h"

#include <stdlib.h>
#include <unistd.h>

/* The built-in configuration is right, whatever the environment has. */
static void check_default(bool with_otlp, size_t components)
{
	const struct plan_settings set = {
		.types = registry_types(), .stability = STABILITY_GA, .terse = true};
	struct source_set s;
	struct arena texts;
	struct diags d;
	struct plan *p;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	assert_true(source_read(&s, NULL, with_otlp, &d));
	p = plan_new(s.arena, &set, s.config.files, s.config.n, &d);
	for (size_t i = 0; i < d.n; i++)
		print_message(STR_FMT "\n", STR_ARG(d.p[i].message));
	assert_int_equal(d.errors, 0);
	assert_int_equal(p->n, components);
	assert_int_equal(strlen(s.sha256), 64);
	plan_fini(p);
	source_fini(&s);
	diags_fini(&d);
	arena_fini(&texts);
}

static void test_default(void **state)
{
	static const char *const names[] = {"LOKI_USERNAME", "LOKI_PASSWORD", "LOKI_TENANT_ID",
		"OTLP_USERNAME", "OTLP_PASSWORD"};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		unsetenv(names[i]);
	check_default(false, 6);
	check_default(true, 10);
	for (size_t i = 0; i < 5; i++)
		setenv(names[i], "x", 1);
	check_default(false, 6);
	check_default(true, 11);
}

/* The hash goes by content. */
static void test_hash(void **state)
{
	struct source_set a, b;
	struct arena texts;
	struct diags d;

	(void)state;
	arena_init(&texts, 0);
	diags_init(&d, &texts);
	assert_true(source_read(&a, NULL, false, &d));
	assert_true(source_read(&b, NULL, false, &d));
	assert_true(a.hash == b.hash);
	assert_string_equal(a.sha256, b.sha256);
	source_fini(&b);
	assert_true(source_read(&b, NULL, true, &d));
	assert_true(a.hash != b.hash);
	source_fini(&a);
	source_fini(&b);
	assert_false(source_read(&a, "build/no/such/file", false, &d));
	assert_int_equal(d.errors, 1);
	source_fini(&a);
	diags_fini(&d);
	arena_fini(&texts);
}

/* A hundred mistakes are a hundred messages, in the order of the text, and none of them because of
 * another one. More than that are counted. */
static void check_many(size_t mistakes, size_t printed, const char *last)
{
	const struct plan_settings set = {
		.types = registry_types(), .stability = STABILITY_EXPERIMENTAL, .terse = true};
	struct buf text = {0}, got = {0};
	FILE *out = tmpfile();
	char path[] = "/tmp/many-XXXXXX";
	int fd = mkstemp(path);
	size_t n = 0;

	for (size_t i = 0; i < mistakes; i++)
		buf_printf(&text, "%s \"w%zu\" { %s }\nloki.source.file \"f%zu\" {\n targets = []\n"
				  " forward_to = [%s.w%zu.receiver]\n}\n",
			i % 2 ? "loki.wirte" : "loki.echo", i, i % 2 ? "" : "nope = 1", i,
			i % 2 ? "loki.wirte" : "loki.echo", i);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	assert_false(source_validate(path, &set, out));
	rewind(out);
	got.n = fread(buf_reserve(&got, 1 << 20), 1, 1 << 20, out);
	buf_add_char(&got, 0);
	for (const char *p = got.p; (p = strstr(p, "Error: ")); p++, n++) {
		char place[64];

		if (n == mistakes || n == printed)
			break;
		snprintf(place, sizeof(place), "%s:%zu:", path, 5 * n + 1);
		if (strncmp(p + 7, place, strlen(place)) != 0)
			fail_msg("error %zu is %.60s", n, p);
	}
	assert_int_equal(n, printed);
	assert_non_null(strstr(got.p, last));
	fclose(out);
	close(fd);
	unlink(path);
	buf_fini(&text);
	buf_fini(&got);
}

static void test_many_mistakes(void **state)
{
	(void)state;
	check_many(100, 100, "\nerrors: 100, warnings: 0\n");
	check_many(250, 200, "\nand 50 more\n\nerrors: 250, warnings: 0\n");
}

/* All that `invar validate` says of tests/data/mistakes/NAME.alloy is NAME.diags. */
static void check_golden(const char *path, size_t at_least)
{
	const struct plan_settings set = {
		.types = registry_types(), .stability = STABILITY_GA, .terse = true};
	struct buf got = {0};
	FILE *out = tmpfile();
	size_t n = 0;

	assert_false(source_validate(path, &set, out));
	rewind(out);
	got.n = fread(buf_reserve(&got, 1 << 20), 1, 1 << 20, out);
	golden_check(path, ".diags", buf_str(&got));
	buf_add_char(&got, 0);
	for (const char *p = got.p; (p = strstr(p, "Error: ")); p++)
		n++;
	assert_true(n >= at_least);
	fclose(out);
	buf_fini(&got);
}

static void test_goldens(void **state)
{
	(void)state;
	check_golden("tests/data/mistakes/hundred.alloy", 100);
	check_golden("tests/data/mistakes/stages.alloy", 60);
	check_golden("tests/data/mistakes/traces.alloy", 39);
}

TESTS_RUN(cmocka_unit_test(test_default), cmocka_unit_test(test_hash),
	cmocka_unit_test(test_many_mistakes), cmocka_unit_test(test_goldens))
