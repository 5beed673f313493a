#include "agent/component/loki.process/extracted.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static void show(struct buf *out, const struct extracted *x)
{
	struct extracted_item it;

	buf_clear(out);
	for (size_t i = 0; extracted_each(x, &i, &it);)
		buf_printf(out, STR_FMT "=" STR_FMT ";", STR_ARG(it.name),
			STR_ARG(it.is_null ? STR("null") : it.text));
}

static void test_overlay(void **state)
{
	static const struct label v[] = {{{"a", 1}, {"1", 1}}, {{"b", 1}, {"2", 1}}};
	const struct labels *base = labels_intern(v, 2);
	struct extracted x = {0};
	struct buf out = {0};
	struct str text = STR("untouched");

	(void)state;
	extracted_init(&x, base);
	show(&out, &x);
	assert_str(buf_str(&out), "a=1;b=2;");
	extracted_set(&x, STR("b"), STR("new"));
	extracted_set_null(&x, STR("a"));
	extracted_set(&x, STR("c"), STR(""));
	extracted_set(&x, STR("c"), STR("3"));
	show(&out, &x);
	assert_str(buf_str(&out), "b=new;a=null;c=3;");
	assert_true(extracted_has(&x, STR("a")));
	assert_false(extracted_find(&x, STR("a"), &text));
	assert_false(extracted_find(&x, STR("nope"), &text));
	assert_str(text, "untouched");
	assert_true(extracted_find(&x, STR("b"), &text));
	assert_str(text, "new");
	extracted_init(&x, base);
	assert_true(extracted_find(&x, STR("b"), &text));
	assert_str(text, "2");
	extracted_fini(&x);
	labels_release(base);
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_overlay))
