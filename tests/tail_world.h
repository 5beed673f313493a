#pragma once

/* A tailer on files in a folder of its own, with a clock that is held, for the tests of agent/tail.
 * A test need not use all of it. */

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/flow/budget.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "agent/tail/tail.h"
#include "agent/tail/tailer.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CRI "2026-11-22T10:00:00Z stdout "

struct world {
	char dir[64];
	struct loop *loop;
	struct notify *notify;
	struct budget budget;
	struct tailer *tailer;
	struct tail_source source;
	struct receiver sink;
	struct receiver *to[1];
	struct buf got; /* lines, each with a newline */
	bool hold;      /* acks are kept instead of given back */
	struct ack *held[64];
	size_t n_held;
	char positions[96];
	bool stopped; /* the source has */
};

static struct world *w;

static inline void on_push(struct receiver *r, const struct entry *e)
{
	(void)r;
	buf_add_str(&w->got, e->line);
	buf_add_char(&w->got, '\n');
	if (w->hold && e->ack) {
		ack_hold(e->ack);
		w->held[w->n_held++] = e->ack;
	}
}

static inline const char *path_of(const char *name)
{
	static char paths[4][128];
	static size_t next;

	snprintf(paths[next = (next + 1) % 4], sizeof(paths[0]), "%s/%s", w->dir, name);
	return paths[next];
}

/* Of a new file, beside the folder. */
static inline uint64_t birth_now(void)
{
	char path[] = "/tmp/tail_birth.XXXXXX";
	int fd = mkstemp(path);
	struct file_id id;

	assert_int_not_equal(fd, -1);
	assert_int_equal(file_identify(fd, "", &id), 0);
	unlink(path);
	close(fd);
	assert_true(id.born > 0);
	return id.born;
}

/* The birth of what is made after it is later than that of what was made before. No clock tells:
 * a kernel that has given a fine time to one file gives none before that to another. */
static inline void next_birth(void)
{
	uint64_t first = birth_now();

	while (birth_now() == first)
		;
}

static inline void append(const char *name, const char *text)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_APPEND, 0640);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void move(const char *from, const char *to)
{
	assert_int_equal(rename(path_of(from), path_of(to)), 0);
}

static inline void settle(void)
{
	for (int i = 0; i < 12; i++) {
		loop_turn(w->loop, 0);
		loop_advance(w->loop, 15 * NS_PER_MS);
	}
}

static inline void pass(int64_t ns)
{
	loop_advance(w->loop, ns);
	settle();
}

static inline void follow(const char *name)
{
	struct label l[] = {{STR("filename"), str_from(path_of(name))}};
	const struct labels *labels = labels_intern(l, 1);
	struct tail_target t = {str_from(path_of(name)), labels};

	tail_source_set(&w->source, &t, name[0] ? 1 : 0);
	labels_release(labels);
	settle();
}

/* names, with a space after each. */
static inline void follow_all(const char *names)
{
	struct tail_target t[8];
	char path[8][128];
	size_t n = 0;
	struct str rest = str_from(names);
	struct str name;

	while (str_cut(rest, ' ', &name, &rest)) {
		struct label l[1];

		snprintf(path[n], sizeof(path[n]), "%s/" STR_FMT, w->dir, STR_ARG(name));
		l[0] = (struct label){STR("filename"), str_from(path[n])};
		t[n] = (struct tail_target){str_from(path[n]), labels_intern(l, 1)};
		n++;
	}
	tail_source_set(&w->source, t, n);
	for (size_t i = 0; i < n; i++)
		labels_release(t[i].labels);
	settle();
}

static inline void want(const char *text)
{
	assert_str(buf_str(&w->got), text);
	buf_clear(&w->got);
}

static inline void want_metric(const char *line)
{
	struct buf shown = {0};

	metric_print_all(&shown);
	buf_add_char(&shown, 0);
	if (!strstr(shown.p, line))
		print_error("no %s in\n%s\n", line, shown.p);
	assert_non_null(strstr(shown.p, line));
	buf_fini(&shown);
}

static inline void want_nothing_lost(void)
{
	struct buf shown = {0};
	struct str rest;
	struct str line;

	metric_print_all(&shown);
	rest = buf_str(&shown);
	while (str_cut(rest, '\n', &line, &rest)) {
		if (str_starts(line, "invar_tail_lost_"))
			assert_true(str_ends(line, " 0"));
	}
	buf_fini(&shown);
}

static inline void on_source_stopped(struct tail_source *s)
{
	(void)s;
	w->stopped = true;
}

static inline void start(void)
{
	struct tailer_settings set = {.loop = w->loop,
		.notify = w->notify,
		.budget = &w->budget,
		.positions = w->positions,
		.held_limit = 1000,
		.save = true};

	w->tailer = tailer_new(&set);
	w->source = (struct tail_source){.id = "test", .to = {w->to, 1}, .format = TAIL_CONTAINER};
	w->source.stopped = on_source_stopped;
	tail_source_start(&w->source, w->tailer);
}

/* What it has left to read is not waited for. */
static inline void stop(void)
{
	w->stopped = tail_source_stop(&w->source);
	tailer_free(w->tailer);
	w->n_held = 0; /* the chunks are gone with the tailer, unsettled */
}

static inline int set_up(void **state)
{
	w = calloc(1, sizeof(*w));
	*state = w;
	snprintf(w->dir, sizeof(w->dir), "/tmp/tail_test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->positions, sizeof(w->positions), "%s/positions.jsonl", w->dir);
	w->loop = loop_new();
	loop_fake_clock(w->loop, NS_PER_SEC, 1800000000 * NS_PER_SEC);
	w->notify = notify_new(w->loop);
	budget_init(&w->budget, 1 << 20);
	w->sink.push = on_push;
	w->to[0] = &w->sink;
	start();
	return 0;
}

static inline int tear_down(void **state)
{
	char command[128];

	(void)state;
	stop();
	settle();
	notify_free(w->notify);
	loop_free(w->loop);
	buf_fini(&w->got);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	assert_int_equal(labels_interned(), 0);
	return 0;
}

static inline int system_in_dir(const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "cd %s && %s", w->dir, text);
	return system(command);
}

static inline void compress(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "gzip %s", path_of(name));
	assert_int_equal(system(command), 0);
}
