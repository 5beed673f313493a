/* A file, a folder, and each way in which they cannot be read. */

#include "agent/base/buf.h"
#include "agent/config/read.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void put(const char *name, const char *text, size_t n)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void drop(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/invar-read-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* What is wrong with dir/name, the folder's name left out; or what was read. */
static void check(const char *name, const char *want)
{
	struct buf got = {0};
	struct config config;
	struct arena a;
	struct diags d;
	char path[200];
	bool ok;

	arena_init(&a, 0);
	diags_init(&d, &a);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ok = config_read(&a, path, &config, &d);
	assert_int_equal(ok, d.errors == 0);
	for (size_t i = 0; i < config.n; i++)
		buf_printf(&got, STR_FMT ":%zu;",
			STR_ARG(str_from_at(config.files[i]->source->name, strlen(dir) + 1)),
			config.files[i]->body.n);
	for (size_t i = 0; i < d.n; i++) {
		struct str m = d.p[i].message;
		ptrdiff_t at = str_find(m, str_from(dir));

		if (at >= 0)
			buf_printf(&got, "! %.*sDIR" STR_FMT ";", (int)at, m.p,
				STR_ARG(str_from_at(m, (size_t)at + strlen(dir))));
		else
			buf_printf(&got, "! " STR_FMT ";", STR_ARG(m));
	}
	assert_str(buf_str(&got), want);
	buf_fini(&got);
	diags_fini(&d);
	arena_fini(&a);
}

static void test_file(void **state)
{
	(void)state;
	put("a.conf", "a = 1\nb = 2", 11);
	check("a.conf", "a.conf:2;");
	check("none", "! cannot read the configuration DIR/none: No such file or directory;");
	drop("a.conf");
}

static void test_folder(void **state)
{
	(void)state;
	check("", "! the folder DIR/ has no *.alloy files;");
	put("b.alloy", "b = 1", 5);
	put("a.alloy", "", 0);
	put("c.txt", "}", 1);
	put(".d.alloy", "}", 1);
	check("", "a.alloy:0;b.alloy:1;");
	put("a.alloy", "a = ", 4);
	check("", "a.alloy:1;b.alloy:1;! expected expression, got EOF;");
	drop("a.alloy");
	drop("b.alloy");
	drop("c.txt");
	drop(".d.alloy");
}

static void test_encodings(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want;
	} cases[] = {
		{"\xff\xfe"
		 "a\0",
			4, "! DIR/x: configuration is"
			   " encoded with UTF-16LE but must be utf8;"},
		{"\xfe\xff\0a", 4, "! DIR/x: configuration is"
				   " encoded with UTF-16BE but must be utf8;"},
		{"\xff\xfe\0\0", 4, "! DIR/x: configuration is"
				    " encoded with UTF-32LE but must be utf8;"},
		{"\0\0\xfe\xff", 4, "! DIR/x: configuration is"
				    " encoded with UTF-32BE but must be utf8;"},
		{"a = \"\xe9\"", 7, "! unknown encoding for config;"},
		{"\xef\xbb\xbf"
		 "a = 1",
			8, "x:1;"},
		{"\xef\xbb\xbf"
		 "a = \"\xe9\"",
			10, "x:1;! illegal UTF-8 encoding;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put("x", cases[i].text, cases[i].n);
		check("x", cases[i].want);
	}
	drop("x");
}

static void test_no_permission(void **state)
{
	char path[200];

	(void)state;
	put("x", "", 0);
	snprintf(path, sizeof(path), "%s/x", dir);
	chmod(path, 0);
	if (access(path, R_OK) == -1) /* root may read it all the same */
		check("x", "! cannot read the configuration DIR/x: Permission denied;");
	drop("x");
}

static void test_too_large(void **state)
{
	char path[200];

	(void)state;
	put("x", "", 0);
	snprintf(path, sizeof(path), "%s/x", dir);
	assert_int_equal(truncate(path, (16 << 20) + 1), 0);
	check("x", "! DIR/x: larger than 16 MiB;");
	drop("x");
}

TESTS_RUN(cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
	cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
	cmocka_unit_test_setup_teardown(test_encodings, set_up, tear_down),
	cmocka_unit_test_setup_teardown(test_no_permission, set_up, tear_down),
	cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down))
