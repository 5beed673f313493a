#pragma once

/* A folder of logs for a component's test, with what tails it: the inotify instance and the
 * tailer of the harness. Include after tests/component.h. */

#include "agent/base/timestamp.h"
#include "agent/loop/notify.h"
#include "agent/tail/tailer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct log_dir {
	char path[64];
	struct harness *h;
	struct tailer *tailer;
};

static inline void log_dir_init(struct log_dir *d, struct harness *h)
{
	struct tailer_settings set;

	snprintf(d->path, sizeof(d->path), "/tmp/log_dir.XXXXXX");
	assert_non_null(mkdtemp(d->path));
	d->h = h;
	h->agent.notify = notify_new(h->loop);
	h->agent.pod_logs = str_from(d->path);
	set = (struct tailer_settings){
		.loop = h->loop, .notify = h->agent.notify, .budget = h->agent.budget};
	d->tailer = tailer_new(&set);
	h->agent.tailer = d->tailer;
}

/* The graph must be stopped; the harness is freed with it. */
static inline void log_dir_fini(struct log_dir *d)
{
	char command[128];

	graph_stop(d->h->graph, harness_stopped, &d->h->stopped);
	for (int i = 0; i < 20 && !d->h->stopped; i++)
		loop_turn(d->h->loop, 0);
	assert_true(d->h->stopped);
	tailer_free(d->tailer);
	for (int i = 0; i < 4; i++) {
		loop_turn(d->h->loop, 0);
		loop_advance(d->h->loop, 20 * NS_PER_MS);
	}
	notify_free(d->h->agent.notify);
	graph_free(d->h->graph);
	loop_free(d->h->loop);
	buf_fini(&d->h->errors);
	assert_int_equal(labels_interned(), 0);
	snprintf(command, sizeof(command), "rm -rf %s", d->path);
	assert_int_equal(system(command), 0);
}

static inline void log_dir_settle(struct log_dir *d)
{
	for (int i = 0; i < 12; i++) {
		loop_turn(d->h->loop, 0);
		loop_advance(d->h->loop, 15 * NS_PER_MS);
	}
}

/* Makes the folders on the way, too. */
static inline void log_dir_append(struct log_dir *d, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	for (char *p = path + strlen(d->path) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		mkdir(path, 0755);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* text with @DIR@ as the folder's path. */
static inline void log_dir_expand(struct log_dir *d, const char *text, struct buf *out)
{
	struct str rest = str_from(text);
	ptrdiff_t at;

	buf_clear(out);
	while ((at = str_find(rest, STR("@DIR@"))) >= 0) {
		buf_add_str(out, str_head(rest, (size_t)at));
		buf_add_str(out, str_from(d->path));
		rest = str_from_at(rest, (size_t)at + 5);
	}
	buf_add_str(out, rest);
	buf_add_char(out, 0);
	out->n--;
}

/* What the sink has seen since the last time; times are left out. */
static inline void log_dir_want(struct log_dir *d, const char *want)
{
	struct buf expanded = {0};
	struct buf got = {0};
	struct str rest = buf_str(&harness_seen);
	struct str line;

	while (str_cut(rest, '\n', &line, &rest)) {
		struct str time;
		struct str after;

		if (!str_starts(line, "target ") && str_cut(line, ' ', &time, &after))
			line = after;
		buf_add_str(&got, line);
		buf_add_char(&got, '\n');
	}
	log_dir_expand(d, want, &expanded);
	assert_str(buf_str(&got), expanded.p);
	buf_clear(&harness_seen);
	buf_fini(&expanded);
	buf_fini(&got);
}

static inline bool log_dir_load(struct log_dir *d, const char *config)
{
	struct buf text = {0};
	bool ok;

	log_dir_expand(d, config, &text);
	ok = harness_load(d->h, text.p);
	buf_fini(&text);
	log_dir_settle(d);
	return ok;
}

/* h and d for each test of a file, and what makes and frees them, for a component of that type. */
#define LOG_DIR_FIXTURE(type) \
	extern const struct component_type type; \
	static struct harness h; \
	static struct log_dir d; \
	static int set_up(void **state) \
	{ \
		(void)state; \
		harness_init(&h, &(type)); \
		log_dir_init(&d, &h); \
		return 0; \
	} \
	static int tear_down(void **state) \
	{ \
		(void)state; \
		log_dir_fini(&d); \
		return 0; \
	}
