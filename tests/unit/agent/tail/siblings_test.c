/*
 * A random life of one container's log, against the real tailer: lines of two streams, pieces,
 * rotations as kubelet does them (rename, late writes, reopening, compression of the one
 * before), slow and refused acknowledgements, a full budget, stops, and kills that lose
 * what was not saved. In the end every line must have been acknowledged in some life of the agent,
 * whole, in the order of its stream within a life; and only once if nothing was killed or held.
 *
 * TAIL_MODEL_SEED=n repeats one run; TAIL_MODEL_RUNS=n makes more of them.
 */
#include "agent/tail/tail.h"

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/flow/budget.h"
#include "agent/loop/file.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINES 4000
#define MAX_HELD 20000

static struct {
	uint64_t random;
	char dir[64];
	char positions[96];
	struct loop *loop;
	struct notify *notify;
	struct budget budget;
	bool full;
	struct tailer *tailer;
	struct tail_source source;
	struct receiver sink;
	struct receiver *to[1];

	int fd;       /* the runtime's */
	int old_fd;   /* of the rotated file, closed late; -1: none */
	char old[64]; /* the newest rotated name, not compressed yet; empty: none */
	int rotations;
	int lines;        /* written so far */
	int ticks;        /* of the runtime's clock */
	int open_line[2]; /* a record in pieces of this stream; -1: none */
	bool clean;       /* nothing was held over a stop, nothing was killed */

	struct {
		struct ack *ack;
		int line;
	} held[MAX_HELD];
	size_t n_held;
	bool hold;
	int last[2]; /* of each stream, in this life */
	int pushed[MAX_LINES];
	int acked[MAX_LINES];
	unsigned stream_of[MAX_LINES];
} w;

static uint64_t dice(uint64_t n)
{
	w.random ^= w.random << 13;
	w.random ^= w.random >> 7;
	w.random ^= w.random << 17;
	return w.random % n;
}

static const char *path_of(const char *name)
{
	static char paths[4][160];
	static size_t next;

	snprintf(paths[next = (next + 1) % 4], sizeof(paths[0]), "%s/%s", w.dir, name);
	return paths[next];
}

/* "12:abcabc." : the number, filler, and a full stop that shows that it is whole. */
static void on_push(struct receiver *r, const struct entry *e)
{
	char text[512];
	int line;

	(void)r;
	assert_true(e->line.n < sizeof(text));
	memcpy(text, e->line.p, e->line.n);
	text[e->line.n] = 0;
	/* A file that is read again from its beginning, after a kill, may begin with the end of a
	 * record of the one before: a repeated end, never a lost one. */
	if (!strchr(text, ':') && !w.clean)
		return;
	if (!strchr(text, ':'))
		fail_msg("the end of a record came alone: %s", text);
	line = (int)strtol(text, NULL, 10);
	assert_in_range(line, 0, w.lines - 1);
	assert_int_equal(text[e->line.n - 1], '.');
	assert_int_equal(strspn(strchr(text, ':') + 1, "abc"), strlen(strchr(text, ':')) - 2);
	assert_true(line > w.last[w.stream_of[line]]);
	w.last[w.stream_of[line]] = line;
	w.pushed[line]++;
	if (!w.hold || !e->ack) {
		w.acked[line]++;
		return;
	}
	assert_true(w.n_held < MAX_HELD);
	ack_hold(e->ack);
	w.held[w.n_held].ack = e->ack;
	w.held[w.n_held++].line = line;
}

static void release_some(size_t keep)
{
	while (w.n_held > keep) {
		size_t i = dice(w.n_held);
		struct ack *ack = w.held[i].ack;

		w.acked[w.held[i].line]++;
		w.held[i] = w.held[--w.n_held];
		ack_release(ack);
	}
}

static void turns(int n)
{
	while (n-- > 0) {
		loop_turn(w.loop, 0);
		while (w.tailer && w.tailer->write.busy) /* by a thread, in no fixed time */
			loop_turn(w.loop, NS_PER_MS);
		loop_advance(w.loop, 15 * NS_PER_MS);
	}
}

/* One CRI line, with a time of its own, as a runtime would write it. */
static void put(int fd, unsigned stream, char tag, const char *content)
{
	char text[256];

	snprintf(text, sizeof(text), "2026-11-22T10:00:00.%09dZ %s %c %s\n", ++w.ticks,
		stream ? "stderr" : "stdout", tag, content);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* A record, whole or a piece of one; a piece's end follows later, maybe in the next file. */
static void write_line(int fd)
{
	unsigned s = (unsigned)dice(2);
	char text[64];

	if (w.open_line[s] >= 0) {
		bool end = dice(2);

		put(fd, s, end ? 'F' : 'P', end ? "bc." : "b");
		if (end)
			w.open_line[s] = -1;
		return;
	}
	if (w.lines == MAX_LINES)
		return;
	w.stream_of[w.lines] = s;
	if (dice(6) == 0) {
		w.open_line[s] = w.lines;
		snprintf(text, sizeof(text), "%d:a", w.lines++);
		put(fd, s, 'P', text);
	} else {
		snprintf(text, sizeof(text), "%d:abc.", w.lines++);
		put(fd, s, 'F', text);
	}
}

static void write_lines(int fd, uint64_t most)
{
	for (uint64_t n = dice(most) + 1; n > 0; n--)
		write_line(fd);
}

static void reopen(void)
{
	w.fd = open(path_of("0.log"), O_WRONLY | O_CREAT | O_APPEND, 0640);
	assert_int_not_equal(w.fd, -1);
}

static void close_old(void)
{
	if (w.old_fd == -1)
		return;
	close(w.old_fd);
	w.old_fd = -1;
}

/* The five steps of kubelet, with what the runtime does meanwhile. */
static void rotate(bool slowly)
{
	char command[512];
	char name[64];

	close_old();
	if (w.old[0]) {
		snprintf(command, sizeof(command),
			"cd %s && gzip -c %s > %s.tmp && mv %s.tmp %s.gz && rm %s", w.dir, w.old,
			w.old, w.old, w.old, w.old);
		assert_int_equal(system(command), 0);
	}
	snprintf(name, sizeof(name), "0.log.20261122-%06d", ++w.rotations);
	assert_int_equal(rename(path_of("0.log"), path_of(name)), 0);
	snprintf(w.old, sizeof(w.old), "%s", name);
	w.old_fd = w.fd;
	if (slowly)
		turns((int)dice(3));
	if (dice(2))
		write_lines(w.old_fd, 4);
	if (slowly)
		turns((int)dice(3));
	reopen();
	/* the runtime has the new file, the last writes to the old one come now */
	if (dice(3) == 0)
		write_lines(w.old_fd, 2);
	if (slowly)
		turns((int)dice(2));
	close_old();
}

static void start(void)
{
	struct tailer_settings set = {.loop = w.loop,
		.notify = w.notify,
		.budget = &w.budget,
		.positions = w.positions,
		.save = true};
	struct tail_target target;

	w.last[0] = w.last[1] = -1;
	w.tailer = tailer_new(&set);
	w.source = (struct tail_source){.id = "t", .to = {w.to, 1}, .format = TAIL_CONTAINER};
	tail_source_start(&w.source, w.tailer);
	target = (struct tail_target){str_from(path_of("0.log")), labels_empty()};
	tail_source_set(&w.source, &target, 1);
	labels_release(target.labels);
}

/* kill: what is saved later than now is as if it had not been. */
static void stop(bool kill)
{
	struct buf saved = {0};

	if (kill)
		file_read(w.positions, &saved, 1 << 20);
	if (kill || w.n_held)
		w.clean = false;
	tail_source_stop(&w.source);
	tailer_free(w.tailer);
	w.tailer = NULL;
	w.n_held = 0;
	if (kill && saved.n)
		file_replace(w.positions, buf_str(&saved));
	buf_fini(&saved);
}

/* No record stays open for long: what has no end for seconds is sent as it is. */
static void end_records(void)
{
	for (unsigned i = 0; i < 2; i++) {
		if (w.open_line[i] >= 0)
			put(w.fd, i, 'F', "c.");
		w.open_line[i] = -1;
	}
}

/* While the agent is away kubelet keeps at most five files: two rotations lose nothing. */
static void away(void)
{
	stop(dice(2));
	for (uint64_t n = dice(3); n > 0; n--) {
		write_lines(w.fd, 5);
		rotate(false);
	}
	write_lines(w.fd, 5);
	start();
}

static void step(bool gentle)
{
	if (dice(2))
		end_records();
	switch (dice(gentle ? 9 : 12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		write_lines(w.fd, 8);
		break;
	case 4:
		rotate(true);
		break;
	case 5: /* faster than the agent looks */
		rotate(false);
		write_lines(w.fd, 3);
		if (dice(3) == 0)
			rotate(false);
		break;
	case 6:
		w.hold = !gentle && dice(2);
		release_some(dice(w.n_held + 1));
		break;
	case 7:
		turns((int)dice(10));
		break;
	case 8:
		end_records();
		loop_turn(w.loop, 0);
		turns(2);
		loop_advance(w.loop, (int64_t)dice(2000) * NS_PER_MS);
		break;
	case 9:
		w.full = !w.full;
		if (w.full)
			budget_charge(&w.budget, 1000);
		else
			budget_return(&w.budget, 1000);
		break;
	default:
		away();
		break;
	}
	turns((int)dice(3));
}

static void finish(void)
{
	w.hold = false;
	if (w.full)
		budget_return(&w.budget, 1000);
	w.full = false;
	end_records();
	close_old();
	turns(10);
	release_some(0);
	for (int i = 0; i < 12; i++) {
		loop_advance(w.loop, NS_PER_SEC);
		turns(2);
	}
	stop(false);
}

static void run(uint64_t seed, bool gentle)
{
	char command[128];

	memset(&w, 0, sizeof(w));
	w.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	w.clean = true;
	w.old_fd = -1;
	w.open_line[0] = w.open_line[1] = -1;
	snprintf(w.dir, sizeof(w.dir), "/tmp/tail_model.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	snprintf(w.positions, sizeof(w.positions), "%s/positions", w.dir);
	w.loop = loop_new();
	loop_fake_clock(w.loop, NS_PER_SEC, 1800000000 * NS_PER_SEC);
	w.notify = notify_new(w.loop);
	budget_init(&w.budget, 1000);
	w.sink.push = on_push;
	w.to[0] = &w.sink;
	reopen();
	start();
	while (access(w.positions, F_OK) == -1) /* written by a thread */
		turns(1);
	for (uint64_t n = 60 + dice(80); n > 0; n--)
		step(gentle);
	finish();
	for (int i = 0; i < w.lines; i++) {
		if (w.acked[i] == 0 || (w.clean && w.acked[i] != 1))
			fail_msg("seed %llu: line %d of %d was acknowledged %d times, pushed %d",
				(unsigned long long)seed, i, w.lines, w.acked[i], w.pushed[i]);
	}
	close(w.fd);
	turns(4);
	notify_free(w.notify);
	loop_free(w.loop);
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	assert_int_equal(system(command), 0);
}

static void runs(bool gentle, uint64_t n)
{
	const char *seed = getenv("TAIL_MODEL_SEED");
	const char *more = getenv("TAIL_MODEL_RUNS");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;

	log_set(LOG_ERROR, LOG_LOGFMT);
	if (more)
		n = strtoull(more, NULL, 10);
	if (seed)
		n = 1;
	print_message("seeds %llu to %llu\n", (unsigned long long)first,
		(unsigned long long)(first + n - 1));
	for (uint64_t s = first; s < first + n; s++) {
		print_message("seed %llu\n", (unsigned long long)s);
		run(s, gentle);
	}
}

static void test_rotations_without_a_stop(void **state)
{
	(void)state;
	runs(true, 15);
}

static void test_anything(void **state)
{
	(void)state;
	runs(false, 25);
}

TESTS_RUN(cmocka_unit_test(test_rotations_without_a_stop), cmocka_unit_test(test_anything))
