/*
 * A tail's turn: which of its files is read, when one has ended, what is due without an event.
 * The table of states is in tail.h. Decisions are made here, at the end of what can be read;
 * events only say "look again".
 */
#include "agent/tail/tail.h"

#include "agent/base/log.h"
#include "agent/base/metric.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One that lost its name since then, or was deleted, stays before those that followed it. */
static void keep_ending(struct tail_file *next, const struct tail_file *f)
{
	next->state = FILE_ENDING;
	next->ended = f->ended;
	next->closed = f->closed;
	list_remove(&next->link);
	list_add_last(f->link.next, &next->link);
}

/* copytruncate: what was read is read; the file begins anew. */
static void on_truncated(struct tail_file *f)
{
	struct tail *t = f->tail;
	int fd = f->fd;
	bool ending = f->state == FILE_ENDING;
	struct tail_name *name = f->name || ending ? f->name : t->name;
	struct tail_file *next;

	log_info(t->source->id, "a log was truncated, it is read from its beginning",
		KV("path", t->path), KV("offset", (int64_t)f->offset));
	metric_add(t->tailer->m_truncations, 1);
	file_set_state(f, FILE_DRAINED);
	f->fd = -1; /* it is the next one's */
	next = file_new(t, fd, name);
	if (ending)
		keep_ending(next, f);
	file_set_name(f, NULL);
}

static struct tail_file *newest(struct tail *t)
{
	return list_is_empty(&t->files) ? NULL
					: container_of(t->files.prev, struct tail_file, link);
}

static struct tail_file *current(struct tail *t)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->state != FILE_DRAINED)
			return f;
	}
	return NULL;
}

/* There is a file that could not be opened. */
static bool is_short_of(const struct tail *t)
{
	return t->unopened || t->unsure || t->blocked_since;
}

/* The next moment at which something is to be done without an event. */
void tail_set_timer(struct tail *t)
{
	int64_t now = loop_now(t->tailer->loop);
	int64_t at = INT64_MAX;

	if (t->retry_at)
		at = t->retry_at;
	if (lines_are_open(t) && t->join_since + JOIN_WAIT < at &&
		(t->leaving || !is_short_of(t)))
		at = t->join_since + JOIN_WAIT;
	LIST_EACH (f, &t->files, struct tail_file, link) {
		bool told = f->name && now - f->changed >= QUIET; /* events will tell */

		if (f->state == FILE_ENDING && !told && now + RECHECK < at)
			at = now + RECHECK;
		if (f->state != FILE_DRAINED || f->fd == -1)
			continue;
		if (now - f->changed >= LINGER && now + RECHECK < at)
			at = now + RECHECK; /* it waits for its acks */
		else if (now - f->changed < LINGER && f->changed + LINGER < at)
			at = f->changed + LINGER;
	}
	if (at == INT64_MAX)
		timer_clear(&t->timer);
	else
		timer_set(&t->timer, t->tailer->loop, at > now ? at - now : 1);
}

static bool has_grown_successor(const struct tail_file *f)
{
	const struct tail_file *next;
	bool has_name;

	if (f->link.next == &f->tail->files)
		return false;
	next = container_of(f->link.next, struct tail_file, link);
	return next->state != FILE_READING || file_size(next, &has_name) > 0;
}

/* All of f has been read. Will there be more? */
static bool is_final(const struct tail_file *f)
{
	int64_t quiet = loop_now(f->tail->tailer->loop) - f->changed;
	bool has_name;

	if (f->state != FILE_ENDING)
		return false;
	if (f->closed || has_grown_successor(f))
		return true;
	file_size(f, &has_name);
	return !has_name && quiet >= QUIET;
}

/* A drained file that grew after all is read on; one that did not is closed in the end. */
static void tend_drained(struct tail *t)
{
	int64_t now = loop_now(t->tailer->loop);
	bool has_name;

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->state != FILE_DRAINED)
			continue;
		if (f->fd != -1 && file_size(f, &has_name) > f->offset)
			file_set_state(f, FILE_ENDING);
		else if (f->fd != -1 && now - f->changed >= LINGER && (has_name || !f->first))
			file_close(f);
		if (f->fd == -1 && !f->first && f->link.next != &t->files) {
			if (!f->shadow)
				shadow_release(f);
			file_free(f);
			tailer_changed(t->tailer);
		}
	}
}

/* A deleted file that is open may be read again, should its destination fail. */
static bool holds_deleted(const struct tail *t)
{
	bool has_name;

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->fd == -1 || !f->first || f->state != FILE_DRAINED)
			continue;
		file_size(f, &has_name);
		if (!has_name)
			return true;
	}
	return false;
}

/* Its runtime may still write to it, for it opens the next one late. */
static bool holds_ending(const struct tail *t)
{
	int64_t now = loop_now(t->tailer->loop);

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->state == FILE_ENDING && f->fd != -1 && now - f->changed < LINGER)
			return true;
	}
	return false;
}

static bool is_past_wait(const struct tail *t)
{
	return loop_now(t->tailer->loop) - t->join_since >= JOIN_WAIT;
}

/* A rotation takes a name away for a moment, and with it the target. So while a file that lost its
 * name may be followed by another one, or the end of an open record may come, the tail is kept. */
static bool may_leave(const struct tail *t, const struct tail_file *f)
{
	if (!t->tailer->set.once &&
		(holds_deleted(t) || holds_ending(t) ||
			(lines_are_open(t) && !is_past_wait(t))))
		return false;
	if (!f || f->state == FILE_READING)
		return true;
	return f->state == FILE_DRAINED &&
	       (t->tailer->set.once || f->fd == -1 ||
		       loop_now(t->tailer->loop) - f->changed >= LINGER);
}

/* It was there, could not be opened, and is not there any more. */
static void count_unopened(struct tail *t)
{
	if (!(t->unopened || (!t->resumed && t->blocked_since)) || !tail_is_gone(t))
		return;
	tailer_lost(t->tailer, LOST_UNREADABLE, 0);
	log_error(t->source->id, "a log is gone that could not be opened while it was there",
		KV("path", t->path),
		KV("hint", "see what was said of it before: most often too few open files are "
			   "allowed, or a permission lacks"));
}

static void give_up_rest(struct tail_file *f, const char *error)
{
	struct tail *t = f->tail;
	bool has_name;
	uint64_t size = file_size(f, &has_name);
	uint64_t bytes = size > f->offset ? size - f->offset : 0;

	tailer_lost(t->tailer, LOST_UNREADABLE, bytes);
	log_error(t->source->id, "the end of a deleted log cannot be read, it is lost",
		KV("path", t->path), KV("bytes", (int64_t)bytes), KV("error", error),
		KV("hint", "look at the node's disk"));
}

/* Of a file that is let go, and that no one can open again. */
static void read_last(struct tail_file *f)
{
	bool ok = file_read_rest(f);
	const char *error = ok ? "it is still written" : strerror(errno);
	bool has_name;

	if (file_size(f, &has_name) > f->offset)
		give_up_rest(f, error);
}

/* Will the other pieces of a record not come? They may be in a file that cannot be opened now. */
static bool has_waited(const struct tail *t)
{
	return lines_are_open(t) && !is_short_of(t) && is_past_wait(t);
}

/* If the process was stopped for so long, they may be in a file that no event has told of yet. */
static bool looks_again(struct tail *t)
{
	if (!has_waited(t) || t->join_looked)
		return false;
	t->join_looked = true;
	tail_reconcile(t);
	tailer_ready(t);
	return true;
}

/* Nothing more can be read now. */
static void at_rest(struct tail *t)
{
	bool once = t->tailer->set.once != NULL;

	struct tail_file *f = newest(t);
	bool has_name = false;

	if (looks_again(t))
		return;
	t->origin.more = is_short_of(t) && !t->leaving;
	/* A rotation takes the target away too: the other pieces may be in the next file. */
	if (has_waited(t) || once || (t->leaving && may_leave(t, f)))
		lines_flush(t);
	if (once && f && f->fd != -1)
		file_read_rest(f);
	if (t->leaving && may_leave(t, f)) {
		if (f && file_size(f, &has_name) > f->offset && !has_name)
			read_last(f);
		if (f && !has_name)
			file_set_state(f, FILE_DRAINED);
		count_unopened(t);
		tail_leave(t);
		return;
	}
	tail_set_timer(t);
}

/* What follows f must not wait for ever. */
static void leave_out(struct tail_file *f)
{
	f->tail->retry_at = 0;
	f->tail->unread = false;
	tail_recovered(f->tail);
	file_set_state(f, FILE_DRAINED);
	file_close(f);
}

static bool is_truncated(const struct tail_file *f)
{
	bool has_name;

	return f->state != FILE_DRAINED && file_size(f, &has_name) < f->offset;
}

/* A compressed file that is broken stays so. A plain one may be read again one day. */
static bool on_read_error(struct tail_file *f, int error)
{
	struct tail *t = f->tail;
	const char *name = f->name ? f->name->name : "";
	uint64_t size;
	bool has_name;

	if (f->gz && error == EBADMSG) {
		tailer_lost(t->tailer, LOST_GZ, 0);
		log_error(t->source->id, "a compressed log is broken, the rest of it is lost",
			KV("path", t->path), KV("file", name), KV("offset", (int64_t)f->offset),
			KV("hint", "look at the node's disk; the lines after this file are read"));
		leave_out(f);
		return true;
	}
	t->unread = true;
	t->origin.more = true;
	tail_block(t, "a log cannot be read", error);
	size = file_size(f, &has_name);
	if (f->link.next != &t->files &&
		tail_may_skip(t, name, error, size > f->offset ? size - f->offset : 0)) {
		leave_out(f);
		return true;
	}
	tail_set_timer(t);
	return false;
}

/*
 * What a destination gave up is read again, as after a restart: from where the position is, and
 * with it what follows in younger files. Before that, all else that was read must be settled, so
 * that nothing is on its way twice. False: it is not yet.
 */
static bool read_again(struct tail *t)
{
	bool older = false;

	lines_forget(t);
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->first)
			return false;
	}
	t->failed = false;
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (!older && f->rewind == UINT64_MAX)
			continue;
		if (!older)
			log_warn(t->source->id, "lines that no destination took are read again",
				KV("path", t->path), KV("offset", (int64_t)f->rewind));
		file_read_again(f, older);
		older = true;
	}
	t->left = !t->name || !tail_rejoin(t);
	tailer_changed(t->tailer);
	return true;
}

/* The first of its files that has unread bytes and no name, so that nobody can open it again. */
static struct tail_file *last_chance(struct tail *t)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		bool has_name = true;
		uint64_t size = file_size(f, &has_name);

		if (f->fd != -1 && !has_name &&
			(f->gz ? f->state != FILE_DRAINED : size > f->offset || is_truncated(f)))
			return f;
	}
	return NULL;
}

/* A record that is open is read again from its first piece by the next life, also if its file was
 * compressed; unless nothing has its name any more, or its end is not to come: the file may be gone
 * before it is read again. */
static void leave_at_end(struct tail *t)
{
	if (lines_are_open(t) && (file_has_ended(t->open_file) || tail_is_gone(t)))
		lines_flush(t);
	tail_leave(t);
}

void tail_end(struct tail *t)
{
	if (last_chance(t))
		tailer_ready(t);
	else
		leave_at_end(t);
}

/* A turn while its source stops. */
static bool read_out(struct tail *t)
{
	struct tail_file *f = last_chance(t);
	bool ok = false;

	if (!f) {
		leave_at_end(t);
		return false;
	}
	if (is_truncated(f)) {
		on_truncated(f);
		return true;
	}
	switch (file_read_lines(f)) {
	case GOT_MORE:
		return true;
	case GOT_ALL:
		ok = file_read_rest(f);
		break;
	case GOT_ERROR:
		break;
	}
	if (!ok) {
		give_up_rest(f, strerror(errno));
		file_close(f);
	}
	file_set_state(f, FILE_DRAINED);
	return true;
}

bool tail_step(struct tail *t)
{
	struct tail_file *f;
	enum got got;

	if (t->source->stopping)
		return read_out(t);
	if (t->failed && !read_again(t))
		return false;
	tail_tend(t);
	tend_drained(t);
	f = current(t);
	if (t->unsure) {
		t->origin.more = true;
		tail_set_timer(t);
		return false;
	}
	if (!f || f->fd == -1) {
		at_rest(t);
		return false;
	}
	if (is_truncated(f)) {
		on_truncated(f);
		return true;
	}
	got = file_read_lines(f);
	if (got == GOT_ERROR)
		return on_read_error(f, errno);
	if (t->unread) {
		t->unread = false;
		tail_recovered(t);
	}
	file_hash_head(f);
	if (got == GOT_MORE)
		return true;
	if (got == GOT_ALL && is_final(f)) {
		if (!file_read_rest(f))
			return on_read_error(f, errno);
		file_set_state(f, FILE_DRAINED);
		return true;
	}
	at_rest(t);
	return false;
}
