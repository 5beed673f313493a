#include "tests/stage.h"
#include "agent/base/metric.h"

#define T "2026-11-22T10:41:07.5Z "
#define NS "1795344067500000000 "

static const struct stage_case cases[] = {
	{"a full line", "stage.cri {}", "f=a|" T "stdout F hello world",
		NS "{f=\"a\", stream=\"stdout\"} hello world\n"},
	{"stderr", "stage.cri {}", "f=a|" T "stderr F x", NS "{f=\"a\", stream=\"stderr\"} x\n"},
	{"an empty line", "stage.cri {}", "f=a|" T "stdout F ",
		NS "{f=\"a\", stream=\"stdout\"} \n"},
	{"without a flag; what looks like one is taken for one", "stage.cri {}",
		"f=a|" T "stdout hello\nf=a|" T "stdout Foo\nf=a|" T "stdout  F x",
		NS "{f=\"a\", stream=\"stdout\"} hello\n" NS "{f=\"a\", stream=\"stdout\"} oo\n" NS
		   "{f=\"a\", stream=\"stdout\"}  F x\n"},
	{"a time that is none: the entry keeps its own", "stage.cri {}",
		"f=a|2026-11-22T10:41:67Z stdout F x\nf=a|now stderr F y",
		"100000000000 {f=\"a\", stream=\"stdout\"} x\n"
		"101000000000 {f=\"a\", stream=\"stderr\"} y\n"},
	{"another stream, or too little, is not CRI", "stage.cri {}",
		"f=a|" T "stdlog F x\nf=a|" T "std\nf=a| stdout F x",
		"100000000000 {f=\"a\"} " T "stdlog F x\n101000000000 {f=\"a\"} " T "std\n"
		"102000000000 {f=\"a\"}  stdout F x\n"},
	{"a label stream is overwritten", "stage.cri {}", "stream=a|" T "stderr F x",
		NS "{stream=\"stderr\"} x\n"},
	{"more tags", "stage.cri {}", "f=a|" T "stdout F:x y",
		NS "{f=\"a\", stream=\"stdout\"} y\n"},
	{"not CRI", "stage.cri {}", "f=a|hello", "100000000000 {f=\"a\"} hello\n"},
	{"pieces are joined, the time is that of the last", "stage.cri {}",
		"f=a|2026-11-22T10:41:06Z stdout P one \n"
		"f=a|2026-11-22T10:41:06Z stdout P two \n"
		"f=a|" T "stdout F three",
		NS "{f=\"a\", stream=\"stdout\"} one two three\n"},
	{"streams are kept apart", "stage.cri {}",
		"f=a|" T "stdout P o1\nf=a|" T "stderr P e1\nf=a|" T "stdout F o2\nf=a|" T
		"stderr F e2",
		NS "{f=\"a\", stream=\"stdout\"} o1o2\n" NS "{f=\"a\", stream=\"stderr\"} e1e2\n"},
	{"label sets are kept apart", "stage.cri {}",
		"f=a|" T "stdout P a1\nf=b|" T "stdout F b\nf=a|" T "stdout F a2",
		NS "{f=\"b\", stream=\"stdout\"} b\n" NS "{f=\"a\", stream=\"stdout\"} a1a2\n"},
	{"too many open", "stage.cri { max_partial_lines = 2 }",
		"f=a|" T "stdout P a\nf=b|" T "stdout P b\nf=a|" T "stdout P A\nf=c|" T
		"stdout P c\n"
		"f=c|" T "stdout F C\nf=a|" T "stdout F !",
		NS "{f=\"b\", stream=\"stdout\"} b\n" NS "{f=\"c\", stream=\"stdout\"} cC\n" NS
		   "{f=\"a\", stream=\"stdout\"} aA!\n"},
	{"truncated",
		"stage.cri {\n max_partial_line_size = 5\n max_partial_line_size_truncate = "
		"true\n}",
		"f=a|" T "stdout P abc\nf=a|" T "stdout F defgh\nf=a|" T
		"stdout F a line of its own",
		NS "{f=\"a\", stream=\"stdout\"} abcde\n" NS
		   "{f=\"a\", stream=\"stdout\"} a line of its own\n"},
	{"the size alone does not truncate", "stage.cri {\n max_partial_line_size = 5\n}",
		"f=a|" T "stdout P abc\nf=a|" T "stdout F defgh",
		NS "{f=\"a\", stream=\"stdout\"} abcdefgh\n"},
	{"extracted",
		"stage.cri {}\nstage.labels { values = {flags = \"\", t = \"time\", c = "
		"\"content\"} }",
		"f=a|" T "stdout F x",
		NS "{c=\"x\", f=\"a\", flags=\"F\", stream=\"stdout\", "
		   "t=\"2026-11-22T10:41:07.5Z\"} x\n"},
	{"held to the end",
		"stage.cri {}\nstage.static_labels { values = {s = \"1\"} }",
		"f=a|" T "stdout P rest", ""},
	{"no stream allowed", "stage.cri { max_partial_lines = 0 }", "",
		"! max_partial_lines must be greater than 0\n"},
	{"inside match, continues behind it",
		"stage.match {\n selector = \"{f=\\\"a\\\"}\"\n stage.cri {}\n"
		" stage.static_labels { values = {in = \"1\"} }\n}\n"
		"stage.static_labels { values = {out = \"1\"} }",
		"f=a|" T "stdout P x\nf=a|" T "stdout F y\nf=b|" T "stdout F z",
		NS "{f=\"a\", in=\"1\", out=\"1\", stream=\"stdout\"} xy\n"
		   "102000000000 {f=\"b\", out=\"1\"} " T "stdout F z\n"},
};

STAGE_TESTS(cases)

/* What never ends is passed on after five idle seconds; and when the component stops, as nobody can
 * bring it again. */
static void test_unfinished(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}\nstage.labels { values = {flags = \"\"} }"));
	stage_push_all("f=a|" T "stdout P last words");
	harness_advance(&h, INT64_C(3000000000));
	stage_push_all("f=b|" T "stdout P more");
	assert_int_equal(h.budget.used, 14);
	assert_str(buf_str(&harness_seen), "");
	harness_advance(&h, INT64_C(2000000000));
	assert_str(buf_str(&harness_seen),
		NS "{f=\"a\", flags=\"P\", stream=\"stdout\"} last words\n");
	harness_advance(&h, INT64_C(2900000000));
	stage_push_all("f=b|" T "stdout P  and more");
	harness_advance(&h, INT64_C(4900000000));
	buf_clear(&harness_seen);
	harness_fini(&h);
	assert_str(buf_str(&harness_seen),
		NS "{f=\"b\", flags=\"P\", stream=\"stdout\"} more and more\n");
}

/* Reloads, more often than an open line is kept: it waits no longer for them, its end finds it, and
 * it goes through the new stages; unless they do not begin as the old ones did. */
static void test_reloads(void **state)
{
	struct harness h;
	char stages[96];

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}"));
	stage_push_all("f=a|" T "stdout P last words\nf=b|" T "stdout P one ");
	for (int i = 0; i < 4; i++) {
		assert_str(buf_str(&harness_seen), "");
		harness_advance(&h, INT64_C(1200000000));
		snprintf(stages, sizeof(stages),
			"stage.cri {}\nstage.static_labels { values = {v = \"%d\"} }", i);
		assert_true(stage_load(&h, stages));
		if (i == 1)
			stage_push_all("f=b|" T "stdout P two ");
	}
	harness_advance(&h, INT64_C(300000000));
	assert_str(buf_str(&harness_seen),
		NS "{f=\"a\", stream=\"stdout\", v=\"3\"} last words\n");
	buf_clear(&harness_seen);
	stage_push_all("f=b|" T "stdout F three");
	assert_str(buf_str(&harness_seen),
		NS "{f=\"b\", stream=\"stdout\", v=\"3\"} one two three\n");
	buf_clear(&harness_seen);
	stage_push_all("f=c|" T "stdout P 1\nf=d|" T "stdout P 2\nf=e|" T "stdout P 3");
	assert_true(stage_load(&h, "stage.cri { max_partial_lines = 1 }"));
	harness_advance(&h, 0);
	stage_push_all("f=f|" T "stdout P 4");
	assert_int_equal(h.budget.used, 1); /* all but the newest were passed on */
	harness_fini(&h);
}

static int settled;
static int failed;

static void on_settled(struct ack *a)
{
	settled++;
	failed += a->failed;
}

static void push_with(struct ack *a, const char *line)
{
	static const struct label v = {{"f", 1}, {"a", 1}};
	const struct labels *set = labels_intern(&v, 1);

	harness_push_entry(&(struct entry){.labels = set, .line = str_from(line), .ack = a});
	labels_release(set);
}

/* A piece holds its chunk's ack until the whole line has gone. */
static void test_acks(void **state)
{
	struct harness h;
	struct ack first, second;

	(void)state;
	settled = 0;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}"));
	ack_init(&first, on_settled);
	push_with(&first, T "stdout P one ");
	ack_release(&first);
	assert_int_equal(settled, 0);
	ack_init(&second, on_settled);
	push_with(&second, T "stdout F two");
	assert_int_equal(settled, 0); /* the sink keeps nothing, but the source has not let go */
	ack_release(&second);
	assert_int_equal(settled, 2);
	harness_fini(&h);
}

/* While its file has more to read, which waits for room or for its turn, a line is not given up,
 * unless such lines take half of the budget. */
static void test_more_to_read(void **state)
{
	struct harness h;
	struct ack_origin busy = {.more = true}, read = {0};
	struct ack a, b;

	(void)state;
	settled = 0;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}"));
	ack_init(&a, on_settled);
	ack_init(&b, on_settled);
	a.origin = &busy;
	b.origin = &read;
	push_with(&a, T "stdout P of a file with more");
	push_with(&b, T "stderr P of one without");
	ack_release(&a);
	ack_release(&b);
	assert_int_equal(busy.open, 1);
	harness_advance(&h, INT64_C(4000000000));
	assert_int_equal(settled, 0);
	harness_advance(&h, INT64_C(2000000000));
	assert_str(buf_str(&harness_seen), NS "{f=\"a\", stream=\"stderr\"} of one without\n");
	assert_int_equal(read.open, 0);
	harness_advance(&h, INT64_C(60000000000));
	assert_int_equal(settled, 1);
	busy.more = false;
	harness_advance(&h, INT64_C(6000000000));
	assert_int_equal(settled, 2);
	assert_int_equal(busy.open, 0);

	busy.more = true;
	buf_clear(&harness_seen);
	ack_init(&a, on_settled);
	a.origin = &busy;
	push_with(&a, T "stdout P too much for the budget");
	ack_release(&a);
	h.budget.limit = h.budget.used * 2;
	harness_advance(&h, INT64_C(6000000000));
	assert_str(buf_str(&harness_seen),
		NS "{f=\"a\", stream=\"stdout\"} too much for the budget\n");
	harness_fini(&h);
}

/* When the stage ends, an open line is given back undone, to be read again; unless it cannot be. */
static void test_acks_at_the_end(void **state)
{
	struct harness h;
	struct ack again, never;

	(void)state;
	settled = failed = 0;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}"));
	ack_init(&again, on_settled);
	push_with(&again, T "stdout P to be read again");
	ack_release(&again);
	ack_init(&never, on_settled);
	never.last_chance = true;
	push_with(&never, T "stderr P of a file that is gone");
	ack_release(&never);
	assert_int_equal(settled, 0);
	harness_fini(&h);
	assert_int_equal(settled, 2);
	assert_int_equal(failed, 1);
	assert_str(buf_str(&harness_seen),
		NS "{f=\"a\", stream=\"stderr\"} of a file that is gone\n");
}

static void test_acks_idle(void **state)
{
	struct harness h;
	struct ack first;

	(void)state;
	settled = 0;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}"));
	ack_init(&first, on_settled);
	push_with(&first, T "stdout P one ");
	ack_release(&first);
	assert_int_equal(settled, 0);
	harness_advance(&h, INT64_C(6000000000));
	assert_int_equal(settled, 1);
	harness_fini(&h);
}

/* A writer that never ends its line must not fill the memory. */
static void test_endless(void **state)
{
	struct harness h;
	static char line[65536];
	size_t longest = 0;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, T "stdout P ", strlen(T "stdout P "));
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}"));
	for (int i = 0; i < 200; i++) {
		push_with(NULL, line);
		if (h.budget.used > longest)
			longest = h.budget.used;
	}
	assert_true(longest <= (size_t)2 << 20);
	assert_true(harness_seen.n > (size_t)10 << 20);
	buf_clear(&harness_seen);
	harness_fini(&h);
	buf_fini(&harness_seen);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_unfinished),
	cmocka_unit_test(test_reloads), cmocka_unit_test(test_acks),
	cmocka_unit_test(test_more_to_read),
	cmocka_unit_test(test_acks_at_the_end), cmocka_unit_test(test_acks_idle),
	cmocka_unit_test(test_endless))
