/* Small files, whole, and how old they are. */
#include "agent/loop/file.h"

#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[32];

static void test_read_and_replace(void **state)
{
	struct buf text = {0};

	(void)state;
	assert_int_equal(file_replace(path, STR("one\n")), 0);
	assert_int_equal(file_read(path, &text, 4), 0);
	assert_str(buf_str(&text), "one\n");
	assert_int_equal(file_read(path, &text, 3), EFBIG);
	assert_int_equal(file_read("/nowhere/x", &text, 3), ENOENT);
	assert_int_equal(file_replace("/nowhere/x", STR("")), ENOENT);
	buf_fini(&text);
}

/* What stands where a file should be does not hold us up. */
static void test_no_files(void **state)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {
		{"/tmp", EISDIR},
		{"/dev/null", 0},
		{"/dev/zero", EFBIG},
	};
	struct buf text = {0};
	char other[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&text);
		assert_int_equal(file_read(cases[i].path, &text, 100000), cases[i].error);
	}
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(file_read(other, &text, 100), ENOTSUP);
	unlink(other);
	assert_int_equal(symlink(other, other), 0);
	assert_int_equal(file_read(other, &text, 100), ELOOP);
	unlink(other);
	buf_fini(&text);
}

static void test_age(void **state)
{
	struct timespec old[] = {{1000, 0}, {1000, 0}};
	struct timespec ahead[] = {{INT64_C(1) << 32, 0}, {INT64_C(1) << 32, 0}};
	struct stat st;

	(void)state;
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(file_age(&st) > INT64_C(1700000000) * 1000000000);
	assert_int_equal(utimensat(AT_FDCWD, path, ahead, 0), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(file_age(&st) < 0);
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/file_test.XXXXXX");
	fd = mkstemp(path);
	if (fd != -1)
		close(fd);
	return fd == -1;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_read_and_replace), T(test_no_files), T(test_age))
