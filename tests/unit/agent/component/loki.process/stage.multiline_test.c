#include "tests/stage.h"

#define ML "stage.multiline { firstline = \"^\\\\d\" }\n"

static const struct stage_case cases[] = {
	{"blocks are joined, each stream by itself",
		ML, "f=a|before\nf=a|1 one\nf=b|2 two\nf=a|  at x\nf=b|  at y\nf=a|  at z\n"
		    "f=a|3 three",
		"100000000000 {f=\"a\"} before\n"
		"101000000000 {f=\"a\"} 1 one\n  at x\n  at z\n"
		"102000000000 {f=\"b\"} 2 two\n  at y\n"
		"106000000000 {f=\"a\"} 3 three\n"},
	{"max_lines", "stage.multiline {\n firstline = \"^1\"\n max_lines = 2\n}",
		"f=a|1\nf=a|x\nf=a|y\nf=a|z\nf=a|w",
		"100000000000 {f=\"a\"} 1\nx\n100000000000 {f=\"a\"} y\nz\n"
		"100000000000 {f=\"a\"} w\n"},
	{"newlines at the end", ML, "f=a|1\r\r\nf=a|x\r", "100000000000 {f=\"a\"} 1\nx\n"},
	{"newlines are kept", "stage.multiline {\n firstline = \"^1\"\n trim_newlines = false\n}",
		"f=a|1\r\nf=a|x", "100000000000 {f=\"a\"} 1\n\nx\n"},
	{"values, labels and metadata are the first line's",
		"stage.regex { expression = \"(?P<w>.$)\" }\n"
		"stage.structured_metadata { values = {m = \"w\"} }\n" ML
		"stage.labels { values = {w = \"\"} }",
		"f=a|1 b\nf=a|x c", "100000000000 {f=\"a\", w=\"b\"} [m=b] 1 b\nx c\n"},
	{"a pod's own first line; a wrong one",
		ML, "__pod_multiline__=^x,f=a|x one\n__pod_multiline__=^x,f=a|1 two\n"
		    "__pod_multiline__=(,f=b|1 one\n__pod_multiline__=(,f=b|x two",
		"100000000000 {__pod_multiline__=\"^x\", f=\"a\"} x one\n1 two\n"
		"102000000000 {__pod_multiline__=\"(\", f=\"b\"} 1 one\nx two\n"},
	{"no wait", "stage.multiline {\n firstline = \"x\"\n max_wait_time = \"0s\"\n}", "",
		"! max_wait_time must be greater than 0\n"},
	{"no expression", "stage.multiline { firstline = \"\" }", "",
		"! multiline stage config must define `firstline` regular expression\n"},
	{"bad expression", "stage.multiline { firstline = \"(\" }", "",
		"! firstline: could not compile regular expression: error parsing regexp: "
		"missing closing ): `(`\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].name);
		harness_init(&h, &loki_process);
		if (stage_load(&h, cases[i].stages)) {
			stage_push_all(cases[i].in);
			harness_advance(&h, INT64_C(3000000000));
		} else {
			stage_show_errors(&h);
		}
		assert_str(buf_str(&harness_seen), cases[i].want);
		harness_fini(&h);
	}
}

/* A block goes when nothing was added for max_wait_time; late lines have its first line's time. */
static void test_wait(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, ML));
	stage_push_all("f=a|1 one");
	harness_advance(&h, INT64_C(2000000000));
	stage_push_all("f=a|two\nf=b|1 other");
	assert_int_equal(h.budget.used, 16);
	harness_advance(&h, INT64_C(2900000000));
	assert_str(buf_str(&harness_seen), "");
	harness_advance(&h, INT64_C(100000000));
	assert_str(buf_str(&harness_seen), "100000000000 {f=\"a\"} 1 one\ntwo\n"
					   "101000000000 {f=\"b\"} 1 other\n");
	assert_int_equal(h.budget.used, 0);
	buf_clear(&harness_seen);
	stage_push_all("f=a|late");
	harness_fini(&h);
	assert_str(buf_str(&harness_seen), "100000000000 {f=\"a\"} late\n");
}

/* A reload passes on what is held, through the stages that were. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, ML));
	stage_push_all("f=a|1 one\nf=a|two");
	assert_true(stage_load(&h, "stage.static_labels { values = {x = \"y\"} }"));
	assert_str(buf_str(&harness_seen), "100000000000 {f=\"a\"} 1 one\ntwo\n");
	harness_fini(&h);
}

static int settled;

static void on_settled(struct ack *a)
{
	(void)a;
	settled++;
}

static void push_with(struct ack *a, const char *line)
{
	static const struct label v = {{"f", 1}, {"a", 1}};
	const struct labels *set = labels_intern(&v, 1);

	harness_push_entry(&(struct entry){.labels = set, .line = str_from(line), .ack = a});
	labels_release(set);
}

/* A line's chunk is not settled before its block has gone. */
static void test_acks(void **state)
{
	struct harness h;
	struct ack a[3];

	(void)state;
	settled = 0;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, ML));
	for (int i = 0; i < 3; i++) {
		ack_init(&a[i], on_settled);
		push_with(&a[i], (const char *[]){"1", "x", "2"}[i]);
		push_with(&a[i], (const char *[]){"x", "x", "x"}[i]);
		ack_release(&a[i]);
		assert_int_equal(settled, i == 2 ? 2 : 0);
	}
	harness_advance(&h, INT64_C(3000000000));
	assert_int_equal(settled, 3);
	harness_fini(&h);
}

/* The rest of a block may be waiting in its file, and that for room, or for its turn. */
static void test_more_to_read(void **state)
{
	struct harness h;
	struct ack_origin origin = {.more = true};
	struct ack a[2];

	(void)state;
	settled = 0;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, ML));
	for (int i = 0; i < 2; i++) {
		ack_init(&a[i], on_settled);
		a[i].origin = &origin;
		push_with(&a[i], i ? "1 two" : "1 one");
		ack_release(&a[i]);
		assert_int_equal(origin.open, 1);
	}
	assert_str(buf_str(&harness_seen), "0 {f=\"a\"} 1 one\n");
	harness_advance(&h, INT64_C(60000000000));
	assert_int_equal(settled, 1);
	origin.more = false;
	harness_advance(&h, INT64_C(3000000000));
	assert_int_equal(settled, 2);
	assert_int_equal(origin.open, 0);
	harness_fini(&h);
}

/* A block without an end, and more streams than are kept. */
static void test_limits(void **state)
{
	static char line[65536];
	char name[32];
	struct harness h;
	size_t most = 0;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.multiline {\n firstline = \"^1\"\n max_lines = 0\n}"));
	push_with(NULL, "1");
	for (int i = 0; i < 100; i++) {
		push_with(NULL, line);
		most = h.budget.used > most ? h.budget.used : most;
	}
	assert_true(most <= (size_t)2 << 20);
	buf_clear(&harness_seen);
	for (int i = 0; i < 2100; i++) {
		snprintf(name, sizeof(name), "f=%d|1", i);
		stage_push(str_from(name), 0);
		loop_advance(h.loop, 1);
	}
	assert_true(labels_interned() < 2010);
	assert_true(str_find(buf_str(&harness_seen), STR("{f=\"99\"} 1\n")) >= 0);
	harness_fini(&h);
	buf_fini(&harness_seen);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_wait), cmocka_unit_test(test_reload),
	cmocka_unit_test(test_acks), cmocka_unit_test(test_more_to_read),
	cmocka_unit_test(test_limits))
