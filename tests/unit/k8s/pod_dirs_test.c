#include "k8s/pod_dirs.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *loop;
static struct notify *notify;
static char base[64];
static struct pod_dirs *dirs;
static struct buf seen;

static void path_of(char out[256], const char *rest)
{
	snprintf(out, 256, "%s/%s", base, rest);
}

static void make(const char *rest)
{
	char path[256];

	path_of(path, rest);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void take(const char *rest)
{
	char path[256];

	path_of(path, rest);
	assert_int_equal(rmdir(path), 0);
}

static void print_all(void)
{
	buf_clear(&seen);
	POD_DIRS_EACH(d, dirs)
	{
		buf_printf(&seen, STR_FMT "/" STR_FMT "/" STR_FMT ":", STR_ARG(d->namespace),
			STR_ARG(d->pod), STR_ARG(d->uid));
		for (size_t i = 0; i < d->n_containers; i++)
			buf_printf(&seen, STR_FMT ",", STR_ARG(d->containers[i].name));
		buf_add_char(&seen, ' ');
	}
}

/* Turns until the folders are what is wanted; never longer than the test may take. */
static void want(const char *text)
{
	for (int i = 0; i < 200; i++) {
		print_all();
		if (str_is(buf_str(&seen), text))
			return;
		loop_turn(loop, 20 * NS_PER_MS);
	}
	assert_str(buf_str(&seen), text);
}

static int setup(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/pod_dirs_test.XXXXXX");
	assert_non_null(mkdtemp(base));
	loop = loop_new();
	notify = notify_new(loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pod_dirs_release(dirs);
	dirs = NULL;
	notify_free(notify);
	loop_free(loop);
	buf_fini(&seen);
	rmdir(base);
	return 0;
}

static void hold(const char *rest)
{
	char path[256];

	path_of(path, rest);
	dirs = pod_dirs_hold(loop, notify, str_from(path));
}

struct counter {
	struct pod_dirs_subscriber base;
	int calls;
};

static void count(struct pod_dirs_subscriber *w)
{
	container_of(w, struct counter, base)->calls++;
}

static void test_folders_come_and_go(void **state)
{
	struct counter c = {.base.changed = count};

	(void)state;
	make("pods");
	make("pods/n_a_1");
	make("pods/n_a_1/app");
	make("pods/not-a-pod");
	hold("pods/");
	pod_dirs_subscribe(dirs, &c.base);
	want("n/a/1:app, ");
	assert_str(pod_dirs_find(dirs, STR("1"))->pod, "a");
	assert_null(pod_dirs_find(dirs, STR("2")));
	make("pods/n_b_2");
	make("pods/n_b_2/x");
	want("n/a/1:app, n/b/2:x, ");
	make("pods/n_a_1/side");
	want("n/a/1:app,side, n/b/2:x, ");
	take("pods/n_a_1/app");
	want("n/a/1:side, n/b/2:x, ");
	take("pods/n_a_1/side");
	take("pods/n_a_1");
	want("n/b/2:x, ");
	loop_turn(loop, 0);
	assert_true(c.calls > 0);
	pod_dirs_unsubscribe(&c.base);
	take("pods/n_b_2/x");
	take("pods/n_b_2");
	take("pods/not-a-pod");
	want("");
	take("pods");
}

static void test_a_root_that_comes_later(void **state)
{
	(void)state;
	hold("log/pods");
	want("");
	make("log");
	loop_turn(loop, 20 * NS_PER_MS);
	make("log/pods");
	make("log/pods/n_a_1");
	want("n/a/1: ");
	take("log/pods/n_a_1");
	take("log/pods");
	want("");
	make("log/pods");
	make("log/pods/n_b_2");
	want("n/b/2: ");
	take("log/pods/n_b_2");
	take("log/pods");
	take("log");
	want("");
}

static void test_it_is_shared(void **state)
{
	struct pod_dirs *second;

	(void)state;
	make("pods");
	hold("pods");
	second = dirs;
	hold("pods/");
	assert_ptr_equal(dirs, second);
	pod_dirs_release(second);
	take("pods");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(
	CASE(test_folders_come_and_go), CASE(test_a_root_that_comes_later), CASE(test_it_is_shared))
