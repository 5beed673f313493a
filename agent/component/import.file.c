/*
 * import.file: a module from a file, or from all *.alloy files of a folder.
 *
 * What cannot be read, or is wrong, leaves the module as it was.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/component/common/watched_file.h"
#include "agent/graph/component.h"
#include "agent/loop/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)4 << 20)
#define FILES_MAX 1000

struct file_args {
	struct watched_file_args file;
};

static const struct arg file_args[] = {
	WATCHED_FILE_ARGS(file_args, file,
		"Path of a file, or of a folder of which all *.alloy files are taken."),
	ARGS_END,
};

struct import_file {
	struct component base;
	struct watched_file file;
};

static bool file_check(const void *args, struct diags *d)
{
	const struct file_args *a = args;

	bool ok = true;

	if (a->file.filename.n == 0)
		ok = diag_error(d, a->file.at, "filename must not be empty");
	return watched_file_check(&a->file, d) && ok;
}

static bool read_text(struct arena *a, const char *path, struct import_text *out, struct err *e)
{
	struct buf b = {0};
	int error = file_read(path, &b, TEXT_MAX);

	out->name = arena_str(a, str_from(path));
	out->text = arena_str(a, buf_str(&b));
	buf_fini(&b);
	if (error == EFBIG)
		return err_set(e, "%.300s: longer than 4 MiB", path);
	return !error || err_set(e, "%.300s: %s", path, strerror(error));
}

static int is_wanted(const struct dirent *e)
{
	return e->d_name[0] != '.' && str_ends(str_from(e->d_name), ".alloy");
}

static int by_bytes(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

static bool read_entry(struct arena *a, const char *path, struct import_text *texts,
	struct imported *out, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return read_text(a, path, &texts[out->n++], e);
}

static bool read_folder(struct arena *a, struct str path, struct imported *out, struct err *e)
{
	struct import_text *texts;
	struct dirent **names;
	int n = scandir(path.p, &names, is_wanted, by_bytes);
	bool ok = true;

	if (n == -1)
		return err_set(e, "%.300s: %s", path.p, strerror(errno));
	if (n > FILES_MAX)
		ok = err_set(e, "%.300s has more than %d *.alloy files", path.p, FILES_MAX);
	texts = arena_new(a, struct import_text, (size_t)n + 1);
	out->p = texts;
	out->folder = path;
	for (int i = 0; i < n; i++) {
		ok = ok && read_entry(a,
				   arena_printf(a, STR_FMT "/%s", STR_ARG(path), names[i]->d_name)
					   .p,
				   texts, out, e);
		free(names[i]);
	}
	free(names);
	return ok;
}

static bool file_import(struct arena *a, struct component *c, const void *args,
	struct imported *out, struct err *e)
{
	const struct file_args *given = args;
	struct str path = {0};
	struct import_text *text;
	struct stat st;
	size_t n;

	if (given)
		path = arena_str(a, given->file.filename);
	else if (c)
		path = arena_str(a, container_of(c, struct import_file, base)->file.path);
	*out = (struct imported){.is_open = path.n == 0};
	if (out->is_open)
		return true;
	if (stat(path.p, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(a, path, out, e);
	text = arena_new(a, struct import_text, 1);
	n = watched_file_folder(path);
	out->p = text;
	out->n = 1;
	out->folder = n > 1 ? arena_str(a, str_head(path, n - 1)) : n ? STR("/")
								      : STR(".");
	return read_text(a, path.p, text, e);
}

static void on_look(struct watched_file *w)
{
	struct import_file *f = container_of(w, struct import_file, file);
	struct imported ignored;
	struct arena scratch;
	struct err e;

	arena_init(&scratch, 0);
	if (file_import(&scratch, &f->base, NULL, &ignored, &e)) {
		component_set_health(&f->base, HEALTH_HEALTHY, "");
		component_imports(&f->base);
	} else {
		component_set_health(&f->base, HEALTH_UNHEALTHY, e.text);
	}
	arena_fini(&scratch);
}

static bool file_update(struct component *c, const void *args, struct err *e)
{
	const struct file_args *a = args;

	(void)e;
	watched_file_set(&container_of(c, struct import_file, base)->file, &a->file);
	return true;
}

static bool file_start(struct component *c, const void *args, struct err *e)
{
	struct import_file *f = container_of(c, struct import_file, base);

	f->file.component = c;
	f->file.look = on_look;
	watched_file_start(&f->file);
	return file_update(c, args, e);
}

static void file_stop(struct component *c)
{
	watched_file_stop(&container_of(c, struct import_file, base)->file);
	component_stopped(c);
}

const struct component_type import_file = {
	.name = "import.file",
	.help = "Makes custom components of a file, or of a folder's files.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.args = file_args,
	.size = sizeof(struct import_file),
	.args_size = sizeof(struct file_args),
	.check = file_check,
	.import = file_import,
	.start = file_start,
	.update = file_update,
	.stop = file_stop,
};
