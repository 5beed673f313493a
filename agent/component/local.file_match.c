/*
 * local.file_match: exports a target for each file that matches the patterns of its own.
 *
 * Alloy looks every sync_period; here inotify tells, so sync_period only says how often
 * files are tested for ignore_older_than.
 */

#include "agent/base/container_of.h"
#include "agent/component/common/path_targets.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

struct file_match_args {
	struct arg_targets path_targets;
	int64_t ignore_older_than;
	int64_t sync_period;
};

static const struct arg file_match_args[] = {
	ARG(file_match_args, path_targets, .type = ARG_TARGETS, .flags = ARG_REQUIRED,
		.help = "Targets with a pattern in __path__, and perhaps one in __path_exclude__."),
	ARG(file_match_args, ignore_older_than, .type = ARG_DURATION, .def = "0s",
		.help = "Files that were not written for so long are left out; 0s: none are."),
	ARG(file_match_args, sync_period, .type = ARG_DURATION, .def = "10s",
		.help = "How often the age of files is looked at. New files are seen at once."),
	ARGS_END,
};

struct file_match {
	struct component base;
	struct path_targets files;
};

/* The target's labels with the file's path in __path__, where the pattern was. */
static struct value target_value(struct arena *a, const struct path_target *t)
{
	struct field *f = arena_new(a, struct field, t->labels->n);

	for (size_t i = 0; i < t->labels->n; i++) {
		bool is_path = str_is(t->labels->p[i].name, "__path__");

		f[i].key = t->labels->p[i].name;
		f[i].value = value_str(is_path ? t->path : t->labels->p[i].value);
	}
	return value_object(a, f, t->labels->n);
}

static void export(struct file_match *m)
{
	struct arena a = {0};
	struct value *v = arena_new(&a, struct value, m->files.n + 1);

	for (size_t i = 0; i < m->files.n; i++)
		v[i] = target_value(&a, &m->files.v[i]);
	component_export(&m->base, "targets", value_array(v, m->files.n));
	arena_fini(&a);
}

static void on_changed(struct path_targets *p)
{
	export(container_of(p, struct file_match, files));
}

static bool file_match_update(struct component *c, const void *args, struct err *e)
{
	struct file_match *m = container_of(c, struct file_match, base);
	const struct file_match_args *a = args;

	(void)e;
	path_targets_set(&m->files, a->path_targets, a->ignore_older_than, a->sync_period);
	export(m);
	return true;
}

static bool file_match_start(struct component *c, const void *args, struct err *e)
{
	struct file_match *m = container_of(c, struct file_match, base);

	m->files.changed = on_changed;
	path_targets_start(&m->files, c->id, c->loop, c->agent->notify);
	return file_match_update(c, args, e);
}

static void file_match_stop(struct component *c)
{
	path_targets_stop(&container_of(c, struct file_match, base)->files);
	component_stopped(c);
}

static const struct export_field file_match_exports[] = {
	{"targets", ARG_TARGETS, NULL, "One target a file, its path in __path__."},
	{0},
};

const struct component_type local_file_match = {
	.name = "local.file_match",
	.help = "Finds the files that match patterns.",
	.stability = STABILITY_GA,
	.args = file_match_args,
	.size = sizeof(struct file_match),
	.args_size = sizeof(struct file_match_args),
	.exports = file_match_exports,
	.start = file_match_start,
	.update = file_match_update,
	.stop = file_match_stop,
};
