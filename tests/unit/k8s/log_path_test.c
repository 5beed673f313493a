#include "k8s/log_path.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static const struct {
	const char *path;
	const char *want; /* root|namespace|pod|uid|container|restart|rotated|gz; NULL: no log */
} cases[] = {
	{"/var/log/pods/default_web-7_0a1b-2c/app/0.log",
		"/var/log/pods|default|web-7|0a1b-2c|app|0||"},
	{"/var/log/pods/kube-system_etcd-n1_8e3a0f7b/etcd/12.log.20261122-104049",
		"/var/log/pods|kube-system|etcd-n1|8e3a0f7b|etcd|12|20261122-104049|"},
	{"/p/a_b.c_d/e/3.log.20261122-104049.gz", "/p|a|b.c|d|e|3|20261122-104049|gz"},
	{"a_b_c/d/0.log", "|a|b|c|d|0||"},
	{"/a_b_c/d/0.log", "|a|b|c|d|0||"},
	{"/p/a_b_c/d/0.log.20261122-104049.tmp", NULL},
	{"/p/a_b_c/d/0.log.2026112-104049", NULL},
	{"/p/a_b_c/d/0.log.gz", NULL},
	{"/p/a_b_c/d/0.log.", NULL},
	{"/p/a_b_c/d/00.log", NULL},
	{"/p/a_b_c/d/-1.log", NULL},
	{"/p/a_b_c/d/99999999999999999999.log", NULL},
	{"/p/a_b_c/d/0.txt", NULL},
	{"/p/a_b_c/d/.log", NULL},
	{"/p/a_b_c/0.log", NULL},
	{"/p/a_b/d/0.log", NULL},
	{"/p/a_b_c_d/e/0.log", NULL},
	{"/p/__/e/0.log", NULL},
	{"/p/a_b_c/../0.log", NULL},
	{"/p/a_b_c//0.log", NULL},
	{"0.log", NULL},
	{"", NULL},
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str path = str_from(cases[i].path);
		struct log_path p = {.restart = -7};
		struct buf out = {0};
		bool ok = log_path_parse(path, &p);

		print_message("%s\n", cases[i].path);
		assert_int_equal(ok, cases[i].want != NULL);
		if (!ok) {
			assert_int_equal(p.restart, -7);
			continue;
		}
		buf_printf(&out,
			STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT "|%lld|" STR_FMT
				"|%s",
			STR_ARG(p.root), STR_ARG(p.namespace), STR_ARG(p.pod), STR_ARG(p.uid),
			STR_ARG(p.container), (long long)p.restart, STR_ARG(p.rotated),
			p.is_gz ? "gz" : "");
		assert_str(buf_str(&out), cases[i].want);
		buf_clear(&out);
		log_path_encode(&out, &p);
		assert_str(buf_str(&out), cases[i].path);
		buf_fini(&out);
	}
}

TESTS_RUN(cmocka_unit_test(test_paths))
