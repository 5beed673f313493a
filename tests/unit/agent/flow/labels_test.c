#include "agent/flow/labels.h"

#include "agent/base/buf.h"
#include "tests/test.h"

#define L(n, v) ((struct label){STR(n), STR(v)})

static void test_equal_sets_are_one(void **state)
{
	struct label one[] = {L("b", "2"), L("a", "1"), L("c", "")};
	struct label two[] = {L("a", "0"), L("b", "2"), L("a", "1")};
	const struct labels *x = labels_intern(one, 3);
	const struct labels *y = labels_intern(two, 3);
	struct buf b = {0};

	(void)state;
	assert_ptr_equal(x, y);
	assert_int_equal(x->n, 2);
	labels_print(&b, x);
	assert_str(buf_str(&b), "{a=\"1\", b=\"2\"}");
	buf_fini(&b);
	labels_release(x);
	labels_release(y);
	assert_int_equal(labels_interned(), 0);
}

static void test_with(void **state)
{
	struct label one[] = {L("b", "2")};
	const struct labels *b = labels_intern(one, 1);
	const struct labels *ab = labels_with(b, STR("a"), STR("x\"y"));
	const struct labels *again = labels_with(ab, STR("a"), STR(""));
	const struct labels *abc = labels_with(ab, STR("c"), STR("3"));
	struct buf out = {0};

	(void)state;
	assert_ptr_equal(again, b);
	labels_print(&out, abc);
	assert_str(buf_str(&out), "{a=\"x\\\"y\", b=\"2\", c=\"3\"}");
	assert_str(labels_find(abc, STR("b")), "2");
	assert_null(labels_find(abc, STR("z")).p);
	buf_fini(&out);
	labels_release(b);
	labels_release(ab);
	labels_release(again);
	labels_release(abc);
	assert_int_equal(labels_interned(), 0);
}

/* Many sets come and go in any order, and each is found again while it is held. */
static void test_many(void **state)
{
	const struct labels *held[500];
	const struct labels *base = labels_empty();

	(void)state;
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < 500; i++) {
			char text[16];

			snprintf(text, sizeof(text), "%zu", i);
			held[i] = labels_with(base, STR("n"), str_from(text));
		}
		assert_int_equal(labels_interned(), 501);
		for (size_t i = 0; i < 500; i++) {
			size_t k = (i * 7 + (size_t)round) % 500;
			const struct labels *same = labels_intern(held[k]->v, held[k]->n);

			assert_ptr_equal(same, held[k]);
			labels_release(same);
			labels_release(held[k]);
		}
	}
	labels_release(base);
	assert_int_equal(labels_interned(), 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(label_name_is_valid(STR("_a9")));
	assert_false(label_name_is_valid(STR("9a")));
	assert_false(label_name_is_valid(STR("")));
	assert_false(label_name_is_valid(STR("a-b")));
}

TESTS_RUN(cmocka_unit_test(test_equal_sets_are_one), cmocka_unit_test(test_with),
	cmocka_unit_test(test_many), cmocka_unit_test(test_names))
