#include "agent/component/loki.write/tenant.h"

#include "agent/base/buf.h"
#include "agent/component/loki.write/ages.h"
#include "tests/test.h"

static struct loki_tenants tenants = {.id = "loki.write.test"};

static bool is_shown(const char *text)
{
	struct buf b = {0};
	bool shown;

	metric_print_all(&b);
	shown = str_find(buf_str(&b), str_from(text)) >= 0;
	buf_fini(&b);
	return shown;
}

/* Two endpoints with the same host and tenant share their counters: no series is shown twice. */
static void test_shared(void **state)
{
	struct loki_tenant *a = loki_tenant_get(&tenants, STR("h"), STR("t"));
	struct loki_tenant *b = loki_tenant_get(&tenants, STR("h"), STR("t"));
	struct loki_tenant *c = loki_tenant_get(&tenants, STR("ht"), STR(""));

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	metric_add(a->sent_entries, 2);
	assert_true(is_shown("loki_write_sent_entries_total{component_id=\"loki.write.test\","
			     "component_path=\"/\",host=\"h\",tenant=\"t\"} 2\n"));
	loki_tenant_release(a);
	assert_true(is_shown("tenant=\"t\""));
	loki_tenant_release(b);
	assert_false(is_shown("tenant=\"t\""));
	loki_tenant_release(c);
	assert_int_equal(tenants.map.n, 0);
}

static void test_series(void **state)
{
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));

	(void)state;
	for (int i = 0; i < LOKI_DROP_GONE; i++)
		assert_true(is_shown(loki_drop_names[i]));
	assert_false(is_shown("endpoint_removed"));
	loki_tenant_dropped(t, LOKI_DROP_GONE, 3, 100);
	assert_true(is_shown("reason=\"endpoint_removed\"} 100\n"));
	loki_tenant_answered(t, 204, NS_PER_SEC / 100);
	loki_tenant_answered(t, 204, NS_PER_SEC);
	loki_tenant_answered(t, 500, NS_PER_SEC);
	assert_true(is_shown("loki_write_request_duration_seconds_count{component_id="
			     "\"loki.write.test\",component_path=\"/\",host=\"h\",tenant=\"\","
			     "status_code=\"204\"} 2\n"));
	assert_true(is_shown("status_code=\"500\"} 1\n"));
	loki_tenant_release(t);
}

/* Entries that follow each other closely are one run; the last run takes what has no room. */
static void test_ages(void **state)
{
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));
	struct loki_ages ages = {0};

	(void)state;
	for (int i = 0; i < 10; i++)
		loki_ages_add(&ages, NS_PER_SEC + i * NS_PER_MS);
	assert_int_equal(ages.runs, 1);
	loki_ages_add(&ages, NS_PER_SEC - 1);
	assert_int_equal(ages.runs, 2);
	for (int i = 0; i < 100; i++)
		loki_ages_add(&ages, i * NS_PER_SEC);
	assert_int_equal(ages.runs, LOKI_AGES_RUNS);
	loki_tenant_settled(t, &ages, 5 * NS_PER_SEC);
	assert_int_equal((int)metric_value(t->latency), 111);
	assert_true(is_shown("le=\"2.5\"} "));
	loki_tenant_release(t);
}

TESTS_RUN(cmocka_unit_test(test_shared), cmocka_unit_test(test_series), cmocka_unit_test(test_ages))
