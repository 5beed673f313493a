/*
 * Which inode has which name. Events tell of names, and when several rotations lie between
 * two looks, they tell of names that meanwhile belong to other inodes. So after each
 * rename to a rotated name the folder is asked: files get the names they have now, and a
 * sibling that no event has shown to us is taken in at its place.
 */
#include "agent/tail/tail.h"

#include "agent/base/mem.h"
#include "agent/base/vec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_stamp(struct str s)
{
	if (s.n != 15 || s.p[8] != '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i != 8 && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	}
	return true;
}

bool is_gz_name(const char *name)
{
	return str_ends(str_from(name), ".gz");
}

bool is_rotated_name(struct str name, struct str *base)
{
	if (str_ends(name, ".gz"))
		name.n -= 3;
	if (name.n < 17 || name.p[name.n - 16] != '.' || !is_stamp(str_from_at(name, name.n - 15)))
		return false;
	*base = str_head(name, name.n - 16);
	return true;
}

/* Names of one base are compared without the .gz: kubelet adds it later. */
static bool is_after(const char *name, const char *seen)
{
	return !seen || strncmp(name, seen, strlen(seen)) > 0;
}

static void note(struct tail *t, const char *name)
{
	struct str s = str_from(name);

	if (str_ends(s, ".gz"))
		s.n -= 3;
	if (!is_after(name, t->seen))
		return;
	free(t->seen);
	t->seen = mem_text(s);
}

struct tail_file *tail_file_of(struct tail *t, const struct stat *st)
{
	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f->device == st->st_dev && f->inode == st->st_ino)
			return f;
	}
	return NULL;
}

static struct tail_name *slot(struct tail *t, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, name);
	return dir_name(t->tailer, str_from(path));
}

static void set_name(struct tail_file *f, const char *name, bool is_base)
{
	struct tail *t = f->tail;

	if (f->fd == -1)
		return;
	if (!f->name || strcmp(f->name->name, name) != 0)
		file_set_name(f, slot(t, name));
	if (is_base && f->state == FILE_ENDING)
		file_set_state(f, FILE_READING);
	else if (!is_base && f->state == FILE_READING)
		file_set_state(f, FILE_ENDING);
	tailer_ready(t);
}

/* Is a compressed file one that is still held open from before it was compressed? */
static bool is_held_plain(const struct tail_file *gz)
{
	char head[POSITION_HEAD];

	LIST_EACH (f, &gz->tail->files, struct tail_file, link) {
		ssize_t n;

		if (f == gz || f->gz || f->fd == -1)
			continue;
		n = pread(f->fd, head, sizeof(head), 0);
		if (n == (ssize_t)gz->head_n && n > 0 &&
			str_hash((struct str){head, (size_t)n}) == gz->head_hash)
			return true;
	}
	return false;
}

/* Before the file that has the tail's name now (NULL: none): that is younger. */
static void adopt(struct tail *t, const char *name, struct tail_file *live)
{
	struct tail_name *n = slot(t, name);
	struct tail_file *f;

	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		if (n)
			dir_name_release(n);
		return; /* gone again: its turn was too short for anybody */
	}
	f = file_new(t, fd, n);
	file_set_state(f, FILE_ENDING);
	if (is_gz_name(name) && (!file_start_gz(f, NULL) || is_held_plain(f))) {
		file_free(f);
		return;
	}
	if (live) {
		list_remove(&f->link);
		list_add_last(&live->link, &f->link);
	}
	tailer_ready(t);
}

struct names {
	char **p;
	size_t n;
	size_t cap;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Rotated names of the tail's own, oldest first. */
static void list_rotated(struct tail *t, struct names *out)
{
	DIR *dir = opendir(t->name->dir->path);
	struct dirent *e;
	struct str base;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (is_rotated_name(str_from(e->d_name), &base) && str_is(base, t->name->name))
			*vec_add(out) = mem_text(str_from(e->d_name));
	}
	closedir(dir);
	if (out->n > 1)
		qsort(out->p, out->n, sizeof(*out->p), by_text);
}

static void names_fini(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
}

void tail_note_siblings(struct tail *t)
{
	struct names l = {0};

	list_rotated(t, &l);
	for (size_t i = 0; i < l.n; i++)
		note(t, l.p[i]);
	names_fini(&l);
}

static bool look_at(struct tail *t, const char *name, struct stat *st)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, name);
	return stat(path, st) == 0 && S_ISREG(st->st_mode);
}

void tail_reconcile(struct tail *t)
{
	struct names l = {0};
	struct tail_file *live = NULL;
	struct tail_file *f;
	struct stat st;

	if (!t->source || !t->name)
		return;
	if (look_at(t, t->name->name, &st))
		live = tail_file_of(t, &st);
	list_rotated(t, &l);
	for (size_t i = 0; i < l.n; i++) {
		if (!look_at(t, l.p[i], &st))
			continue;
		f = is_gz_name(l.p[i]) ? NULL : tail_file_of(t, &st);
		if (f)
			set_name(f, l.p[i], false);
		else if (is_after(l.p[i], t->seen))
			adopt(t, l.p[i], live);
		note(t, l.p[i]);
	}
	names_fini(&l);
	if (live)
		set_name(live, t->name->name, true);
	else
		tail_look(t);
}
