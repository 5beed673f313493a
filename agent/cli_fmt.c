/*
 * `invar fmt`: reads a file or standard input, prints it formatted, writes it anew, or says
 * whether it is. A file is replaced by a rename, so that who reads it meanwhile (a running
 * agent does) never finds half of it.
 */

#include "agent/cli.h"

#include "agent/base/buf.h"
#include "agent/config/print.h"
#include "agent/config/read.h"
#include "agent/config/token.h"
#include "agent/options.h"
#include "agent/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *path, const char *doing)
{
	fprintf(stderr, "Error: cannot %s %s: %s\n", doing, path, strerror(errno));
	return 1;
}

static bool read_all(int fd, struct buf *out)
{
	while (out->n <= SOURCE_MAX) {
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

/* Through a link the file that it names is replaced, and it keeps its rights. */
static int replace(const char *path, struct str text, mode_t mode)
{
	char *real = realpath(path, NULL);
	char temp[4200];
	int fd, result = 1;

	if (!real)
		return fail(path, "find");
	snprintf(temp, sizeof(temp), "%s.XXXXXX", real);
	fd = mkstemp(temp);
	if (fd == -1) {
		free(real);
		return fail(path, "write a new file beside");
	}
	if (!write_all(fd, text) || fchmod(fd, mode & 07777) == -1 || fsync(fd) == -1 ||
		rename(temp, real) == -1) {
		fail(path, "write");
		unlink(temp);
	} else {
		result = 0;
	}
	close(fd);
	free(real);
	return result;
}

static int emit(const struct options *o, const struct source *src, struct str made, mode_t mode)
{
	bool is_same = str_eq(src->text, made);

	if (o->test && !is_same)
		fprintf(stderr, "Error: " STR_FMT " is not formatted; invar fmt -w does it\n",
			STR_ARG(src->name));
	if (o->test)
		return is_same ? 0 : 1;
	if (o->write)
		return is_same ? 0 : replace(o->path, made, mode);
	return write_all(STDOUT_FILENO, made) ? 0 : fail("the result", "write");
}

static int format(const struct options *o, const struct source *src, mode_t mode)
{
	struct buf made = {0};
	struct arena texts;
	struct diags d;
	int result = 1;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	if (source_check(src, &d) && source_format(src, &made, &d))
		result = emit(o, src, buf_str(&made), mode);
	source_print(stderr, &d);
	buf_fini(&made);
	diags_fini(&d);
	arena_fini(&texts);
	return result;
}

static int usage(const char *why)
{
	fprintf(stderr, "invar: %s\n", why);
	return 2;
}

int cli_fmt(const struct options *o)
{
	bool is_stdin = !o->path || strcmp(o->path, "-") == 0;
	struct buf text = {0};
	struct stat st = {0};
	int fd, result;

	if (o->write && o->test)
		return usage("--write and --test exclude each other");
	if (o->write && is_stdin)
		return usage("--write wants a PATH: standard input cannot be written");
	fd = is_stdin ? STDIN_FILENO : open(o->path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		return fail(o->path, "read");
	if (S_ISDIR(st.st_mode))
		return usage("fmt wants a file, not a folder");
	if (!read_all(fd, &text)) {
		result = fail(is_stdin ? "standard input" : o->path, "read");
	} else {
		struct source src = {str_from(is_stdin ? "<stdin>" : o->path), buf_str(&text)};

		result = format(o, &src, st.st_mode);
	}
	if (!is_stdin)
		close(fd);
	buf_fini(&text);
	return result;
}
