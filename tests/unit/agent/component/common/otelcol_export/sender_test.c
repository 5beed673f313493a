/* What a sender does with an answer, and with the end while a request is out. */

#include "tests/export_world.h"

/* 5 s is the wait after the first try, 60 s the longest time in all. */
static const struct {
	int status;
	int64_t retry_after;
	bool never_again; /* retry_on_failure is off */
	bool is_stopping;
	int64_t wait; /* until the next try; 0: done with */
	int sent, failed;
} answers[] = {
	{200, -1, false, false, 0, 2, 0},
	{206, -1, false, false, 0, 1, 1},
	{400, -1, false, false, 0, 0, 2},
	{401, -1, false, false, 0, 0, 2},
	{403, -1, false, false, 0, 0, 2},
	{503, -1, false, false, 5 * SEC, 0, 0},
	{0, -1, false, false, 5 * SEC, 0, 0},
	/* throttled: the server's time, but not less than the own, nor more than there is */
	{503, 20 * SEC, false, false, 20 * SEC, 0, 0},
	{503, 1 * SEC, false, false, 5 * SEC, 0, 0},
	{503, 0, false, false, 5 * SEC, 0, 0},
	{503, 60 * SEC, false, false, 60 * SEC, 0, 0},
	{503, 60 * SEC + 1, false, false, 0, 0, 2},
	{503, 20 * SEC, true, false, 0, 0, 2},
	/* the end is near */
	{503, -1, false, true, 500 * MS, 0, 0},
	{503, 3600 * SEC, false, true, 500 * MS, 0, 0},
	{200, -1, false, true, 0, 2, 0},
};

static void run_answer(size_t i)
{
	print_message("case %zu: %d\n", i, answers[i].status);
	world_init();
	retry_args.enabled = !answers[i].never_again;
	world_start();
	assert_int_equal(world_push("ab"), CONSUMED);
	if (answers[i].is_stopping)
		export_stop(exporter);
	ASSERT_OUT("ab");
	fake_answer(0, answers[i].status, "", STR(""), answers[i].retry_after);
	ASSERT_COUNTS(answers[i].sent, answers[i].failed);
	if (answers[i].wait == 0) {
		assert_true(channel_is_empty(channel));
	} else {
		assert_int_equal(channel->senders[0]->state, WAITING);
		world_advance(answers[i].wait - 1);
		ASSERT_OUT("");
		world_advance(1);
		ASSERT_OUT("ab");
		world_answer(200);
	}
	world_end();
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		run_answer(i);
}

/* A wait that is the server's wish does not shorten the ones after it. */
static void test_throttled_goes_on(void **state)
{
	(void)state;
	world_init();
	world_start();
	world_push("a");
	fake_answer(0, 503, "", STR(""), 7 * SEC);
	world_advance(7 * SEC);
	ASSERT_OUT("a");
	world_answer(503);
	world_advance(10 * SEC - 1);
	ASSERT_OUT("");
	world_advance(1);
	ASSERT_OUT("a");
	world_answer(200);
	world_end();
}

/* One that waits keeps its place: what comes after it is not sent past it. */
static void test_order(void **state)
{
	(void)state;
	world_init();
	world_start();
	world_push("a");
	world_push("b");
	world_answer(503);
	ASSERT_OUT("");
	world_advance(5 * SEC);
	ASSERT_OUT("a");
	world_answer(200);
	ASSERT_OUT("b");
	world_answer(200);
	world_end();
}

/* X is what the server refuses. Each answer makes the next request, in this order. */
static const struct {
	const char *request; /* its resources */
	const char *sent;
	int ok, failed;
} poisoned[] = {
	{"a X", "aX a X ", 1, 1},
	{"X a", "Xa X a ", 1, 1},
	{"aXb", "aXb ", 0, 3}, /* one resource is not cut */
	{"a b X c d", "abXcd ab Xcd X cd ", 4, 1},
	{"X a b X", "XabX Xa X a bX b X ", 2, 2},
	{"X X", "XX X X ", 0, 2},
};

static void test_poison(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(poisoned) / sizeof(*poisoned); i++) {
		struct buf sent = {0};

		world_init();
		world_start();
		world_push(poisoned[i].request);
		world_push("z"); /* comes after all of it */
		while (fake_calls_n > 0) {
			struct buf names = {0};
			bool is_bad;

			world_names(buf_str(&fake_calls[0].body), &names);
			is_bad = str_find(buf_str(&names), STR("X")) != -1;
			buf_printf(&sent, STR_FMT " ", STR_ARG(buf_str(&names)));
			buf_fini(&names);
			world_answer(is_bad ? 400 : 200);
		}
		assert_true(str_ends(buf_str(&sent), " z "));
		assert_str(str_head(buf_str(&sent), sent.n - 2), poisoned[i].sent);
		ASSERT_COUNTS(poisoned[i].ok + 1, poisoned[i].failed);
		buf_fini(&sent);
		world_end();
	}
}

/* Only what is called malformed is cut: a wrong password is wrong for both halves. */
static void test_refused_whole(void **state)
{
	(void)state;
	world_init();
	world_start();
	world_push("a b");
	world_answer(403);
	ASSERT_OUT("");
	ASSERT_COUNTS(0, 2);
	world_end();
}

/* Credentials that were refused are read again, by the next request. */
static void test_unauthorized(void **state)
{
	struct target *old;

	(void)state;
	world_init();
	world_start();
	old = exporter->target;
	world_push("a");
	world_answer(403);
	assert_ptr_equal(exporter->target, old);
	world_push("b");
	world_answer(401);
	assert_int_equal(fake_targets, 1);
	world_push("c");
	assert_int_equal(fake_targets, 2); /* the old one goes at the end of the turn */
	loop_turn(loop, 0);
	assert_int_equal(fake_targets, 1);
	world_answer(200);
	ASSERT_COUNTS(1, 2);
	world_end();
}

/* The target cannot be made: as a server that is away. */
static void test_no_target(void **state)
{
	(void)state;
	world_init();
	world_start();
	target_mark_stale(exporter->target);
	fake_target_error = "no such file";
	world_push("a");
	ASSERT_OUT("");
	assert_int_equal(channel->senders[0]->state, WAITING);
	fake_target_error = NULL;
	world_advance(5 * SEC);
	ASSERT_OUT("a");
	world_answer(200);
	world_end();
}

/* The settings have changed while it waited. */
static void test_format(void **state)
{
	(void)state;
	world_init();
	world_start();
	world_push("a");
	world_push("b");
	world_format = "other/";
	world_answer(503);
	world_advance(5 * SEC);
	assert_string_equal(channel->senders[0]->q->format, "other/");
	ASSERT_OUT("a");
	world_format = "strange/";
	world_push("c");
	world_format = "same/";
	world_answer(200);
	ASSERT_OUT("b");
	world_answer(200); /* c cannot be read any more */
	ASSERT_OUT("");
	ASSERT_COUNTS(2, 1);
	world_end();
}

/* The end comes: one that is out stays out, once; one that waits is tried at once. */
static void test_stop(void **state)
{
	(void)state;
	world_init();
	queue_args.num_consumers = 3;
	world_start();
	world_push("a");
	world_push("b");
	world_answer(503); /* a waits */
	ASSERT_OUT("b");
	export_stop(exporter);
	ASSERT_OUT("b a");
	world_answer(200);
	world_answer(200);
	loop_turn(loop, 0);
	assert_null(exporter); /* all of it is gone, so it need not wait */
	world_end();
}

static void on_settled(struct ack *a)
{
	(void)a;
}

/* It does not come to its end in time. What has an ack is not lost: its source brings it again. */
static void test_stop_while_out(void **state)
{
	struct ack ack;

	(void)state;
	for (int with_ack = 0; with_ack < 2; with_ack++) {
		struct buf text = {0};

		ack_init(&ack, on_settled);
		world_init();
		world_start();
		world_push_for("a", NULL, with_ack ? &ack : NULL);
		world_push_for("b", NULL, with_ack ? &ack : NULL);
		assert_int_equal(ack.refs, with_ack ? 3 : 1);
		channel_free(channel); /* as at the end of STOP_TIME */
		exporter->channels[SIGNAL_TRACES] = NULL;
		assert_int_equal(fake_calls_n, 0);
		assert_int_equal(ack.refs, 1);
		assert_int_equal(ack.failed, with_ack);
		ack_release(&ack);
		buf_fini(&text);
		exporter->channels[SIGNAL_TRACES] =
			channel_new(exporter, SIGNAL_TRACES, &(struct err){""});
		channel = exporter->channels[SIGNAL_TRACES];
		world_end();
	}
}

/* Its server is gone for good: another takes what is out and what waits, when it has room. */
static void test_leave(void **state)
{
	(void)state;
	world_init();
	world_start();
	world_push("a");
	world_push("b");
	export_leave(exporter);
	ASSERT_OUT("a"); /* it may be taken yet */
	other_is_full = true;
	world_answer(503);
	assert_int_equal(channel->senders[0]->state, WAITING);
	world_advance(200 * MS);
	assert_str(buf_str(&handed_over), "");
	other_is_full = false;
	world_advance(200 * MS);
	assert_str(buf_str(&handed_over), "ab");
	assert_null(exporter);
	world_end();
}

TESTS_RUN(cmocka_unit_test(test_answers), cmocka_unit_test(test_throttled_goes_on),
	cmocka_unit_test(test_order), cmocka_unit_test(test_poison),
	cmocka_unit_test(test_refused_whole), cmocka_unit_test(test_unauthorized),
	cmocka_unit_test(test_no_target), cmocka_unit_test(test_format),
	cmocka_unit_test(test_stop), cmocka_unit_test(test_stop_while_out),
	cmocka_unit_test(test_leave))
