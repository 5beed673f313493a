/*
 * What is in a tail's folder: the file of its name and those that were rotated out of it, by device
 * and inode; those that were compressed meanwhile, by the head of their uncompressed content.
 */
#include "agent/tail/listing.h"

#include "agent/base/mem.h"
#include "agent/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The first bytes of a file, uncompressed, in out. 0, or an errno. */
static int read_head(int dir, const char *name, char out[POSITION_HEAD], struct str *head)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = 0;
	int error = 0;

	*head = (struct str){out, 0};
	if (fd == -1)
		return errno;
	if (is_gz_name(name)) {
		struct gz *g = gz_open(fd);

		n = g ? gz_read(g, out, POSITION_HEAD, 0) : -1;
		error = n == -1 && errno != EBADMSG ? errno : 0;
		gz_close(g);
	} else {
		n = pread(fd, out, POSITION_HEAD, 0);
		error = n == -1 ? errno : 0;
		close(fd);
	}
	head->n = n > 0 ? (size_t)n : 0;
	return error;
}

/* Which of the list it is; NULL: none. 0, or an errno. */
static int know(const struct position *list, uint64_t size, int dir, const char *name,
	struct sibling *out)
{
	char bytes[POSITION_HEAD];
	struct str head;
	int error = 0;

	if (list)
		error = read_head(dir, name, bytes, &head);
	for (; list && !error; list = list->next) {
		struct file_id id = position_id(list);
		bool same = file_id_is(&id, &out->id);
		bool is_it = is_gz_name(name) ? list->head_n > 0 : same;

		bool is_whole = is_gz_name(name) || size >= list->offset;

		if (is_it && is_whole && is_head(head, list)) {
			out->known = list;
			return 0;
		}
		if (same)
			out->is_cut = true;
		else if (is_whole && list->head_n == POSITION_HEAD && is_head(head, list))
			out->copy = list;
	}
	return error;
}

static int by_name(const void *a, const void *b)
{
	return tail_by_age(((const struct sibling *)a)->name, ((const struct sibling *)b)->name);
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

/* 0, or an errno; ENOENT: it is not there (any more), or not of interest. */
static int look_at(int dir, const char *name, const struct position *list, struct sibling *out)
{
	struct stat st;
	int error;

	*out = (struct sibling){0};
	if (fstatat(dir, name, &st, 0) == -1 || file_identify(dir, name, &out->id) == -1)
		return errno == EINVAL ? ENOENT : errno;
	if (has_plain_twin(dir, name))
		return ENOENT;
	error = know(list, (uint64_t)st.st_size, dir, name, out);
	if (!error)
		out->name = mem_text(str_from(name));
	return error;
}

void siblings_fini(struct siblings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->p[i].name);
	free(s->p);
	*s = (struct siblings){0};
}

static int read_folder(struct tail *t, DIR *dir, const struct position *list, struct siblings *out)
{
	struct str base = str_from(t->name->name);
	struct sibling one;
	struct dirent *e;

	while (errno = 0, (e = readdir(dir))) {
		int error;

		if (!str_is(base, e->d_name) && !is_rotated(e->d_name, base))
			continue;
		error = look_at(dirfd(dir), e->d_name, list, &one);
		if (error == 0)
			*vec_add(out) = one;
		else if (!is_gone(error) && !tail_may_skip(t, e->d_name, error, 0))
			return error;
	}
	return errno;
}

/* Names that are given and taken meanwhile (the kubelet compresses) may be missed: once more. */
static int read_quiet_folder(
	struct tail *t, DIR *dir, const struct position *list, struct siblings *out)
{
	struct stat before, after;
	int error;

	for (int tries = 0; tries < 5; tries++) {
		siblings_fini(out);
		rewinddir(dir);
		if (fstat(dirfd(dir), &before) == -1)
			return errno;
		error = read_folder(t, dir, list, out);
		if (error || fstat(dirfd(dir), &after) == -1)
			return error;
		if (before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
			before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
			break;
	}
	return 0;
}

/* kubelet's names have the time in them. The file of the name itself sorts before its siblings and
 * is moved to the end. */
bool siblings_list(struct tail *t, const struct position *list, struct siblings *out)
{
	DIR *dir = opendir(t->name->dir->path);
	int error = dir ? read_quiet_folder(t, dir, list, out) : errno;

	if (dir)
		closedir(dir);
	if (error && !is_gone(error)) {
		tail_block(t, "it cannot be found out which logs were rotated", error);
		siblings_fini(out);
		return false;
	}
	if (out->n > 1)
		qsort(out->p, out->n, sizeof(*out->p), by_name);
	if (out->n > 1 && str_is(str_from(t->name->name), out->p[0].name)) {
		struct sibling live = out->p[0];

		memmove(&out->p[0], &out->p[1], (out->n - 1) * sizeof(*out->p));
		out->p[out->n - 1] = live;
	}
	return true;
}
