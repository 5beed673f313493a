/*
 * local.file: the content of a file, as a string (or a secret) for other components' arguments.
 *
 * The file's folder is watched, not the file: what replaces a file by a rename, as the kubelet does
 * with the links of a mounted Secret, is a change in the folder. It is also read every
 * poll_frequency, for file systems that tell nothing (NFS).
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/file.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"

#include <errno.h>

#define CONTENT_MAX ((size_t)4 << 20)
#define SETTLE (INT64_C(100) * 1000 * 1000) /* who writes a file in pieces is given so long */

struct file_args {
	struct range at;
	struct str filename;
	struct str detector;
	int64_t poll_frequency;
	bool is_secret;
};

static const char *const detectors[] = {"fsnotify", "poll", NULL};

static const struct arg file_args[] = {
	ARG_PLACE(file_args, at),
	ARG(file_args, filename, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Path of the file."),
	ARG(file_args, detector, .type = ARG_STR, .def = "fsnotify", .one_of = detectors,
		.help = "fsnotify: changes are seen at once; poll: only every poll_frequency."),
	ARG(file_args, poll_frequency, .type = ARG_DURATION, .def = "1m",
		.help = "How often the file is read without a sign of a change."),
	ARG(file_args, is_secret, .type = ARG_BOOL, .def = "false",
		.help = "Whether the content is a secret."),
	ARGS_END,
};

static const struct metric_family read_at = {"local_file_timestamp_last_accessed_unix_seconds",
	METRIC_GAUGE, "When the file was read last, as Unix time.", NULL};

struct local_file {
	struct component base;
	struct notify_watch watch;
	struct timer poll;
	struct timer soon;
	struct arena texts;
	const char *path; /* in texts, as dir */
	const char *dir;
	int64_t every;
	bool is_watched;
	bool is_secret;
	bool is_sick;
	struct metric *read_at;
};

static bool file_check(const void *args, struct diags *d)
{
	const struct file_args *a = args;

	if (a->poll_frequency <= 0)
		return diag_error(d, a->at, "poll_frequency must be greater than 0");
	return true;
}

static bool read_content(struct local_file *f, struct err *e)
{
	struct buf b = {0};
	struct arena a;
	int error = file_read(f->path, &b, CONTENT_MAX);
	struct str text;

	if (!error) {
		arena_init(&a, 0);
		text = arena_str(&a, buf_str(&b));
		component_export(&f->base, "content",
			f->is_secret ? value_secret(text) : value_str(text));
		arena_fini(&a);
		metric_set(f->read_at, (double)loop_wall(f->base.loop) / 1e9);
	}
	buf_fini(&b);
	if (error == EFBIG)
		return err_set(e, "%s: longer than 4 MiB", f->path);
	return !error || err_set(e, "%s: %s", f->path, strerror(error));
}

/* The folder may have been made, or replaced, since. */
static void watch(struct local_file *f)
{
	if (f->is_watched && !f->watch.dir && f->base.agent->notify)
		notify_start(f->base.agent->notify, &f->watch, f->dir);
}

static void look(struct local_file *f)
{
	struct err e;
	bool ok;

	watch(f);
	ok = read_content(f, &e);
	if (ok && f->is_sick)
		component_set_health(&f->base, HEALTH_HEALTHY, "the file is read again");
	if (!ok && !f->is_sick)
		log_warn(f->base.id, "the file cannot be read, its last content stays in force",
			KV("err", (const char *)e.text),
			KV("hint", "it is tried again when the folder changes"));
	if (!ok)
		component_set_health(&f->base, HEALTH_UNHEALTHY, e.text);
	f->is_sick = !ok;
	timer_set(&f->poll, f->base.loop, f->every);
}

static void on_poll(struct timer *t)
{
	look(container_of(t, struct local_file, poll));
}

static void on_soon(struct timer *t)
{
	look(container_of(t, struct local_file, soon));
}

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct local_file *f = container_of(w, struct local_file, watch);

	(void)events;
	(void)name;
	(void)cookie;
	if (!timer_is_set(&f->soon))
		timer_set(&f->soon, f->base.loop, SETTLE);
}

static void set_paths(struct local_file *f, struct str filename)
{
	size_t slash = filename.n;

	while (slash > 0 && filename.p[slash - 1] != '/')
		slash--;
	notify_stop(&f->watch);
	arena_clear(&f->texts);
	f->path = arena_str(&f->texts, filename).p;
	f->dir = slash ? arena_str(&f->texts, str_head(filename, slash)).p : ".";
}

static bool file_update(struct component *c, const void *args, struct err *e)
{
	struct local_file *f = container_of(c, struct local_file, base);
	const struct file_args *a = args;

	/* Not in file_check(): in `validate` a variable that only the node has is empty. */
	if (a->filename.n == 0)
		return err_set(e, "filename must not be empty");
	set_paths(f, a->filename);
	f->every = a->poll_frequency;
	f->is_watched = str_is(a->detector, "fsnotify");
	f->is_secret = a->is_secret;
	timer_clear(&f->soon);
	timer_set(&f->poll, c->loop, f->every);
	watch(f);
	f->is_sick = !read_content(f, e);
	return !f->is_sick;
}

static void file_clear(struct local_file *f)
{
	notify_stop(&f->watch);
	timer_clear(&f->poll);
	timer_clear(&f->soon);
	arena_fini(&f->texts);
	metric_free(f->read_at);
}

/* A file that is not there when the configuration is loaded is a mistake in it, as in Alloy. */
static bool file_start(struct component *c, const void *args, struct err *e)
{
	struct local_file *f = container_of(c, struct local_file, base);

	arena_init(&f->texts, 0);
	f->watch.changed = on_changed;
	f->poll.fire = on_poll;
	f->soon.fire = on_soon;
	f->read_at = metric_new(&read_at,
		(struct metric_label[]){{"component_id", c->id}, {"component_path", "/"}, {0}});
	if (file_update(c, args, e))
		return true;
	file_clear(f);
	return false;
}

static void file_stop(struct component *c)
{
	file_clear(container_of(c, struct local_file, base));
	component_stopped(c);
}

static const struct export_field file_exports[] = {
	{"content", ARG_STR, NULL, "The content of the file; a secret if is_secret says so."},
	{0},
};

const struct component_type local_file = {
	.name = "local.file",
	.help = "Reads a file, and again when it changes.",
	.stability = STABILITY_GA,
	.args = file_args,
	.size = sizeof(struct local_file),
	.args_size = sizeof(struct file_args),
	.exports = file_exports,
	.check = file_check,
	.start = file_start,
	.update = file_update,
	.stop = file_stop,
};
