/* The number of an inode is given to another file as soon as nobody holds the first. */
#include "tests/tail_world.h"

#include <errno.h>

static ino_t inode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(path_of(name), &st), 0);
	return st.st_ino;
}

/* A new file of that name and text, with that inode. Not every file system gives numbers again. */
static void append_with_inode(const char *name, const char *text, ino_t inode)
{
	char other[32];

	for (int i = 0; i < 200; i++) {
		snprintf(other, sizeof(other), "other%d", i);
		append(other, text);
		if (inode_of(other) != inode)
			continue;
		move(other, name);
		return;
	}
	skip();
}

static void test_births_tell_inodes_apart(void **state)
{
	struct file_id a, b;
	ino_t inode;

	(void)state;
	append("a.log", "1\n");
	assert_int_equal(file_identify(AT_FDCWD, path_of("a.log"), &a), 0);
	assert_true(file_id_is(&a, &a));
	inode = inode_of("a.log");
	assert_int_equal(unlink(path_of("a.log")), 0);
	next_birth();
	append_with_inode("b.log", "1\n", inode);
	assert_int_equal(file_identify(AT_FDCWD, path_of("b.log"), &b), 0);
	assert_true(a.inode == b.inode && a.device == b.device);
	if (a.born == 0)
		skip(); /* tmpfs before Linux 6.7 */
	assert_false(file_id_is(&a, &b));
	a.born = 0; /* where it is not known, the number has to do */
	assert_true(file_id_is(&a, &b));
}

static void test_what_is_no_file(void **state)
{
	struct file_id id;

	(void)state;
	assert_int_equal(file_identify(AT_FDCWD, w->dir, &id), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(file_identify(AT_FDCWD, path_of("none"), &id), -1);
	assert_int_equal(errno, ENOENT);
}

/* While nothing is acknowledged, as in an outage, a log is closed that was read, and then removed.
 * A later one has its inode, and is rotated before anybody has looked. */
static void test_an_unacknowledged_files_inode(void **state)
{
	ino_t inode;

	(void)state;
	w->hold = true;
	append("a.log", CRI "F 1\n");
	follow("a.log");
	inode = inode_of("a.log");
	next_birth();
	move("a.log", "a.log.1");
	append("a.log", CRI "F 2\n");
	settle();
	pass(2 * LINGER);
	want("1\n2\n");
	assert_int_equal(unlink(path_of("a.log.1")), 0);
	settle();
	next_birth();
	move("a.log", "a.log.1");
	append_with_inode("a.log", CRI "F 3\n", inode);
	next_birth();
	move("a.log.1", "a.log.2");
	move("a.log", "a.log.1");
	append("a.log", CRI "F 4\n");
	settle();
	pass(LINGER);
	want("3\n4\n");
	while (w->n_held > 0)
		ack_release(w->held[--w->n_held]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_births_tell_inodes_apart), T(test_what_is_no_file),
	T(test_an_unacknowledged_files_inode))
