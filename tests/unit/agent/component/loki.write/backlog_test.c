/* Endpoints that take the same lines, one of which fails. */

#include "tests/unit/agent/component/loki.write/servers.h"

static void test_one_fails_and_the_other_goes_on(void **state)
{
	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, LINES), LINES);
	settle_down();
	assert_true(is_all(&servers[1], 0, LINES));
	assert_true(settled() > LINES - 12);
	assert_true(budget.used < LIMIT / 8 + 8 * LINE);
	assert_true(files_of(0) > 0);
	assert_int_equal(files_of(1), 0);
	servers[0].status = 204;
	settle_down();
	assert_true(is_all(&servers[0], 0, LINES));
	assert_int_equal(settled(), LINES);
	assert_int_equal(budget.used, 0);
	end(false);
	assert_int_equal(files_of(0), 0);
}

/* What comes while the backlog is sent goes behind it. */
static void test_order_while_it_is_sent(void **state)
{
	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, LINES / 2), LINES / 2);
	servers[0].status = 204;
	assert_int_equal(push_while_room(LINES / 2, LINES), LINES);
	settle_down();
	assert_true(is_all(&servers[0], 0, LINES));
	assert_true(is_all(&servers[1], 0, LINES));
	end(false);
}

static void test_the_next_life_sends_it(void **state)
{
	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, LINES / 2), LINES / 2);
	end(false);
	assert_true(is_all(&servers[1], 0, LINES / 2));
	assert_int_equal(settled(), LINES / 2); /* the last ones went to disk, too */
	begin(2);
	servers[0].status = 204;
	assert_int_equal(push_while_room(LINES / 2, LINES), LINES);
	settle_down();
	assert_true(is_all(&servers[0], 0, LINES));
	assert_true(is_all(&servers[1], 0, LINES));
	end(false);
	assert_int_equal(files_of(0), 0);
}

/* What little it has in memory at the end would come twice to the other. */
static void test_the_end_repeats_nothing(void **state)
{
	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, 3), 3);
	assert_int_equal(files_of(0), 0);
	end(false);
	assert_int_equal(settled(), 3);
	begin(2);
	settle_down();
	assert_true(is_all(&servers[0], 0, 3));
	end(false);
}

/* Its lines wait in their files. */
static void test_alone_nothing_goes_to_disk(void **state)
{
	int n;

	(void)state;
	begin(1);
	servers[0].status = 500;
	n = push_while_room(0, LINES);
	assert_true(n < LINES);
	settle_down();
	assert_int_equal(files_of(0), 0);
	assert_int_equal(settled(), 0);
	servers[0].status = 204;
	settle_down();
	assert_true(is_all(&servers[0], 0, n));
	end(false);
}

/* While nobody can go on, nothing does; the first to recover does not wait for the other. */
static void test_both_fail_and_one_recovers(void **state)
{
	int n;

	(void)state;
	begin(2);
	servers[0].status = servers[1].status = 500;
	n = push_while_room(0, LINES);
	assert_true(n < LINES);
	settle_down();
	assert_int_equal(files_of(0) + files_of(1), 0);
	servers[1].status = 204;
	for (int i = 0; i < 100; i++) { /* of the first no answer comes */
		answer(&servers[1]);
		loop_advance(loop, NS_PER_SEC / 4);
		loop_turn(loop, 0);
	}
	assert_false(budget_is_full(&budget));
	assert_true(is_all(&servers[1], 0, n));
	assert_int_equal(push_while_room(n, LINES), LINES);
	servers[0].status = 204;
	settle_down();
	assert_true(is_all(&servers[0], 0, LINES));
	assert_true(is_all(&servers[1], 0, LINES));
	end(false);
}

/* Endpoints of two components that have no source in common do not know each other. */
static void test_strangers_wait_for_themselves(void **state)
{
	struct server *a = &servers[0];
	struct loki_endpoint *ep;
	int n;

	(void)state;
	open_storage();
	a->ep = loki_endpoint_new(loop, &budget, make(a), storage, on_changed, &servers[0]);
	ep = loki_endpoint_new(loop, &budget, make(&servers[1]), storage, on_changed, &servers[1]);
	a->status = 500;
	servers[1].status = 204;
	n = push_while_room(0, LINES);
	assert_true(n < LINES);
	assert_int_equal(files_of(0), 0);
	a->status = 204;
	settle_down();
	assert_true(is_all(a, 0, n));
	/* now both get the same lines */
	servers[1].ep = ep;
	a->status = 500;
	memset(acks, 0, sizeof(acks));
	assert_int_equal(push_while_room(n, LINES), LINES);
	assert_true(files_of(0) > 0);
	a->status = 204;
	settle_down();
	assert_true(is_all(a, 0, LINES));
	assert_true(is_all(&servers[1], n, LINES));
	end(false);
}

static void test_a_removed_one_is_counted(void **state)
{
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));

	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, LINES), LINES);
	end(true);
	assert_int_equal((int)metric_value(t->dropped_entries[LOKI_DROP_GONE]), LINES);
	assert_int_equal(settled(), LINES);
	assert_int_equal(files_of(0), 0);
	loki_tenant_release(t);
}

/* The disk has its end, too: then all wait, and nothing is lost. */
static void test_the_limit(void **state)
{
	int n;

	(void)state;
	begin(2);
	storage->max_size = 100 << 10;
	servers[0].status = 500;
	n = push_while_room(0, LINES);
	assert_true(n > 100 && n < LINES);
	assert_true(storage->used <= 100 << 10);
	assert_true(str_find(buf_str(&said), STR("a request cannot be kept on disk")) >= 0);
	settle_down();
	servers[0].status = 204;
	settle_down();
	assert_int_equal(push_while_room(n, LINES), LINES);
	settle_down();
	assert_true(is_all(&servers[0], 0, LINES));
	assert_true(is_all(&servers[1], 0, LINES));
	assert_int_equal(settled(), LINES);
	end(false);
}

static void test_no_right_to_write(void **state)
{
	int n;

	(void)state;
	begin(2);
	snprintf(storage->directory, strlen(storage->directory) + 1, "/proc/1");
	servers[0].status = 500;
	n = push_while_room(0, LINES);
	assert_true(n < LINES);
	assert_true(str_find(buf_str(&said), STR("cannot be opened")) >= 0);
	servers[0].status = 204;
	settle_down();
	assert_true(is_all(&servers[0], 0, n));
	assert_true(is_all(&servers[1], 0, n));
	end(false);
}

/* Cut after it was written down: what is on disk is the whole, until both parts are through. */
static void test_cut_when_on_disk(void **state)
{
	struct server *s = &servers[0];

	(void)state;
	begin(2);
	s->status = 500;
	assert_int_equal(push_while_room(0, 100), 100);
	while (!s->call)
		loop_advance(loop, NS_PER_SEC / 4);
	s->status = 413;
	answer(s);
	s->status = 204;
	answer(s);
	assert_int_equal(s->n, 1); /* the first part */
	s->status = 500;
	answer(s);
	end(false);
	begin(2);
	settle_down();
	assert_int_equal(s->got[1], 0);
	memmove(s->got, s->got + 1, sizeof(s->got) - sizeof(s->got[0]));
	s->n--;
	assert_true(is_all(s, 0, 100));
	end(false);
}

/* Cut before: both parts are written down. */
static void test_cut_before_it_goes_to_disk(void **state)
{
	struct server *s = &servers[0];

	(void)state;
	begin(2);
	push(0);
	push(1);
	loop_advance(loop, NS_PER_SEC);
	s->status = 413;
	answer(s);
	s->status = 500;
	answer(s);
	assert_int_equal(push_while_room(2, 100), 100);
	assert_true(files_of(0) > 0);
	end(false);
	begin(2);
	settle_down();
	assert_true(is_all(s, 0, 100));
	end(false);
}

static void test_damage_is_counted(void **state)
{
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));
	char path[160];
	int fd;

	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, 100), 100);
	end(false);
	snprintf(path, sizeof(path), "%s/%016zx/0000000000000001.queue", root, (size_t)0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, "X", 1, 500), 1);
	close(fd);
	begin(2);
	settle_down();
	assert_int_equal(
		servers[0].n + (size_t)metric_value(t->dropped_entries[LOKI_DROP_DAMAGED]), 100);
	assert_int_equal((int)metric_value(t->dropped_entries[LOKI_DROP_DAMAGED]), 2);
	end(false);
	loki_tenant_release(t);
}

/* A reload corrected the url: the next life looks for it under the new name. */
static void test_another_folder(void **state)
{
	struct loki_settings *set;

	(void)state;
	begin(2);
	servers[0].status = 500;
	assert_int_equal(push_while_room(0, 100), 100);
	set = make(&servers[0]);
	snprintf(set->folder, sizeof(set->folder), "%016zx", (size_t)7);
	loki_endpoint_change(servers[0].ep, set);
	assert_int_equal(push_while_room(100, 200), 200);
	end(false);
	assert_int_equal(files_of(0), 0);
	assert_true(files_of(7) > 0);
	open_storage();
	loki_backlog_say_strangers("loki.write.test", storage,
		(const char *const[]){"0000000000000000", "0000000000000001"}, 2);
	assert_true(str_find(buf_str(&said), STR("belong to no endpoint")) >= 0);
	buf_clear(&said);
	loki_backlog_say_strangers(
		"loki.write.test", storage, (const char *const[]){"0000000000000007"}, 1);
	assert_int_equal(str_find(buf_str(&said), STR("belong to no endpoint")), -1);
	set = make(&servers[0]);
	snprintf(set->folder, sizeof(set->folder), "%016zx", (size_t)7);
	servers[0].ep = loki_endpoint_new(loop, &budget, set, storage, on_changed, NULL);
	servers[0].status = 204;
	settle_down();
	assert_true(is_all(&servers[0], 0, 200));
	end(false);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(TEST(test_one_fails_and_the_other_goes_on), TEST(test_order_while_it_is_sent),
	TEST(test_the_next_life_sends_it),
	TEST(test_the_end_repeats_nothing), TEST(test_alone_nothing_goes_to_disk),
	TEST(test_both_fail_and_one_recovers), TEST(test_strangers_wait_for_themselves),
	TEST(test_a_removed_one_is_counted), TEST(test_the_limit), TEST(test_no_right_to_write),
	TEST(test_cut_when_on_disk), TEST(test_cut_before_it_goes_to_disk),
	TEST(test_damage_is_counted), TEST(test_another_folder))
