/* A pattern that matches the names of rotated files too: each line comes once. */
#include "tests/tail_world.h"

#define OLD "0.log.20261122-100000"

static void test_rotated_file_is_a_target(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow_all("0.log ");
	move("0.log", OLD);
	append("0.log", CRI "F 2\n");
	follow_all("0.log " OLD " ");
	append(OLD, CRI "F late\n");
	settle();
	want("1\n2\nlate\n");
	pass(30 * NS_PER_SEC);
	append(OLD, CRI "F very late\n");
	append("0.log", CRI "F 3\n");
	pass(11 * NS_PER_SEC);
	want("very late\n3\n");
	stop();
	start();
	follow_all("0.log " OLD " ");
	pass(20 * NS_PER_SEC);
	want("");
	want_nothing_lost();
}

/* Whoever is named first. */
static void test_not_acknowledged_before_a_restart(void **state)
{
	static const char *const orders[] = {"0.log " OLD " ", OLD " 0.log "};

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(set_up(state), 0);
		append("0.log", CRI "F 0\n");
		follow_all("0.log ");
		w->hold = true;
		append("0.log", CRI "F 1\n");
		settle();
		move("0.log", OLD);
		append("0.log", CRI "F 2\n");
		follow_all(orders[i]);
		pass(30 * NS_PER_SEC);
		want("0\n1\n2\n");
		stop();
		w->hold = false;
		start();
		follow_all(orders[i]);
		pass(30 * NS_PER_SEC);
		want("1\n2\n");
		append(OLD, CRI "F late\n");
		pass(11 * NS_PER_SEC);
		want("late\n");
		want_nothing_lost();
		assert_int_equal(tear_down(state), 0);
	}
}

/* Acknowledged all at once, when nothing but the acks keeps the file: the other name must not read
 * it again. */
static void test_acknowledged_late(void **state)
{
	(void)state;
	w->hold = true;
	append("0.log", CRI "F 1\n");
	follow_all("0.log ");
	move("0.log", OLD);
	append("0.log", CRI "F 2\n");
	follow_all("0.log " OLD " ");
	pass(30 * NS_PER_SEC);
	w->hold = false;
	while (w->n_held)
		ack_release(w->held[--w->n_held]);
	pass(30 * NS_PER_SEC);
	want("1\n2\n");
	stop();
	start();
	follow_all("0.log " OLD " ");
	want("");
}

/* Renamed while the agent was away, to a name that does not tell of the old one. */
static void test_renamed_while_away(void **state)
{
	(void)state;
	append("app.log", CRI "F 1\n");
	follow_all("app.log ");
	want("1\n");
	stop();
	append("app.log", CRI "F 2\n");
	move("app.log", "app-2026.log");
	append("app.log", CRI "F 3\n");
	start();
	follow_all("app-2026.log app.log ");
	pass(20 * NS_PER_SEC);
	want("3\n2\n");
	want_nothing_lost();
	stop();
	append("app-2026.log", CRI "F 4\n");
	start();
	follow_all("app-2026.log app.log ");
	want("4\n");
}

/* … and only the new name is followed. */
static void test_only_the_new_name(void **state)
{
	(void)state;
	append("app.log", CRI "F 1\n");
	follow_all("app.log ");
	want("1\n");
	stop();
	append("app.log", CRI "F 2\n");
	move("app.log", "app-2026.log");
	start();
	follow_all("app-2026.log ");
	want("2\n");
	want_nothing_lost();
}

/* syslog, syslog.1, syslog.2: each name passes its file on. */
static void test_numbered_names(void **state)
{
	(void)state;
	append("s", CRI "F 1\n");
	follow_all("s ");
	move("s", "s.1");
	append("s", CRI "F 2\n");
	follow_all("s s.1 ");
	pass(30 * NS_PER_SEC);
	move("s.1", "s.2");
	move("s", "s.1");
	append("s", CRI "F 3\n");
	follow_all("s s.1 s.2 ");
	pass(30 * NS_PER_SEC);
	want("1\n2\n3\n");
	stop();
	start();
	follow_all("s s.1 s.2 ");
	pass(30 * NS_PER_SEC);
	want("");
	want_nothing_lost();
}

/* Two names at the same time are two targets. */
static void test_links_are_read_both(void **state)
{
	(void)state;
	append("a", CRI "F 1\n");
	assert_int_equal(link(path_of("a"), path_of("b")), 0);
	follow_all("a b ");
	want("1\n1\n");
}

/* Its bytes are no lines; they were read under the name that it had before. */
static void test_compressed_target(void **state)
{
	(void)state;
	append("0.log", CRI "F 1\n");
	follow_all("0.log ");
	move("0.log", OLD);
	append("0.log", CRI "F 2\n");
	follow_all("0.log " OLD " ");
	compress(OLD);
	follow_all("0.log " OLD ".gz ");
	pass(20 * NS_PER_SEC);
	want("1\n2\n");
	stop();
	start();
	follow_all("0.log " OLD ".gz ");
	want("");
	want_nothing_lost();
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_rotated_file_is_a_target),
	cmocka_unit_test(test_not_acknowledged_before_a_restart), T(test_acknowledged_late),
	T(test_renamed_while_away), T(test_only_the_new_name), T(test_numbered_names),
	T(test_links_are_read_both), T(test_compressed_target))
