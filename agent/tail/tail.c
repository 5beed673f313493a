/*
 * One followed path: from when a target names it until all of it is settled; which file has its
 * name, looked at whenever that may have changed. What is read of its files: step.c.
 */
#include "agent/tail/tail.h"

#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is due is done also while the budget is full and nothing is read: otherwise a log that could
 * not be opened at its rotation would be gone before there is room. */
static void on_timer(struct timer *timer)
{
	struct tail *t = container_of(timer, struct tail, timer);

	tail_tend(t);
	tailer_ready(t);
}

static struct metric *series(const struct metric_family *f, const struct tail *t)
{
	const struct metric_label labels[] = {{"component_id", t->source->id},
		{"component_path", "/"}, {"path", t->path}, {NULL, NULL}};

	return f ? metric_new(f, labels) : NULL;
}

struct tail *tail_new(struct tailer *owner, struct tail_source *s, struct str key,
	const struct labels *labels)
{
	struct tail *t = mem_new(struct tail, 1);

	t->tailer = owner;
	t->source = s;
	t->key = mem_new(char, key.n + 1);
	memcpy(t->key, key.p, key.n);
	t->path = strchr(t->key, '\n') + 1;
	t->labels = labels_hold(labels);
	t->timer.fire = on_timer;
	list_init(&t->in_name);
	list_init(&t->in_link_name);
	list_init(&t->files);
	list_init(&t->ready);
	list_add_last(&owner->all, &t->link);
	map_set(&owner->tails, key, t);
	t->m_lines = series(s->lines, t);
	t->m_bytes = series(s->bytes, t);
	t->m_size = series(s->size, t);
	tail_look(t);
	return t;
}

static void set_names(struct tail *t, struct tail_name *real, struct tail_name *link)
{
	struct tail_name *old = t->name;
	struct tail_name *old_link = t->link_name;

	t->name = real;
	t->link_name = link;
	/* A list that stays the same is not touched: its tails are looked at one after the
	 * other. The name of before may be the link of now: it is let go last. */
	if (old != real) {
		list_remove(&t->in_name);
		if (real)
			list_add_last(&real->tails, &t->in_name);
	}
	if (old_link != link) {
		list_remove(&t->in_link_name);
		if (link)
			list_add_last(&link->links, &t->in_link_name);
	}
	if (old && old != real)
		dir_name_release(old);
	if (old_link && old_link != link)
		dir_name_release(old_link);
}

bool tail_is_gone(const struct tail *t)
{
	return access(t->path, F_OK) == -1 && is_gone(errno);
}

/* Its bytes are nowhere any more. If the path still has a file, they may be in a compressed one. */
static void count_undelivered(struct tail_file *f)
{
	uint64_t from = f->acked < f->rewind ? f->acked : f->rewind;
	bool has_name;
	uint64_t size = file_size(f, &has_name);
	uint64_t end = size > f->offset ? size : f->offset;

	if (f->shadow || (f->fd == -1 ? !f->deleted : has_name) || end <= from ||
		!tail_is_gone(f->tail))
		return;
	tailer_lost(f->tail->tailer, LOST_UNDELIVERED, end - from);
	log_error(NULL, "lines of a deleted log were not delivered, they are lost",
		KV("path", f->tail->path), KV("bytes", (int64_t)(end - from)),
		KV("hint", "their destination did not take them before it was stopped or removed; "
			   "--shutdown.deadline is how long an end waits for it"));
}

void tail_free(struct tail *t)
{
	for (size_t i = 0; i < 2; i++) {
		t->records[i].ack = NULL; /* its chunk is freed below */
		buf_fini(&t->records[i].text);
	}
	t->open_ack = NULL;
	LIST_EACH (f, &t->files, struct tail_file, link)
		count_undelivered(f);
	while (!list_is_empty(&t->files))
		file_free(container_of(t->files.next, struct tail_file, link));
	set_names(t, NULL, NULL);
	timer_clear(&t->timer);
	list_remove(&t->ready);
	list_remove(&t->link);
	map_remove(&t->tailer->tails, str_from(t->key));
	metric_free(t->m_lines);
	metric_free(t->m_bytes);
	metric_free(t->m_size);
	labels_release(t->labels);
	free(t->seen);
	free(t->key);
	free(t);
}

/* A left tail's newest file may be tailed again one day: its position is kept. */
void tail_try_free(struct tail *t)
{
	if (t->source)
		return;
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->first)
			return;
	}
	LIST_EACH (f, &t->files, struct tail_file, link) {
		bool unread = !file_is_settled(f);

		if (f->shadow || shadow_release(f))
			continue;
		/* What was deleted unread may be there still, compressed. */
		if (unread || (!f->deleted && f->link.next == &t->files))
			positions_put(&t->tailer->unclaimed, file_position(f));
	}
	tail_free(t);
}

/* What was read of a file that is gone cannot be read again; what its writer has closed need not
 * be, and may be gone before it is. */
static void leave_file(struct tail_file *f)
{
	bool has_ended = file_has_ended(f);

	file_close(f);
	for (struct chunk *c = f->first; c && (f->deleted || has_ended); c = c->next)
		c->ack.last_chance = true;
}

void tail_leave(struct tail *t)
{
	struct tail_source *s = t->source;

	if (!s)
		return;
	lines_forget(t);
	t->source = NULL;
	t->left = true;
	timer_clear(&t->timer);
	list_remove(&t->ready);
	t->origin.more = false;
	LIST_EACH (f, &t->files, struct tail_file, link)
		leave_file(f);
	set_names(t, NULL, NULL);
	tailer_changed(t->tailer);
	tail_try_free(t);
	tail_source_left(s);
}

/* Where the file really lies: events come for that folder. If a link leads to no folder, only the
 * link's own tells of a change, and it is looked at again. */
static bool find_names(struct tail *t)
{
	struct tail_name *link = NULL;
	struct tail_name *name;
	char real[PATH_MAX];

	if (!link_target(t->path, real)) {
		if (!is_gone(errno))
			return false;
		t->retry_at = loop_now(t->tailer->loop) + RETRY;
		snprintf(real, sizeof(real), "%s", t->path);
	}
	name = dir_name(t->tailer, str_from(real));
	if (!name)
		return false;
	if (strcmp(real, t->path) != 0)
		link = dir_name(t->tailer, str_from(t->path));
	set_names(t, name, link == name ? NULL : link);
	return true;
}

/* Is the file younger than the agent? Then all of it is news, whatever from_end says. If the clock
 * was put back meanwhile, so is what was born in the time that came twice. */
static bool is_new(const struct tail *t, const struct tail_file *f)
{
	const struct tailer *o = t->tailer;
	int64_t now = o->started_wall + loop_now(o->loop) - o->started;
	int64_t back = now > loop_wall(o->loop) ? now - loop_wall(o->loop) : 0;

	return f->id.born && (int64_t)f->id.born >= o->started_wall - back;
}

static void end_others(struct tail *t)
{
	LIST_EACH (old, &t->files, struct tail_file, link) {
		if (old->state == FILE_READING)
			file_set_state(old, FILE_ENDING);
		if (old->name == t->name) /* its rename was not seen */
			file_set_name(old, NULL);
	}
}

/* The file of the tail's name is another than the one before: that one ends. */
static void take_file(
	struct tail *t, int fd, const struct file_id *id, uint64_t size, bool first)
{
	const struct tail_file *other = shadow_of(t, fd, id);
	struct position *known;
	struct tail_file *f;

	end_others(t);
	tailer_added(t->tailer);
	tailer_ready(t);
	if (other) {
		shadow_take(t, fd, other);
		t->retry_at = loop_now(t->tailer->loop) + RETRY;
		return;
	}
	f = file_new(t, fd, t->name);
	known = shadow_claim(t, fd, id, size);
	if (known)
		f->offset = known->offset;
	else if (first && t->source->from_end && !is_new(t, f))
		f->offset = size;
	f->acked = f->begin = f->offset;
	position_free(known);
	file_hash_head(f);
}

/* It was delivered, or is, by the name that it had before. */
static bool is_compressed(struct tail *t, int fd)
{
	char magic[2];

	if (!is_gz_name(t->path) || pread(fd, magic, 2, 0) != 2 ||
		memcmp(magic, "\x1f\x8b", 2) != 0)
		return false;
	if (!t->compressed)
		log_info(t->source->id, "a compressed log is not tailed", KV("path", t->path),
			KV("hint", "it is read by the name it had before, if that is followed; "
				   "leave it out by __path_exclude__"));
	t->compressed = true;
	return true;
}

/* f was closed; it has the tail's name again, or is here by another tail's leave. */
static void reopen(struct tail_file *f, int fd, const struct file_id *id)
{
	struct tail *t = f->tail;
	const struct tail_file *other = f->shadow ? shadow_of(t, fd, id) : NULL;

	if (other) {
		shadow_follow(f, other);
		close(fd);
		t->retry_at = loop_now(t->tailer->loop) + RETRY;
		return;
	}
	f->shadow = false;
	f->fd = fd;
	file_set_name(f, t->name);
	if (f->state == FILE_DRAINED)
		file_set_state(f, FILE_READING);
	file_rewind(f);
}

static void look_at(struct tail *t, int fd, bool first)
{
	struct tail_file *f;
	struct file_id id;
	struct stat st;

	if (file_identify(fd, "", &id) == -1 || fstat(fd, &st) == -1) {
		tail_trouble(t, "not a file that can be tailed", errno);
		close(fd);
		return;
	}
	t->unopened = false;
	if (is_compressed(t, fd)) {
		close(fd);
		return;
	}
	if (!t->unread && !t->unsure)
		tail_recovered(t);
	f = tail_file_of(t, &id);
	if (f && f->fd == -1 && !file_has_head(f, fd))
		f = NULL; /* the inode was freed, and taken again */
	if (!f) {
		take_file(t, fd, &id, (uint64_t)st.st_size, first);
		return;
	}
	if (f->fd == -1) {
		reopen(f, fd, &id);
	} else {
		close(fd);
		if (!f->name)
			file_set_name(f, t->name);
		if (f->state == FILE_ENDING && f->link.next == &t->files)
			file_set_state(f, FILE_READING); /* a rotation was taken back */
	}
	tailer_ready(t);
}

/* What was there before the file of the tail's name. False: it cannot be found out now. */
static bool look_back(struct tail *t, bool *first)
{
	int error;

	if (t->resumed) {
		*first = false;
		return !t->left || tail_rejoin(t);
	}
	error = t->tailer->load_error;
	if (!error)
		error = tail_note_siblings(t); /* what is rotated from here on, events tell */
	if (error)
		tail_block(t, "the folder of a log cannot be listed", error);
	if (error || !tail_resume(t))
		return false;
	*first = list_is_empty(&t->files);
	return true;
}

static void look_for_live(struct tail *t, bool first)
{
	int fd = open(t->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd != -1) {
		look_at(t, fd, first);
	} else if (!is_gone(errno)) {
		t->unopened = true;
		tail_trouble(t, "a log cannot be opened", errno);
	}
}

void tail_look(struct tail *t)
{
	bool first = false;

	if (!t->source || t->source->stopping)
		return;
	if (!find_names(t)) {
		if (!is_gone(errno))
			tail_trouble(t, "the folder of a log cannot be watched", errno);
		else
			t->retry_at = loop_now(t->tailer->loop) + RETRY;
	} else if (look_back(t, &first)) {
		t->resumed = true;
		t->left = false;
		look_for_live(t, first);
	}
	if (t->retry_at)
		tail_set_timer(t);
	tailer_ready(t);
}

void tail_tend(struct tail *t)
{
	if (!t->source || t->source->stopping || !t->retry_at ||
		loop_now(t->tailer->loop) < t->retry_at)
		return;
	t->retry_at = 0;
	if (t->unsure && t->resumed && t->name)
		tail_reconcile(t);
	if (!t->unsure)
		tail_look(t);
}
