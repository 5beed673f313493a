/* When the system says no: nothing is concluded, nothing is lost, and others go on. */
#include "tests/tail_world.h"

#include "tests/system_fails.h"

static void heal(void)
{
	fails.error = 0;
	fails.part = NULL;
	fails.no_watches = false;
}

static int tear_down_healed(void **state)
{
	heal();
	return tear_down(state);
}

/* Two rotated files and the live one, after line 1 was delivered and the agent ended. */
static void rotate_twice_while_away(void)
{
	append("0.log", CRI "F 1\n");
	follow("0.log");
	want("1\n");
	stop();
	append("0.log", CRI "F 2\n");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F 3\n");
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F 4\n");
}

static const struct {
	int error;
	const char *part;
} at_resume[] = {
	{EMFILE, NULL},
	{ENFILE, NULL},
	{ENOMEM, NULL},
	{EINTR, NULL},
	{EIO, NULL},
	{EMFILE, "0.log.2026"},            /* any rotated one */
	{EMFILE, "0.log.20261122-100010"}, /* the younger one */
	{EIO, "0.log.20261122-100000"},
	{EACCES, "0.log.20261122-100000"},
};

static void test_no_descriptor_at_resume(void **state)
{
	for (size_t i = 0; i < sizeof(at_resume) / sizeof(at_resume[0]); i++) {
		assert_int_equal(set_up(state), 0);
		rotate_twice_while_away();
		start();
		fails.error = at_resume[i].error;
		fails.part = at_resume[i].part;
		follow("0.log");
		pass(20 * NS_PER_SEC);
		want("");
		want_nothing_lost();
		heal();
		pass(11 * NS_PER_SEC);
		want("2\n3\n4\n");
		want_nothing_lost();
		assert_int_equal(tear_down(state), 0);
	}
}

/* A crash while nothing can be opened: what was known is still known. */
static void test_positions_outlive_it(void **state)
{
	(void)state;
	rotate_twice_while_away();
	fails.error = EMFILE;
	start();
	follow("0.log");
	pass(5 * NS_PER_SEC);
	stop();
	heal();
	start();
	follow("0.log");
	want("2\n3\n4\n");
	want_nothing_lost();
}

/* At the start not even the positions can be read: nothing is opened before they can be. */
static void test_no_descriptor_for_positions(void **state)
{
	(void)state;
	rotate_twice_while_away();
	fails.error = ENFILE;
	start();
	fails.part = "positions";
	follow("0.log");
	pass(5 * NS_PER_SEC);
	want("");
	heal();
	pass(3 * NS_PER_SEC);
	want("2\n3\n4\n");
	want_nothing_lost();
}

/* Positions are written by a thread. */
static void wait_for_save(void)
{
	while (w->tailer->write.busy)
		loop_turn(w->loop, NS_PER_MS);
}

/* A disk that is full: the old file stays, and it is tried again after 1, 2, 4, 8, 10, 10 s. */
static void test_positions_cannot_be_saved(void **state)
{
	static const int waits[] = {1, 2, 4, 8, 10, 10};

	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	pass(NS_PER_SEC);
	wait_for_save();
	assert_int_equal(mkdir(path_of("positions.jsonl.new"), 0755), 0); /* in the way */
	append("0.log", CRI "F 2\n");
	settle();
	while (!w->tailer->write.busy)
		loop_advance(w->loop, 10 * NS_PER_MS);
	wait_for_save();
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(w->tailer->save_wait, waits[i] * NS_PER_SEC);
		loop_advance(w->loop, waits[i] * NS_PER_SEC - 100 * NS_PER_MS);
		assert_false(w->tailer->write.busy);
		loop_advance(w->loop, 200 * NS_PER_MS);
		assert_true(w->tailer->write.busy);
		wait_for_save();
	}
	want_metric("invar_tail_position_save_failures_total 7\n");
	want("1\n2\n");
	assert_int_equal(rmdir(path_of("positions.jsonl.new")), 0);
	loop_advance(w->loop, 10 * NS_PER_SEC);
	wait_for_save();
	assert_int_equal(w->tailer->save_wait, 0);
	stop();
	start();
	follow("0.log");
	want("");
}

/* Rotated twice between two looks, when the middle file cannot be opened. */
static void test_no_descriptor_at_rotation(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "P 2 \n");
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F and its end\n");
	fails.error = EMFILE;
	fails.part = "0.log.20261122-100010";
	settle();
	append("0.log", CRI "F 3\n");
	pass(3 * NS_PER_SEC);
	want("1\n");
	heal();
	pass(2 * NS_PER_SEC);
	want("2 and its end\n3\n");
	want_nothing_lost();
}

/* The same, while nothing is read for lack of room: it is opened as soon as it can be, as the
 * kubelet does not wait. */
static void test_no_descriptor_and_no_room(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	budget_charge(&w->budget, 1 << 20);
	fails.error = EMFILE;
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F 2\n");
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F 3\n");
	pass(3 * NS_PER_SEC);
	heal();
	pass(3 * NS_PER_SEC);
	unlink(path_of("0.log.20261122-100000"));
	unlink(path_of("0.log.20261122-100010"));
	settle();
	budget_return(&w->budget, 1 << 20);
	settle();
	pass(10 * NS_PER_SEC);
	want("1\n2\n3\n");
	want_nothing_lost();
}

/* One that stays unreadable is left out in the end, and counted. */
static void test_patience_ends(void **state)
{
	(void)state;
	rotate_twice_while_away();
	fails.error = EIO;
	fails.part = "0.log.20261122-100000";
	start();
	follow("0.log");
	pass(590 * NS_PER_SEC);
	want("");
	pass(30 * NS_PER_SEC);
	want("3\n4\n");
	want_metric("invar_tail_lost_files_total{reason=\"unreadable\"} 1\n");
}

/* … but not for lack of descriptors. */
static void test_patience_without_end(void **state)
{
	(void)state;
	rotate_twice_while_away();
	fails.error = EMFILE;
	fails.part = "0.log.20261122-100000";
	start();
	follow("0.log");
	pass(2000 * NS_PER_SEC);
	want("");
	heal();
	pass(2 * NS_PER_SEC);
	want("2\n3\n4\n");
	want_nothing_lost();
}

/* It came and went while no file could be opened: the only thing left is to say so. */
static void test_gone_before_it_could_be_opened(void **state)
{
	(void)state;
	fails.error = EMFILE;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	unlink(path_of("0.log"));
	settle();
	follow("");
	pass(20 * NS_PER_SEC);
	want("");
	want_metric("invar_tail_lost_files_total{reason=\"unreadable\"} 1\n");
}

/* No inotify watch is left: folders are looked at every 10 s. */
static void test_without_watches(void **state)
{
	(void)state;
	fails.no_watches = true;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	want("1\n");
	append("0.log", CRI "F 2\n");
	pass(11 * NS_PER_SEC);
	want("2\n");
	append("0.log", CRI "P 3 \n");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F its end\n");
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F 4\n");
	pass(22 * NS_PER_SEC);
	want("3 its end\n4\n");
	append("0.log", CRI "F 5\n");
	unlink(path_of("0.log"));
	append("0.log", CRI "F 6\n");
	pass(40 * NS_PER_SEC);
	want("5\n6\n");
	want_nothing_lost();
	want_metric("invar_notify_polled_directories 1\n");
}

/* A folder, a pipe, a broken disk (every read of it fails): the others do not wait. */
static void test_others_go_on(void **state)
{
	struct tail_target t[4];

	(void)state;
	append("3.log", CRI "F 1\n");
	append("1.log", CRI "F first a file\n");
	assert_int_equal(mkfifo(path_of("0.log"), 0640), 0);
	t[0] = (struct tail_target){STR("/proc/self/mem"), labels_empty()};
	t[1] = (struct tail_target){str_from(strdup(path_of("0.log"))), labels_empty()};
	t[2] = (struct tail_target){str_from(strdup(path_of("1.log"))), labels_empty()};
	t[3] = (struct tail_target){str_from(strdup(path_of("3.log"))), labels_empty()};
	tail_source_set(&w->source, t, 4);
	settle();
	unlink(path_of("1.log"));
	assert_int_equal(mkdir(path_of("1.log"), 0750), 0);
	append("3.log", CRI "F 2\n");
	pass(20 * NS_PER_SEC);
	append("3.log", CRI "F 3\n");
	settle();
	assert_int_equal(rmdir(path_of("1.log")), 0);
	append("1.log", CRI "F a file again\n");
	settle();
	want("first a file\n1\n2\n3\na file again\n");
	for (size_t i = 0; i < 4; i++) {
		labels_release(t[i].labels);
		if (i)
			free((char *)(uintptr_t)t[i].path.p);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down_healed)

TESTS_RUN(cmocka_unit_test(test_no_descriptor_at_resume), T(test_positions_outlive_it),
	T(test_no_descriptor_for_positions), T(test_positions_cannot_be_saved),
	T(test_no_descriptor_at_rotation), T(test_no_descriptor_and_no_room),
	T(test_patience_ends), T(test_patience_without_end), T(test_gone_before_it_could_be_opened),
	T(test_without_watches), T(test_others_go_on))
