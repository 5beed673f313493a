#include "agent/loop/file.h"

#include "agent/base/container_of.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/private.h"
#include "agent/loop/work.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS INT64_C(1000000000)

int64_t file_age(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - st->st_mtim.tv_sec) * NS + now.tv_nsec - st->st_mtim.tv_nsec;
}

/* Opening a pipe waits for its writer, and so would reading it. */
static int open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	errno = ENOTSUP;
	return -1;
}

int file_read(const char *path, struct buf *out, size_t max)
{
	int fd = open_to_read(path);
	size_t start = out->n;
	int error = 0;
	ssize_t n;

	if (fd == -1)
		return errno;
	for (;;) {
		n = read(fd, buf_reserve(out, 16384), 16384);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		out->n += (size_t)n;
		if (out->n - start > max) {
			error = EFBIG;
			break;
		}
	}
	if (n == -1)
		error = errno;
	close(fd);
	return error;
}

static int write_all(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno;
		text = str_from_at(text, (size_t)n);
	}
	return fsync(fd) == -1 ? errno : 0;
}

int file_replace(const char *path, struct str text)
{
	char beside[PATH_MAX];
	int error;
	int fd;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
		return ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno;
	error = write_all(fd, text);
	if (close(fd) == -1 && error == 0)
		error = errno;
	if (error == 0 && rename(beside, path) == -1)
		error = errno;
	if (error != 0)
		unlink(beside);
	return error;
}

struct file_work {
	struct work work;
	struct file_write *owner;
};

/* On another thread: it touches w->text and w->error, which nobody else does while it is busy. */
static void write_work(struct work *work)
{
	struct file_write *w = container_of(work, struct file_work, work)->owner;

	w->error = file_replace(w->path, buf_str(&w->text));
}

static void write_done(struct work *done)
{
	struct file_work *work = container_of(done, struct file_work, work);
	struct file_write *w = work->owner;

	free(work);
	buf_fini(&w->text);
	w->busy = false;
	w->work = NULL;
	w->done(w);
}

void file_write_start(struct file_write *w, struct loop *l, const char *path, struct buf *text)
{
	must(!w->busy);
	w->busy = true;
	w->path = path;
	w->text = *text;
	*text = (struct buf){0};
	w->work = mem_new(struct file_work, 1);
	w->work->owner = w;
	w->work->work = (struct work){.run = write_work, .done = write_done};
	work_start(&w->work->work, l);
}

void file_write_wait(struct file_write *w, struct loop *l)
{
	while (w->busy)
		uv_run(&l->uv, UV_RUN_ONCE);
}
