#include "agent/component/loki.process/memo.h"

#include "tests/test.h"

static const struct labels *set_of(const char *name, int i)
{
	char text[16];
	struct label l = {str_from(name), {text, 0}};

	l.value.n = (size_t)snprintf(text, sizeof(text), "%d", i);
	return labels_intern(&l, 1);
}

/* Whatever is remembered or forgotten meanwhile, the answer is that of labels_with(). */
static void test_change(void **state)
{
	static const char *const values[] = {"info", "warn", "inxo", "", "error", "debug"};
	struct memo m = {0};
	const struct labels *sets[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		sets[i] = set_of("i", i);
	for (int k = 0; k < 5000; k++) {
		const struct labels *in = sets[(k * 7 + k / 13) % (k % 3 ? 4 : 40)];
		struct label change[2] = {{STR("level"), str_from(values[k % 6])},
			{STR("i"), str_from(values[k / 6 % 6])}};
		size_t n = 1 + (size_t)(k % 2);
		const struct labels *got = memo_change(&m, in, n, change, n);
		const struct labels *one = labels_with(in, change[0].name, change[0].value);
		const struct labels *two =
			n == 2 ? labels_with(one, change[1].name, change[1].value)
			       : labels_hold(one);

		assert_ptr_equal(got, two);
		labels_release(one);
		labels_release(two);
	}
	memo_clear(&m);
	for (int i = 0; i < 40; i++)
		labels_release(sets[i]);
	assert_int_equal(labels_interned(), 0);
}

static void test_slots(void **state)
{
	struct memo m = {0};
	const struct labels *sets[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		sets[i] = set_of("s", i);
	for (int k = 0; k < 3000; k++) {
		int i = k * 31 % (k < 1500 ? 3 : 100);
		struct memo_slot *s = memo_slot(&m, sets[i], 7);

		if (!memo_knows(s, sets[i], 7))
			memo_set(s, sets[i], 7, labels_hold(sets[99 - i]));
		assert_ptr_equal(s->out, sets[99 - i]);
	}
	memo_clear(&m);
	for (int i = 0; i < 100; i++)
		labels_release(sets[i]);
	assert_int_equal(labels_interned(), 0);
}

TESTS_RUN(cmocka_unit_test(test_change), cmocka_unit_test(test_slots))
