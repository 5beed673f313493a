#pragma once

/* The calls by which files are found and opened, failing on demand: as when too many are open, or
 * the system has no inotify watch left. These definitions take the place of libc's in the test's
 * program. Only what is opened to be read fails, so that a test can write meanwhile. Include it in
 * one test's file. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	int error;        /* of open(), openat() and opendir(); 0: they work */
	const char *part; /* only for paths that contain it; NULL: for all */
	bool no_watches;  /* inotify_add_watch() has none left */
	/* what happens just before there is a watch */
	void (*before_watch)(const char *path);
} fails;

static inline bool system_fails(const char *path, int flags)
{
	if (!fails.error || (flags & O_ACCMODE) != O_RDONLY)
		return false;
	if (fails.part && !strstr(path, fails.part))
		return false;
	errno = fails.error;
	return true;
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	if (system_fails(path, flags))
		return -1;
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	return openat(AT_FDCWD, path, flags, mode);
}

DIR *opendir(const char *path)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? NULL : fdopendir(fd);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (fails.no_watches) {
		errno = ENOSPC;
		return -1;
	}
	if (fails.before_watch)
		fails.before_watch(path);
	return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}
