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

/* The agent starts while the kubelet has renamed the file and the runtime has not made the next
 * one; and it saves before that comes. */
static void test_started_in_a_rotation(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	move("0.log", "0.log.20261122-090000");
	append("0.log", CRI "F 2\n");
	settle();
	want("1\n2\n");
	append("1.log", CRI "F other\n");
	stop();
	move("0.log", "0.log.20261122-100000");
	start();
	follow("1.log");
	want("other\n");
	pass(2 * NS_PER_SEC); /* saved */
	append("0.log", CRI "F 3\n");
	follow("0.log");
	want("3\n");
}

/* The births of two files are apart. */
static void next_tick(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_REALTIME_COARSE, &a);
	do {
		clock_gettime(CLOCK_REALTIME_COARSE, &b);
	} while (a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec);
}

static int system_in_dir(const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "cd %s && %s", w->dir, text);
	return system(command);
}

/* Several files that are read one after the other, as docker names them: .1 is younger than .2. */
static void test_numbers_for_names(void **state)
{
	(void)state;
	next_tick();
	append("a.log", CRI "F 1\n");
	follow("a.log");
	want("1\n");
	move("a.log", "a.log.1");
	next_tick();
	append("a.log", CRI "F 2\n");
	next_tick();
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
	next_tick();
	append("a.log.1", CRI "F 1\n" CRI "F 2\n");
	next_tick();
	assert_int_equal(truncate(path_of("a.log"), 0), 0);
	settle();
	append("a.log", CRI "F 3\n");
	settle();
	next_tick();
	move("a.log.1", "a.log.2");
	next_tick();
	append("a.log.1", CRI "F 3\n");
	next_tick();
	assert_int_equal(truncate(path_of("a.log"), 0), 0);
	settle();
	append("a.log", CRI "F 4\n");
	settle();
	want("3\n4\n");
}

/* … also if it was copied and cut while the agent was away: the rest of it is in the copy. */
static void test_copied_while_away(void **state)
{
	char line[128];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), CRI "F line %d\n", i);
		append("a.log", line);
	}
	append("a.log.1", CRI "F of long ago\n");
	follow("a.log");
	assert_true(str_ends(buf_str(&w->got), "line 39\n"));
	buf_clear(&w->got);
	stop();
	append("a.log", CRI "F 1\n");
	move("a.log.1", "a.log.2");
	assert_int_equal(system_in_dir("cp a.log a.log.1"), 0);
	assert_int_equal(truncate(path_of("a.log"), 0), 0);
	append("a.log", CRI "F 2\n");
	start();
	follow("a.log");
	want("1\n2\n");
}

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

static void test_rotated_while_away(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	stop();
	append("0.log", CRI "F 2\n");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F 3\n");
	move("0.log", "0.log.20261122-100010");
	append("0.log", CRI "F 4\n");
	append("0.log.20261122-090000.gz", "not a log\n");
	start();
	follow("0.log");
	want("1\n2\n3\n4\n");
	stop();
	start();
	follow("0.log");
	want("");
}

/* Its container came while the agent was away: no position knows of it. What was rotated before the
 * agent's very first start is left alone. */
static void test_rotated_before_it_was_known(void **state)
{
	(void)state;
	append("1.log", CRI "F old\n");
	move("1.log", "1.log.20261122-100000");
	append("1.log", CRI "F a\n");
	follow("1.log");
	want("a\n");
	stop();
	append("0.log", CRI "F 1\n");
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F 2\n");
	start();
	follow("0.log");
	want("1\n2\n");
}

/* Rotated twice and compressed: the rest of the known one, then the others, in order. */
static void test_compressed_while_away(void **state)
{
	(void)state;
	append("0.log", CRI "F old\n");
	move("0.log", "0.log.20261122-090000");
	compress("0.log.20261122-090000");
	append("0.log", CRI "F 1\n");
	follow("0.log");
	stop();
	append("0.log", CRI "F 2\n" CRI "P 3 ");
	append("0.log", "\n");
	move("0.log", "0.log.20261122-100000");
	compress("0.log.20261122-100000");
	append("0.log", CRI "F and its end\n");
	move("0.log", "0.log.20261122-100010");
	compress("0.log.20261122-100010");
	append("0.log", CRI "F 4\n");
	move("0.log", "0.log.20261122-100020");
	append("0.log", CRI "F 5\n");
	start();
	follow("0.log");
	want("1\n2\n3 and its end\n4\n5\n");
	stop();
	start();
	follow("0.log");
	want("");
}

static void test_broken_gz_does_not_stop_the_rest(void **state)
{
	int fd;

	(void)state;
	append("0.log", CRI "F 1\n");
	follow("0.log");
	stop();
	append("0.log", CRI "F 2\n");
	move("0.log", "0.log.20261122-100000");
	compress("0.log.20261122-100000");
	append("0.log", CRI "F 3\n");
	move("0.log", "0.log.20261122-100010");
	compress("0.log.20261122-100010");
	fd = open(path_of("0.log.20261122-100010.gz"), O_WRONLY);
	assert_int_equal(pwrite(fd, "\xff", 1, 32), 1); /* behind the name: no such block type */
	close(fd);
	append("0.log", CRI "F 4\n");
	start();
	follow("0.log");
	want("1\n2\n4\n");
}

/* A record whose end has not come when the agent stops is read again from its beginning. */
static void test_open_record_at_stop(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n" CRI "P first ");
	append("0.log", "\n");
	follow("0.log");
	stop();
	append("0.log", CRI "F second\n");
	start();
	follow("0.log");
	want("1\nfirst second\n");
}

static void test_broken_positions_are_set_aside(void **state)
{
	(void)state;
	stop();
	append("positions.jsonl", "rubbish");
	start();
	assert_int_equal(access(path_of("positions.jsonl.broken"), F_OK), 0);
	append("0.log", CRI "F 1\n");
	follow("0.log");
	want("1\n");
}

static void test_inode_used_again(void **state)
{
	char text[512];

	(void)state;
	append("0.log", CRI "F 1\n" CRI "F 2\n");
	follow("0.log");
	want("1\n2\n");
	stop();
	/* The same inode with other content, as if it had been freed and taken again. */
	snprintf(text, sizeof(text), CRI "F another, and longer than before\n" CRI "F file\n");
	assert_int_equal(truncate(path_of("0.log"), 0), 0);
	append("0.log", text);
	start();
	follow("0.log");
	want("another, and longer than before\nfile\n");
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

static void test_symbolic_link(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("pods"), 0755), 0);
	append("pods/0.log", CRI "F 1\n");
	assert_int_equal(symlink(path_of("pods/0.log"), path_of("link.log")), 0);
	follow("link.log");
	append("pods/0.log", CRI "F 2\n");
	settle();
	move("pods/0.log", "pods/0.log.20261122-100000");
	append("pods/0.log", CRI "F 3\n");
	settle();
	pass(10 * NS_PER_SEC);
	want("1\n2\n3\n");
}

/* A log in a folder of its own, and a symbolic link to it. */
static void link_log(void)
{
	assert_int_equal(mkdir(path_of("docker"), 0755), 0);
	append("docker/a.log", CRI "F 1\n");
	assert_int_equal(symlink(path_of("docker/a.log"), path_of("link.log")), 0);
}

/* dockerd renames, and then makes the new file: an agent that looks between the two finds a link
 * that leads nowhere, and must go on waiting where it leads to. */
static void test_link_leads_nowhere_for_a_moment(void **state)
{
	(void)state;
	link_log();
	follow("link.log");
	move("docker/a.log", "docker/a.log.1");
	settle(); /* the look is here */
	append("docker/a.log", CRI "F 2\n");
	settle();
	move("docker/a.log.1", "docker/a.log.2");
	move("docker/a.log", "docker/a.log.1");
	settle();
	append("docker/a.log", CRI "F 3\n");
	settle();
	want("1\n2\n3\n");
}

/* The folder comes after the link to it. */
static void test_link_into_a_folder_that_comes_later(void **state)
{
	(void)state;
	assert_int_equal(symlink(path_of("docker/a.log"), path_of("link.log")), 0);
	follow("link.log");
	assert_int_equal(mkdir(path_of("docker"), 0755), 0);
	append("docker/a.log", CRI "F 1\n");
	pass(RETRY);
	append("docker/a.log", CRI "F 2\n");
	settle();
	want("1\n2\n");
}

/* A link may be relative, lead to a link, and to itself. */
static void test_links_of_links(void **state)
{
	(void)state;
	link_log();
	assert_int_equal(symlink("link.log", path_of("second.log")), 0);
	assert_int_equal(symlink("ring.log", path_of("ring.log")), 0);
	follow_all("second.log ring.log");
	move("docker/a.log", "docker/a.log.1");
	settle();
	append("docker/a.log", CRI "F 2\n");
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

/* Alloy's word is older than the file that has the name now: it was of the one before. */
static void test_import_and_rotation(void **state)
{
	struct stat then;
	struct stat now;

	(void)state;
	append("0.log", CRI "F sent\n");
	append("0.log", CRI "F not sent\n");
	append("alloy.yml", "positions:\n  ");
	append("alloy.yml", path_of("0.log"));
	append("alloy.yml", ": \"40\"\n"); /* in the middle of the second line */
	assert_int_equal(stat(path_of("alloy.yml"), &then), 0);
	do { /* until the file system's clock has moved on */
		unlink(path_of("probe"));
		append("probe", "x");
		assert_int_equal(stat(path_of("probe"), &now), 0);
	} while (now.st_mtim.tv_sec == then.st_mtim.tv_sec &&
		 now.st_mtim.tv_nsec == then.st_mtim.tv_nsec);
	move("0.log", "0.log.20261122-100000");
	append("0.log", CRI "F a new file, longer than what was read of the old one\n");
	assert_true(tail_source_import(&w->source, path_of("alloy.yml")));
	follow("0.log");
	want("not sent\na new file, longer than what was read of the old one\n");
	stop();
	start();
	assert_true(tail_source_import(&w->source, path_of("alloy.yml")));
	follow("0.log");
	want(""); /* a position of our own is better */
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

TESTS_RUN(T(test_lines_come_as_they_are_written), T(test_a_file_that_comes_later),
	T(test_rotation_keeps_order), T(test_record_cut_by_rotation),
	T(test_record_cut_by_rotation_without_target),
	T(test_pieces_of_both_streams_are_mixed), T(test_numbers_for_names),
	T(test_started_in_a_rotation),
	T(test_copies_with_numbers), T(test_copied_while_away), T(test_a_look_after_a_truncation),
	T(test_a_rotation_while_no_target_names_it),
	T(test_streams_are_joined_apart), T(test_piece_without_end_is_sent),
	T(test_deleted_file_is_read_to_its_end), T(test_truncated_file_begins_anew),
	T(test_positions_follow_the_acks), T(test_a_block_is_settled_in_parts),
	T(test_rotated_while_away),
	T(test_rotated_before_it_was_known),
	T(test_compressed_while_away), T(test_broken_gz_does_not_stop_the_rest),
	T(test_open_record_at_stop), T(test_broken_positions_are_set_aside),
	T(test_inode_used_again), T(test_unchanged_tail_survives_new_labels), T(test_symbolic_link),
	T(test_link_leads_nowhere_for_a_moment),
	T(test_link_into_a_folder_that_comes_later), T(test_links_of_links), T(test_from_end),
	T(test_clock_jumps), T(test_many_rotations),
	T(test_import_and_rotation), T(test_failed_is_read_again),
	T(test_failed_after_rotations), T(test_failed_after_deletion), T(test_held_limit),
	T(test_read_errors_are_its_own))
