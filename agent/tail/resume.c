/*
 * What was missed while the agent was away. The files that positions know are looked for in the
 * folder: the one of the tail's name, and its rotated siblings (N.log.*), by device and
 * inode; those that were compressed meanwhile, by the head of their uncompressed content.
 * Siblings younger than the last known one are read whole.
 */
#include "agent/tail/tail.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/vec.h"
#include "agent/tail/import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct sibling {
	char *name;
	dev_t device;
	ino_t inode;
	const struct position *known; /* NULL: not one of those that positions know */
};

struct siblings {
	struct sibling *p;
	size_t n;
	size_t cap;
};

static bool is_rotated(const char *name, struct str base)
{
	struct str s = str_from(name);

	return s.n > base.n + 1 && str_eq(str_head(s, base.n), base) && s.p[base.n] == '.' &&
	       !str_ends(s, ".tmp") && !str_ends(s, ".zst") && !str_ends(s, ".bz2") &&
	       !str_ends(s, ".xz");
}

static bool is_head(struct str head, const struct position *p)
{
	return head.n >= p->head_n &&
	       (p->head_n == 0 || str_hash(str_head(head, p->head_n)) == p->head_hash);
}

/* The first bytes of a file, uncompressed, in out. */
static struct str read_head(int dir, const char *name, char out[POSITION_HEAD])
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = 0;

	if (fd == -1)
		return (struct str){0};
	if (is_gz_name(name)) {
		struct gz *g = gz_open(fd);

		if (g)
			n = gz_read(g, out, POSITION_HEAD, 0);
		gz_close(g);
	} else {
		n = pread(fd, out, POSITION_HEAD, 0);
		close(fd);
	}
	return (struct str){out, n > 0 ? (size_t)n : 0};
}

static const struct position *known_as(const struct position *list, const struct stat *st, int dir,
	const char *name)
{
	char bytes[POSITION_HEAD];
	struct str head = read_head(dir, name, bytes);

	for (; list; list = list->next) {
		bool same = list->device == st->st_dev && list->inode == st->st_ino &&
			    (list->born == 0 || list->born == file_born(dir, name));

		if (is_gz_name(name) ? list->head_n > 0 && is_head(head, list)
				     : same && (uint64_t)st->st_size >= list->offset &&
					       is_head(head, list))
			return list;
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sibling *)a)->name, ((const struct sibling *)b)->name);
}

/* kubelet compresses X to X.gz and then deletes X: for a moment both are there. */
static bool has_plain_twin(int dir, const char *name)
{
	char plain[256];
	size_t n = strlen(name) - 3;

	if (!is_gz_name(name) || n >= sizeof(plain))
		return false;
	memcpy(plain, name, n);
	plain[n] = 0;
	return faccessat(dir, plain, F_OK, 0) == 0;
}

static void add_sibling(
	struct siblings *out, int dir, const char *name, const struct position *list)
{
	struct stat st;

	if (fstatat(dir, name, &st, 0) == -1 || !S_ISREG(st.st_mode) || has_plain_twin(dir, name))
		return;
	*vec_add(out) = (struct sibling){mem_text(str_from(name)), st.st_dev, st.st_ino,
		known_as(list, &st, dir, name)};
}

/* The siblings, oldest first: kubelet's names have the time in them. The file of the name itself
 * sorts before its siblings and is moved to the end. */
static void list_siblings(struct tail *t, const struct position *list, struct siblings *out)
{
	DIR *dir = opendir(t->name->dir->path);
	struct str base = str_from(t->name->name);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (str_is(base, e->d_name) || is_rotated(e->d_name, base))
			add_sibling(out, dirfd(dir), e->d_name, list);
	}
	closedir(dir);
	if (out->n > 1)
		qsort(out->p, out->n, sizeof(*out->p), by_name);
	if (out->n > 1 && str_is(base, out->p[0].name)) {
		struct sibling live = out->p[0];

		memmove(&out->p[0], &out->p[1], (out->n - 1) * sizeof(*out->p));
		out->p[out->n - 1] = live;
	}
}

static bool is_inode(int fd, const struct sibling *s)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode;
}

/* False: a rotation has given its name to another, or taken it away. */
static bool open_sibling(struct tail *t, const struct sibling *s)
{
	struct str base = str_from(t->name->name);
	struct tail_name *name;
	struct tail_file *f;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		if (errno == ENOENT)
			return false;
		tail_trouble(t, "a rotated log cannot be opened", errno);
		return true;
	}
	if (!is_inode(fd, s)) {
		close(fd);
		return false;
	}
	name = dir_name(t->tailer, str_from(path));
	f = file_new(t, fd, name);
	if (s->known) {
		f->offset = s->known->offset;
		f->acked = s->known->offset;
		f->begin = s->known->offset;
	}
	if (!is_gz_name(s->name))
		file_hash_head(f);
	if (str_is(base, s->name))
		return true;
	file_set_state(f, FILE_ENDING);
	if (is_gz_name(s->name) && !file_start_gz(f, s->known))
		file_set_state(f, FILE_DRAINED);
	return true;
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
		if (f->device == s->device && f->inode == s->inode)
			return true;
	}
	return false;
}

static void siblings_fini(struct siblings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->p[i].name);
	free(s->p);
	*s = (struct siblings){0};
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

/* Was it there, and so long, when the other agent stopped? */
static bool is_meant(struct tail *t, const struct sibling *s, struct position *p)
{
	const struct import *i = t->source->import;
	uint64_t born;
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return false;
	born = file_born(fd, "");
	if (fstat(fd, &st) == -1 || (uint64_t)st.st_size < p->offset ||
		born > (uint64_t)i->written) {
		close(fd);
		return false;
	}
	p->offset = line_start(fd, p->offset);
	close(fd);
	return true;
}

/* s->n: none of them. */
static size_t find_meant(struct tail *t, const struct siblings *s, struct position *p)
{
	size_t live = s->n - 1;
	struct str base;

	if (is_meant(t, &s->p[live], p))
		return live;
	if (live > 0 && !is_gz_name(s->p[live - 1].name) &&
		is_rotated_name(str_from(s->p[live - 1].name), &base) &&
		is_meant(t, &s->p[live - 1], p))
		return live - 1;
	return s->n;
}

/* Another agent has read a part of it: of the file of the name, or, if that is younger than its
 * word, of the one that had the name before, as long as that is not compressed. False: it
 * has not. */
static bool resume_import(struct tail *t)
{
	const struct import_entry *e = NULL;
	struct siblings s = {0};
	struct position p = {0};

	if (t->source->import)
		e = import_find(t->source->import, t->path, t->labels);
	if (!e)
		return false;
	p.offset = e->offset;
	list_siblings(t, NULL, &s);
	if (s.n && str_is(str_from(t->name->name), s.p[s.n - 1].name)) {
		size_t at = find_meant(t, &s, &p);

		if (at < s.n) {
			s.p[at].known = &p;
			t->source->import->taken++;
		} else {
			at = s.n - 1; /* it is another file: from its beginning */
		}
		for (; at < s.n; at++)
			open_sibling(t, &s.p[at]);
		tailer_added(t->tailer);
	}
	siblings_fini(&s);
	return true;
}

/* The first of them that is to be read. */
static size_t first_unread(struct tail *t, const struct position *list, const struct siblings *s)
{
	size_t first = 0, n;

	while (first < s->n && !s->p[first].known)
		first++;
	if (first < s->n) {
		n = lost_headless(list, s);
		return first - (n < first ? n : first);
	}
	/* It was rotated more than once, or is another file. What is left is younger. */
	tailer_lost(t->tailer, LOST_ROTATED, 0);
	log_warn(t->source->id, "a log that was read in part is not there any more",
		KV("path", t->path), KV("offset", (int64_t)list->offset),
		KV("hint", "it was rotated away or replaced while the agent was stopped"));
	return 0;
}

/* Is a log that no position knows, with a rotated name, younger than the agent's last life (or,
 * if it never lived before, than this one)? All of a container that has come since is unread. */
static bool is_news(const struct tail *t, const struct sibling *s)
{
	char path[4096];
	struct str base;

	if (!is_rotated_name(str_from(s->name), &base) || t->source->from_end)
		return false;
	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	return file_born(AT_FDCWD, path) >= (uint64_t)t->tailer->news_since;
}

/* False: files were renamed meanwhile; what was opened stays so. */
static bool open_siblings(struct tail *t, const struct position *list)
{
	struct siblings s = {0};
	bool all = true;

	list_siblings(t, list, &s);
	for (size_t i = list ? first_unread(t, list, &s) : 0; i < s.n && all; i++) {
		if (!has_file(t, &s.p[i]) && (list || is_news(t, &s.p[i])))
			all = open_sibling(t, &s.p[i]);
	}
	siblings_fini(&s);
	return all;
}

void tail_resume(struct tail *t)
{
	struct position *list = positions_take(&t->tailer->unclaimed, str_from(t->key));

	if (list || !resume_import(t)) {
		for (int tries = 0; tries < 5 && !open_siblings(t, list); tries++)
			;
	}
	position_free(list);
}

/* Opens again a file that was closed when its tail was left, under the name it has now. */
static void reopen(struct tail_file *f, const struct sibling *s)
{
	struct tail *t = f->tail;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	f->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (f->fd == -1)
		return;
	file_set_name(f, dir_name(t->tailer, str_from(path)));
	file_rewind(f);
	if (!str_is(str_from(t->name->name), s->name))
		file_set_state(f, FILE_ENDING);
	if (is_gz_name(s->name))
		file_start_gz(f, s->known);
}

/* Where f is among the siblings; s->n: it is gone. */
static size_t reopen_among(
	struct tail_file *f, const struct siblings *s, const struct position *known)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i].known != known)
			continue;
		reopen(f, &s->p[i]);
		if (f->fd != -1)
			return i;
	}
	tailer_lost(f->tail->tailer, LOST_ROTATED, 0);
	log_warn(f->tail->source->id, "a log that was read in part is not there any more",
		KV("path", f->tail->path), KV("offset", (int64_t)f->offset),
		KV("hint", "it was removed while no target named it, or before its destination "
			   "took it"));
	file_set_state(f, FILE_DRAINED);
	return s->n;
}

/*
 * The tail was left, and is named again before its last acks have come: for a moment its file
 * had no name, as in a rotation. What was not read to its end goes on, and what came between.
 */
void tail_rejoin(struct tail *t)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		struct siblings s = {0};
		struct position *known;

		if (f->state == FILE_DRAINED || f->fd != -1)
			continue;
		known = file_position(f);
		list_siblings(t, known, &s);
		for (size_t i = reopen_among(f, &s, known) + 1; i < s.n; i++) {
			if (!has_file(t, &s.p[i]) && !str_is(str_from(t->name->name), s.p[i].name))
				open_sibling(t, &s.p[i]);
		}
		siblings_fini(&s);
		position_free(known);
	}
}
