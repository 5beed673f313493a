/*
 * Whole files, for the commands that read one and write another. Standard input and output are
 * files too.
 */

#include "agent/cli.h"

#include "agent/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, const char *doing)
{
	fprintf(stderr, "Error: cannot %s %s: %s\n", doing, path, strerror(errno));
	return false;
}

static bool read_all(int fd, size_t max, struct buf *out)
{
	while (out->n <= max) {
		ssize_t n = read(fd, buf_reserve(out, 65536), 65536);

		if (n == 0)
			return true;
		if (n == -1 && errno != EINTR)
			return false;
		if (n > 0)
			out->n += (size_t)n;
	}
	return true;
}

bool cli_read_file(const char *path, size_t max, struct buf *out, unsigned *mode)
{
	bool is_stdin = !path || strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	bool ok;

	if (fd == -1 || fstat(fd, &st) == -1)
		return fail(is_stdin ? "standard input" : path, "read");
	*mode = st.st_mode;
	ok = read_all(fd, max, out) || fail(is_stdin ? "standard input" : path, "read");
	if (!is_stdin)
		close(fd);
	return ok;
}

bool cli_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool write_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n == -1 && errno != EINTR)
			return false;
		if (n > 0)
			s = str_from_at(s, (size_t)n);
	}
	return true;
}

bool cli_print(struct str text)
{
	return write_all(STDOUT_FILENO, text) || fail("the result", "write");
}

/* Through a link the file that it names is replaced, and it keeps its rights. */
bool cli_replace_file(const char *path, struct str text, unsigned mode)
{
	char *real = realpath(path, NULL);
	char temp[4200];
	bool ok = false;
	int fd;

	if (!real && errno != ENOENT)
		return fail(path, "find");
	snprintf(temp, sizeof(temp), "%s.XXXXXX", real ? real : path);
	fd = mkstemp(temp);
	if (fd == -1) {
		free(real);
		return fail(path, "write a new file beside");
	}
	if (!write_all(fd, text) || fchmod(fd, mode & 07777) == -1 || fsync(fd) == -1 ||
		rename(temp, real ? real : path) == -1) {
		fail(path, "write");
		unlink(temp);
	} else {
		ok = true;
	}
	close(fd);
	free(real);
	return ok;
}
