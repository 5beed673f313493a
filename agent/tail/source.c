/* A component's files: what is named now against what was named before. */
#include "agent/tail/tail.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/loop/file.h"
#include "agent/tail/import.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAX_IMPORT ((size_t)16 * 1024 * 1024)

static double count_tails(void *owner)
{
	const struct tail_source *s = owner;

	return (double)s->n_tails;
}

void tail_source_start(struct tail_source *s, struct tailer *t)
{
	const struct metric_label labels[] = {{"component_id", s->id}, {"component_path", "/"},
		{NULL, NULL}};

	s->tailer = t;
	if (s->active) {
		s->m_active = metric_new(s->active, labels);
		metric_set_reader(s->m_active, count_tails, s);
	}
}

static void forget_import(struct tail_source *s)
{
	if (s->import)
		import_fini(s->import);
	free(s->import);
	s->import = NULL;
}

bool tail_source_import(struct tail_source *s, const char *file)
{
	struct import *i = mem_new(struct import, 1);
	struct buf text = {0};
	struct err e = {0};
	struct stat st;
	int error = stat(file, &st) == -1 ? errno : file_read(file, &text, MAX_IMPORT);

	forget_import(s);
	if (error)
		err_set(&e, "%s", strerror(error));
	else if (import_parse(i, buf_str(&text), &e)) {
		i->written = st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec;
		i->file = mem_text(str_from(file));
		s->import = i;
	}
	buf_fini(&text);
	if (s->import)
		return true;
	free(i);
	if (error != ENOENT && error != ENOTDIR)
		log_warn(s->id, "the positions of another agent cannot be taken over",
			KV("file", file), KV("error", e.text),
			KV("hint", "its logs are read from their beginning; Loki drops what is "
				   "identical"));
	return error != ENOENT && error != ENOTDIR;
}

/* Once, when the first of its files were found. */
static void say_import(struct tail_source *s)
{
	struct import *i = s->import;

	if (!i || i->said || i->taken == 0)
		return;
	i->said = true;
	log_info(s->id, "logs are read on from where another agent stopped", KV("file", i->file),
		KV("positions", i->n), KV("taken", i->taken));
}

static void set_labels(struct tail *t, const struct labels *labels)
{
	const struct labels *old = t->labels;

	t->labels = labels_hold(labels);
	labels_release(old);
}

/* A tail of this key, whether it is in use, being left or read out, or waits for its last acks. */
static struct tail *revive(struct tail_source *s, struct str key, const struct labels *labels)
{
	struct tail *t = map_find(&s->tailer->tails, key);

	if (!t) {
		s->n_tails++;
		return tail_new(s->tailer, s, key, labels);
	}
	t->leaving = false;
	set_labels(t, labels);
	if (t->source != s) {
		struct tail_source *before = t->source; /* of the same name, and stopping */

		t->source = s;
		s->n_tails++;
		if (before)
			tail_source_left(before);
		tail_look(t);
	}
	return t;
}

/* The tails of a path are numbered; the first has no number in its key. */
static struct tail *nth_tail(
	const struct tail_source *s, const struct tail_target *v, size_t i, struct buf *key)
{
	buf_clear(key);
	buf_add_str(key, str_from(s->id));
	if (i)
		buf_printf(key, "#%zu", i + 1);
	buf_printf(key, "\n" STR_FMT, STR_ARG(v->path));
	return map_find(&s->tailer->tails, buf_str(key));
}

/* The tail that has this path and these labels goes on. False: there is none. */
static bool keep_tail(struct tail_source *s, const struct tail_target *v, struct buf *key)
{
	struct tail *t;

	for (size_t i = 0; (t = nth_tail(s, v, i, key)); i++) {
		if (t->labels != v->labels)
			continue;
		revive(s, buf_str(key), v->labels)->round = s->round;
		return true;
	}
	return false;
}

/* Two targets with one path are one tail if their labels are equal, else a tail each. Those that go
 * on as they are have been found before: of the others the first that is free has new labels. */
static void name_target(struct tail_source *s, const struct tail_target *v, struct buf *key)
{
	for (size_t i = 0;; i++) {
		const struct tail *t = nth_tail(s, v, i, key);

		if (t && t->source == s && t->round == s->round) {
			if (t->labels == v->labels)
				return;
			continue;
		}
		revive(s, buf_str(key), v->labels)->round = s->round;
		return;
	}
}

static bool is_known(const struct tail_source *s, const struct tail_target *v, struct buf *key)
{
	return nth_tail(s, v, 0, key) ||
	       positions_has(&s->tailer->unclaimed, buf_str(key));
}

/* First those that were read before: a new name may be one that a rotation has given to a file of
 * theirs. */
void tail_source_set(struct tail_source *s, const struct tail_target *v, size_t n)
{
	bool *done = mem_new(bool, n + 1);
	struct buf key = {0};

	s->round++;
	for (size_t i = 0; i < n; i++)
		done[i] = keep_tail(s, &v[i], &key);
	for (size_t i = 0; i < n; i++) {
		if (done[i] || !is_known(s, &v[i], &key))
			continue;
		name_target(s, &v[i], &key);
		done[i] = true;
	}
	for (size_t i = 0; i < n; i++) {
		if (!done[i])
			name_target(s, &v[i], &key);
	}
	free(done);
	buf_fini(&key);
	say_import(s);
	if (s->round == 1) /* all that it has is new; there may be thousands of sources */
		return;
	LIST_EACH (t, &s->tailer->all, struct tail, link) {
		if (t->source != s || t->round == s->round || t->leaving)
			continue;
		t->leaving = true;
		tailer_ready(t);
	}
}

static void finish(struct tail_source *s)
{
	must(s->n_tails == 0);
	forget_import(s);
	metric_free(s->m_active);
	s->m_active = NULL;
	s->stopping = false;
}

static void on_done(struct task *task)
{
	struct tail_source *s = container_of(task, struct tail_source, done);

	finish(s);
	s->stopped(s);
}

bool tail_source_stop(struct tail_source *s)
{
	s->stopping = true;
	LIST_EACH (t, &s->tailer->all, struct tail, link) {
		if (t->source == s)
			tail_end(t);
	}
	if (s->n_tails == 0) {
		finish(s);
		return true;
	}
	s->done.run = on_done;
	return false;
}

void tail_source_left(struct tail_source *s)
{
	s->n_tails--;
	if (s->n_tails == 0 && s->done.run)
		task_defer(&s->done, s->tailer->loop);
}
