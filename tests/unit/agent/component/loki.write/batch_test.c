#include "agent/component/loki.write/batch.h"

#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "tests/unit/agent/component/loki.write/fake.h"

#include <stdlib.h>

static struct loki_tenants tenants = {.id = "loki.write.test"};
static const struct label external[] = {{{"cluster", 7}, {"c1", 2}}, {{"app", 3}, {"lost", 4}}};
static struct loki_batch_settings settings;
static struct loop *loop;
static struct buf out; /* requests, a line each */

static void on_ready(struct loki_batches *all, struct loki_batch *b)
{
	struct loki_request *r = loki_batch_take(b);
	struct buf text = {0};

	(void)all;
	fake_print(&text, buf_str(&r->body));
	if (out.n)
		buf_add_char(&out, '\n');
	if (r->tenant->name.n)
		buf_printf(&out, STR_FMT ": ", STR_ARG(r->tenant->name));
	buf_add_str(&out, buf_str(&text));
	ack_set_release(&r->acks);
	loki_request_free(r);
	buf_fini(&text);
}

static int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 1795344067 * NS_PER_SEC);
	settings = (struct loki_batch_settings){
		.tenants = &tenants,
		.host = STR("h"),
		.tenant = STR(""),
		.batch_size = 1000,
		.batch_wait = NS_PER_SEC,
	};
	buf_clear(&out);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	buf_fini(&out);
	assert_int_equal(labels_interned(), 0);
	assert_int_equal(tenants.map.n, 0);
	return 0;
}

static void push(struct loki_batches *all, const char *labels, const char *line)
{
	const struct labels *l = fake_labels(labels);
	struct entry e = {.labels = l, .time = 1795344067 * NS_PER_SEC, .line = str_from(line)};

	loki_batches_add(all, &e);
	labels_release(l);
}

struct given {
	const char *labels;
	const char *line;
};

static const struct {
	const char *name;
	struct given given[8];
	size_t batch_size;
	size_t max_streams;
	bool external;
	const char *tenant;
	const char *want;
} cases[] = {
	{.name = "one stream, in order",
		.given = {{"a=1", "one"}, {"a=1", "two"}},
		.want = "{a=\"1\"} one|two"},
	{.name = "entries are grouped by stream",
		.given = {{"a=1", "one"}, {"a=2", "x"}, {"a=1", "two"}},
		.want = "{a=\"1\"} one|two; {a=\"2\"} x"},
	{.name = "names with __ are not sent, so these are one stream",
		.given = {{"a=1 __path__=x", "one"}, {"a=1 __path__=y", "two"}},
		.want = "{a=\"1\"} one|two"},
	{.name = "external labels lose to those of the entry",
		.given = {{"app=web", "one"}, {"b=1", "two"}},
		.external = true,
		.want = "{app=\"web\", cluster=\"c1\"} one; "
			"{app=\"lost\", b=\"1\", cluster=\"c1\"} two"},
	{.name = "a batch a tenant",
		.given = {{"a=1", "one"}, {"a=1 __tenant_id__=t", "two"}, {"a=1", "three"}},
		.want = "{a=\"1\"} one|three\nt: {a=\"1\"} two"},
	{.name = "the endpoint's tenant, and what is no header value",
		.given = {{"a=1", "one"}, {"a=1 __tenant_id__=t\r\nX:1", "two"}},
		.tenant = "own",
		.want = "own: {a=\"1\"} one\nt__X:1: {a=\"1\"} two"},
	{.name = "an entry that would exceed goes to the next batch",
		.given = {{"a=1", "1234"}, {"a=2", "5678"}, {"a=1", "90"}, {"a=1", "ab"}},
		.batch_size = 10,
		.want = "{a=\"1\"} 1234|90; {a=\"2\"} 5678\n{a=\"1\"} ab"},
	{.name = "one entry may exceed",
		.given = {{"a=1", "123456789012"}, {"a=1", "x"}},
		.batch_size = 10,
		.want = "{a=\"1\"} 123456789012\n{a=\"1\"} x"},
	{.name = "streams beyond max_streams are dropped",
		.given = {{"a=1", "one"}, {"a=2", "x"}, {"a=3", "no"}, {"a=1", "two"}},
		.max_streams = 2,
		.want = "{a=\"1\"} one|two; {a=\"2\"} x"},
	{.name = "labels that Loki would refuse are repaired",
		.given = {{"a-b=1", "one"}, {"a=\xff.", "two"}, {"0a=1", "three"}},
		.want = "{a_b=\"1\"} one; {a=\"\xef\xbf\xbd.\"} two; {_a=\"1\"} three"},
	{.name = "no labels at all", .given = {{"", "one"}}, .want = "{} one"},
	{.name = "the line may be anything",
		.given = {{"a=1", "\xff\xfe"}, {"a=1", ""}},
		.want = "{a=\"1\"} \xff\xfe|"},
};

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)(uintptr_t)a, *(char *const *)(uintptr_t)b);
}

/* The order of tenants is that of a hash table: the requests of a case are compared sorted. */
static void assert_requests(const char *want)
{
	char *lines[2][8] = {{0}};
	char *texts[2] = {strndup(out.p, out.n), strdup(want)};
	size_t n[2] = {0};

	for (size_t k = 0; k < 2; k++) {
		char *save = NULL;

		for (char *p = strtok_r(texts[k], "\n", &save); p; p = strtok_r(NULL, "\n", &save))
			lines[k][n[k]++] = p;
		qsort(lines[k], n[k], sizeof(char *), by_line);
	}
	assert_int_equal(n[0], n[1]);
	for (size_t i = 0; i < n[0]; i++)
		assert_string_equal(lines[0][i], lines[1][i]);
	free(texts[0]);
	free(texts[1]);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loki_batches all;

		print_message("%s\n", cases[i].name);
		set_up(state);
		if (cases[i].batch_size)
			settings.batch_size = cases[i].batch_size;
		if (cases[i].tenant)
			settings.tenant = str_from(cases[i].tenant);
		settings.max_streams = cases[i].max_streams;
		settings.external = external;
		settings.n_external = cases[i].external ? 2 : 0;
		loki_batches_init(&all, loop, &settings, on_ready);
		for (const struct given *g = cases[i].given; g->labels; g++)
			push(&all, g->labels, g->line);
		loki_batches_flush(&all);
		assert_requests(cases[i].want);
		assert_int_equal(all.bytes, 0);
		loki_batches_fini(&all);
		tear_down(state);
	}
}

static struct buf said;
static int said_lines;

static void on_log(struct str line)
{
	buf_add_str(&said, line);
	said_lines++;
}

/* It is said that entries are dropped, once a minute, and each is counted. */
static void test_too_many_streams(void **state)
{
	struct loki_batches all;
	struct loki_tenant *t;

	(void)state;
	log_set_writer(on_log);
	settings.max_streams = 1;
	loki_batches_init(&all, loop, &settings, on_ready);
	t = loki_tenant_get(&tenants, STR("h"), STR(""));
	for (int i = 0; i < 3; i++) {
		push(&all, "a=1", "one");
		push(&all, "a=2", "no");
		push(&all, "a=3", "no");
		if (i == 1)
			loop_advance(loop, 60 * NS_PER_SEC);
	}
	log_set_writer(NULL);
	assert_int_equal((int)metric_value(t->dropped_entries[LOKI_DROP_STREAMS]), 6);
	assert_int_equal(said_lines, 2);
	assert_true(str_find(buf_str(&said), STR("hint=\"raise max_streams")) > 0);
	loki_tenant_release(t);
	loki_batches_flush(&all);
	loki_batches_fini(&all);
	buf_fini(&said);
}

static void test_metadata(void **state)
{
	struct label meta[] = {{STR("k"), STR("v")}, {STR("bad"), STR("\xff")}};
	const struct labels *l = fake_labels("a=1");
	struct entry e = {.labels = l, .line = STR("x"), .meta = meta, .n_meta = 2};
	struct loki_batches all;
	struct loki_tenant *t;

	(void)state;
	settings.batch_size = 10; /* it counts: each entry is 1 + 2 + 4 */
	loki_batches_init(&all, loop, &settings, on_ready);
	t = loki_tenant_get(&tenants, STR("h"), STR(""));
	loki_batches_add(&all, &e);
	loki_batches_add(&all, &e);
	loki_batches_flush(&all);
	assert_str(buf_str(&out), "{a=\"1\"} x k=v bad=\xef\xbf\xbd\n"
				  "{a=\"1\"} x k=v bad=\xef\xbf\xbd");
	assert_int_equal((int)metric_value(t->repaired), 2);
	loki_tenant_release(t);
	labels_release(l);
	loki_batches_fini(&all);
}

/* batch_wait counts from the first entry of a batch, not from the last, nor from a flush. */
static void test_wait(void **state)
{
	struct loki_batches all;

	(void)state;
	loki_batches_init(&all, loop, &settings, on_ready);
	push(&all, "a=1", "one");
	loop_advance(loop, NS_PER_SEC / 2);
	push(&all, "a=1", "two");
	assert_int_equal(out.n, 0);
	loop_advance(loop, NS_PER_SEC / 2);
	assert_str(buf_str(&out), "{a=\"1\"} one|two");
	loop_advance(loop, 10 * NS_PER_SEC);
	push(&all, "a=1", "three");
	loop_advance(loop, NS_PER_SEC);
	assert_str(buf_str(&out), "{a=\"1\"} one|two\n{a=\"1\"} three");
	loki_batches_fini(&all);
}

/* An ack is held once a batch, and by it alone. */
static void test_acks(void **state)
{
	const struct labels *l = fake_labels("a=1");
	struct fake_ack a = {0};
	struct entry e = {.labels = l, .line = STR("x"), .ack = &a.ack};
	struct loki_batches all;

	(void)state;
	ack_init(&a.ack, fake_settled);
	loki_batches_init(&all, loop, &settings, on_ready);
	for (int i = 0; i < 10; i++)
		loki_batches_add(&all, &e);
	assert_int_equal(a.ack.refs, 2);
	ack_release(&a.ack);
	assert_false(a.settled);
	loki_batches_flush(&all);
	assert_true(a.settled);
	labels_release(l);
	loki_batches_fini(&all);
}

/* Nothing grows with label sets that came and went, or with time. */
static void test_forgets(void **state)
{
	struct loki_batches all;
	size_t most = 0;

	(void)state;
	loki_batches_init(&all, loop, &settings, on_ready);
	for (int i = 0; i < 20000; i++) {
		char labels[64];

		snprintf(labels, sizeof(labels), "a=1 __id__=%d __tenant_id__=t%d", i, i / 1000);
		push(&all, labels, "x");
		if (labels_interned() > most)
			most = labels_interned();
		if (i % 100 == 0)
			loki_batches_flush(&all);
	}
	assert_true(most < 8192);
	loop_advance(loop, LOKI_SWEEP);
	loop_advance(loop, LOKI_SWEEP);
	assert_int_equal(labels_interned(), 0);
	assert_int_equal(all.tenants.n, 1);
	assert_int_equal(all.spare.n, 0);
	assert_int_equal(all.n, 0);
	assert_false(timer_is_set(&all.sweep));
	loki_batches_fini(&all);
}

/* A stream that is in use keeps its place through a sweep, and its entries. */
static void test_sweep_keeps_entries(void **state)
{
	struct loki_batches all;

	(void)state;
	settings.batch_wait = 3 * LOKI_SWEEP;
	loki_batches_init(&all, loop, &settings, on_ready);
	push(&all, "a=1", "one");
	loop_advance(loop, LOKI_SWEEP);
	loop_advance(loop, LOKI_SWEEP);
	assert_int_equal(all.n, 0);
	push(&all, "a=1", "two");
	loop_advance(loop, LOKI_SWEEP);
	assert_str(buf_str(&out), "{a=\"1\"} one|two");
	loki_batches_fini(&all);
}

static void test_empty_lines_are_bounded(void **state)
{
	struct loki_batches all;

	(void)state;
	loki_batches_init(&all, loop, &settings, on_ready);
	for (int i = 0; i < 100000; i++)
		push(&all, "a=1", "");
	assert_true(all.bytes < 100000);
	assert_true(out.n > 0);
	loki_batches_flush(&all);
	loki_batches_fini(&all);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(cmocka_unit_test(test_cases), TEST(test_too_many_streams),
	TEST(test_metadata), TEST(test_wait), TEST(test_acks),
	TEST(test_forgets), TEST(test_sweep_keeps_entries), TEST(test_empty_lines_are_bounded))
