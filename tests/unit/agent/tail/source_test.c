/* Which targets are which tails: see tail_test.c for how. */
#include "tests/tail_world.h"

/* The apps of the tails that are followed, in the order in which they were made. */
static void want_apps(const char *text)
{
	struct buf apps = {0};

	LIST_EACH (t, &w->tailer->all, struct tail, link) {
		if (!t->source || t->leaving)
			continue;
		buf_add_str(&apps, labels_find(t->labels, STR("app")));
		buf_add_char(&apps, ' ');
	}
	assert_str(buf_str(&apps), text);
	buf_fini(&apps);
}

/* One file, a target for each app. */
static void follow_as(const char *apps)
{
	struct tail_target t[8];
	struct str rest = str_from(apps);
	struct str app;
	size_t n = 0;

	while (str_cut(rest, ' ', &app, &rest)) {
		struct label l[] = {{STR("app"), app}};

		t[n++] = (struct tail_target){str_from(path_of("0.log")), labels_intern(l, 1)};
	}
	tail_source_set(&w->source, t, n);
	for (size_t i = 0; i < n; i++)
		labels_release(t[i].labels);
	settle();
}

/* A target that comes before another of the same path does not take its tail. */
static void test_targets_of_one_path(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow_as("b ");
	want_apps("b ");
	want("1\n");
	follow_as("a b ");
	want_apps("b a ");
	want("1\n"); /* for a */
	follow_as("c a b a ");
	want_apps("b a c ");
	want("1\n");
	append("0.log", CRI "F 2\n");
	settle();
	want("2\n2\n2\n");
	follow_as("c ");
	want_apps("c ");
}

/* A pod's labels change: what was read is not read again. */
static void test_new_labels(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow_as("a ");
	follow_as("b ");
	want_apps("b ");
	want("1\n");
	follow_as("c b ");
	want_apps("b c ");
	want("1\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_targets_of_one_path), T(test_new_labels))
