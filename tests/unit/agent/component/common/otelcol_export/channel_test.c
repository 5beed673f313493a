/* What a channel takes, how it cuts and gathers it, and how many it sends at once. */

#include "tests/export_world.h"

/* num_consumers is 1, so the first request is out and does not wait. */
static const struct {
	const char *sizer;
	int64_t queue_size;
	const char *pushed[4];
	const char *took; /* a letter each: y, n */
} rooms[] = {
	{"requests", 2, {"a", "bbb", "c", "d"}, "yyyn"},
	{"items", 3, {"a", "bb", "c", "d"}, "yyyn"},
	{"items", 3, {"a", "bb", "cc", "d"}, "yyny"},   /* there is room for a smaller one */
	{"items", 3, {"a", "bbbbb", "c", "d"}, "yynn"}, /* an empty queue takes any */
	{"bytes", 20, {"a", "b", "c", "d"}, "yyyn"},    /* 9 bytes each */
};

static void test_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
		struct buf took = {0};
		int refused;

		world_init();
		queue_args.sizer = str_from(rooms[i].sizer);
		queue_args.queue_size = rooms[i].queue_size;
		world_start();
		for (size_t k = 0; k < 4; k++)
			buf_add_char(&took,
				world_push(rooms[i].pushed[k]) == CONSUMED ? 'y' : 'n');
		print_message("case %zu\n", i);
		assert_str(buf_str(&took), rooms[i].took);
		refused = (int)metric_value(channel->refused);
		assert_true(refused >= 1 && refused <= 2);
		while (fake_calls_n > 0)
			world_answer(200);
		buf_fini(&took);
		world_end();
	}
}

/* Without a queue there are as many requests as there are consumers. */
static void test_no_queue(void **state)
{
	(void)state;
	world_init();
	queue_args.enabled = false;
	queue_args.num_consumers = 2;
	world_start();
	assert_int_equal(world_push("a"), CONSUMED);
	assert_int_equal(world_push("b"), CONSUMED);
	assert_int_equal(world_push("c"), CONSUMER_FULL);
	world_answer(200);
	assert_int_equal(world_push("c"), CONSUMED);
	ASSERT_OUT("b c");
	world_answer(200);
	world_answer(200);
	world_end();
}

/* Pieces that the upstream takes, in order; one item alone is sent as it is. */
static void test_cut(void **state)
{
	static const struct {
		size_t max;
		const char *want;
	} cuts[] = {
		{1 << 20, "abcdefgh"},
		{40, "abcd efgh"}, /* all of it: 44 bytes */
		{24, "ab cd ef gh"},
		{1, "a b c d e f g h"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		world_init();
		protocol.max_request = cuts[i].max;
		queue_args.num_consumers = 8;
		world_start();
		assert_int_equal(world_push("abcdefgh"), CONSUMED);
		ASSERT_OUT(cuts[i].want);
		while (fake_calls_n > 0)
			world_answer(200);
		ASSERT_COUNTS(8, 0);
		world_end();
	}
}

/* Larger than OTLP recommends anybody to take. It is counted, and not brought again. */
static void test_too_large(void **state)
{
	struct telemetry t = {
		.kind = SIGNAL_TRACES, .bytes = {"", ((size_t)64 << 20) + 1}, .items = 1};

	(void)state;
	world_init();
	world_start();
	assert_int_equal(channel_push(channel, &t), CONSUMED);
	ASSERT_OUT("");
	ASSERT_COUNTS(0, 1);
	world_end();
}

static struct otelcol_queue_batch batch_args;

static void begin_batch(int64_t min, int64_t max, const char *sizer)
{
	world_init();
	batch_args = (struct otelcol_queue_batch){.flush_timeout = 200 * MS,
		.min_size = min,
		.max_size = max,
		.sizer = str_from(sizer)};
	queue_args.batch = &batch_args;
	queue_args.num_consumers = 4;
	world_start();
}

static void test_batch(void **state)
{
	(void)state;
	begin_batch(4, 0, "items");
	world_push("a");
	world_advance(199 * MS);
	world_push("bb"); /* the time is that of the first */
	ASSERT_OUT("");
	world_advance(1 * MS);
	ASSERT_OUT("abb");
	world_push("ccc");
	world_push("d");
	ASSERT_OUT("abb cccd");
	world_push("e");
	assert_false(channel_is_empty(channel));
	export_stop(exporter); /* does not wait for the time */
	ASSERT_OUT("abb cccd e");
	while (fake_calls_n > 0)
		world_answer(200);
	world_end();
}

static void test_batch_sizes(void **state)
{
	(void)state;
	begin_batch(3, 4, "items");
	world_push("a");
	world_push("bbbbbbbb");
	ASSERT_OUT("abbb bbbb b"); /* none has more than max_size */
	while (fake_calls_n > 0)
		world_answer(200);
	world_end();

	begin_batch(18, 0, "bytes"); /* 9 each */
	world_push("a");
	ASSERT_OUT("");
	world_push("b");
	ASSERT_OUT("ab");
	world_answer(200);
	world_end();
}

static void on_settled(struct ack *a)
{
	(void)a;
}

/* A batch that was gathered has the acks of all that is in it. */
static void test_batch_acks(void **state)
{
	struct ack first, second;

	(void)state;
	begin_batch(2, 0, "items");
	ack_init(&first, on_settled);
	ack_init(&second, on_settled);
	world_push_for("a", NULL, &first);
	world_push_for("b", NULL, &second);
	ASSERT_OUT("ab");
	assert_true(first.refs > 1 && second.refs > 1);
	world_answer(200);
	assert_int_equal(first.refs, 1);
	assert_int_equal(second.refs, 1);
	assert_false(first.failed || second.failed);
	ack_release(&first);
	ack_release(&second);
	world_end();
}

/* num_consumers as it is now: those that are out come to their end. */
static void test_consumers(void **state)
{
	(void)state;
	world_init();
	queue_args.num_consumers = 3;
	world_start();
	for (const char *p = "abcdef"; *p; p++)
		world_push((char[2]){*p, 0});
	ASSERT_OUT("a b c");
	queue_args.num_consumers = 1;
	channel_update(channel);
	fake_answer(2, 200, "", STR(""), -1);
	fake_answer(1, 200, "", STR(""), -1);
	ASSERT_OUT("a");
	queue_args.num_consumers = 2;
	channel_update(channel);
	ASSERT_OUT("a d");
	while (fake_calls_n > 0)
		world_answer(200);
	ASSERT_COUNTS(6, 0);
	world_end();
}

TESTS_RUN(cmocka_unit_test(test_room), cmocka_unit_test(test_no_queue), cmocka_unit_test(test_cut),
	cmocka_unit_test(test_too_large), cmocka_unit_test(test_batch),
	cmocka_unit_test(test_batch_sizes), cmocka_unit_test(test_batch_acks),
	cmocka_unit_test(test_consumers))
