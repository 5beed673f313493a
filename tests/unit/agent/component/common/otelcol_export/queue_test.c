#include "agent/component/common/otelcol_export/queue.h"
#include "agent/flow/budget.h"
#include "tests/test.h"

static void check(const struct export_queue *q, size_t requests, size_t queued, size_t items,
	size_t bytes)
{
	assert_int_equal(q->requests, requests);
	assert_int_equal(q->queued, queued);
	assert_int_equal(q->items, items);
	assert_int_equal(q->bytes, bytes);
	assert_int_equal(q->budget->used > 0, requests > 0);
}

static void test_queue(void **state)
{
	struct export_queue q;
	struct budget b;
	struct queued *first, *r;

	(void)state;
	budget_init(&b, 1000);
	export_queue_init(&q, &b);
	assert_null(export_queue_take(&q));
	export_queue_add(&q, STR("one"), 1, false);
	export_queue_add(&q, STR("second"), 2, false);
	check(&q, 2, 2, 3, 9);
	first = export_queue_take(&q);
	assert_str(((struct str){first->body, first->n}), "one");
	assert_int_equal(first->items, 1);
	check(&q, 2, 1, 2, 6);
	export_queue_add(&q, STR("1b"), 1, true); /* its halves come before the second */
	export_queue_add(&q, STR("1a"), 1, true);
	export_queue_done(&q, first);
	check(&q, 3, 3, 4, 10);
	for (size_t i = 0; i < 3; i++) {
		static const char *const want[] = {"1a", "1b", "second"};

		r = export_queue_take(&q);
		assert_str(((struct str){r->body, r->n}), want[i]);
		export_queue_done(&q, r);
	}
	assert_null(export_queue_take(&q));
	check(&q, 0, 0, 0, 0);
}

TESTS_RUN(cmocka_unit_test(test_queue))
