/* What queue_test.c does not reach: the files themselves, and a disk that does not take what is
 * written. */

#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_export/disk.h"
#include "agent/component/common/otelcol_storage.h"
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct metric_family storage_family = {"storage_test", METRIC_GAUGE,
	"Of a test.", NULL};
static const struct storage_metrics storage_metrics = {
	&storage_family, &storage_family, &storage_family};

static char folder[64];
static char path[128]; /* of the queue's folder */

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/disk_test.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/up.logs", folder);
	return 0;
}

/* How many files have this ending; "": removes all there are. */
static size_t files(const char *ending)
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		size_t k = strlen(e->d_name), m = strlen(ending);

		if (!*ending)
			unlinkat(dirfd(d), e->d_name, 0);
		else if (k > m && strcmp(e->d_name + k - m, ending) == 0)
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

static int teardown(void **state)
{
	(void)state;
	files("");
	rmdir(path);
	return rmdir(folder);
}

static struct storage *storage_at(uint64_t max_size)
{
	struct storage *s = storage_new("otelcol.storage.file.x", folder, &storage_metrics);

	s->max_size = max_size;
	s->mode = 0700;
	return s;
}

static struct disk *open_disk(struct storage *s)
{
	struct err e = {""};
	struct disk *d = disk_open(s, STR("up.logs"), SIGNAL_LOGS, "up", &e);

	assert_string_equal(e.text, "");
	assert_non_null(d);
	return d;
}

static bool append(struct disk *d, const char *client, const char *body, struct disk_place *at,
	struct err *e)
{
	struct str c = str_from(client), b = str_from(body);
	struct record r = {
		.kind = SIGNAL_LOGS,
		.n = (uint32_t)(c.n + b.n),
		.client = (uint32_t)c.n,
		.items = 1,
		.format = "proto/",
		.body_crc = record_crc(c, b),
	};

	return disk_append(d, &r, c, b, at, e);
}

static struct disk_place keep(struct disk *d, const char *client, const char *body)
{
	struct disk_place at;
	struct err e = {""};

	if (!append(d, client, body, &at, &e))
		assert_string_equal(e.text, "");
	return at;
}

/* Head and body of the request there. */
static void check_read(const struct disk_place *at, const char *want)
{
	char *p = disk_read(at, (uint32_t)strlen(want));

	assert_non_null(p);
	assert_memory_equal(p + RECORD_HEAD, want, strlen(want));
	assert_string_equal(p + RECORD_FORMAT_AT, "proto/");
	free(p);
}

static void check_next(struct disk *d, const char *client, const char *all)
{
	struct disk_place at;
	struct record r;

	assert_true(disk_next(d, &r, &at));
	assert_int_equal(r.client, strlen(client));
	assert_int_equal(r.n, strlen(all));
	check_read(&at, all);
	disk_done(&at);
}

static void close_all(struct disk *d, struct storage *s)
{
	disk_close(d);
	assert_int_equal(s->refs, 1);
	storage_release(s);
}

static void test_lives(void **state)
{
	struct storage *s = storage_at(1 << 20);
	struct disk *d = open_disk(s);
	struct disk_place one, two;
	struct record r;

	(void)state;
	assert_true(disk_is_empty(d));
	assert_false(disk_next(d, &r, &one));
	one = keep(d, "", "one");
	two = keep(d, "client", "two");
	assert_ptr_equal(disk_of(&one), d);
	check_read(&one, "one");
	check_read(&two, "clienttwo");
	assert_int_equal(s->used, 2 * RECORD_HEAD + 3 + 9);
	assert_false(disk_is_empty(d));
	disk_done(&one);
	disk_leave(&two);
	close_all(d, s);

	s = storage_at(1 << 20);
	d = open_disk(s);
	assert_int_equal(s->used, 2 * RECORD_HEAD + 3 + 9);
	check_next(d, "client", "clienttwo");
	assert_false(disk_next(d, &r, &two));
	assert_true(disk_is_empty(d));
	assert_int_equal(s->used, 0);
	close_all(d, s);
	assert_int_equal(files(".queue"), 0);
}

/* One that is asked for by a wrong length is not there, and its file is set aside. */
static void test_wrong_length(void **state)
{
	struct storage *s = storage_at(1 << 20);
	struct disk *d = open_disk(s);
	struct disk_place at = keep(d, "", "one");

	(void)state;
	assert_null(disk_read(&at, 2));
	disk_done(&at);
	close_all(d, s);
	assert_int_equal(files(".queue"), 0);
	assert_int_equal(files(".corrupt"), 1);
}

/* A disk that takes n bytes more: nothing of a longer request stays, what was there before does,
 * and it goes on when there is room. */
static void with_room_for(size_t n)
{
	struct storage *s = storage_at(1 << 20);
	struct disk *d = open_disk(s);
	struct disk_place one = keep(d, "", "one"), two;
	struct rlimit old, small;
	struct err e = {""};
	char file[200];
	struct stat st;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){RECORD_HEAD + 3 + n, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(append(d, "client", "two", &two, &e));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_string_equal(e.text, "File too large");
	assert_int_equal(s->used, RECORD_HEAD + 3);
	snprintf(file, sizeof(file), "%s/0000000000000001.queue", path);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, RECORD_HEAD + 3);
	check_read(&one, "one");
	two = keep(d, "client", "two");
	check_read(&two, "clienttwo");
	disk_leave(&one);
	disk_leave(&two);
	close_all(d, s);

	s = storage_at(1 << 20);
	d = open_disk(s);
	check_next(d, "", "one");
	check_next(d, "client", "clienttwo");
	close_all(d, s);
	files("");
}

static void test_no_room_while_writing(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (size_t n = 0; n < RECORD_HEAD + 9; n++)
		with_room_for(n);
}

/* What was set aside makes room for what comes. */
static void test_corrupt_makes_room(void **state)
{
	struct storage *s = storage_at(200);
	struct disk *d = open_disk(s);
	struct disk_place at = keep(d, "", "a request of some length, that is not read again");
	struct err e = {""};

	(void)state;
	assert_null(disk_read(&at, 1));
	disk_done(&at);
	close_all(d, s);
	assert_int_equal(files(".corrupt"), 1);
	s = storage_at(200);
	d = open_disk(s);
	for (int i = 0; i < 2; i++) {
		at = keep(d, "", "another request of some length");
		disk_leave(&at);
	}
	assert_int_equal(files(".corrupt"), 0);
	assert_false(append(d, "", "there is no room for this one any more", &at, &e));
	assert_non_null(strstr(e.text, "of the 200 of max_size"));
	close_all(d, s);
}

/* What was synced, in place of libc's calls: paths below the storage's folder. */
static struct buf synced;
static bool sync_fails; /* that of folders */

static void note(int fd)
{
	char name[32], target[256];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, target, sizeof(target));
	assert_true(n >= (ssize_t)strlen(folder));
	buf_printf(&synced, "%.*s;", (int)n - (int)strlen(folder), target + strlen(folder));
}

int fsync(int fd)
{
	note(fd);
	errno = EIO;
	return sync_fails ? -1 : 0;
}

int fdatasync(int fd)
{
	note(fd);
	return 0;
}

/* Before a request is acknowledged its bytes are on the disk, and every name that leads to them. */
static void test_fsync(void **state)
{
	struct storage *s = storage_at(1 << 20);
	struct disk *d = open_disk(s);
	struct disk_place at[6];
	struct err e;

	(void)state;
	at[0] = keep(d, "", "none"); /* not asked for */
	assert_int_equal(synced.n, 0);
	s->fsync = true; /* by a reload: that file has no name on the disk yet */
	at[1] = keep(d, "", "one");
	assert_str(buf_str(&synced), "/up.logs/0000000000000001.queue;;/up.logs;");
	buf_clear(&synced);
	at[2] = keep(d, "", "two");
	assert_str(buf_str(&synced), "/up.logs/0000000000000001.queue;");
	buf_clear(&synced);
	assert_true(disk_rename(d, STR("to.logs"), &e));
	at[3] = keep(d, "", "three");
	assert_str(buf_str(&synced), "/to.logs/0000000000000001.queue;;/to.logs;");
	assert_true(disk_rename(d, STR("up.logs"), &e));
	sync_fails = true; /* then it is not taken, and that file is not continued */
	assert_false(append(d, "", "four", &at[4], &e));
	assert_string_equal(e.text, "Input/output error");
	sync_fails = false;
	buf_clear(&synced);
	at[4] = keep(d, "", "five");
	assert_str(buf_str(&synced), "/up.logs/0000000000000002.queue;;/up.logs;");
	check_read(&at[3], "three");
	check_read(&at[4], "five");
	for (size_t i = 0; i < 5; i++)
		disk_done(&at[i]);
	buf_fini(&synced);
	close_all(d, s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS_RUN(TEST(test_lives), TEST(test_wrong_length), TEST(test_no_room_while_writing),
	TEST(test_corrupt_makes_room), TEST(test_fsync))
