/*
 * Files to syntax trees. What is no UTF-8 is refused before the parser sees it, with Alloy's
 * words; each other failure names the path and says what to do.
 */

#include "agent/config/read.h"

#include "agent/base/buf.h"
#include "agent/base/utf8.h"
#include "agent/config/token.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 1000

static const struct range nowhere;

static bool fail_path(struct diags *d, const char *path, int error)
{
	diag_error(d, nowhere, "cannot read the configuration %s: %s", path, strerror(error));
	if (error == ENOENT)
		diag_hint(d, "give the path of a file, or of a folder of *.alloy files");
	else if (error == EACCES || error == EPERM)
		diag_hint(d, "give user %u the right to read it", (unsigned)getuid());
	return false;
}

static const char *foreign_encoding(struct str s)
{
	static const struct {
		const char *name;
		struct str mark;
	} marks[] = {{"UTF-32LE", {"\xff\xfe\0\0", 4}}, {"UTF-32BE", {"\0\0\xfe\xff", 4}},
		{"UTF-16LE", {"\xff\xfe", 2}}, {"UTF-16BE", {"\xfe\xff", 2}}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (s.n >= marks[i].mark.n && str_eq(str_head(s, marks[i].mark.n), marks[i].mark))
			return marks[i].name;
	}
	return NULL;
}

static uint32_t first_bad_byte(struct str s)
{
	size_t at = 0;

	while (utf8_length(s, at) > 0)
		at += utf8_length(s, at);
	return (uint32_t)at;
}

bool source_check(const struct source *src, struct diags *d)
{
	struct str text = src->text;
	const char *encoding = foreign_encoding(text);
	uint32_t at;

	if (text.n > SOURCE_MAX)
		return diag_error(d, nowhere, STR_FMT ": larger than 16 MiB", STR_ARG(src->name));
	if (encoding) {
		diag_error(d, nowhere,
			STR_FMT ": configuration is encoded with %s but must be utf8",
			STR_ARG(src->name), encoding);
		diag_hint(d, "save the file as UTF-8");
		return false;
	}
	if (utf8_is_valid(text) || str_starts(text, "\xef\xbb\xbf"))
		return true; /* behind its mark the scanner reports each bad byte */
	at = first_bad_byte(text);
	diag_error(d, (struct range){src, at, at}, "unknown encoding for config");
	diag_hint(d, "the marked byte is not UTF-8: save the file as UTF-8");
	return false;
}

static bool add_source(struct arena *a, const struct source *src, struct config *out,
	struct diags *d)
{
	size_t before = d->errors;
	struct file *f;

	if (!source_check(src, d))
		return false;
	f = parse_file(a, src, d);
	out->files[out->n++] = f;
	return d->errors == before;
}

/* Up to one byte more than a source may have. */
static bool read_all(int fd, struct buf *out)
{
	while (out->n <= SOURCE_MAX) {
		ssize_t n = read(fd, buf_reserve(out, 65536), 65536);

		if (n == 0)
			return true;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		out->n += (size_t)n;
	}
	return true;
}

static bool read_file(struct arena *a, const char *path, struct config *out, struct diags *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct source *src = arena_new(a, struct source, 1);
	struct buf b = {0};
	int error;
	bool ok;

	if (fd == -1)
		return fail_path(d, path, errno);
	ok = read_all(fd, &b);
	error = errno;
	close(fd);
	src->name = arena_str(a, str_from(path));
	src->text = arena_str(a, buf_str(&b));
	buf_fini(&b);
	if (!ok)
		return fail_path(d, path, error);
	return add_source(a, src, out, d);
}

static int wanted(const struct dirent *e)
{
	return e->d_name[0] != '.' && str_ends(str_from(e->d_name), ".alloy");
}

static int by_bytes(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

static bool read_entry(struct arena *a, const char *folder, const char *name, struct config *out,
	struct diags *d)
{
	size_t n = strlen(folder);
	struct str path = arena_printf(a, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/",
		name);
	struct stat st;

	if (stat(path.p, &st) == -1)
		return fail_path(d, path.p, errno);
	if (S_ISDIR(st.st_mode))
		return true;
	return read_file(a, path.p, out, d);
}

static bool read_folder(struct arena *a, const char *path, struct config *out, struct diags *d)
{
	struct dirent **names;
	int n = scandir(path, &names, wanted, by_bytes);
	bool ok = true;

	if (n == -1)
		return fail_path(d, path, errno);
	if (n > FILES_MAX)
		ok = diag_error(d, nowhere, "the folder %s has more than %d *.alloy files", path,
			FILES_MAX);
	if (n <= FILES_MAX)
		out->files = arena_new(a, struct file *, (size_t)n + 1);
	for (int i = 0; i < n; i++) {
		if (n <= FILES_MAX)
			ok &= read_entry(a, path, names[i]->d_name, out, d);
		free(names[i]);
	}
	free(names);
	if (ok && out->n == 0) {
		ok = diag_error(d, nowhere, "the folder %s has no *.alloy files", path);
		diag_hint(d, "files in folders below it are not read");
	}
	return ok;
}

bool config_read(struct arena *a, const char *path, struct config *out, struct diags *d)
{
	struct stat st;

	*out = (struct config){0};
	if (stat(path, &st) == -1)
		return fail_path(d, path, errno);
	if (S_ISDIR(st.st_mode))
		return read_folder(a, path, out, d);
	out->files = arena_new(a, struct file *, 1);
	return read_file(a, path, out, d);
}

bool config_parse(struct arena *a, struct str name, struct str text, struct config *out,
	struct diags *d)
{
	struct source *src = arena_new(a, struct source, 1);

	*src = (struct source){arena_str(a, name), arena_str(a, text)};
	*out = (struct config){.files = arena_new(a, struct file *, 1)};
	return add_source(a, src, out, d);
}
