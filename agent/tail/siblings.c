/*
 * Which inode has which name. Events tell of names, and when several rotations lie between
 * two looks, they tell of names that meanwhile belong to other inodes. So after each
 * rename to a rotated name the folder is asked: files get the names they have now, and a
 * sibling that no event has shown to us is taken in at its place.
 */
#include "agent/base/ascii.h"
#include "agent/tail/tail.h"

#include "agent/base/mem.h"
#include "agent/base/vec.h"

#include <dirent.h>
#include <errno.h>
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

/* Its number; 0: it has none, so it is not of this kind. */
static unsigned number_of(struct str name, size_t *base_n)
{
	size_t dot = name.n;
	unsigned n = 0;

	while (dot > 0 && ascii_is_digit(name.p[dot - 1]))
		dot--;
	if (dot < 2 || name.p[dot - 1] != '.' || name.n - dot > 3 || dot == name.n)
		return 0;
	for (size_t i = dot; i < name.n; i++)
		n = n * 10 + (unsigned)(name.p[i] - '0');
	*base_n = dot - 1;
	return n;
}

bool is_numbered_name(struct str name, struct str *base)
{
	size_t n;

	if (number_of(name, &n) == 0)
		return false;
	*base = str_head(name, n);
	return true;
}

int tail_by_age(const char *a, const char *b)
{
	struct str x = str_from(a);
	struct str y = str_from(b);
	unsigned i, k;
	size_t n;

	if (str_ends(x, ".gz"))
		x.n -= 3;
	if (str_ends(y, ".gz"))
		y.n -= 3;
	i = number_of(x, &n);
	k = number_of(y, &n);
	if (i && k && i != k)
		return i > k ? -1 : 1;
	return strcmp(a, b);
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

/* The youngest: after a truncation the inode is there twice. */
struct tail_file *tail_file_of(struct tail *t, const struct file_id *id)
{
	struct tail_file *found = NULL;

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (file_id_is(&f->id, id))
			found = f;
	}
	return found;
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

	if (!gz->gz)
		return false;
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

static bool is_still(int fd, const struct file_id *id)
{
	struct file_id now;

	return file_identify(fd, "", &now) == 0 && file_id_is(&now, id);
}

/* The file of that name, opened, before the one that has the tail's name now (NULL: none), which is
 * younger. 0, or an errno; ESTALE: meanwhile it is another, as the next event will tell. */
static int adopt(
	struct tail *t, const char *name, const struct file_id *id, struct tail_file *live)
{
	struct tail_file *f;
	char path[4096];
	int error;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return is_gone(errno) ? 0 : errno; /* gone: its turn was too short for anybody */
	if (!is_still(fd, id)) {
		close(fd);
		return ESTALE;
	}
	f = file_new(t, fd, slot(t, name));
	file_set_state(f, FILE_ENDING);
	error = is_gz_name(name) && file_start_gz(f, NULL) == -1 ? errno : 0;
	if (error || is_held_plain(f)) {
		file_free(f);
		return error == EBADMSG ? 0 : error; /* kubelet has no other .gz */
	}
	if (live) {
		list_remove(&f->link);
		list_add_last(&live->link, &f->link);
	}
	t->unopened = false;
	tailer_ready(t);
	return 0;
}

struct names {
	char **p;
	size_t n;
	size_t cap;
};

static int by_text(const void *a, const void *b)
{
	return tail_by_age(*(char *const *)a, *(char *const *)b);
}

/* Rotated names of the tail's own, oldest first. 0, or an errno: then it is not all of them. */
static int list_rotated(struct tail *t, struct names *out)
{
	DIR *dir = opendir(t->name->dir->path);
	struct dirent *e;
	struct str base;
	int error;

	if (!dir)
		return is_gone(errno) ? 0 : errno;
	while (errno = 0, (e = readdir(dir))) {
		struct str name = str_from(e->d_name);

		if ((is_rotated_name(name, &base) || is_numbered_name(name, &base)) &&
			str_is(base, t->name->name))
			*vec_add(out) = mem_text(str_from(e->d_name));
	}
	error = errno;
	closedir(dir);
	if (out->n > 1)
		qsort(out->p, out->n, sizeof(*out->p), by_text);
	return error;
}

static void names_fini(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
}

static bool is_numbered(const char *name)
{
	struct str base;

	return is_numbered_name(str_from(name), &base);
}

/* 0 and *there, or an errno. */
static int look_at(struct tail *t, const char *name, struct file_id *id, bool *there)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", t->name->dir->path, name);
	*id = (struct file_id){0};
	*there = file_identify(AT_FDCWD, path, id) == 0;
	return *there || errno == EINVAL || is_gone(errno) ? 0 : errno;
}

static void note_any(struct tail *t, const char *name, const struct file_id *id)
{
	if (!is_numbered(name))
		note(t, name);
	else if (id->born > t->seen_born)
		t->seen_born = id->born;
}

int tail_note_siblings(struct tail *t)
{
	struct names l = {0};
	struct file_id id;
	int error = list_rotated(t, &l);
	bool there;

	for (size_t i = 0; i < l.n && !error; i++) {
		error = look_at(t, l.p[i], &id, &there);
		if (!error)
			note_any(t, l.p[i], &id);
	}
	names_fini(&l);
	return error;
}

/* Numbers are given to others in turn: what no event has shown is known by its birth, after
 * all that are known, and before the one that has the name now. A copy (copytruncate) is
 * younger than that. */
static bool is_news(struct tail *t, const char *name, const struct file_id *id)
{
	struct file_id live;
	bool there;

	if (!is_numbered(name))
		return is_after(name, t->seen);
	look_at(t, t->name->name, &live, &there);
	return id->born > t->seen_born && (live.born == 0 || id->born <= live.born);
}

static int take_sibling(struct tail *t, const char *name, struct tail_file *live)
{
	struct tail_file *f;
	struct file_id id;
	bool there;
	int error = look_at(t, name, &id, &there);

	if (error || !there)
		return error;
	f = is_gz_name(name) ? NULL : tail_file_of(t, &id);
	if (f)
		set_name(f, name, false);
	else if (is_news(t, name, &id))
		error = adopt(t, name, &id, live);
	if (!error)
		note_any(t, name, &id);
	return error == ESTALE ? 0 : error;
}

/* Those that no event told of: while events are lost, or there are none. */
static void end_nameless(struct tail *t, const struct tail_file *live)
{
	bool has_name;

	LIST_EACH (f, &t->files, struct tail_file, link) {
		if (f == live || f->state != FILE_READING || f->fd == -1)
			continue;
		file_size(f, &has_name);
		if (has_name)
			continue;
		file_set_state(f, FILE_ENDING);
		file_set_name(f, NULL);
	}
}

/* 0, or an errno: not every file was found out about. */
static int reconcile(struct tail *t, struct tail_file **live)
{
	struct names l = {0};
	struct file_id id;
	bool there;
	int error = look_at(t, t->name->name, &id, &there);

	if (error)
		return error;
	*live = there ? tail_file_of(t, &id) : NULL;
	error = list_rotated(t, &l);
	for (size_t i = 0; i < l.n && !error; i++) {
		error = take_sibling(t, l.p[i], *live);
		if (error && tail_may_skip(t, l.p[i], error, 0)) {
			look_at(t, l.p[i], &id, &there);
			note_any(t, l.p[i], &id);
			error = 0;
		}
	}
	names_fini(&l);
	return error;
}

void tail_reconcile(struct tail *t)
{
	struct tail_file *live = NULL;
	int error;

	if (!t->source || t->source->stopping || !t->name || !t->resumed)
		return;
	error = reconcile(t, &live);
	t->unsure = error != 0;
	if (error) {
		tail_block(t, "rotated logs cannot be looked at", error);
		tailer_ready(t);
		return;
	}
	end_nameless(t, live);
	if (live)
		set_name(live, t->name->name, true);
	else
		tail_look(t);
}
