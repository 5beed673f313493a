#include "agent/tail/match.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "agent/loop/notify.h"
#include "tests/test.h"

#include "tests/system_fails.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct loop *loop;
static struct notify *notify;
static struct match match;
static int changes;

static const char *in_dir(const char *name)
{
	static char paths[2][128];
	static size_t next;

	snprintf(paths[next = !next], sizeof(paths[0]), "%s/%s", dir, name);
	return paths[next];
}

static void touch(const char *name)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT, 0644);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static void settle(void)
{
	for (int i = 0; i < 10; i++) {
		loop_turn(loop, 0);
		loop_advance(loop, 15 * NS_PER_MS);
	}
}

static void on_changed(struct match *m)
{
	(void)m;
	changes++;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/match_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, NS_PER_SEC);
	notify = notify_new(loop);
	match = (struct match){.changed = on_changed};
	changes = 0;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	match_stop(&match);
	settle();
	notify_free(notify);
	loop_free(loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* The names without the folder, a space after each. */
static void want(const char *text)
{
	struct buf got = {0};

	settle();
	for (size_t i = 0; i < match.n; i++)
		buf_printf(&got, "%s ", match.paths[i].p + strlen(dir) + 1);
	assert_str(buf_str(&got), text);
	buf_fini(&got);
}

static void test_pods(void **state)
{
	(void)state;
	match_start(&match, loop, notify, str_from(in_dir("pods/*uid-1/app/*.log")));
	want("");
	mkdir(in_dir("pods"), 0755);
	settle();
	mkdir(in_dir("pods/ns_other_uid-2"), 0755);
	mkdir(in_dir("pods/ns_pod_uid-1"), 0755);
	settle();
	mkdir(in_dir("pods/ns_pod_uid-1/app"), 0755);
	touch("pods/ns_pod_uid-1/app/0.log");
	want("pods/ns_pod_uid-1/app/0.log ");
	touch("pods/ns_pod_uid-1/app/0.log.20261122-100000");
	touch("pods/ns_pod_uid-1/app/1.log");
	want("pods/ns_pod_uid-1/app/0.log pods/ns_pod_uid-1/app/1.log ");
	unlink(in_dir("pods/ns_pod_uid-1/app/0.log"));
	want("pods/ns_pod_uid-1/app/1.log ");
	unlink(in_dir("pods/ns_pod_uid-1/app/1.log"));
	unlink(in_dir("pods/ns_pod_uid-1/app/0.log.20261122-100000"));
	rmdir(in_dir("pods/ns_pod_uid-1/app"));
	rmdir(in_dir("pods/ns_pod_uid-1"));
	want("");
	mkdir(in_dir("pods/ns_pod_uid-1"), 0755);
	mkdir(in_dir("pods/ns_pod_uid-1/app"), 0755);
	touch("pods/ns_pod_uid-1/app/0.log");
	want("pods/ns_pod_uid-1/app/0.log ");
}

static void test_plain_path(void **state)
{
	(void)state;
	match_start(&match, loop, notify, str_from(in_dir("a/b.log")));
	want("");
	mkdir(in_dir("a"), 0755);
	settle();
	touch("a/b.log");
	want("a/b.log ");
	changes = 0;
	touch("a/c.log");
	want("a/b.log ");
	assert_int_equal(changes, 0);
	unlink(in_dir("a/b.log"));
	want("");
}

static void test_stars(void **state)
{
	(void)state;
	mkdir(in_dir("a"), 0755);
	touch("a/1.log");
	match_start(&match, loop, notify, str_from(in_dir("**/*.log")));
	want("a/1.log ");
	mkdir(in_dir("a/b"), 0755);
	settle();
	mkdir(in_dir("a/b/c"), 0755);
	settle();
	touch("a/b/c/2.log");
	touch("3.log");
	want("3.log a/1.log a/b/c/2.log ");
}

/* Too many open files: nothing that was found seems to be gone; what is new is found later. */
static void test_no_descriptor(void **state)
{
	(void)state;
	mkdir(in_dir("a"), 0755);
	mkdir(in_dir("b"), 0755);
	touch("a/1.log");
	touch("b/1.log");
	match_start(&match, loop, notify, str_from(in_dir("*/*.log")));
	want("a/1.log b/1.log ");
	fails.error = EMFILE;
	fails.part = "/a";
	touch("a/2.log");
	touch("b/2.log");
	want("a/1.log b/1.log b/2.log ");
	unlink(in_dir("a/1.log"));
	fails.part = NULL;
	touch("b/3.log");
	want("a/1.log b/1.log b/2.log ");
	fails.error = 0;
	loop_advance(loop, NS_PER_SEC);
	want("a/2.log b/1.log b/2.log b/3.log ");
}

static void make_app(const char *path)
{
	if (!str_ends(str_from(path), "/a1"))
		return;
	fails.before_watch = NULL;
	mkdir(in_dir("a1/app"), 0755);
	touch("a1/app/0.log");
}

/* What comes between the look and the watch is found: a kubelet makes a pod's folder, the
 * container's and its log within a millisecond. */
static void test_comes_before_the_watch(void **state)
{
	(void)state;
	match_start(&match, loop, notify, str_from(in_dir("a*/app/*.log")));
	settle();
	fails.before_watch = make_app;
	mkdir(in_dir("a1"), 0755);
	settle();
	assert_null(fails.before_watch);
	assert_int_equal(match.n, 1);
	assert_str(match.paths[0], in_dir("a1/app/0.log"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_comes_before_the_watch), T(test_pods), T(test_plain_path), T(test_stars),
	T(test_no_descriptor))
