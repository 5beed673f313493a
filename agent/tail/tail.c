/*
 * One followed path: which file is read, when a file has ended, what comes next. The table
 * of states is in tail.h. Decisions are made in tail_step(), at the end of what can be
 * read; events only say "look again".
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

void tail_free(struct tail *t)
{
	for (size_t i = 0; i < 2; i++) {
		t->records[i].ack = NULL; /* its chunk is freed below */
		buf_fini(&t->records[i].text);
	}
	t->open_ack = NULL;
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

/* Its bytes are nowhere any more. */
static void count_undelivered(struct tail_file *f)
{
	if (!f->failed || !f->deleted || f->rewind >= f->offset)
		return;
	tailer_lost(f->tail->tailer, LOST_UNDELIVERED, f->offset - f->rewind);
	log_error(NULL, "lines of a deleted log were not delivered, they are lost",
		KV("path", f->tail->path), KV("bytes", (int64_t)(f->offset - f->rewind)),
		KV("hint", "their destination was stopped or removed before it took them"));
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

		count_undelivered(f);
		if (f->shadow || shadow_release(f))
			continue;
		/* What was deleted unread may be there still, compressed. */
		if (unread || (!f->deleted && f->link.next == &t->files))
			positions_put(&t->tailer->unclaimed, file_position(f));
	}
	tail_free(t);
}

void tail_leave(struct tail *t)
{
	struct tail_source *s = t->source;

	if (!s)
		return;
	lines_forget(t);
	s->n_tails--;
	t->source = NULL;
	t->left = true;
	timer_clear(&t->timer);
	list_remove(&t->ready);
	LIST_EACH (f, &t->files, struct tail_file, link)
		file_close(f);
	set_names(t, NULL, NULL);
	tailer_changed(t->tailer);
	tail_try_free(t);
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

/* Is the file younger than the agent? Then all of it is news, whatever from_end says. If the clock
 * was put back meanwhile, so is what was born in the time that came twice. */
static bool is_new(const struct tail *t, const struct tail_file *f)
{
	const struct tailer *o = t->tailer;
	int64_t now = o->started_wall + loop_now(o->loop) - o->started;
	int64_t back = now > loop_wall(o->loop) ? now - loop_wall(o->loop) : 0;

	return f->born && (int64_t)f->born >= o->started_wall - back;
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
static void take_file(struct tail *t, int fd, const struct stat *st, bool first)
{
	const struct tail_file *other = shadow_of(t, fd, st);
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
	known = shadow_claim(t, fd, st);
	if (known)
		f->offset = known->offset;
	else if (first && t->source->from_end && !is_new(t, f))
		f->offset = (uint64_t)st->st_size;
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
static void reopen(struct tail_file *f, int fd, const struct stat *st)
{
	struct tail *t = f->tail;
	const struct tail_file *other = f->shadow ? shadow_of(t, fd, st) : NULL;

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
	struct stat st;
	int error = fstat(fd, &st) == -1 ? errno : S_ISREG(st.st_mode) ? 0
								       : EINVAL;

	if (error) {
		close(fd);
		tail_trouble(t, "not a file that can be tailed", error);
		return;
	}
	t->unopened = false;
	if (is_compressed(t, fd)) {
		close(fd);
		return;
	}
	if (!t->unread && !t->unsure)
		tail_recovered(t);
	f = tail_file_of(t, &st);
	if (f && f->fd == -1 && !file_has_head(f, fd))
		f = NULL; /* the inode was freed, and taken again */
	if (!f) {
		take_file(t, fd, &st, first);
		return;
	}
	if (f->fd == -1) {
		reopen(f, fd, &st);
	} else {
		close(fd);
		if (!f->name)
			file_set_name(f, t->name);
		if (f->state == FILE_ENDING && f->link.next == &t->files)
			file_set_state(f, FILE_READING); /* a rotation was taken back */
	}
	tailer_ready(t);
}

/* There is a file that could not be opened. */
static bool is_short_of(const struct tail *t)
{
	return t->unopened || t->unsure || t->blocked_since;
}

/* The next moment at which something is to be done without an event. */
static void set_timer(struct tail *t)
{
	int64_t now = loop_now(t->tailer->loop);
	int64_t at = INT64_MAX;

	if (t->retry_at)
		at = t->retry_at;
	if (lines_are_open(t) && t->join_since + JOIN_WAIT < at && !is_short_of(t))
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

	if (!t->source)
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
		set_timer(t);
	tailer_ready(t);
}

void tail_tend(struct tail *t)
{
	if (!t->source || !t->retry_at || loop_now(t->tailer->loop) < t->retry_at)
		return;
	t->retry_at = 0;
	if (t->unsure && t->resumed && t->name)
		tail_reconcile(t);
	if (!t->unsure)
		tail_look(t);
}

/* copytruncate: what was read is read; the file begins anew. */
static void on_truncated(struct tail_file *f)
{
	struct tail *t = f->tail;
	int fd = f->fd;
	struct tail_name *name = f->name ? f->name : t->name;

	log_info(t->source->id, "a log was truncated, it is read from its beginning",
		KV("path", t->path), KV("offset", (int64_t)f->offset));
	metric_add(t->tailer->m_truncations, 1);
	file_set_state(f, FILE_DRAINED);
	f->fd = -1; /* it is the next one's */
	file_new(t, fd, name);
	file_set_name(f, NULL);
}

static ssize_t read_block(struct tail_file *f, size_t n)
{
	struct tailer *t = f->tail->tailer;
	ssize_t got;

	if (t->block_n < n) {
		t->block = mem_resize(t->block, n);
		t->block_n = n;
	}
	do {
		got = f->gz ? gz_read(f->gz, t->block, n, f->offset)
			    : pread(f->fd, t->block, n, (off_t)f->offset);
	} while (got == -1 && errno == EINTR);
	return got;
}

static void push_chunk(struct tail_file *f, struct str bytes, bool whole_lines)
{
	struct chunk *c = chunk_new(f, f->offset + bytes.n); /* from f->offset on */
	struct tail *t = f->tail;

	f->offset += bytes.n;
	if (whole_lines)
		lines_push(t, bytes, c);
	else
		lines_push_rest(t, bytes, c);
	ack_release(&c->ack);
}

/* The lines at the head of bytes that are acknowledged together. */
static size_t chunk_size(struct str bytes)
{
	const char *end;

	if (bytes.n <= CHUNK)
		return bytes.n;
	end = memrchr(bytes.p, '\n', CHUNK);
	if (!end)
		end = memchr(bytes.p + CHUNK, '\n', bytes.n - CHUNK);
	return end ? (size_t)(end - bytes.p) + 1 : bytes.n;
}

static void push_bytes(struct tail_file *f, struct str bytes, bool whole_lines)
{
	struct tail *t = f->tail;

	f->changed = loop_now(t->tailer->loop);
	if (t->m_bytes)
		metric_add(t->m_bytes, (double)bytes.n);
	while (bytes.n > 0) {
		size_t n = whole_lines ? chunk_size(bytes) : bytes.n;

		push_chunk(f, str_head(bytes, n), whole_lines);
		bytes = str_from_at(bytes, n);
	}
}

enum got {
	GOT_MORE, /* there may be more at once */
	GOT_ALL,  /* the end was reached */
	GOT_ERROR,
};

/* One block of whole lines. A line longer than a block is read again in a larger one. */
static enum got read_lines(struct tail_file *f)
{
	size_t want = BLOCK;
	ssize_t got;
	const char *end;

	for (;;) {
		got = read_block(f, want);
		if (got == -1)
			return GOT_ERROR;
		end = got ? memrchr(f->tail->tailer->block, '\n', (size_t)got) : NULL;
		if (end || (size_t)got < want || want >= MAX_LINE)
			break;
		want *= 2;
	}
	if (end) {
		size_t n = (size_t)(end - f->tail->tailer->block) + 1;

		push_bytes(f, (struct str){f->tail->tailer->block, n}, true);
	} else if ((size_t)got == want) {
		metric_add(f->tail->tailer->m_split, 1);
		push_bytes(f, (struct str){f->tail->tailer->block, (size_t)got}, false);
	}
	return (size_t)got == want ? GOT_MORE : GOT_ALL;
}

/* The bytes behind the last newline of a file that nobody writes any more; and before them, what
 * was written after all since it was read. False and errno: they cannot be read. */
static bool read_rest(struct tail_file *f)
{
	ssize_t got = read_block(f, MAX_LINE);
	struct str bytes = {f->tail->tailer->block, got > 0 ? (size_t)got : 0};
	const char *end = bytes.n ? memrchr(bytes.p, '\n', bytes.n) : NULL;
	size_t lines = end ? (size_t)(end - bytes.p) + 1 : 0;

	if (lines > 0)
		push_bytes(f, str_head(bytes, lines), true);
	if (bytes.n > lines)
		push_bytes(f, str_from_at(bytes, lines), false);
	return got != -1;
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

/* While a file that lost its name may be followed by another one (a rotation takes the name away
 * for a moment, and with it the target), the tail is kept. */
static bool may_leave(const struct tail *t, const struct tail_file *f)
{
	if (!t->tailer->set.once && holds_deleted(t))
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
	if (!(t->unopened || (!t->resumed && t->blocked_since)) ||
		access(t->path, F_OK) == 0 || !is_gone(errno))
		return;
	tailer_lost(t->tailer, LOST_UNREADABLE, 0);
	log_error(t->source->id, "a log is gone that could not be opened while it was there",
		KV("path", t->path),
		KV("hint", "see what was said of it before: most often too few open files are "
			   "allowed, or a permission lacks"));
}

/* Of a file that is let go, and that no one can open again. */
static void read_last(struct tail_file *f)
{
	struct tail *t = f->tail;
	uint64_t size;
	bool has_name;
	bool ok = read_rest(f);

	size = file_size(f, &has_name);
	if (size <= f->offset)
		return;
	tailer_lost(t->tailer, LOST_UNREADABLE, size - f->offset);
	log_error(t->source->id, "the end of a deleted log cannot be read, it is lost",
		KV("path", t->path), KV("bytes", (int64_t)(size - f->offset)),
		KV("error", ok ? "it is still written" : strerror(errno)),
		KV("hint", "look at the node's disk"));
}

/* Will the other pieces of a record not come? They may be in a file that cannot be opened now. */
static bool has_waited(const struct tail *t)
{
	return lines_are_open(t) && !is_short_of(t) &&
	       loop_now(t->tailer->loop) - t->join_since >= JOIN_WAIT;
}

/* Nothing more can be read now. */
static void at_rest(struct tail *t)
{
	bool once = t->tailer->set.once != NULL;

	struct tail_file *f = newest(t);
	bool has_name = false;

	/* A rotation takes the target away too: the other pieces may be in the next file. */
	if (has_waited(t) || once || (t->leaving && may_leave(t, f)))
		lines_flush(t);
	if (once && f && f->fd != -1)
		read_rest(f);
	if (t->leaving && may_leave(t, f)) {
		if (f && file_size(f, &has_name) > f->offset && !has_name)
			read_last(f);
		if (f && !has_name)
			file_set_state(f, FILE_DRAINED);
		count_unopened(t);
		tail_leave(t);
		return;
	}
	set_timer(t);
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

	return f->state == FILE_READING && file_size(f, &has_name) < f->offset;
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
	tail_block(t, "a log cannot be read", error);
	size = file_size(f, &has_name);
	if (f->link.next != &t->files &&
		tail_may_skip(t, name, error, size > f->offset ? size - f->offset : 0)) {
		leave_out(f);
		return true;
	}
	set_timer(t);
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

bool tail_step(struct tail *t)
{
	struct tail_file *f;
	enum got got;

	if (t->failed && !read_again(t))
		return false;
	tail_tend(t);
	tend_drained(t);
	f = current(t);
	if (t->unsure) {
		set_timer(t);
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
	got = read_lines(f);
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
		if (!read_rest(f))
			return on_read_error(f, errno);
		file_set_state(f, FILE_DRAINED);
		return true;
	}
	at_rest(t);
	return false;
}
