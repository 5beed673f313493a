/* Each row of the table of states in docs/delivery.md, with a clock that is held; and that the
 * table there has these rows and no others. */
#include "tests/tail_world.h"

#include "agent/loop/file.h"

#define OLD "0.log.20261122-100000"

/* Of the one tail there is: its files, oldest first. */
static struct tail_file *file_at(size_t n)
{
	struct tail *t = container_of(w->tailer->all.next, struct tail, link);

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (n-- == 0)
			return f;
	}
	return NULL;
}

static void begin(void)
{
	append("0.log", CRI "F 1\n");
	follow("0.log");
	assert_int_equal(file_at(0)->state, FILE_READING);
}

/* The runtime's descriptor is open: nobody has closed the file. */
static int begin_ending(void)
{
	int fd;

	begin();
	fd = open(path_of("0.log"), O_WRONLY | O_APPEND);
	move("0.log", OLD);
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	return fd;
}

static void begin_drained(void)
{
	close(begin_ending());
	append("0.log", CRI "F 2\n");
	settle();
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
	assert_int_equal(file_at(1)->state, FILE_READING);
	assert_int_not_equal(file_at(0)->fd, -1);
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void reading_new_bytes(void)
{
	begin();
	append("0.log", CRI "F 2\n");
	pass(100 * NS_PER_SEC);
	assert_int_equal(file_at(0)->state, FILE_READING);
	want("1\n2\n");
}

static void reading_renamed(void)
{
	close(begin_ending());
	assert_string_equal(file_at(0)->name->name, OLD);
}

static void reading_deleted(void)
{
	int fd;

	begin();
	fd = open(path_of("0.log"), O_WRONLY | O_APPEND);
	unlink(path_of("0.log"));
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	assert_null(file_at(0)->name);
	close(fd);
}

static void reading_replaced(void)
{
	begin();
	append("new", "");
	assert_int_equal(link(path_of("0.log"), path_of("elsewhere")), 0);
	move("new", "0.log");
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	assert_int_equal(file_at(1)->state, FILE_READING);
}

static void reading_truncated(void)
{
	begin();
	assert_int_equal(truncate(path_of("0.log"), 0), 0);
	settle();
	assert_int_equal(file_at(0)->state, FILE_READING);
	assert_int_equal(file_at(0)->offset, 0);
	assert_null(file_at(1)); /* the one before was drained, and is forgotten */
	append("0.log", CRI "F 2\n");
	settle();
	want("1\n2\n");
}

static void reading_target_gone(void)
{
	begin();
	follow("");
	assert_int_equal(w->source.n_tails, 0);
	append("0.log", CRI "F 2\n");
	follow("0.log"); /* from its position */
	want("1\n2\n");
}

static void ending_late_writes(void)
{
	int fd = begin_ending();

	put(fd, CRI "F late\n");
	pass(100 * NS_PER_SEC);
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	want("1\nlate\n");
	close(fd);
}

/* It was cut and deleted before anybody could look: the budget was full. */
static void ending_truncated(void)
{
	int fd;

	begin();
	fd = open(path_of("0.log"), O_WRONLY | O_APPEND);
	budget_charge(&w->budget, 1 << 20);
	assert_int_equal(ftruncate(fd, 0), 0);
	put(fd, CRI "F\n");
	unlink(path_of("0.log"));
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	budget_return(&w->budget, 1 << 20);
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING); /* the one before is forgotten */
	assert_null(file_at(0)->name);
	assert_null(file_at(1));
	want("1\n\n");
	close(fd);
}

static void ending_closed(void)
{
	int fd = begin_ending();

	put(fd, CRI "F last");
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	close(fd);
	settle();
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
	want("1\nlast\n");
}

static void ending_next_has_bytes(void)
{
	int fd = begin_ending();

	append("0.log", "");
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	append("0.log", CRI "F 2\n");
	settle();
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
	close(fd);
}

static void ending_quiet(void)
{
	int fd = begin_ending();

	unlink(path_of(OLD));
	pass(QUIET - NS_PER_SEC);
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	pass(2 * NS_PER_SEC);
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
	close(fd);
}

static void ending_own_name_again(void)
{
	int fd = begin_ending();

	move(OLD, "0.log"); /* the runtime could not reopen: kubelet takes it back */
	settle();
	assert_int_equal(file_at(0)->state, FILE_READING);
	assert_null(file_at(1));
	close(fd);
}

static void ending_broken_gz(void)
{
	int fd;

	begin();
	stop();
	append("0.log", CRI "F 2\n");
	move("0.log", OLD);
	compress(OLD);
	fd = open(path_of(OLD ".gz"), O_WRONLY);
	assert_int_equal(pwrite(fd, "\xff", 1, 32), 1); /* behind the name: no such block type */
	close(fd);
	append("0.log.20261122-100010", CRI "F 3\n");
	compress("0.log.20261122-100010");
	append("0.log", CRI "F 4\n");
	start();
	follow("0.log");
	/* Its head cannot be read either, so it is not the one that was known: see what is lost. */
	pass(2 * NS_PER_SEC);
	want("1\n3\n4\n");
	want_metric("invar_tail_lost_files_total{reason=\"broken_gz\"} 1\n");
}

static void ending_too_much_is_held(void)
{
	char line[1200];

	begin();
	memset(line, 'x', sizeof(line));
	memcpy(line, CRI "F ", strlen(CRI "F "));
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = 0;
	budget_charge(&w->budget, 1 << 20);
	append("0.log", line); /* the limit is 1000 bytes */
	unlink(path_of("0.log"));
	settle();
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	pass(2 * NS_PER_SEC);
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
	assert_int_equal(file_at(0)->fd, -1);
	want_metric("invar_tail_lost_files_total{reason=\"held_limit\"} 1\n");
	budget_return(&w->budget, 1 << 20);
	want("1\n");
}

/* Reading fails with EBADF, as its descriptor is one that was opened to be written. */
static void ending_unreadable(void)
{
	int fd = begin_ending();

	assert_int_equal(dup3(fd, file_at(0)->fd, O_CLOEXEC), file_at(0)->fd);
	put(fd, CRI "F 2\n");
	append("0.log", CRI "F 3\n");
	pass(UNREADABLE - 5 * NS_PER_SEC);
	assert_int_equal(file_at(0)->state, FILE_ENDING);
	want("1\n");
	pass(20 * NS_PER_SEC);
	want("3\n");
	want_metric("invar_tail_lost_files_total{reason=\"unreadable\"} 1\n");
	close(fd);
}

static void drained_grown(void)
{
	begin_drained();
	append(OLD, CRI "F late\n");
	loop_advance(w->loop, NS_PER_SEC);
	settle();
	want("1\n2\nlate\n");
	assert_int_equal(file_at(0)->state, FILE_DRAINED); /* by way of ending */
}

static void drained_failed(void)
{
	w->hold = true;
	begin_drained();
	w->hold = false;
	ack_fail(w->held[0]);
	settle();
	assert_int_equal(file_at(0)->rewind, 0); /* it waits for the other one */
	want("1\n2\n");
	ack_release(w->held[1]);
	settle();
	want("1\n2\n");
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
}

static void drained_lingered(void)
{
	begin_drained();
	pass(LINGER + NS_PER_SEC);
	assert_ptr_equal(file_at(0)->state, FILE_READING); /* the one before is forgotten */
	assert_null(file_at(1));
}

static void drained_waits_for_acks(void)
{
	w->hold = true;
	begin_drained();
	unlink(path_of(OLD));
	pass(10 * LINGER);
	assert_int_equal(file_at(0)->state, FILE_DRAINED);
	assert_int_not_equal(file_at(0)->fd, -1);
	w->hold = false;
	while (w->n_held)
		ack_release(w->held[--w->n_held]);
	pass(2 * NS_PER_SEC);
	assert_null(file_at(1));
}

static void closed_settled(void)
{
	w->hold = true;
	begin_drained();
	pass(10 * LINGER);
	assert_int_equal(file_at(0)->fd, -1); /* it has a name: it can be opened again */
	assert_non_null(file_at(1));
	w->hold = false;
	while (w->n_held)
		ack_release(w->held[--w->n_held]);
	settle();
	assert_null(file_at(1));
}

/* clang-format off */
/* In the order of the document. */
static const struct {
	const char *row;
	void (*test)(void);
} rows[] = {
	{"| reading | new bytes | reading |", reading_new_bytes},
	{"| reading | renamed | ending |", reading_renamed},
	{"| reading | deleted | ending |", reading_deleted},
	{"| reading | another file has its name | ending |", reading_replaced},
	{"| reading | shorter than what was read | drained; it begins anew as another file |",
		reading_truncated},
	{"| reading | its target is gone and all is read | closed, its position is kept |",
		reading_target_gone},
	{"| ending | late writes | ending |", ending_late_writes},
	{"| ending | shorter than what was read | drained; it begins anew as another file, which "
	 "is ending |",
		ending_truncated},
	{"| ending | at its end, and closed by its writer | drained |", ending_closed},
	{"| ending | at its end, and the next file has bytes | drained |", ending_next_has_bytes},
	{"| ending | at its end, without a name, quiet for 5 s | drained |", ending_quiet},
	{"| ending | the name is its own again | reading |", ending_own_name_again},
	{"| ending | compressed and broken | drained and closed, counted: `broken_gz` |",
		ending_broken_gz},
	{"| ending | deleted, and too much is held | drained and closed, counted: `held_limit` |",
		ending_too_much_is_held},
	{"| ending | unreadable for 10 min, a younger one waits | drained and closed, counted: "
	 "`unreadable` |",
		ending_unreadable},
	{"| drained | grown after all | ending |", drained_grown},
	{"| drained | a destination gave up on a part of it | ending, from there on |",
		drained_failed},
	{"| drained | 5 s old, with a name | closed |", drained_lingered},
	{"| drained | 5 s old, without a name, all acknowledged | closed |",
		drained_waits_for_acks},
	{"| closed | all acknowledged, and another file follows | forgotten |", closed_settled},
};
/* clang-format on */

static void test_every_row(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].row);
		assert_int_equal(set_up(state), 0);
		rows[i].test();
		buf_clear(&w->got);
		assert_int_equal(tear_down(state), 0);
	}
}

static void test_the_document_has_these_rows(void **state)
{
	struct buf text = {0};
	struct str rest;
	struct str line;
	size_t i = 0;

	(void)state;
	assert_int_equal(file_read("docs/delivery.md", &text, 1 << 20), 0);
	rest = buf_str(&text);
	while (str_cut(rest, '\n', &line, &rest)) {
		if (!str_starts(line, "| reading |") && !str_starts(line, "| ending |") &&
			!str_starts(line, "| drained |") && !str_starts(line, "| closed |"))
			continue;
		assert_true(i < sizeof(rows) / sizeof(rows[0]));
		assert_str(line, rows[i++].row);
	}
	assert_int_equal(i, sizeof(rows) / sizeof(rows[0]));
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_every_row), cmocka_unit_test(test_the_document_has_these_rows))
