/* The tailer against real files in a folder of its own; the clock is held, so that what
 * waits for a time waits for the test. Doubles of the runtime: plain writes and renames in the
 * order in which kubelet and containerd do them. */
#include "tests/tail_world.h"

#include <time.h>

static void test_lines_come_as_they_are_written(void **state)
{
	(void)state;
	append("0.log", CRI "F one\n" CRI "F \n");
	follow("0.log");
	want("one\n\n");
	append("0.log", CRI "F two\n" CRI "F thr");
	settle();
	want("two\n");
	append("0.log", "ee\nnot a record\n");
	settle();
	want("three\nnot a record\n");
}

static void test_a_file_that_comes_later(void **state)
{
	(void)state;
	follow("0.log");
	want("");
	append("0.log", CRI "F one\n");
	settle();
	want("one\n");
}

/* Rename, late writes to the old file, the new file, the close of the old one. */
static void test_rotation_keeps_order(void **state)
{
	int old;

	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	old = open(path_of("0.log"), O_WRONLY | O_APPEND);
	move("0.log", "0.log.20261122-100000");
	settle();
	assert_int_equal(write(old, CRI "F 2\n", strlen(CRI "F 2\n")), strlen(CRI "F 2\n"));
	settle();
	append("0.log", "");
	settle();
	assert_int_equal(write(old, CRI "F 3\n", strlen(CRI "F 3\n")), strlen(CRI "F 3\n"));
	close(old);
	append("0.log", CRI "F 4\n");
	settle();
	want("1\n2\n3\n4\n");
}

/* Its first piece is the last line of the old file, its end the first one of the new. */
static void test_record_cut_by_rotation(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n" CRI "P first ");
	follow("0.log");
	want("1\n");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F second\n");
	settle();
	want("first second\n");
}

/* Between the rename and the new file no file has the name, and no target names it. */
static void test_record_cut_by_rotation_without_target(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n" CRI "P first ");
	follow("0.log");
	move("0.log", "0.log.20261122-100000");
	follow("");
	want("1\n");
	append("0.log", CRI "F second\n");
	follow("0.log");
	want("first second\n");
}

/* The name is back, but not yet the target, and the new file is empty. */
static void test_record_cut_by_rotation_target_is_late(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	move("0.log", "0.log.20261122-100000");
	follow("");
	append("0.log", "");
	append("0.log.20261122-100000", CRI "P first \n");
	settle();
	want("1\n");
	append("0.log", CRI "F second\n");
	follow("0.log");
	want("first second\n");
}

/* Its target is gone for good: the piece is sent in the end. */
static void test_open_record_without_target(void **state)
{
	(void)state;
	append("0.log", CRI "P last words\n");
	follow("0.log");
	follow("");
	want("");
	assert_int_equal(w->tailer->tails.n, 1);
	pass(JOIN_WAIT);
	want("last words\n");
	assert_int_equal(w->tailer->tails.n, 0);
}

/* The process did not run for as long as it waits for the end of a record: that is there. */
static void test_record_cut_by_rotation_while_stopped(void **state)
{
	(void)state;
	append("0.log", CRI "P first \n");
	follow("0.log");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F second\n");
	loop_advance(w->loop, 2 * JOIN_WAIT);
	settle();
	want("first second\n");
}

/* When the agent begins again at the record that is open, it finds no half of the other stream's,
 * although that was delivered. */
static void test_pieces_of_both_streams_are_mixed(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n" CRI "P first \n2026-11-22T10:00:00Z stderr P second \n");
	append("0.log", CRI "P and \n" CRI "F its end\n");
	follow("0.log");
	want("1\nfirst and its end\n");
	stop();
	append("0.log", "2026-11-22T10:00:00Z stderr F and its end\n");
	start();
	follow("0.log");
	want("first and its end\nsecond and its end\n");
	settle();
	stop();
	start();
	follow("0.log");
	want("");
}

/* Several files that are read one after the other, as docker names them: .1 is younger than .2. */
static void test_numbers_for_names(void **state)
{
	(void)state;
	next_birth();
	append("a.log", CRI "F 1\n");
	follow("a.log");
	want("1\n");
	move("a.log", "a.log.1");
	next_birth();
	append("a.log", CRI "F 2\n");
	next_birth();
	move("a.log.1", "a.log.2");
	move("a.log", "a.log.1");
	append("a.log", CRI "F 3\n");
	settle();
	want("2\n3\n");
	stop();
	append("a.log", CRI "F 4\n");
	move("a.log.1", "a.log.2");
	move("a.log", "a.log.1");
	append("a.log", CRI "F 5\n");
	move("a.log.2", "a.log.3");
	move("a.log.1", "a.log.2");
	move("a.log", "a.log.1");
	append("a.log", CRI "F 6\n");
	start();
	follow("a.log");
	want("4\n5\n6\n");
}

/* logrotate's copytruncate: the copies have numbers too, but are no news. */
static void test_copies_with_numbers(void **state)
{
	(void)state;
	append("a.log", CRI "F 1\n" CRI "F 2\n");
	follow("a.log");
	want("1\n2\n");
	next_birth();
	append("a.log.1", CRI "F 1\n" CRI "F 2\n");
	next_birth();
	assert_int_equal(truncate(path_of("a.log"), 0), 0);
	settle();
	append("a.log", CRI "F 3\n");
	settle();
	next_birth();
	move("a.log.1", "a.log.2");
	next_birth();
	append("a.log.1", CRI "F 3\n");
	next_birth();
	assert_int_equal(truncate(path_of("a.log"), 0), 0);
	settle();
	append("a.log", CRI "F 4\n");
	settle();
	want("3\n4\n");
}

/* A rotation took the name away just when the pattern was looked at: the tail was left, and
 * is named again. What was rotated meanwhile is no news at the next rotation. */
static void test_a_rotation_while_no_target_names_it(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	w->hold = true;
	follow("0.log");
	follow("");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F 2\n");
	follow("0.log");
	want("1\n2\n");
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F 3\n");
	settle();
	want("3\n");
	while (w->n_held > 0)
		ack_release(w->held[--w->n_held]);
}

static void test_streams_are_joined_apart(void **state)
{
	(void)state;
	append("0.log", CRI "P out "
			    "\n2026-11-22T10:00:00Z stderr P err \n" CRI "F end\n"
			    "2026-11-22T10:00:00Z stderr F end\n");
	follow("0.log");
	want("out end\nerr end\n");
}

static void test_piece_without_end_is_sent(void **state)
{
	(void)state;
	append("0.log", CRI "P last words\n");
	follow("0.log");
	want("");
	pass(4 * NS_PER_SEC);
	want("last words\n");
}

/* What was not settled is read again after a restart; what was is not. */
static void test_positions_follow_the_acks(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	w->hold = true;
	append("0.log", CRI "F 2\n");
	settle();
	append("0.log", CRI "F 3\n");
	settle();
	want("1\n2\n3\n");
	ack_release(w->held[1]); /* the second is settled, the first is not */
	stop();
	w->hold = false;
	start();
	follow("0.log");
	want("2\n3\n");
	stop();
	start();
	follow("0.log");
	want("");
}

/* 64 lines are read at once; a crash after 60 of them were delivered repeats less than 20. */
static void test_a_block_is_settled_in_parts(void **state)
{
	struct buf text = {0};
	struct buf last = {0};
	size_t lines;

	(void)state;
	for (int i = 0; i < 64; i++)
		buf_printf(&text, CRI "F %d %0970d\n", i, i);
	buf_printf(&last, "63 %0970d\n", 63);
	buf_add_char(&text, 0);
	append("0.log", text.p);
	w->hold = true;
	follow("0.log");
	assert_int_equal(w->n_held, 64);
	for (size_t i = 0; i < 60; i++)
		ack_release(w->held[i]);
	stop();
	w->hold = false;
	start();
	buf_clear(&w->got);
	follow("0.log");
	lines = w->got.n / last.n;
	assert_true(lines >= 4 && lines < 20);
	assert_true(str_ends(buf_str(&w->got), (buf_add_char(&last, 0), last.p)));
	buf_clear(&w->got);
	buf_fini(&text);
	buf_fini(&last);
}

static void test_unchanged_tail_survives_new_labels(void **state)
{
	struct label l[] = {{STR("a"), STR("b")}};
	const struct labels *labels;
	struct tail_target t;

	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	labels = labels_intern(l, 1);
	t = (struct tail_target){str_from(path_of("0.log")), labels};
	tail_source_set(&w->source, &t, 1);
	labels_release(labels);
	append("0.log", CRI "F 2\n");
	settle();
	want("1\n2\n");
}

static void test_from_end(void **state)
{
	(void)state;
	w->source.from_end = true;
	append("0.log", CRI "F old\n");
	follow("0.log");
	append("0.log", CRI "F new\n");
	settle();
	want("new\n");
}

/* With from_end a file that came after the start is read whole, also when the clock was put back
 * meanwhile; and nothing else minds the clock. */
static void test_clock_jumps(void **state)
{
	struct timespec real;
	int64_t wall;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &real), 0);
	wall = (int64_t)real.tv_sec * NS_PER_SEC;
	stop();
	loop_fake_clock(w->loop, loop_now(w->loop), wall + 3600 * NS_PER_SEC);
	start();
	w->source.from_end = true;
	loop_fake_clock(w->loop, loop_now(w->loop), wall);
	append("0.log", CRI "F 1\n");
	follow("0.log");
	want("1\n");
	append("0.log", CRI "P 2\n");
	settle();
	loop_fake_clock(w->loop, loop_now(w->loop), wall + 100000 * NS_PER_SEC);
	settle();
	want("");
	loop_fake_clock(w->loop, loop_now(w->loop), 1000 * NS_PER_SEC);
	pass(JOIN_WAIT);
	want("2\n");
	stop();
	start();
	follow("0.log");
	want("");
}

/* Fast changes: whatever the order of names, every line comes once and in order. */
static void test_many_rotations(void **state)
{
	struct buf all = {0};
	char line[64];
	char name[64];

	(void)state;
	append("0.log", "");
	follow("0.log");
	for (int i = 0; i < 199; i++) {
		snprintf(line, sizeof(line), CRI "%c %d\n", i % 7 == 3 ? 'P' : 'F', i);
		append("0.log", line);
		buf_printf(&all, i % 7 == 3 ? "%d" : "%d\n", i);
		if (i % 5 == 4) {
			snprintf(name, sizeof(name), "0.log.20261122-%06d", i);
			move("0.log", name);
		}
		if (i % 3 == 0)
			settle();
	}
	append("0.log", "");
	pass(10 * NS_PER_SEC);
	buf_add_char(&all, 0);
	want(all.p);
	buf_fini(&all);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_lines_come_as_they_are_written), T(test_a_file_that_comes_later),
	T(test_rotation_keeps_order), T(test_record_cut_by_rotation),
	T(test_record_cut_by_rotation_target_is_late), T(test_open_record_without_target),
	T(test_record_cut_by_rotation_while_stopped),
	T(test_record_cut_by_rotation_without_target), T(test_pieces_of_both_streams_are_mixed),
	T(test_numbers_for_names), T(test_copies_with_numbers),
	T(test_a_rotation_while_no_target_names_it), T(test_streams_are_joined_apart),
	T(test_piece_without_end_is_sent), T(test_positions_follow_the_acks),
	T(test_a_block_is_settled_in_parts), T(test_unchanged_tail_survives_new_labels),
	T(test_from_end), T(test_clock_jumps), T(test_many_rotations))
