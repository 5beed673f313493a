/* Addresses are their own names, so nobody has to be asked. */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/loop/loop.h"
#include "agent/loop/resolve.h"
#include "tests/test.h"

struct question {
	struct resolve resolve;
	struct loop *loop;
	const char *next; /* asked for in done() */
	struct buf seen;
	int answers;
};

static void on_done(struct resolve *r)
{
	struct question *q = container_of(r, struct question, resolve);

	q->answers++;
	buf_printf(&q->seen, "%s", r->error ? "failed" : "");
	for (size_t i = 0; i < r->n; i++)
		buf_printf(&q->seen, "%s%s", i ? " " : "", r->texts[i]);
	buf_add_char(&q->seen, '\n');
	if (q->next) {
		const char *name = q->next;

		q->next = NULL;
		resolve_start(r, q->loop, name);
	}
}

static void test_answers(void **state)
{
	static const struct {
		const char *name;
		const char *want;
	} cases[] = {
		{"127.0.0.1", "127.0.0.1\n"},
		{"::1", "::1\n"},
		{"2001:db8:0:0::0001", "2001:db8::1\n"},
	};
	struct question q = {.resolve = {.done = on_done}};

	(void)state;
	q.loop = loop_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&q.seen);
		q.answers = 0;
		resolve_start(&q.resolve, q.loop, cases[i].name);
		assert_int_equal(q.answers, 0); /* not within the call */
		while (q.answers == 0)
			loop_turn(q.loop, INT64_C(1000000000));
		assert_str(buf_str(&q.seen), cases[i].want);
		assert_null(q.resolve.work);
	}
	buf_fini(&q.seen);
	loop_free(q.loop);
}

/* One that is no name at all is said to be so at once. */
static void test_invalid(void **state)
{
	struct question q = {.resolve = {.done = on_done}};
	char name[1001];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[1000] = 0;
	q.loop = loop_new();
	resolve_start(&q.resolve, q.loop, name);
	assert_int_equal(q.answers, 1);
	assert_str(buf_str(&q.seen), "failed\n");
	assert_null(q.resolve.work);
	buf_fini(&q.seen);
	loop_free(q.loop);
}

static void test_again_in_done(void **state)
{
	struct question q = {.resolve = {.done = on_done}, .next = "127.0.0.2"};

	(void)state;
	q.loop = loop_new();
	resolve_start(&q.resolve, q.loop, "127.0.0.1");
	while (q.answers < 2)
		loop_turn(q.loop, INT64_C(1000000000));
	assert_str(buf_str(&q.seen), "127.0.0.1\n127.0.0.2\n");
	buf_fini(&q.seen);
	loop_free(q.loop);
}

/* The owner may go at once; the answer that comes later is nobody's. */
static void test_cancel(void **state)
{
	struct question gone = {.resolve = {.done = on_done}};
	struct question stays = {.resolve = {.done = on_done}};
	struct loop *l = loop_new();

	(void)state;
	resolve_cancel(&gone.resolve); /* nothing is under way */
	resolve_start(&gone.resolve, l, "127.0.0.1");
	resolve_cancel(&gone.resolve);
	resolve_cancel(&gone.resolve);
	memset(&gone.resolve, 0, sizeof(gone.resolve));
	stays.loop = l;
	resolve_start(&stays.resolve, l, "127.0.0.1");
	while (stays.answers == 0)
		loop_turn(l, INT64_C(1000000000));
	assert_int_equal(gone.answers, 0);
	resolve_start(&gone.resolve, l, "127.0.0.1");
	resolve_cancel(&gone.resolve);
	buf_fini(&stays.seen);
	loop_free(l); /* … and so may the loop */
}

TESTS_RUN(cmocka_unit_test(test_answers), cmocka_unit_test(test_invalid),
	cmocka_unit_test(test_again_in_done), cmocka_unit_test(test_cancel))
