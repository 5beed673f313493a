/* clang-format off */
#include "tests/component.h"
/* clang-format on */
#include "agent/base/err.h"
#include "agent/component/loki.source.journal/api.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

extern const struct component_type loki_source_journal;

/* A journal of entries, each with two fields, in place of the library. */
static struct {
	const char *entries[8][2];
	int n, at, field;
	int open_error, next_error;
	int fd;
	int opened;
	char matches[128];
	uint64_t since;
	int cursor;
	bool vacuumed; /* the entry of the cursor is not there any more */
} fake;

static int fake_open_directory(sd_journal **out, const char *path, int flags)
{
	(void)path;
	(void)flags;
	if (fake.open_error)
		return fake.open_error;
	fake.at = -1;
	fake.opened++;
	*out = (sd_journal *)(void *)&fake;
	return 0;
}
static int fake_open(sd_journal **out, int flags)
{
	return fake_open_directory(out, "", flags);
}
static void fake_close(sd_journal *j)
{
	(void)j;
	fake.opened--;
}
static int fake_get_fd(sd_journal *j)
{
	(void)j;
	return fake.fd;
}
static int fake_process(sd_journal *j)
{
	uint64_t n;

	(void)j;
	assert_int_equal(read(fake.fd, &n, sizeof(n)), sizeof(n));
	return SD_JOURNAL_APPEND;
}
static int fake_add_match(sd_journal *j, const void *data, size_t n)
{
	(void)j;
	strncat(fake.matches, data, n);
	strcat(fake.matches, ";");
	return 0;
}
static int fake_next(sd_journal *j)
{
	(void)j;
	if (fake.next_error)
		return fake.next_error;
	fake.field = 0;
	if (fake.at + 1 >= fake.n)
		return 0;
	fake.at++;
	return 1;
}
static int fake_seek_cursor(sd_journal *j, const char *cursor)
{
	(void)j;
	if (cursor[0] != 'c')
		return -EINVAL;
	fake.cursor = atoi(cursor + 1);
	fake.at = fake.cursor - 1;
	return 0;
}
static int fake_seek_realtime(sd_journal *j, uint64_t usec)
{
	(void)j;
	fake.since = usec;
	return 0;
}
static int fake_test_cursor(sd_journal *j, const char *cursor)
{
	(void)j;
	return !fake.vacuumed && fake.at == atoi(cursor + 1);
}
static int fake_get_cursor(sd_journal *j, char **out)
{
	(void)j;
	*out = malloc(16);
	snprintf(*out, 16, "c%d", fake.at);
	return 0;
}
static int fake_get_realtime(sd_journal *j, uint64_t *usec)
{
	(void)j;
	*usec = (uint64_t)fake.at + 1;
	return 0;
}
static void fake_restart(sd_journal *j)
{
	(void)j;
	fake.field = 0;
}
static int fake_enumerate(sd_journal *j, const void **data, size_t *n)
{
	const char *text = fake.field < 2 ? fake.entries[fake.at][fake.field] : NULL;

	(void)j;
	fake.field++;
	if (!text)
		return 0;
	*data = text;
	*n = strlen(text);
	return 1;
}
static int fake_threshold(sd_journal *j, size_t n)
{
	(void)j;
	(void)n;
	return 0;
}

const struct journal_api *journal_api_load(struct err *e)
{
	static const struct journal_api api = {fake_open, fake_open_directory, fake_close,
		fake_get_fd, fake_process, fake_add_match, fake_next, fake_seek_cursor,
		fake_seek_realtime, fake_test_cursor, fake_get_cursor, fake_get_realtime,
		fake_restart, fake_enumerate, fake_threshold};

	(void)e;
	return &api;
}

static struct harness h;
static char dir[64];

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.fd = eventfd(0, EFD_CLOEXEC);
	snprintf(dir, sizeof(dir), "/tmp/journal_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	harness_init(&h, &loki_source_journal);
	h.agent.storage_path = str_from(dir);
	return 0;
}

/* Stops it: the place is written on a thread. */
static void unload(void)
{
	assert_true(harness_load(&h, "test.sink \"s\" { }\n"));
	for (int i = 0; i < 30; i++) {
		loop_turn(h.loop, 5000000);
		loop_advance(h.loop, 1000000);
	}
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	unload();
	harness_fini(&h);
	close(fake.fd);
	assert_int_equal(fake.opened, 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	return 0;
}

#define CONFIG(more) \
	"loki.source.journal \"j\" {\n forward_to = [test.sink.s.receiver]\n" more "}\n" \
	"test.sink \"s\" { }\n"

static void load(const char *config)
{
	assert_true(harness_load(&h, config));
	for (int i = 0; i < 4; i++)
		loop_turn(h.loop, 0);
}

static void add(const char *a, const char *b)
{
	uint64_t one = 1;

	fake.entries[fake.n][0] = a;
	fake.entries[fake.n++][1] = b;
	assert_int_equal(write(fake.fd, &one, sizeof(one)), sizeof(one));
}

static struct graph_node_info info(void)
{
	struct graph_node_info i = graph_node(h.graph, 0);

	return strcmp(i.id, "loki.source.journal.j") == 0 ? i : graph_node(h.graph, 1);
}

static void want(const char *text)
{
	for (int i = 0; i < 4; i++)
		loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), text);
	buf_clear(&harness_seen);
}

static void test_reads(void **state)
{
	(void)state;
	add("MESSAGE=one", NULL);
	load(CONFIG("labels = {a = \"b\"}\n max_age = \"10s\"\n matches = \" X=1  Y=2 \"\n"));
	assert_int_equal(fake.since, 990 * 1000000);
	assert_string_equal(fake.matches, "X=1;Y=2;");
	want("1000 {a=\"b\", job=\"loki.source.journal.j\"} one\n");
	add("PRIORITY=1", NULL);
	add("MESSAGE=", NULL);
	want("3000 {a=\"b\", job=\"loki.source.journal.j\"} \n");
}

/* Another instance goes on behind the last entry that was delivered. */
static void test_goes_on(void **state)
{
	(void)state;
	add("MESSAGE=one", NULL);
	add("MESSAGE=two", NULL);
	load(CONFIG(""));
	buf_clear(&harness_seen);
	unload();
	add("MESSAGE=three", NULL);
	load(CONFIG(""));
	assert_int_equal(fake.cursor, 1);
	want("3000 {job=\"loki.source.journal.j\"} three\n");
}

static void write_place(const char *text, size_t n)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/loki.source.journal.j.place", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

/* A place that is none is as good as no place: entries by their age, and no end of the agent. */
static void test_broken_place(void **state)
{
	static char zeros[9000];
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {{"", 0}, {"\n", 1}, {"rubbish\n", 8}, {"\xff\xfe", 2}, {zeros, 12},
		{zeros, sizeof(zeros)}};

	(void)state;
	add("MESSAGE=one", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_place(cases[i].text, cases[i].n);
		fake.since = 0;
		load(CONFIG("max_age = \"10s\"\n"));
		assert_in_range(fake.since, 990 * 1000000, 992 * 1000000);
		want("1000 {job=\"loki.source.journal.j\"} one\n");
		unload();
	}
}

/* The entry at the place is gone: on with the next one, which is not left out. */
static void test_the_place_is_gone(void **state)
{
	(void)state;
	add("MESSAGE=one", NULL);
	add("MESSAGE=two", NULL);
	write_place("c1\n", 3);
	fake.vacuumed = true;
	load(CONFIG(""));
	want("2000 {job=\"loki.source.journal.j\"} two\n");
}

/* What cannot be opened or read is said, and tried again. */
static void test_troubles(void **state)
{
	(void)state;
	fake.open_error = -ENOENT;
	load(CONFIG("path = \"/none\"\n"));
	assert_string_equal(info().reason, "/none: No such file or directory");
	fake.open_error = 0;
	add("MESSAGE=one", NULL);
	harness_advance(&h, INT64_C(61) * 1000000000);
	want("1000 {job=\"loki.source.journal.j\"} one\n");
	assert_int_equal(info().health, HEALTH_HEALTHY);
	fake.next_error = -EBADMSG;
	add("MESSAGE=two", NULL);
	want("");
	assert_string_equal(info().reason, "the next entry: Bad message");
}

/* New arguments count from the next entry on; other entries are looked for behind what was read,
 * which is under way. */
static void test_update(void **state)
{
	(void)state;
	add("MESSAGE=one", NULL);
	load(CONFIG(""));
	want("1000 {job=\"loki.source.journal.j\"} one\n");
	load(CONFIG("labels = {a = \"b\"}\n max_age = \"1s\"\n"));
	add("MESSAGE=two", NULL);
	want("2000 {a=\"b\", job=\"loki.source.journal.j\"} two\n");
	assert_string_equal(fake.matches, "");
	load(CONFIG("matches = \"X=1\"\n"));
	add("MESSAGE=three", NULL);
	want("3000 {job=\"loki.source.journal.j\"} three\n");
	assert_string_equal(fake.matches, "X=1;");
	assert_int_equal(fake.cursor, 1);
}

/* A reload mends a path at once. */
static void test_update_mends(void **state)
{
	(void)state;
	fake.open_error = -ENOENT;
	add("MESSAGE=one", NULL);
	load(CONFIG("path = \"/none\"\n"));
	fake.open_error = 0;
	load(CONFIG("path = \"/some\"\n"));
	want("1000 {job=\"loki.source.journal.j\"} one\n");
	assert_int_equal(info().health, HEALTH_HEALTHY);
}

static void test_full(void **state)
{
	(void)state;
	budget_charge(&h.budget, h.budget.limit);
	add("MESSAGE=one", NULL);
	load(CONFIG(""));
	want("");
	budget_return(&h.budget, h.budget.limit);
	want("1000 {job=\"loki.source.journal.j\"} one\n");
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_false(harness_load(&h, CONFIG("matches = \"a=b c\"\n")));
	assert_str(buf_str(&h.errors), "1:1: \"c\" in matches is not FIELD=value\n");
	assert_false(harness_load(&h, CONFIG("max_age = \"-1s\"\n")));
	assert_str(buf_str(&h.errors), "1:1: max_age must not be negative\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_reads), T(test_goes_on), T(test_broken_place), T(test_the_place_is_gone),
	T(test_troubles), T(test_full), T(test_update), T(test_update_mends), T(test_mistakes))
