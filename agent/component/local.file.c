/*
 * local.file: the content of a file, as a string (or a secret) for other components' arguments.
 * While the file cannot be read its last content stays in force.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/component/common/watched_file.h"
#include "agent/graph/component.h"
#include "agent/loop/file.h"

#include <errno.h>

#define CONTENT_MAX ((size_t)4 << 20)

struct file_args {
	struct watched_file_args file;
	bool is_secret;
};

static const struct arg file_args[] = {
	WATCHED_FILE_ARGS(file_args, file, "Path of the file."),
	ARG(file_args, is_secret, .type = ARG_BOOL, .def = "false",
		.help = "Whether the content is a secret."),
	ARGS_END,
};

static const struct metric_family read_at = {"local_file_timestamp_last_accessed_unix_seconds",
	METRIC_GAUGE, "When the file was read last, as Unix time.", NULL};

struct local_file {
	struct component base;
	struct watched_file file;
	bool is_secret;
	bool is_sick;
	struct metric *read_at;
};

static bool file_check(const void *args, struct diags *d)
{
	const struct file_args *a = args;

	return watched_file_check(&a->file, d);
}

static bool read_content(struct local_file *f, struct err *e)
{
	struct buf b = {0};
	struct arena a;
	int error = file_read(f->file.path.p, &b, CONTENT_MAX);
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
		return err_set(e, "%s: longer than 4 MiB", f->file.path.p);
	return !error || err_set(e, "%s: %s", f->file.path.p, strerror(error));
}

static void on_look(struct watched_file *w)
{
	struct local_file *f = container_of(w, struct local_file, file);
	struct err e;
	bool ok = read_content(f, &e);

	if (ok && f->is_sick)
		component_set_health(&f->base, HEALTH_HEALTHY, "the file is read again");
	if (!ok && !f->is_sick)
		log_warn(f->base.id, "the file cannot be read, its last content stays in force",
			KV("err", (const char *)e.text),
			KV("hint", "it is tried again when the folder changes"));
	if (!ok)
		component_set_health(&f->base, HEALTH_UNHEALTHY, e.text);
	f->is_sick = !ok;
}

static bool file_update(struct component *c, const void *args, struct err *e)
{
	struct local_file *f = container_of(c, struct local_file, base);
	const struct file_args *a = args;

	/* Not in file_check(): in `validate` a variable that only the node has is empty. */
	if (a->file.filename.n == 0)
		return err_set(e, "filename must not be empty");
	watched_file_set(&f->file, &a->file);
	f->is_secret = a->is_secret;
	f->is_sick = !read_content(f, e);
	return !f->is_sick;
}

static void file_clear(struct local_file *f)
{
	watched_file_stop(&f->file);
	metric_free(f->read_at);
}

/* A file that is not there when the configuration is loaded is a mistake in it, as in Alloy. */
static bool file_start(struct component *c, const void *args, struct err *e)
{
	struct local_file *f = container_of(c, struct local_file, base);

	f->file.component = c;
	f->file.look = on_look;
	watched_file_start(&f->file);
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
