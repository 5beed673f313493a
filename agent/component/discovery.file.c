/*
 * discovery.file: targets that files list, in JSON or YAML, as Prometheus' file_sd has them.
 *
 * The folders are watched, not the files: what replaces a file by a rename, or a mounted ConfigMap
 * by its links, is a change in the folder. What is in a file that cannot be read or understood
 * stays as it was, as in Prometheus; a file that is gone takes its targets with it.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"
#include "agent/config/stdlib.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/file.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "agent/tail/glob.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define SETTLE (INT64_C(100) * 1000 * 1000) /* who writes a file in pieces is given so long */

enum {
	MAX_TEXT = 16 << 20,
	MAX_FILES = 10000,
};

struct file_args {
	struct range at;
	struct arg_strs files;
	int64_t refresh_interval;
};

static const struct arg file_args[] = {
	ARG_PLACE(file_args, at),
	ARG(file_args, files, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Files that end in .json, .yml or .yaml; the last part of a path may have "
			"an asterisk."),
	ARG(file_args, refresh_interval, .type = ARG_DURATION, .def = "5m",
		.help = "How often they are read without a sign of a change."),
	ARGS_END,
};

static const struct metric_family errors_family = {"invar_discovery_file_errors_total",
	METRIC_COUNTER, "Files that could not be read or understood.", NULL};

/* One that was read. */
struct listed {
	struct str path;     /* in arena */
	struct arena arena;  /* of what it says */
	struct value groups; /* an array of targets, each an object */
	bool is_seen;        /* in this round */
	bool is_bad;         /* as it is now; that has been said */
};

struct pattern {
	struct file_discovery *owner;
	struct notify_watch watch;
	const char *folder;
	const char *name; /* of files in it */
};

struct file_discovery {
	struct component base;
	struct arena texts;
	struct pattern *patterns;
	size_t n_patterns;
	struct {
		struct listed **p; /* by path */
		size_t n, cap;
	} files;
	struct timer again; /* refresh_interval */
	struct timer soon;
	int64_t every;
	struct metric *errors;
};

/* ---- arguments ---- */

/* Prometheus: ^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$ */
static bool is_pattern(struct str s)
{
	static const char *const ends[] = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};
	const char *star = s.n ? memchr(s.p, '*', s.n) : NULL;
	bool ok = false;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		ok = ok || str_ends(s, ends[i]);
	return ok && (!star || !memchr(star, '/', s.n - (size_t)(star - s.p)));
}

static bool file_check(const void *args, struct diags *d)
{
	const struct file_args *a = args;
	bool ok = true;

	if (a->files.n == 0)
		ok = diag_error(d, a->at,
			"file service discovery config must contain at least one path name: files "
			"is empty");
	for (size_t i = 0; i < a->files.n; i++)
		if (!is_pattern(a->files.p[i])) {
			ok = diag_error(d, a->at,
				"files: path name \"" STR_FMT "\" is not valid for file discovery",
				STR_ARG(a->files.p[i]));
			diag_hint(d, "it ends in .json, .yml or .yaml, and has a * at most in its "
				     "last part");
		}
	if (a->refresh_interval <= 0)
		ok = diag_error(d, a->at, "refresh_interval must be greater than 0");
	return ok;
}

/* ---- what a file says ---- */

struct group {
	const struct value *targets; /* NULL: none */
	const struct value *labels;
};

static bool read_group(const struct value *v, struct group *g, struct err *e)
{
	*g = (struct group){0};
	if (v->type != VALUE_OBJECT)
		return err_set(e, "want a list of objects with targets and labels");
	for (size_t i = 0; i < v->object.n; i++) {
		const struct field *f = &v->object.fields[i];

		if (f->value.type == VALUE_NULL)
			continue;
		if (str_is(f->key, "targets") && f->value.type == VALUE_ARRAY)
			g->targets = &f->value;
		else if (str_is(f->key, "labels") && f->value.type == VALUE_OBJECT)
			g->labels = &f->value;
		else
			return err_set(e, "\"" STR_FMT "\" is not known, or of the wrong type",
				STR_ARG(str_head(f->key, 100)));
	}
	return true;
}

static bool make_target(struct arena *a, const struct group *g, const struct value *address,
	struct str path, struct value *out, struct err *e)
{
	size_t n = g->labels ? g->labels->object.n : 0;
	struct field *fields = arena_new(a, struct field, n + 2);
	struct str text;

	for (size_t i = 0; i < n; i++) {
		if (!value_to_str(a, &g->labels->object.fields[i].value, &text, e))
			return err_wrap(e, "label \"" STR_FMT "\"",
				STR_ARG(str_head(g->labels->object.fields[i].key, 100)));
		fields[i] = (struct field){g->labels->object.fields[i].key, value_str(text)};
	}
	if (!value_to_str(a, address, &text, e))
		return err_wrap(e, "a target");
	fields[n] = (struct field){STR("__meta_filepath"), value_str(path)};
	fields[n + 1] = (struct field){STR("__address__"), value_str(text)};
	*out = value_object(a, fields, n + 2);
	return true;
}

static bool make_targets(struct arena *a, const struct value *v, struct str path,
	struct value *out, struct err *e)
{
	struct value *all;
	struct group g;
	size_t n = 0;

	if (v->type == VALUE_NULL) {
		*out = value_array(NULL, 0);
		return true;
	}
	if (v->type != VALUE_ARRAY)
		return err_set(e, "want a list of objects with targets and labels");
	for (size_t i = 0; i < v->array.n; i++) {
		if (!read_group(&v->array.items[i], &g, e))
			return false;
		n += g.targets ? g.targets->array.n : 0;
	}
	all = arena_new(a, struct value, n + 1);
	n = 0;
	for (size_t i = 0; i < v->array.n; i++) {
		read_group(&v->array.items[i], &g, e);
		for (size_t k = 0; g.targets && k < g.targets->array.n; k++)
			if (!make_target(a, &g, &g.targets->array.items[k], path, &all[n++], e))
				return false;
	}
	*out = value_array(all, n);
	return true;
}

static bool read_text(struct arena *a, struct str path, struct value *out, struct err *e)
{
	struct buf b = {0};
	int error = file_read(path.p, &b, MAX_TEXT);
	struct str text = arena_str(a, buf_str(&b));

	buf_fini(&b);
	if (error != 0)
		return err_set(e, "%s", strerror(error));
	if (str_ends(path, ".json") || str_ends(path, ".JSON"))
		return json_to_value(a, text, false, out, e);
	return yaml_to_value(a, text, out, e);
}

/* ---- the files there are ---- */

static struct listed *find_listed(struct file_discovery *d, struct str path)
{
	size_t lo = 0, hi = d->files.n;
	struct listed *f;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = str_cmp(d->files.p[mid]->path, path);

		if (cmp == 0)
			return d->files.p[mid];
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	f = mem_new(struct listed, 1);
	arena_init(&f->arena, 0);
	f->path = (struct str){mem_text(path), path.n};
	f->groups = value_array(NULL, 0);
	(void)vec_add(&d->files);
	memmove(&d->files.p[lo + 1], &d->files.p[lo], (d->files.n - 1 - lo) * sizeof(*d->files.p));
	d->files.p[lo] = f;
	return f;
}

static void free_listed(struct listed *f)
{
	arena_fini(&f->arena);
	free((char *)(uintptr_t)f->path.p);
	free(f);
}

static void read_listed(struct file_discovery *d, struct listed *f)
{
	struct value text = {0};
	struct value groups = {0};
	struct arena fresh;
	struct err e = {""};

	f->is_seen = true;
	arena_init(&fresh, 0);
	if (read_text(&fresh, f->path, &text, &e) &&
		make_targets(&fresh, &text, f->path, &groups, &e)) {
		arena_fini(&f->arena);
		f->arena = fresh;
		f->groups = groups;
		f->is_bad = false;
		return;
	}
	arena_fini(&fresh);
	metric_add(d->errors, 1);
	if (!f->is_bad)
		log_warn(d->base.id, "a file of targets cannot be used, what it said before stays",
			KV("file", f->path), KV("err", (const char *)e.text));
	f->is_bad = true;
}

static void read_folder(struct file_discovery *d, const struct pattern *p)
{
	DIR *dir = opendir(p->folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char path[4096];
		struct listed *f;

		if (!glob_part_matches(p->name, entry->d_name) || d->files.n >= MAX_FILES)
			continue;
		if (snprintf(path, sizeof(path), "%s%s%s", p->folder,
			    str_ends(str_from(p->folder), "/") ? "" : "/",
			    entry->d_name) >= (int)sizeof(path))
			continue;
		f = find_listed(d, str_from(strcmp(p->folder, ".") == 0 ? path + 2 : path));
		if (!f->is_seen)
			read_listed(d, f);
	}
	closedir(dir);
}

static void forget_unseen(struct file_discovery *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->files.n; i++) {
		if (d->files.p[i]->is_seen)
			d->files.p[n++] = d->files.p[i];
		else
			free_listed(d->files.p[i]);
	}
	d->files.n = n;
}

static void export_targets(struct file_discovery *d)
{
	struct value *all;
	struct arena a;
	size_t n = 0;

	for (size_t i = 0; i < d->files.n; i++)
		n += d->files.p[i]->groups.array.n;
	arena_init(&a, 0);
	all = arena_new(&a, struct value, n + 1);
	n = 0;
	for (size_t i = 0; i < d->files.n; i++)
		for (size_t k = 0; k < d->files.p[i]->groups.array.n; k++)
			all[n++] = d->files.p[i]->groups.array.items[k];
	component_export(&d->base, "targets", value_array(all, n));
	arena_fini(&a);
}

static void look(struct file_discovery *d)
{
	struct notify *notify = d->base.agent->notify;

	timer_clear(&d->soon);
	timer_set(&d->again, d->base.loop, d->every);
	for (size_t i = 0; i < d->files.n; i++)
		d->files.p[i]->is_seen = false;
	for (size_t i = 0; i < d->n_patterns; i++) {
		if (notify && !d->patterns[i].watch.dir) /* it may have been made since */
			notify_start(notify, &d->patterns[i].watch, d->patterns[i].folder);
		read_folder(d, &d->patterns[i]);
	}
	forget_unseen(d);
	export_targets(d);
}

static void on_soon(struct timer *t)
{
	look(container_of(t, struct file_discovery, soon));
}

static void on_again(struct timer *t)
{
	look(container_of(t, struct file_discovery, again));
}

static void on_changed(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie)
{
	struct file_discovery *d = container_of(w, struct pattern, watch)->owner;

	(void)events;
	(void)name;
	(void)cookie;
	if (!timer_is_set(&d->soon))
		timer_set(&d->soon, d->base.loop, SETTLE);
}

/* ---- life ---- */

static void stop_patterns(struct file_discovery *d)
{
	for (size_t i = 0; i < d->n_patterns; i++)
		notify_stop(&d->patterns[i].watch);
	d->n_patterns = 0;
	arena_clear(&d->texts);
}

static void set_pattern(struct file_discovery *d, struct pattern *p, struct str path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	p->owner = d;
	p->watch.changed = on_changed;
	p->folder = ".";
	if (n > 0)
		p->folder = arena_str(&d->texts, str_head(path, n > 1 ? n - 1 : 1)).p;
	p->name = arena_str(&d->texts, str_from_at(path, n)).p;
}

static bool file_update(struct component *c, const void *args, struct err *e)
{
	struct file_discovery *d = container_of(c, struct file_discovery, base);
	const struct file_args *a = args;

	(void)e;
	stop_patterns(d);
	d->patterns = arena_new(&d->texts, struct pattern, a->files.n);
	for (; d->n_patterns < a->files.n; d->n_patterns++)
		set_pattern(d, &d->patterns[d->n_patterns], a->files.p[d->n_patterns]);
	d->every = a->refresh_interval;
	look(d);
	return true;
}

static bool file_start(struct component *c, const void *args, struct err *e)
{
	struct file_discovery *d = container_of(c, struct file_discovery, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};

	arena_init(&d->texts, 0);
	d->again.fire = on_again;
	d->soon.fire = on_soon;
	d->errors = metric_new(&errors_family, labels);
	return file_update(c, args, e);
}

static void file_stop(struct component *c)
{
	struct file_discovery *d = container_of(c, struct file_discovery, base);

	stop_patterns(d);
	timer_clear(&d->again);
	timer_clear(&d->soon);
	for (size_t i = 0; i < d->files.n; i++)
		free_listed(d->files.p[i]);
	free(d->files.p);
	arena_fini(&d->texts);
	metric_free(d->errors);
	component_stopped(c);
}

static const struct export_field file_exports[] = {
	{"targets", ARG_TARGETS, NULL, "The targets of all files, each with __meta_filepath."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type discovery_file = {
	.name = "discovery.file",
	.help = "Reads targets from files.",
	.stability = STABILITY_GA,
	.args = file_args,
	.size = sizeof(struct file_discovery),
	.args_size = sizeof(struct file_args),
	.exports = file_exports,
	.check = file_check,
	.start = file_start,
	.update = file_update,
	.stop = file_stop,
};
