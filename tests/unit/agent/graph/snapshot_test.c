/* What is borrowed from a snapshot stays good while it is held, whatever the exporter does. */
#include "agent/graph/snapshot.h"
#include "tests/test.h"

static struct snapshot *make(const char *text)
{
	struct arena a;
	struct field f = {STR("k"), value_str(str_from(text))};
	struct value items[2];
	struct value all;
	struct snapshot *s;

	arena_init(&a, 0);
	items[0] = value_object(&a, &f, 1);
	items[1] = items[0];
	all = value_array(items, 2);
	s = snapshot_new(&all);
	arena_fini(&a);
	return s;
}

static bool is_held(void *owner, const void *p)
{
	return snapshots_have(owner, p);
}

static void borrowed_while_held(void **state)
{
	struct snapshots held = {0};
	const struct value_kept kept = {is_held, &held};
	struct snapshot *old = make("old"), *next;
	struct value mixed[2], all, got;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	snapshots_add(&held, old);
	snapshots_add(&held, old); /* no effect */
	assert_int_equal(old->holders, 2);

	got = value_copy_but(&a, &old->value, &kept);
	assert_ptr_equal(got.array.items, old->value.array.items);
	assert_true(value_eq(&got, &old->value));

	mixed[0] = old->value.array.items[1];
	mixed[1] = value_str(STR("own"));
	all = value_array(mixed, 2);
	got = value_copy_but(&a, &all, &kept);
	assert_ptr_not_equal(got.array.items, mixed);
	assert_ptr_equal(got.array.items[0].object.fields, mixed[0].object.fields);
	assert_ptr_not_equal(got.array.items[1].s.p, mixed[1].s.p);

	next = make("next"); /* the exporter goes on */
	snapshot_release(old);
	assert_false(value_eq(&got.array.items[0], &next->value.array.items[0]));
	assert_true(str_is(got.array.items[0].object.fields[0].value.s, "old"));
	assert_false(snapshots_have(&held, next->value.array.items));
	snapshots_release(&held);
	snapshot_release(next);
	snapshot_release(NULL);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(borrowed_while_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
