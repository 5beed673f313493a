/* Logs whose names are symbolic links, as docker makes them. */
#include "tests/tail_world.h"

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

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_symbolic_link), T(test_link_leads_nowhere_for_a_moment),
	T(test_link_into_a_folder_that_comes_later), T(test_links_of_links))
