#include "agent/flow/label_cache.h"

#include "tests/test.h"

static const struct labels *set_of(int i)
{
	char text[16];
	struct label l = {STR("i"), {text, 0}};

	l.value.n = (size_t)snprintf(text, sizeof(text), "%d", i);
	return labels_intern(&l, 1);
}

/* Against a model: the last max sets that were added are there, no other. */
static void test_against_model(void **state)
{
	enum { MAX = 50,
		ALL = 1000 };
	struct label_cache c;
	const struct labels *sets[ALL];

	(void)state;
	label_cache_init(&c, MAX);
	for (int i = 0; i < ALL; i++) {
		sets[i] = set_of(i);
		assert_null(label_cache_find(&c, sets[i]));
		label_cache_add(&c, sets[i], i % 3 ? labels_hold(sets[i / 2]) : NULL);
		for (int k = i; k >= 0 && k > i - 2 * MAX; k -= 7) {
			const struct label_cache_entry *e = label_cache_find(&c, sets[k]);

			assert_int_equal(e != NULL, k > i - MAX);
			assert_true(
				!e || (e->in == sets[k] && e->out == (k % 3 ? sets[k / 2] : NULL)));
		}
	}
	label_cache_clear(&c);
	assert_null(label_cache_find(&c, sets[ALL - 1]));
	for (int i = 0; i < ALL; i++)
		labels_release(sets[i]);
	assert_int_equal(labels_interned(), 0);
}

TESTS_RUN(cmocka_unit_test(test_against_model))
