/* What was missed while no agent ran is read by the next one: see tail_test.c for how. */
#include "tests/tail_world.h"

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

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_started_in_a_rotation), T(test_copied_while_away), T(test_rotated_while_away),
	T(test_rotated_before_it_was_known), T(test_compressed_while_away),
	T(test_broken_gz_does_not_stop_the_rest), T(test_open_record_at_stop),
	T(test_broken_positions_are_set_aside), T(test_inode_used_again),
	T(test_import_and_rotation))
