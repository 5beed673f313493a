/* Real directories: what is done in the test's own folder, and what watchers are told. */

#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *l;
static struct notify *n;
static char root[64];
static struct buf seen;
static uint32_t last_cookie;

struct watcher {
	struct notify_watch watch;
	const char *name;
	struct watcher *stops;
};

static struct watcher a;
static struct watcher b;
static struct watcher c;

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct watcher *me = container_of(w, struct watcher, watch);
	static const char *const names[] = {
		"modify", "create", "close", "gone", "self", "overflow"};

	buf_printf(&seen, "%s:" STR_FMT ":", me->name, STR_ARG(name));
	for (unsigned i = 0; i < 6; i++)
		if (events & 1U << i)
			buf_printf(&seen, "%s,", names[i]);
	if (cookie)
		buf_printf(&seen, cookie == last_cookie ? "same" : "new");
	last_cookie = cookie;
	buf_add_char(&seen, ' ');
	if (me->stops)
		notify_stop(&me->stops->watch);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/notify-test-XXXXXX");
	assert_non_null(mkdtemp(root));
	assert_int_equal(chdir(root), 0);
	l = loop_new();
	n = notify_new(l);
	a = (struct watcher){.watch.changed = on_changed, .name = "a"};
	b = (struct watcher){.watch.changed = on_changed, .name = "b"};
	c = (struct watcher){.watch.changed = on_changed, .name = "c"};
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	notify_free(n);
	loop_free(l);
	buf_fini(&seen);
	seen = (struct buf){0};
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void touch(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd != -1);
	assert_true(write(fd, text, strlen(text)) != -1);
	close(fd);
}

/* Everything that is in the queue now. */
static void expect(const char *want)
{
	for (int i = 0; i < 50 && (seen.n < strlen(want) || i < 2); i++)
		loop_turn(l, 20 * NS_PER_MS);
	assert_str(buf_str(&seen), want);
	buf_clear(&seen);
}

static void test_events(void **state)
{

	(void)state;
	mkdir("d", 0700);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0); /* no effect */
	touch("d/f", "x");
	touch("d/f", "y");
	expect("a:f:modify,create,close, ");
	rename("d/f", "d/g");
	touch("d/f", "z");
	touch("d/g", "z");
	expect("a:f:gone,new a:g:create,same a:f:modify,create,close, a:g:modify,close, ");
	unlink("d/g");
	touch("d/g", "again");
	unlink("d/g");
	expect("a:g:gone, a:g:modify,create,close, a:g:gone, ");
	mkdir("d/sub", 0700);
	expect("a:sub:create, ");
	notify_stop(&a.watch);
	notify_stop(&a.watch);
	touch("d/f", "unheard");
	expect("");
}

static void test_errors(void **state)
{

	(void)state;
	touch("file", "");
	assert_int_equal(notify_start(n, &a.watch, "none"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(notify_start(n, &a.watch, "file"), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_null(a.watch.dir);
}

/* A file deleted while it is open is heard of until it is closed. */
static void test_deleted_file(void **state)
{
	int fd;

	(void)state;
	fd = open("f", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(notify_start(n, &a.watch, "."), 0);
	unlink("f");
	assert_int_equal(write(fd, "late", 4), 4);
	expect("a:f:gone, a:f:modify, ");
	close(fd);
}

static void test_self(void **state)
{

	(void)state;
	mkdir("d", 0700);
	mkdir("e", 0700);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0);
	assert_int_equal(notify_start(n, &b.watch, "e"), 0);
	rmdir("d");
	rename("e", "e2");
	expect("a::self, b::self, ");
	assert_null(a.watch.dir);
	mkdir("d", 0700);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0);
	touch("d/f", "x");
	expect("a:f:modify,create,close, ");
}

static void test_shared(void **state)
{

	(void)state;
	mkdir("d", 0700);
	assert_int_equal(symlink("d", "link"), 0);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0);
	assert_int_equal(notify_start(n, &b.watch, "link"), 0);
	assert_int_equal(notify_start(n, &c.watch, "d"), 0);
	a.stops = &b; /* the next in the list */
	c.stops = &c;
	touch("d/f", "x");
	expect("a:f:modify,create,close, c:f:modify,create,close, ");
	a.stops = &a;
	touch("d/f", "x");
	expect("a:f:modify,close, ");
	assert_null(a.watch.dir);
	assert_null(b.watch.dir);
	assert_null(c.watch.dir);
}

static int max_queued(void)
{
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	int max = 0;

	if (f) {
		assert_int_equal(fscanf(f, "%d", &max), 1);
		fclose(f);
	}
	return max;
}

static void drop_line(struct str line)
{
	(void)line;
}

static void test_overflow(void **state)
{
	int max = max_queued();

	(void)state;
	if (max == 0 || max > 200000)
		skip();
	log_set_writer(drop_line);
	mkdir("d", 0700);
	mkdir("e", 0700);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0);
	assert_int_equal(notify_start(n, &b.watch, "e"), 0);
	for (int i = 0; i < max / 2 + 10; i++) {
		touch("d/f", "");
		unlink("d/f");
	}
	for (int i = 0; i < 1000 && str_find(buf_str(&seen), STR("overflow")) == -1; i++)
		loop_turn(l, 20 * NS_PER_MS);
	loop_turn(l, 20 * NS_PER_MS);
	assert_true(str_find(buf_str(&seen), STR("a::overflow, ")) > 0);
	assert_true(str_find(buf_str(&seen), STR("b::overflow, ")) > 0);
	buf_clear(&seen);
	touch("e/f", "x");
	expect("b:f:modify,create,close, ");
	log_set_writer(NULL);
}

/* No descriptor is left for an inotify instance: the directory is polled, and watched as soon
 * as there is one. */
static void test_polling(void **state)
{
	struct rlimit old;
	struct rlimit none;

	(void)state;
	log_set_writer(drop_line);
	loop_fake_clock(l, NS_PER_SEC, 0);
	mkdir("d", 0700);
	mkdir("e", 0700);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(notify_start(n, &a.watch, "d"), 0);
	assert_int_equal(notify_start(n, &b.watch, "e"), 0);
	loop_advance(l, NOTIFY_POLL_INTERVAL);
	assert_str(buf_str(&seen), "a::overflow, b::overflow, ");
	buf_clear(&seen);
	rmdir("e");
	loop_advance(l, NOTIFY_POLL_INTERVAL);
	assert_str(buf_str(&seen), "a::overflow, b::self, ");
	buf_clear(&seen);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(notify_start(n, &b.watch, "d"), 0); /* has a watch, a has none yet */
	loop_advance(l, NOTIFY_POLL_INTERVAL);
	assert_str(buf_str(&seen), "b::overflow, a::overflow, ");
	buf_clear(&seen);
	loop_advance(l, 10 * NOTIFY_POLL_INTERVAL);
	touch("d/f", "x");
	expect("b:f:modify,create,close, a:f:modify,create,close, ");
	log_set_writer(NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_events), CASE(test_errors), CASE(test_deleted_file), CASE(test_self),
	CASE(test_shared), CASE(test_overflow), CASE(test_polling))
