/* When a file has ended, what is read again, what is given up: see tail_test.c for how. */
#include "tests/tail_world.h"

/* While what was read before the truncation is under way, the inode is known twice. */
static void test_a_look_after_a_truncation(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n" CRI "F 2\n");
	w->hold = true;
	follow("0.log");
	assert_int_equal(truncate(path_of("0.log"), 0), 0);
	settle();
	append("0.log", CRI "F 3\n");
	settle();
	want("1\n2\n3\n");
	move("0.log", "other");
	move("other", "0.log");
	settle();
	want("");
	while (w->n_held > 0)
		ack_release(w->held[--w->n_held]);
}

/* Deleted while the agent had no chance to read: the budget was full. */
static void test_deleted_file_is_read_to_its_end(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	budget_charge(&w->budget, 1 << 20);
	append("0.log", CRI "F 2\n");
	settle();
	unlink(path_of("0.log"));
	settle();
	follow("");
	want("1\n");
	budget_return(&w->budget, 1 << 20);
	settle();
	pass(10 * NS_PER_SEC);
	want("2\n");
}

/* What nobody could open again is read while the source stops, and nothing else. */
static void test_deleted_file_is_read_out_at_the_stop(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	append("1.log", CRI "F a\n");
	follow_all("0.log 1.log ");
	want("1\na\n");
	budget_charge(&w->budget, 1 << 20);
	append("0.log", CRI "F 2\n" CRI "P without an end");
	append("1.log", CRI "F b\n");
	settle();
	unlink(path_of("0.log"));
	settle();
	w->stopped = tail_source_stop(&w->source);
	assert_false(w->stopped);
	assert_int_equal(w->source.n_tails, 1);
	settle();
	want("");
	budget_return(&w->budget, 1 << 20);
	settle();
	want("2\nwithout an end\n");
	assert_true(w->stopped);
	want_nothing_lost();
}

/* The container has ended, so the end of its last record does not come; the next life may be too
 * late to read it again. */
static void test_a_closed_log_leaves_no_piece(void **state)
{
	int fd;

	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	fd = open(path_of("0.log"), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, CRI "P last words\n", strlen(CRI "P last words\n")),
		strlen(CRI "P last words\n"));
	settle();
	stop();
	want("1\n"); /* it goes on: read again */
	start();
	follow("0.log");
	close(fd);
	settle();
	want("");
	stop();
	want("last words\n");
	start();
	follow("0.log");
	want("");
}

/* A component of the same name begins while the old one still reads. */
static void test_a_tail_goes_over_to_the_next_source(void **state)
{
	struct tail_source next = w->source;
	struct label l[] = {{STR("app"), STR("next")}};
	struct tail_target t = {str_from(path_of("0.log")), NULL};

	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	budget_charge(&w->budget, 1 << 20);
	append("0.log", CRI "F 2\n");
	settle();
	unlink(path_of("0.log"));
	settle();
	w->stopped = tail_source_stop(&w->source);
	assert_false(w->stopped);
	append("0.log", CRI "F 3\n");
	t.labels = labels_intern(l, 1);
	tail_source_start(&next, w->tailer);
	tail_source_set(&next, &t, 1);
	labels_release(t.labels);
	budget_return(&w->budget, 1 << 20);
	settle();
	want("1\n2\n3\n");
	assert_true(w->stopped);
	assert_true(tail_source_stop(&next));
}

/* A pod is deleted in the midst of a rotation: its target has gone, the new file is there, and what
 * the runtime writes last goes to the old one. */
static void test_a_late_write_after_the_target_has_gone(void **state)
{
	int old;

	(void)state;
	append("0.log", CRI "F 1\n");
	old = open(path_of("0.log"), O_WRONLY | O_APPEND);
	assert_int_not_equal(old, -1);
	follow("0.log");
	move("0.log", "0.log.20261122-100000");
	append("0.log", "");
	follow("");
	settle();
	assert_int_equal(write(old, CRI "F 2\n", strlen(CRI "F 2\n")), strlen(CRI "F 2\n"));
	assert_int_equal(unlink(path_of("0.log")), 0);
	assert_int_equal(unlink(path_of("0.log.20261122-100000")), 0);
	close(old);
	settle();
	pass(2 * QUIET);
	want("1\n2\n");
	want_nothing_lost();
	assert_int_equal(w->source.n_tails, 0);
}

static void test_truncated_file_begins_anew(void **state)
{
	(void)state;
	append("0.log", CRI "F a long first line\n");
	follow("0.log");
	assert_int_equal(truncate(path_of("0.log"), 0), 0);
	settle();
	append("0.log", CRI "F 2\n");
	settle();
	want("a long first line\n2\n");
}

/* Nobody could look between the cut and the deletion, and the source stops. */
static void test_truncated_and_deleted_is_read_out_at_the_stop(void **state)
{
	(void)state;
	append("0.log", CRI "F a long first line\n");
	follow("0.log");
	budget_charge(&w->budget, 1 << 20);
	assert_int_equal(truncate(path_of("0.log"), 0), 0);
	append("0.log", CRI "F 2\n");
	settle();
	unlink(path_of("0.log"));
	settle();
	w->stopped = tail_source_stop(&w->source);
	assert_false(w->stopped);
	budget_return(&w->budget, 1 << 20);
	settle();
	want("a long first line\n2\n");
	assert_true(w->stopped);
	want_nothing_lost();
}

/* One that was renamed is read from its beginning before the file that has its name now. */
static void test_truncated_after_a_rotation(void **state)
{
	int old;

	(void)state;
	append("0.log", CRI "F a long first line\n");
	follow("0.log");
	old = open(path_of("0.log"), O_WRONLY | O_APPEND);
	budget_charge(&w->budget, 1 << 20);
	move("0.log", "0.log.20261122-100000");
	assert_int_equal(ftruncate(old, 0), 0);
	assert_int_equal(write(old, CRI "F 2\n", strlen(CRI "F 2\n")), strlen(CRI "F 2\n"));
	append("0.log", CRI "F 3\n");
	settle();
	budget_return(&w->budget, 1 << 20);
	settle();
	want("a long first line\n2\n3\n");
	close(old);
	want_nothing_lost();
}

/* The destination of the second line ends without having taken it: that line and what is behind it
 * come again, when the rest is settled; and the position has waited. */
static void test_failed_is_read_again(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	w->hold = true;
	append("0.log", CRI "F 2\n");
	settle();
	append("0.log", CRI "F 3\n");
	settle();
	append("0.log", CRI "P 4 ");
	append("0.log", "\n");
	settle();
	want("1\n2\n3\n");
	w->hold = false;
	ack_fail(w->held[0]);
	append("0.log", CRI "F end\n");
	settle();
	want("");
	ack_release(w->held[1]);
	settle();
	want("2\n3\n4 end\n");
	stop();
	start();
	follow("0.log");
	want("");
}

/* A stage gives a piece back while the destination is away, so that its chunk is not settled yet:
 * what comes meanwhile, the other piece among it, waits in the file, or half a line would be
 * sent. */
static void test_nothing_is_read_behind_what_failed(void **state)
{
	(void)state;
	w->hold = true;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	ack_hold(w->held[0]);
	ack_fail(w->held[0]);
	append("0.log", CRI "F 2\n");
	settle();
	pass(NS_PER_SEC);
	want("1\n");
	w->hold = false;
	ack_release(w->held[0]);
	settle();
	want("1\n2\n");
}

/* Rotated, compressed and deleted files that were read to their end, and whose acks fail. */
static void test_failed_after_rotations(void **state)
{
	(void)state;
	w->hold = true;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	append("0.log", CRI "P 2 ");
	append("0.log", "\n");
	settle();
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F end\n");
	settle();
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F 3\n");
	settle();
	pass(10 * NS_PER_SEC);
	compress("0.log.20261122-100000");
	unlink(path_of("0.log.20261122-100010"));
	pass(10 * NS_PER_SEC);
	w->hold = false;
	buf_clear(&w->got);
	while (w->n_held)
		ack_fail(w->held[--w->n_held]);
	settle();
	pass(10 * NS_PER_SEC);
	assert_non_null(memmem(w->got.p, w->got.n, "3\n", 2));
	stop();
	start();
	follow("0.log");
	buf_clear(&w->got);
}

/* A deleted file is not let go before its lines have arrived. */
static void test_failed_after_deletion(void **state)
{
	(void)state;
	w->hold = true;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	unlink(path_of("0.log"));
	settle();
	follow("");
	pass(10 * NS_PER_SEC);
	pass(10 * NS_PER_SEC);
	want("1\n");
	w->hold = false;
	ack_fail(w->held[0]);
	settle();
	want("1\n");
	pass(10 * NS_PER_SEC);
	pass(10 * NS_PER_SEC);
	assert_int_equal(w->source.n_tails, 0);
}

/* More is held than the limit allows: the oldest is given up, the others are read. */
static void test_held_limit(void **state)
{
	static const char *const marks[] = {"a ", "b ", "c "};
	static char long_line[700];
	struct buf shown = {0};

	(void)state;
	memset(long_line, 'x', sizeof(long_line) - 1);
	append("0.log", CRI "F 1\n");
	follow("0.log");
	budget_charge(&w->budget, 1 << 20);
	for (int i = 0; i < 3; i++) {
		char name[] = "0.log.20261122-10000x";

		name[20] = (char)('0' + i);
		append("0.log", CRI "F ");
		append("0.log", marks[i]);
		append("0.log", long_line);
		append("0.log", "\n");
		settle();
		move("0.log", name);
		settle();
		unlink(path_of(name));
		pass(NS_PER_SEC / 2);
	}
	pass(2 * NS_PER_SEC);
	want("1\n");
	budget_return(&w->budget, 1 << 20);
	settle();
	pass(10 * NS_PER_SEC);
	assert_null(memmem(w->got.p, w->got.n, "a x", 3));
	assert_null(memmem(w->got.p, w->got.n, "b x", 3));
	assert_non_null(memmem(w->got.p, w->got.n, "c x", 3));
	metric_print_all(&shown);
	buf_add_char(&shown, 0);
	assert_non_null(strstr(shown.p, "invar_tail_lost_files_total{reason=\"held_limit\"} 2\n"));
	assert_non_null(strstr(shown.p, "invar_tail_lost_bytes_total{reason=\"held_limit\"} 1"));
	buf_fini(&shown);
}

/* A file that cannot be read (EIO, every time) does not keep others from being read. */
static void test_read_errors_are_its_own(void **state)
{
	struct tail_target t[2] = {{STR("/proc/self/mem"), labels_empty()},
		{str_from(path_of("0.log")), labels_empty()}};

	(void)state;
	append("0.log", CRI "F 1\n");
	tail_source_set(&w->source, t, 2);
	settle();
	append("0.log", CRI "F 2\n");
	pass(20 * NS_PER_SEC);
	want("1\n2\n");
	labels_release(t[0].labels);
	labels_release(t[1].labels);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_a_look_after_a_truncation), T(test_deleted_file_is_read_out_at_the_stop),
	T(test_a_tail_goes_over_to_the_next_source), T(test_a_closed_log_leaves_no_piece),
	T(test_deleted_file_is_read_to_its_end), T(test_a_late_write_after_the_target_has_gone),
	T(test_truncated_file_begins_anew), T(test_truncated_after_a_rotation),
	T(test_truncated_and_deleted_is_read_out_at_the_stop), T(test_failed_is_read_again),
	T(test_nothing_is_read_behind_what_failed), T(test_failed_after_rotations),
	T(test_failed_after_deletion), T(test_held_limit), T(test_read_errors_are_its_own))
