#include "agent/registry.h"

#include "agent/base/buf.h"
#include "agent/source.h"
#include "tests/test.h"

/* A table of arguments that the decoder and the documents can rely on. */
static void check_args(const struct arg *args, int depth)
{
	if (depth == 0)
		return; /* some blocks hold themselves */
	for (const struct arg *a = args; a && a->type != ARG_END; a++) {
		if (a->type == ARG_AT)
			continue;
		assert_true(a->name || a->type == ARG_CHOICE);
		if (a->type == ARG_BLOCK) {
			if (!a->block && !(a->flags & ARG_NOT_YET))
				print_message("  what is in %s is not checked\n", a->name);
			assert_true(!a->block || a->size > 0);
			check_args(a->block, depth - 1);
		}
		if (a->type == ARG_CAPSULE || a->type == ARG_CAPSULES)
			assert_non_null(a->capsule);
		if (a->type == ARG_CHOICE)
			for (size_t i = 0; a->choices[i]; i++)
				check_args(a->choices[i]->args, depth - 1);
		else if (!a->help)
			print_message("  %s has no sentence\n", a->name);
	}
}

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; registry[i]; i++) {
		const struct component_type *t = registry[i];
		struct arena a;

		print_message("%s\n", t->name);
		assert_non_null(t->help);
		assert_non_null(t->args);
		assert_true(t->size >= sizeof(struct component));
		assert_true(i == 0 || strcmp(registry[i - 1]->name, t->name) < 0);
		check_args(t->args, 6);
		arena_init(&a, 0);
		args_default(&a, t->args, arena_alloc(&a, t->args_size ? t->args_size : 1, 1),
			t->args_size); /* every default can be read */
		arena_fini(&a);
	}
}

static void test_foreign(void **state)
{
	(void)state;
	for (size_t i = 1; registry_foreign[i]; i++)
		assert_true(strcmp(registry_foreign[i - 1], registry_foreign[i]) < 0);
}

TESTS_RUN(cmocka_unit_test(test_types), cmocka_unit_test(test_foreign))
