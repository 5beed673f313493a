/*
 * What was missed while the agent was away. The files that positions know are looked for in the
 * folder (listing.c), and read on from there; siblings younger than the last known one are read
 * whole.
 */
#include "agent/tail/listing.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/tail/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_inode(int fd, const struct sibling *s)
{
	struct file_id id;

	return file_identify(fd, "", &id) == 0 && file_id_is(&id, &s->id);
}

enum opened {
	OPENED,
	RENAMED, /* a rotation has given its name to another, or taken it away */
	BLOCKED, /* it cannot be opened now, and the tail is blocked */
};

static enum opened blocked(struct tail *t, const struct sibling *s, int error)
{
	if (is_gone(error))
		return RENAMED;
	if (tail_may_skip(t, s->name, error, 0))
		return OPENED;
	tail_block(t, "a rotated log cannot be opened", error);
	return BLOCKED;
}

static enum opened start_gz(struct tail_file *f, const struct sibling *s)
{
	struct tail *t = f->tail;
	int error = file_start_gz(f, s->known) == -1 ? errno : 0;

	if (error == EBADMSG) {
		tailer_lost(t->tailer, LOST_GZ, 0);
		log_error(t->source->id, "a rotated log is not what its name says, it is left out",
			KV("path", t->path), KV("file", s->name),
			KV("hint", "look at the node's disk; the lines after it are read"));
		error = 0;
		file_set_state(f, FILE_DRAINED);
	}
	if (!error)
		return OPENED;
	file_free(f);
	return blocked(t, s, error);
}

static enum opened open_sibling(struct tail *t, const struct sibling *s)
{
	struct tail_file *f;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return blocked(t, s, errno);
	if (!is_inode(fd, s)) {
		close(fd);
		return RENAMED;
	}
	f = file_new(t, fd, dir_name(t->tailer, str_from(path)));
	if (s->known) {
		f->offset = s->known->offset;
		f->acked = s->known->offset;
		f->begin = s->known->offset;
	}
	if (!is_gz_name(s->name))
		file_hash_head(f);
	if (str_is(str_from(t->name->name), s->name))
		return OPENED;
	file_set_state(f, FILE_ENDING);
	return is_gz_name(s->name) ? start_gz(f, s) : OPENED;
}

static bool is_found(const struct position *p, const struct siblings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i].known == p)
			return true;
	}
	return false;
}

/* Positions, before the first that was found, of files that were empty when they were saved, and
 * whose inode is gone: they may have been written and compressed since. Each is one of the
 * siblings before the known ones; those after are read anyway. */
static size_t lost_headless(const struct position *list, const struct siblings *s)
{
	size_t n = 0;

	for (; list && !is_found(list, s); list = list->next)
		n += list->head_n == 0;
	return n;
}

static bool has_file(const struct tail *t, const struct sibling *s)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (file_id_is(&f->id, &s->id))
			return true;
	}
	return false;
}

#define LOOK_BACK ((size_t)64 * 1024)

/* The beginning of the line that has the offset: the other agent may have read a part of it. */
static uint64_t line_start(int fd, uint64_t offset)
{
	size_t n = offset < LOOK_BACK ? (size_t)offset : LOOK_BACK;
	char *bytes = mem_new(char, n + 1);
	ssize_t got = pread(fd, bytes, n, (off_t)(offset - n));
	const char *end = got == (ssize_t)n && n ? memrchr(bytes, '\n', n) : NULL;

	if (end)
		offset = offset - n + (size_t)(end - bytes) + 1;
	else if (n == offset)
		offset = 0;
	free(bytes);
	return offset;
}

/* Was it there, and so long, when the other agent stopped? 0: yes; ENOENT: no; or another errno. */
static int is_meant(struct tail *t, const struct sibling *s, struct position *p)
{
	const struct import *i = t->source->import;
	int error = 0;
	struct file_id id;
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return errno;
	if (file_identify(fd, "", &id) == -1 || fstat(fd, &st) == -1)
		error = errno;
	else if ((uint64_t)st.st_size < p->offset || id.born > (uint64_t)i->written)
		error = ENOENT;
	else
		p->offset = line_start(fd, p->offset);
	close(fd);
	return error;
}

/* *at: which of them; s->n - 1 and no known: none, so it is another file, from its beginning. */
static int find_meant(struct tail *t, struct siblings *s, struct position *p, size_t *at)
{
	size_t live = s->n - 1;
	struct str base;
	int error;

	*at = live;
	error = is_meant(t, &s->p[live], p);
	if (is_gone(error) && live > 0 && !is_gz_name(s->p[live - 1].name) &&
		(is_rotated_name(str_from(s->p[live - 1].name), &base) ||
			is_numbered_name(str_from(s->p[live - 1].name), &base))) {
		error = is_meant(t, &s->p[live - 1], p);
		*at = error ? live : live - 1;
	}
	if (!error)
		s->p[*at].known = p;
	return is_gone(error) ? 0 : error;
}

/* Files that are being opened for the first time: all, or none. */
static void close_all(struct tail *t)
{
	LIST_EACH (f, &t->files, struct tail_file, link)
		file_free(f);
}

/* Another agent has read a part of it: of the file of the name, or, if that is younger than its
 * word, of the one that had the name before, as long as that is not compressed. */
static bool resume_import(struct tail *t, const struct import_entry *e)
{
	struct siblings s = {0};
	struct position p = {.offset = e->offset};
	bool ok = siblings_list(t, NULL, &s);
	size_t at = s.n;
	int error;

	if (ok && s.n && str_is(str_from(t->name->name), s.p[s.n - 1].name)) {
		error = find_meant(t, &s, &p, &at);
		if (error)
			tail_block(t, "it cannot be found out which logs were rotated", error);
		ok = !error;
		if (ok && s.p[at].known)
			t->source->import->taken++;
		for (; at < s.n && ok; at++)
			ok = open_sibling(t, &s.p[at]) != BLOCKED;
		if (!ok)
			close_all(t);
		tailer_added(t->tailer);
	}
	siblings_fini(&s);
	return ok;
}

/* The file of the name was cut and begun anew (copytruncate): what was not read of it is in a
 * copy, if one was made. What is older than that was read, as was the cut one. */
static size_t after_cut(struct siblings *s)
{
	size_t i = s->n - 1;

	while (i > 0 && !s->p[i].copy)
		i--;
	if (!s->p[i].copy)
		return s->n - 1;
	s->p[i].known = s->p[i].copy;
	return i;
}

/* The first of them that is to be read. Those that positions know and that are not there are
 * marked; if none is, it was rotated more than once, or is another file: the rest is younger. */
static size_t first_unread(struct position *list, struct siblings *s)
{
	size_t headless = lost_headless(list, s);
	size_t first = 0;

	while (first < s->n && !s->p[first].known)
		first++;
	if (first == s->n && s->n && s->p[s->n - 1].is_cut)
		first = after_cut(s);
	for (struct position *p = list; p; p = p->next)
		p->missing = !is_found(p, s) && (p->head_n > 0 || first == s->n);
	if (first == s->n)
		return 0;
	return first - (headless < first ? headless : first);
}

/* Is a log that no position knows, with a rotated name, younger than the agent's last life (or,
 * if it never lived before, than this one)? All of a container that has come since is unread. */
static bool is_news(const struct tail *t, const struct sibling *s)
{
	char path[4096];
	struct str base;
	struct file_id id;

	if (t->source->from_end || (!is_rotated_name(str_from(s->name), &base) &&
					   !is_numbered_name(str_from(s->name), &base)))
		return false;
	if (!str_is(base, t->name->name))
		return false;
	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	return file_identify(AT_FDCWD, path, &id) == -1 ||
	       id.born >= (uint64_t)t->tailer->news_since;
}

/* RENAMED: what was opened stays so. */
static enum opened open_siblings(struct tail *t, struct position *list)
{
	enum opened got = OPENED;
	struct siblings s = {0};
	size_t i = 0;

	if (!siblings_list(t, list, &s))
		return BLOCKED;
	if (list)
		i = first_unread(list, &s);
	for (; i < s.n && got == OPENED; i++) {
		if (!has_file(t, &s.p[i]) && (list || is_news(t, &s.p[i])))
			got = open_sibling(t, &s.p[i]);
	}
	siblings_fini(&s);
	return got;
}

static bool resume(struct tail *t, struct position *list)
{
	enum opened got = RENAMED;

	for (int tries = 0; tries < 5 && got == RENAMED; tries++)
		got = open_siblings(t, list);
	if (got == RENAMED)
		tail_block(t, "logs are rotated faster than they can be opened", EAGAIN);
	if (got != OPENED)
		close_all(t);
	return got == OPENED;
}

bool tail_resume(struct tail *t)
{
	struct position *list = positions_take(&t->tailer->unclaimed, str_from(t->key));
	const struct import_entry *e = NULL;
	bool ok;

	if (!list && t->source->import)
		e = import_find(t->source->import, t->path, t->labels);
	ok = e ? resume_import(t, e) : resume(t, list);
	for (struct position *next; list; list = next) {
		next = list->next;
		list->next = NULL;
		if (!ok)
			positions_put(&t->tailer->unclaimed, list); /* for the next try */
		else if (list->missing)
			tailer_orphan(t->tailer, list);
		else
			position_free(list);
	}
	return ok;
}

/* Opens again a file that was closed when its tail was left, under the name it has now. */
static enum opened reopen(struct tail_file *f, const struct sibling *s)
{
	struct tail *t = f->tail;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	f->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (f->fd == -1)
		return blocked(t, s, errno);
	if (is_gz_name(s->name) && file_start_gz(f, s->known) == -1) {
		f->fd = -1;
		return errno == EBADMSG ? RENAMED : blocked(t, s, errno);
	}
	file_set_name(f, dir_name(t->tailer, str_from(path)));
	file_rewind(f);
	if (!str_is(str_from(t->name->name), s->name))
		file_set_state(f, FILE_ENDING);
	return OPENED;
}

/* *at: where f is among the siblings; s->n: it is gone. False: the tail is blocked. */
static bool reopen_among(struct tail_file *f, const struct siblings *s,
	const struct position *known, size_t *at)
{
	for (*at = 0; *at < s->n; ++*at) {
		enum opened got = RENAMED;

		if (s->p[*at].known == known)
			got = reopen(f, &s->p[*at]);
		if (got == BLOCKED)
			return false;
		if (f->fd != -1)
			return true;
	}
	tailer_lost(f->tail->tailer, LOST_ROTATED, 0);
	log_warn(f->tail->source->id, "a log that was read in part is not there any more",
		KV("path", f->tail->path), KV("offset", (int64_t)f->offset),
		KV("hint", "it was removed while no target named it, or before its destination "
			   "took it"));
	file_set_state(f, FILE_DRAINED);
	return true;
}

static bool is_read(const struct tail_file *f)
{
	return f->state == FILE_DRAINED && f->rewind == UINT64_MAX;
}

/* Where f, of which nothing is left to read, is among the siblings; if it is gone, those that
 * were there when it was last looked are before what came since. */
static size_t find_among(const struct siblings *s, const struct position *known, const char *seen)
{
	size_t at = s->n;

	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i].known == known)
			return i;
	}
	while (at > 0 && seen && strncmp(s->p[at - 1].name, seen, strlen(seen)) > 0)
		at--; /* without the .gz */
	return at == 0 ? s->n : at - 1;
}

/* f, and what is younger and not known yet. False: the tail is blocked. */
static bool rejoin_file(struct tail_file *f, const char *seen)
{
	struct position *known = file_position(f);
	struct tail *t = f->tail;
	struct siblings s = {0};
	size_t i = 0;
	bool ok = siblings_list(t, known, &s);

	if (ok && is_read(f))
		i = find_among(&s, known, seen);
	else
		ok = ok && reopen_among(f, &s, known, &i);
	for (i = ok ? i + 1 : s.n; i < s.n && ok; i++) {
		if (!has_file(t, &s.p[i]) && !str_is(str_from(t->name->name), s.p[i].name))
			ok = open_sibling(t, &s.p[i]) != BLOCKED;
	}
	if (!ok && f->fd != -1)
		file_close(f); /* all of it at the next try */
	siblings_fini(&s);
	position_free(known);
	return ok;
}

static bool rejoin(struct tail *t, const char *seen)
{
	struct tail_file *newest = container_of(t->files.prev, struct tail_file, link);

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->fd == -1 && (f == newest || !is_read(f)) && !rejoin_file(f, seen))
			return false;
		if (f == newest)
			break;
	}
	return true;
}

/*
 * The tail was left, and is named again before its last acks have come: for a moment its file
 * had no name, as in a rotation. What was not read to its end goes on, and what came between.
 */
bool tail_rejoin(struct tail *t)
{
	char *seen = t->seen ? mem_text(str_from(t->seen)) : NULL;
	int error = t->left ? tail_note_siblings(t) : 0; /* from here on, events tell */

	if (error)
		tail_block(t, "the folder of a log cannot be listed", error);
	if (!error && rejoin(t, seen)) {
		free(seen);
		return true;
	}
	free(t->seen);
	t->seen = seen;
	return false;
}
