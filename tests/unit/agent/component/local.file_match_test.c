/* clang-format off */
#include "tests/component.h"
#include "tests/log_dir.h"
/* clang-format on */

LOG_DIR_FIXTURE(local_file_match)

static void test_files_come_and_go(void **state)
{
	(void)state;
	log_dir_append(&d, "pods/a_b_1/app/0.log", "");
	assert_true(log_dir_load(&d,
		"local.file_match \"m\" {\n"
		" path_targets = [{__path__ = \"@DIR@/pods/*1/app/*.log\", a = \"1\"}]\n}\n"
		"test.sink \"s\" { targets = local.file_match.m.targets }\n"));
	log_dir_want(&d, "target __path__=@DIR@/pods/a_b_1/app/0.log;a=1;\n");
	log_dir_append(&d, "pods/a_b_1/app/0.log.20261122-100000", "");
	log_dir_append(&d, "pods/c_d_11/app/0.log", "");
	log_dir_settle(&d);
	log_dir_want(&d, "target __path__=@DIR@/pods/a_b_1/app/0.log;a=1;\n"
			 "target __path__=@DIR@/pods/c_d_11/app/0.log;a=1;\n");
}

static void test_alternatives_and_exclusion(void **state)
{
	(void)state;
	log_dir_append(&d, "syslog", "");
	log_dir_append(&d, "messages", "");
	log_dir_append(&d, "a.log", "");
	log_dir_append(&d, "b.log", "");
	assert_true(log_dir_load(&d,
		"local.file_match \"m\" {\n"
		" path_targets = [{__path__ = \"@DIR@/{syslog,messages,*.log}\","
		" __path_exclude__ = \"@DIR@/b*\"}]\n}\n"
		"test.sink \"s\" { targets = local.file_match.m.targets }\n"));
	log_dir_want(&d, "target __path__=@DIR@/syslog;__path_exclude__=@DIR@/b*;\n"
			 "target __path__=@DIR@/messages;__path_exclude__=@DIR@/b*;\n"
			 "target __path__=@DIR@/a.log;__path_exclude__=@DIR@/b*;\n");
}

static void test_old_files(void **state)
{
	(void)state;
	log_dir_append(&d, "a.log", "");
	/* The harness' clock stands in 1970, so a file of today is never too old … */
	assert_true(log_dir_load(&d,
		"local.file_match \"m\" {\n path_targets = [{__path__ = \"@DIR@/*.log\"}]\n"
		" ignore_older_than = \"1h\"\n}\n"
		"test.sink \"s\" { targets = local.file_match.m.targets }\n"));
	log_dir_want(&d, "target __path__=@DIR@/a.log;\n");
	/* … until the clock has passed it by an hour. */
	loop_fake_clock(h.loop, loop_now(h.loop), INT64_C(5000000000) * NS_PER_SEC);
	loop_advance(h.loop, 11 * NS_PER_SEC);
	log_dir_settle(&d);
	log_dir_want(&d, "");
	log_dir_append(&d, "b.log", "");
	log_dir_settle(&d);
	log_dir_want(&d, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_files_come_and_go), T(test_alternatives_and_exclusion), T(test_old_files))
