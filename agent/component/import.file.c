/*
 * import.file: a module from a file, or from all *.alloy files of a folder.
 *
 * The folder is watched, not the file: what replaces a file by a rename, as the kubelet does with
 * the links of a mounted ConfigMap, is a change in the folder. It is also read every
 * poll_frequency, for file systems that tell nothing (NFS). What cannot be read, or is wrong,
 * leaves the module as it was.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/file.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)4 << 20)
#define FILES_MAX 1000
#define SETTLE (INT64_C(100) * 1000 * 1000) /* who writes a file in pieces is given so long */

struct file_args {
	struct range at;
	struct str filename;
	struct str detector;
	int64_t poll_frequency;
};

static const char *const detectors[] = {"fsnotify", "poll", NULL};

static const struct arg file_args[] = {
	ARG_PLACE(file_args, at),
	ARG(file_args, filename, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Path of a file, or of a folder of which all *.alloy files are taken."),
	ARG(file_args, detector, .type = ARG_STR, .def = "fsnotify", .one_of = detectors,
		.help = "fsnotify: changes are seen at once; poll: only every poll_frequency."),
	ARG(file_args, poll_frequency, .type = ARG_DURATION, .def = "1m",
		.help = "How often it is read without a sign of a change."),
	ARGS_END,
};

struct import_file {
	struct component base;
	struct notify_watch watch;
	struct timer poll;
	struct timer soon;
	struct arena texts;
	struct str path; /* in texts, as folder */
	const char *folder;
	int64_t every;
	bool is_watched;
};

static bool file_check(const void *args, struct diags *d)
{
	const struct file_args *a = args;

	if (a->filename.n == 0)
		return diag_error(d, a->at, "filename must not be empty");
	if (a->poll_frequency <= 0)
		return diag_error(d, a->at, "poll_frequency must be greater than 0");
	return true;
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

static size_t folder_length(struct str path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return n;
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
		path = arena_str(a, given->filename);
	else if (c)
		path = arena_str(a, container_of(c, struct import_file, base)->path);
	*out = (struct imported){.is_open = path.n == 0};
	if (out->is_open)
		return true;
	if (stat(path.p, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(a, path, out, e);
	text = arena_new(a, struct import_text, 1);
	n = folder_length(path);
	out->p = text;
	out->n = 1;
	out->folder = n > 1 ? arena_str(a, str_head(path, n - 1)) : n ? STR("/")
								      : STR(".");
	return read_text(a, path.p, text, e);
}

/* The folder may have been made, or replaced, since. */
static void watch(struct import_file *f)
{
	if (f->is_watched && !f->watch.dir && f->base.agent->notify)
		notify_start(f->base.agent->notify, &f->watch, f->folder);
}

static void look(struct import_file *f)
{
	struct imported ignored;
	struct arena scratch;
	struct err e;

	watch(f);
	arena_init(&scratch, 0);
	if (file_import(&scratch, &f->base, NULL, &ignored, &e)) {
		component_set_health(&f->base, HEALTH_HEALTHY, "");
		component_imports(&f->base);
	} else {
		component_set_health(&f->base, HEALTH_UNHEALTHY, e.text);
	}
	arena_fini(&scratch);
	timer_set(&f->poll, f->base.loop, f->every);
}

static void on_poll(struct timer *t)
{
	look(container_of(t, struct import_file, poll));
}

static void on_soon(struct timer *t)
{
	look(container_of(t, struct import_file, soon));
}

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct import_file *f = container_of(w, struct import_file, watch);

	(void)events;
	(void)name;
	(void)cookie;
	if (!timer_is_set(&f->soon))
		timer_set(&f->soon, f->base.loop, SETTLE);
}

static void set_paths(struct import_file *f, struct str filename)
{
	size_t n = folder_length(filename);
	struct stat st;

	notify_stop(&f->watch);
	arena_clear(&f->texts);
	f->path = arena_str(&f->texts, filename);
	if (stat(f->path.p, &st) == 0 && S_ISDIR(st.st_mode))
		f->folder = f->path.p;
	else
		f->folder = n ? arena_str(&f->texts, str_head(filename, n)).p : ".";
}

static bool file_update(struct component *c, const void *args, struct err *e)
{
	struct import_file *f = container_of(c, struct import_file, base);
	const struct file_args *a = args;

	(void)e;
	set_paths(f, a->filename);
	f->every = a->poll_frequency;
	f->is_watched = str_is(a->detector, "fsnotify");
	timer_clear(&f->soon);
	timer_set(&f->poll, c->loop, f->every);
	watch(f);
	return true;
}

static bool file_start(struct component *c, const void *args, struct err *e)
{
	struct import_file *f = container_of(c, struct import_file, base);

	arena_init(&f->texts, 0);
	f->watch.changed = on_changed;
	f->poll.fire = on_poll;
	f->soon.fire = on_soon;
	return file_update(c, args, e);
}

static void file_stop(struct component *c)
{
	struct import_file *f = container_of(c, struct import_file, base);

	notify_stop(&f->watch);
	timer_clear(&f->poll);
	timer_clear(&f->soon);
	arena_fini(&f->texts);
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
