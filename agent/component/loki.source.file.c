/*
 * loki.source.file: tails files and forwards their lines.
 *
 * Differences from Alloy, on purpose: a position moves when the line was accepted by every
 * destination, not when it was read; a file that is renamed or deleted is read to its end;
 * new labels of a target go on from where the file was; with tail_from_end a file
 * that is younger than the agent is read whole, as its beginning is news too.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/path_targets.h"
#include "agent/component/common/tail_labels.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <stdlib.h>

struct file_match_block {
	bool enabled;
	int64_t ignore_older_than;
	int64_t sync_period;
};

static const struct arg file_match_args[] = {
	ARG(file_match_block, enabled, .type = ARG_BOOL, .def = "false",
		.help = "Take __path__ for a pattern, as local.file_match does."),
	ARG(file_match_block, ignore_older_than, .type = ARG_DURATION, .def = "0s",
		.help = "Files that were not written for so long are left out; 0s: none are."),
	ARG(file_match_block, sync_period, .type = ARG_DURATION, .def = "10s",
		.help = "How often the age of files is looked at. New files are seen at once."),
	ARGS_END,
};

struct file_watch_block {
	int64_t min_poll_frequency;
	int64_t max_poll_frequency;
};

static const struct arg file_watch_args[] = {
	ARG(file_watch_block, min_poll_frequency, .type = ARG_DURATION, .def = "250ms",
		.flags = ARG_NO_EFFECT, .help = "Files are watched by inotify, not polled."),
	ARG(file_watch_block, max_poll_frequency, .type = ARG_DURATION, .def = "250ms",
		.flags = ARG_NO_EFFECT, .help = "Files are watched by inotify, not polled."),
	ARGS_END,
};

struct decompression_block {
	struct range at;
	bool enabled;
	struct str format;
	int64_t initial_delay;
};

static const struct arg decompression_args[] = {
	ARG_PLACE(decompression_block, at),
	ARG(decompression_block, enabled, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "Whether files are compressed. Not supported yet."),
	ARG(decompression_block, format, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "gz, z or bz2."),
	ARG(decompression_block, initial_delay, .type = ARG_DURATION, .def = "0s",
		.help = "Time to wait before a file is read."),
	ARGS_END,
};

struct source_args {
	struct range at;
	struct arg_targets targets;
	struct arg_capsules forward_to;
	struct str encoding;
	bool tail_from_end;
	struct str legacy_positions_file;
	struct str on_positions_file_error;
	const struct file_match_block *file_match;
	const struct file_watch_block *file_watch;
	const struct decompression_block *decompression;
};

static const char *const on_error_words[] = {"restart_from_beginning", "skip", "restart_from_end",
	NULL};

static const struct arg source_args[] = {
	ARG_PLACE(source_args, at),
	ARG(source_args, targets, .type = ARG_TARGETS, .flags = ARG_REQUIRED,
		.help = "Files to tail: each has its path in __path__; labels without __ are "
			"kept."),
	ARG(source_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(source_args, tail_from_end, .type = ARG_BOOL, .def = "false",
		.help = "Start at the end of a file that has no position and is older than the "
			"agent."),
	ARG(source_args, encoding, .type = ARG_STR, .def = "",
		.help = "Encoding of the files; only UTF-8 is supported yet."),
	ARG(source_args, legacy_positions_file, .type = ARG_STR, .def = "",
		.help = "Positions of a Promtail, to begin where it stopped; taken for files that "
			"have no position here or in Alloy's positions.yml."),
	ARG(source_args, on_positions_file_error, .type = ARG_STR, .def = "restart_from_beginning",
		.one_of = on_error_words, .flags = ARG_NO_EFFECT,
		.help = "A broken positions file is set aside, and files are read from their "
			"beginning."),
	ARG(source_args, file_match, .type = ARG_BLOCK, .block = file_match_args,
		.size = sizeof(struct file_match_block), .help = "Find files by patterns."),
	ARG(source_args, file_watch, .type = ARG_BLOCK, .block = file_watch_args,
		.size = sizeof(struct file_watch_block),
		.help = "Polling, which is not needed here."),
	ARG(source_args, decompression, .type = ARG_BLOCK, .block = decompression_args,
		.size = sizeof(struct decompression_block), .help = "Compressed files."),
	ARGS_END,
};

static const struct metric_family lines = {"loki_source_file_read_lines_total", METRIC_COUNTER,
	"Number of lines read.", NULL};
static const struct metric_family bytes = {"loki_source_file_read_bytes_total", METRIC_GAUGE,
	"Number of bytes read.", NULL};
static const struct metric_family active = {"loki_source_file_files_active_total", METRIC_GAUGE,
	"Number of active files.", NULL};
static const struct metric_family size = {"loki_source_file_file_bytes_total", METRIC_GAUGE,
	"Number of bytes in the file.", NULL};

struct source_file {
	struct component base;
	struct tail_source tail;
	struct tail_health health;
	struct path_targets files;
	bool has_files; /* file_match is on */
	struct arg_targets targets;
};

static bool source_check(const void *args, struct diags *d)
{
	const struct source_args *a = args;
	bool ok = true;

	if (a->encoding.n && !str_eq_nocase(a->encoding, STR("utf-8")) &&
		!str_eq_nocase(a->encoding, STR("utf8"))) {
		ok = diag_error(d, a->at, "encoding \"" STR_FMT "\" is not supported yet",
			STR_ARG(a->encoding));
		diag_hint(d, "leave it out: files are taken as UTF-8");
	}
	if (a->decompression && a->decompression->enabled) {
		ok = diag_error(d, a->decompression->at, "compressed files are not supported yet");
		diag_hint(d,
			"rotated logs need no decompression here: they are read before they are "
			"compressed");
	}
	return ok;
}

static void on_trouble(struct tail_source *s, const char *what)
{
	tail_health_report(&container_of(s, struct source_file, tail)->health, what);
}

struct list_of_targets {
	struct tail_target *v;
	size_t n;
};

static void add_target(struct list_of_targets *l, const struct arg_map *target, struct str path)
{
	struct label filename = {STR("filename"), path};

	l->v[l->n++] = (struct tail_target){path, tail_labels(target, &filename, 1, false)};
}

static void follow(struct source_file *s)
{
	size_t n = s->has_files ? s->files.n : s->targets.n;
	struct list_of_targets l = {.v = mem_new(struct tail_target, n)};

	for (size_t i = 0; s->has_files && i < n; i++)
		add_target(&l, s->files.v[i].labels, s->files.v[i].path);
	for (size_t i = 0; !s->has_files && i < n; i++) {
		struct str path = target_label(&s->targets.p[i], "__path__");

		if (path.n)
			add_target(&l, &s->targets.p[i], path);
		else
			log_warn(s->base.id, "a target has no __path__ and is left out",
				KV("target", (int64_t)i),
				KV("hint", "add a rule that sets __path__, or use "
					   "loki.source.kubernetes"));
	}
	tail_source_set(&s->tail, l.v, l.n);
	for (size_t i = 0; i < l.n; i++)
		labels_release(l.v[i].labels);
	free(l.v);
}

static void on_files(struct path_targets *p)
{
	follow(container_of(p, struct source_file, files));
}

/* Alloy has its positions below the same storage path, in a folder of the component. */
static void import_positions(struct source_file *s, const struct source_args *a)
{
	struct str storage = s->base.agent->storage_path;
	struct buf file = {0};

	buf_printf(&file, STR_FMT "/%s/positions.yml", STR_ARG(storage.n ? storage : STR(".")),
		s->base.id);
	buf_add_char(&file, 0);
	if (!tail_source_import(&s->tail, file.p) && a->legacy_positions_file.n) {
		buf_clear(&file);
		buf_add_str(&file, a->legacy_positions_file);
		buf_add_char(&file, 0);
		tail_source_import(&s->tail, file.p);
	}
	buf_fini(&file);
}

static void set_arguments(struct source_file *s, const struct source_args *a)
{
	s->tail.to = (struct receivers){(struct receiver *const *)(const void *)a->forward_to.p,
		a->forward_to.n};
	s->tail.from_end = a->tail_from_end;
	s->targets = a->targets;
	s->has_files = a->file_match && a->file_match->enabled;
	if (s->has_files)
		path_targets_set(&s->files, a->targets, a->file_match->ignore_older_than,
			a->file_match->sync_period);
	else
		path_targets_set(&s->files, (struct arg_targets){0}, 0, 0);
	follow(s);
}

static bool source_start(struct component *c, const void *args, struct err *e)
{
	struct source_file *s = container_of(c, struct source_file, base);

	(void)e;
	s->health.component = c;
	s->tail.id = c->id;
	s->tail.format = TAIL_PLAIN;
	s->tail.trouble = on_trouble;
	s->tail.lines = &lines;
	s->tail.bytes = &bytes;
	s->tail.size = &size;
	s->tail.active = &active;
	s->files.changed = on_files;
	path_targets_start(&s->files, c->id, c->loop, c->agent->notify);
	tail_source_start(&s->tail, c->agent->tailer);
	import_positions(s, args);
	set_arguments(s, args);
	return true;
}

static bool source_update(struct component *c, const void *args, struct err *e)
{
	(void)e;
	set_arguments(container_of(c, struct source_file, base), args);
	return true;
}

static void on_stopped(struct tail_source *tail)
{
	struct source_file *s = container_of(tail, struct source_file, tail);

	component_stopped(&s->base);
}

static void source_stop(struct component *c)
{
	struct source_file *s = container_of(c, struct source_file, base);

	path_targets_stop(&s->files);
	s->tail.stopped = on_stopped;
	if (tail_source_stop(&s->tail))
		on_stopped(&s->tail);
}

const struct component_type loki_source_file = {
	.name = "loki.source.file",
	.help = "Tails files and forwards their lines.",
	.stability = STABILITY_GA,
	.args = source_args,
	.size = sizeof(struct source_file),
	.args_size = sizeof(struct source_args),
	.check = source_check,
	.start = source_start,
	.update = source_update,
	.stop = source_stop,
};
