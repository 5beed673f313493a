/*
 * What was missed while the agent was away. The files that positions know are looked for
 * by device and inode in the folder: the one of the tail's name, and its rotated siblings (N.log.*
 * that are not compressed). Siblings younger than the last known one are read whole.
 */
#include "agent/tail/tail.h"

#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"

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
	       !str_ends(s, ".gz") && !str_ends(s, ".tmp") && !str_ends(s, ".zst") &&
	       !str_ends(s, ".bz2") && !str_ends(s, ".xz");
}

static bool same_head(int dir, const char *name, const struct position *p)
{
	char head[POSITION_HEAD];
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = pread(fd, head, p->head_n, 0);
	close(fd);
	return n == (ssize_t)p->head_n &&
	       (n == 0 || str_hash((struct str){head, (size_t)n}) == p->head_hash);
}

static const struct position *known_as(const struct position *list, const struct stat *st, int dir,
	const char *name)
{
	for (; list; list = list->next) {
		if (list->device == st->st_dev && list->inode == st->st_ino &&
			(uint64_t)st->st_size >= list->offset && same_head(dir, name, list))
			return list;
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sibling *)a)->name, ((const struct sibling *)b)->name);
}

/* The siblings, oldest first: kubelet's names have the time in them. The file of the name itself
 * sorts before its siblings and is moved to the end. */
static void list_siblings(struct tail *t, const struct position *list, struct siblings *out)
{
	DIR *dir = opendir(t->name->dir->path);
	struct str base = str_from(t->name->name);
	struct dirent *e;
	struct stat st;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (!str_is(base, e->d_name) && !is_rotated(e->d_name, base))
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, 0) == -1 || !S_ISREG(st.st_mode))
			continue;
		*vec_add(out) = (struct sibling){strdup(e->d_name), st.st_dev, st.st_ino,
			known_as(list, &st, dirfd(dir), e->d_name)};
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

static void open_sibling(struct tail *t, const struct sibling *s)
{
	struct str base = str_from(t->name->name);
	struct tail_name *name;
	struct tail_file *f;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, s->name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		if (errno != ENOENT)
			tail_trouble(t, "a rotated log cannot be opened", errno);
		return;
	}
	name = dir_name(t->tailer, str_from(path));
	f = file_new(t, fd, name);
	if (s->known) {
		f->offset = s->known->offset;
		f->acked = s->known->offset;
		file_hash_head(f);
	}
	if (!str_is(base, s->name))
		file_set_state(f, FILE_ENDING);
}

void tail_resume(struct tail *t)
{
	struct position *list = positions_take(&t->tailer->unclaimed, str_from(t->key));
	struct siblings s = {0};
	size_t first = 0;

	if (!list)
		return;
	list_siblings(t, list, &s);
	while (first < s.n && !s.p[first].known)
		first++;
	if (first == s.n) {
		/* It was rotated more than once, or is another file. What is left is younger. */
		first = 0;
		metric_add(t->tailer->m_lost, 1);
		log_warn(t->source->id, "a log that was read in part is not there any more",
			KV("path", t->path), KV("offset", (int64_t)list->offset),
			KV("hint", "it was rotated away or replaced while the agent was stopped"));
	}
	for (size_t i = first; i < s.n; i++)
		open_sibling(t, &s.p[i]);
	for (size_t i = 0; i < s.n; i++)
		free(s.p[i].name);
	free(s.p);
	position_free(list);
}
