/* Turns and bytes: who is read when many want to be. */
#include "tests/tail_world.h"

#include <sys/resource.h>

#define IDLE 1500
#define BUSY 50
#define BACKLOG ((size_t)600 * 1024)

static size_t lines_seen;
static size_t idle_lines_seen;

static void count(struct receiver *r, const struct entry *e)
{
	(void)r;
	lines_seen++;
	idle_lines_seen += str_is(e->line, "idle");
}

/* BACKLOG bytes of lines in each busy file, a line in each idle one. */
static void write_files(void)
{
	struct buf text = {0};

	while (text.n < BACKLOG)
		buf_add_str(&text, STR(CRI "F a line of a container that never ends talking\n"));
	buf_add_char(&text, 0);
	for (int i = 0; i < IDLE + BUSY; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%04d.log", i);
		append(name, i < BUSY ? text.p : CRI "F idle\n");
	}
	buf_fini(&text);
}

static void follow_files(void)
{
	static char path[IDLE + BUSY][96];
	static struct tail_target t[IDLE + BUSY];
	const struct labels *labels = labels_empty();

	for (int i = 0; i < IDLE + BUSY; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%04d.log", w->dir, i);
		t[i] = (struct tail_target){str_from(path[i]), labels};
	}
	tail_source_set(&w->source, t, IDLE + BUSY);
	labels_release(labels);
}

/* How far the busy files are apart, in bytes read; *done: all of them have been read. */
static uint64_t apart(bool *done)
{
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;

	LIST_EACH (t, &w->tailer->all, struct tail, link) {
		LIST_EACH (f, &t->files, struct tail_file, link) {
			if (strtol(f->name->name, NULL, 10) >= BUSY)
				continue;
			least = f->offset < least ? f->offset : least;
			most = f->offset > most ? f->offset : most;
		}
	}
	*done = least >= BACKLOG;
	return *done ? 0 : most - least;
}

/* As the agent does at its start: a user's limit is 1024, and may be raised. */
static bool raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return false;
	r.rlim_cur = r.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur > (IDLE + BUSY) * 2;
}

/* By bytes: no busy file gets ahead of another by more than what is read at once; and an idle one
 * that has a line waits no longer than until each of the others had its turn. */
static void test_fair_by_bytes(void **state)
{
	size_t turns = 0;
	bool done = false;

	(void)state;
	if (!raise_files())
		skip();
	w->sink.push = count;
	write_files();
	follow_files();
	for (; !done; turns++) {
		loop_turn(w->loop, 0);
		assert_true(apart(&done) <= 2 * BLOCK);
	}
	assert_int_equal(idle_lines_seen, IDLE);
	/* A turn reads PER_TURN at most, so that nothing else of the process waits for long. */
	assert_true(turns >= BUSY * BACKLOG / PER_TURN);
	write_files();
	lines_seen = idle_lines_seen = 0;
	loop_turn(w->loop, 0); /* the events */
	for (turns = 0; idle_lines_seen < IDLE; turns++)
		loop_turn(w->loop, 0);
	assert_true(turns <= (IDLE + BUSY) / (PER_TURN / BLOCK) + 20);
}

/* Records in pieces, of which seldom a block ends with the last. */
#define RECORD ((size_t)300 * 1024)
#define LONG_FILES 12
#define RECORDS 8

static void write_long(void)
{
	struct buf text = {0};

	for (int r = 0; r < RECORDS; r++) {
		for (size_t n = 0; n < RECORD; n += 16 * 1024) {
			buf_add_str(&text, STR(CRI "P "));
			memset(buf_reserve(&text, 16 * 1024), 'x', 16 * 1024);
			text.n += 16 * 1024;
			buf_add_char(&text, '\n');
		}
		buf_add_str(&text, STR(CRI "F .\n"));
	}
	buf_add_char(&text, 0);
	for (int i = 0; i < LONG_FILES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%04d.log", i);
		append(name, text.p);
	}
	buf_fini(&text);
}

static size_t open_now(void)
{
	size_t n = 0;

	LIST_EACH (t, &w->tailer->all, struct tail, link)
		n += t->origin.open;
	return n;
}

static void see_turn(struct receiver *r, const struct entry *e)
{
	(void)r;
	lines_seen++;
	idle_lines_seen += e->line.n < RECORD;
}

/*
 * After an outage all logs have a backlog. Of those only few may be in the middle of a record at a
 * time, for its beginning is kept in memory; and yet all are read at the same pace.
 */
static void test_few_records_are_open(void **state)
{
	bool done = false;
	size_t most = 0;

	(void)state;
	lines_seen = idle_lines_seen = 0;
	w->sink.push = see_turn;
	write_long();
	follow_files();
	while (lines_seen < (size_t)LONG_FILES * RECORDS) {
		loop_turn(w->loop, 0);
		most = open_now() > most ? open_now() : most;
		assert_true(apart(&done) <= OWES_MAX + 2 * BLOCK);
	}
	assert_true(most > 0);
	assert_true(most <= 2);
	assert_int_equal(idle_lines_seen, 0);
	assert_int_equal(open_now(), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_fair_by_bytes), T(test_few_records_are_open))
