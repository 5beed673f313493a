#include "agent/source.h"

#include "agent/config/eval.h"
#include "agent/registry.h"
#include "tests/test.h"

#include <stdlib.h>

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

TESTS_RUN(cmocka_unit_test(test_default), cmocka_unit_test(test_hash))
