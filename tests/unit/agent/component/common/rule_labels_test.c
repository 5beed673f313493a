#include "agent/component/common/rule_labels.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

static const struct label in[] = {{STR("__unit"), STR("ssh")}, {STR("job"), STR("j")}};
static const struct str unit = STR("__unit");

static void want(struct rule_labels *r, const char *text)
{
	struct buf b = {0};
	struct arena a;
	const struct labels *l;

	arena_init(&a, 0);
	l = rule_labels_make(r, in, 2, &a);
	if (l)
		labels_print(&b, l);
	assert_str(buf_str(&b), text);
	labels_release(l);
	buf_fini(&b);
	arena_fini(&a);
}

static void set(struct rule_labels *r, enum relabel_action action, const char *regex)
{
	struct err e;
	struct relabel_rules *rules = relabel_rules_new(
		&(struct relabel_rule){.action = action,
			.sources = &unit,
			.n_sources = 1,
			.separator = STR(";"),
			.regex = str_from(regex),
			.target = STR("unit"),
			.replacement = STR("$1")},
		1, &e);

	rule_labels_set(r, rules);
	relabel_rules_release(rules);
}

static void test_rules(void **state)
{
	struct rule_labels r = {0};

	(void)state;
	want(&r, "{job=\"j\"}");
	set(&r, RELABEL_REPLACE, "(.*)");
	want(&r, "{job=\"j\", unit=\"ssh\"}");
	set(&r, RELABEL_DROP, "ssh");
	want(&r, "");
	rule_labels_set(&r, NULL);
	want(&r, "{job=\"j\"}");
	rule_labels_fini(&r);
	assert_int_equal(labels_interned(), 0);
}

TESTS_RUN(cmocka_unit_test(test_rules))
