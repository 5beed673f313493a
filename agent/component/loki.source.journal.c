/*
 * loki.source.journal: the entries of systemd's journal as log lines.
 *
 * Differences from Alloy, on purpose: the place in the journal moves when Loki has accepted, and
 * after an absence of any length it goes on from there; max_age is for a first start alone. New
 * arguments go on from what was read, so that what is under way comes no second time.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/place_file.h"
#include "agent/component/common/rule_labels.h"
#include "agent/component/loki.source.journal/api.h"
#include "agent/component/loki.source.journal/entry_fields.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/flow/once.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PER_TURN 200
#define FIELD_MAX ((size_t)1 << 20) /* bytes of one field; the library cuts what is longer */
#define RETRY (INT64_C(60) * NS_PER_SEC)
#define STOP_WAIT (INT64_C(3) * NS_PER_SEC)

struct legacy_position_block {
	struct str file;
	struct str name;
};

static const struct arg legacy_position_args[] = {
	ARG(legacy_position_block, file, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Positions of the Grafana Agent."),
	ARG(legacy_position_block, name, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of its job."),
	ARGS_END,
};

struct journal_args {
	struct range at;
	struct arg_capsules forward_to;
	bool format_as_json;
	int64_t max_age;
	struct str path;
	struct str matches;
	struct relabel_rules *relabel_rules;
	struct arg_map labels;
	const struct legacy_position_block *legacy_position;
};

static const struct arg journal_args[] = {
	ARG_PLACE(journal_args, at),
	ARG(journal_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(journal_args, format_as_json, .type = ARG_BOOL, .def = "false",
		.help = "Whether a line is all fields as JSON, not the message alone."),
	ARG(journal_args, max_age, .type = ARG_DURATION, .def = "7h",
		.help = "How old entries are read when the journal is read for the first time."),
	ARG(journal_args, path, .type = ARG_STR, .def = "",
		.help = "Folder of the journal; empty: the system's."),
	ARG(journal_args, matches, .type = ARG_STR, .def = "",
		.help = "Entries that are wanted: \"_SYSTEMD_UNIT=ssh.service PRIORITY=3\"."),
	ARG(journal_args, relabel_rules, .type = ARG_CAPSULE, .capsule = &capsule_relabel_rules,
		.help = "Rules that make labels of the fields, __journal_NAME."),
	ARG(journal_args, labels, .type = ARG_MAP, .help = "Labels of every entry."),
	ARG(journal_args, legacy_position, .type = ARG_BLOCK, .block = legacy_position_args,
		.size = sizeof(struct legacy_position_block), .flags = ARG_NO_EFFECT,
		.help = "Where the Grafana Agent stopped; here max_age says where to begin."),
	ARGS_END,
};

static const struct metric_family lines = {"loki_source_journal_target_lines_total",
	METRIC_COUNTER, "Entries that were forwarded.", NULL};
static const struct metric_family errors = {"loki_source_journal_target_parsing_errors_total",
	METRIC_COUNTER, "Entries that could not be a line, by reason.", NULL};

enum error_reason {
	NO_MESSAGE,
	EMPTY_LABELS,
	ERRORS,
};

struct journal_source {
	struct component base;
	const struct journal_api *api;
	sd_journal *journal;
	const struct journal_args *args;
	struct fd_watch fd;
	struct task begin;
	struct task read;
	struct budget_waiter room;
	struct timer patience; /* while stopping */
	struct timer retry;
	struct rule_labels rules;
	struct progress *progress;
	struct buf read_to; /* a cursor: what is after it is next; empty: what is after the place */
	struct place_file place;
	struct once_part once;
	struct arena entry; /* of the entry that is being read */
	struct buf line;
	struct metric *lines;
	struct metric *errors[ERRORS];
	bool is_sick;
};

static bool check_matches(const struct journal_args *a, struct diags *d)
{
	struct str rest = str_trim(a->matches), one;

	while (rest.n) {
		if (!str_cut(rest, ' ', &one, &rest)) {
			one = rest;
			rest = (struct str){0};
		}
		if (one.n && !memchr(one.p, '=', one.n)) {
			diag_error(d, a->at, "\"" STR_FMT "\" in matches is not FIELD=value",
				STR_ARG(one));
			diag_hint(d, "matches are separated by spaces, and all must hold");
			return false;
		}
	}
	return true;
}

static bool journal_check(const void *args, struct diags *d)
{
	const struct journal_args *a = args;
	bool ok = check_matches(a, d);

	if (a->max_age < 0)
		ok = diag_error(d, a->at, "max_age must not be negative");
	return ok;
}

static void report(struct journal_source *s, const char *what, int error)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(-error));
	component_set_health(&s->base, HEALTH_UNHEALTHY, text);
	if (!s->is_sick)
		log_warn(s->base.id, "the journal cannot be read",
			KV("err", (const char *)text),
			KV("hint", "the agent needs the right to read it: uid 0 or the group "
				   "systemd-journal, and its folder mounted in a pod"));
	s->is_sick = true;
}

static void read_fields(struct journal_source *s, struct journal_fields *f)
{
	const void *data;
	size_t n;

	s->api->restart_data(s->journal);
	while (s->api->enumerate_data(s->journal, &data, &n) > 0)
		journal_fields_add(f, &s->entry, (struct str){data, n});
}

static const struct labels *make_labels(struct journal_source *s, const struct journal_fields *f)
{
	const struct arg_map *m = &s->args->labels;
	struct label *more = arena_new(&s->entry, struct label, m->n + 1);
	bool has_job = false;
	struct label *v;
	size_t n = m->n;

	for (size_t i = 0; i < m->n; i++) {
		more[i] = (struct label){m->p[i].name, m->p[i].value};
		has_job |= str_is(m->p[i].name, "job");
	}
	if (!has_job)
		more[n++] = (struct label){STR("job"), str_from(s->base.id)};
	n = journal_fields_labels(f, &s->entry, more, n, &v);
	return rule_labels_make(&s->rules, v, n, &s->entry);
}

static bool make_line(struct journal_source *s, struct journal_fields *f, struct str *line)
{
	*line = journal_fields_find(f, "MESSAGE");
	if (s->args->format_as_json) {
		buf_clear(&s->line);
		journal_fields_json(f, &s->line);
		*line = buf_str(&s->line);
	}
	return line->p != NULL;
}

static void push(struct journal_source *s)
{
	const struct receivers to = {(struct receiver *const *)(const void *)s->args->forward_to.p,
		s->args->forward_to.n};
	struct journal_fields f = {0};
	struct entry e = {0};
	uint64_t usec = 0;

	read_fields(s, &f);
	e.labels = make_labels(s, &f);
	if (!e.labels) /* a rule drops it */
		return;
	s->api->get_realtime_usec(s->journal, &usec);
	e.time = (int64_t)usec * 1000;
	if (e.labels->n == 0) {
		metric_add(s->errors[EMPTY_LABELS], 1);
	} else if (!make_line(s, &f, &e.line)) {
		metric_add(s->errors[NO_MESSAGE], 1);
	} else {
		e.ack = progress_add(s->progress);
		metric_add(s->lines, 1);
		receivers_push(&to, &e);
	}
	labels_release(e.labels);
}

static void reach(struct journal_source *s)
{
	char *cursor;

	if (s->api->get_cursor(s->journal, &cursor) < 0)
		return;
	progress_reach(s->progress, str_from(cursor));
	buf_clear(&s->read_to);
	buf_add_str(&s->read_to, str_from(cursor));
	free(cursor);
}

static bool is_full(struct journal_source *s)
{
	if (!budget_is_full(s->base.agent->budget))
		return false;
	budget_wait(s->base.agent->budget, &s->room);
	return true;
}

static void close_journal(struct journal_source *s)
{
	fd_stop(&s->fd);
	task_cancel(&s->begin);
	task_cancel(&s->read);
	budget_unwait(&s->room);
	timer_clear(&s->retry);
	if (s->journal)
		s->api->close(s->journal);
	s->journal = NULL;
}

static void on_read(struct task *t)
{
	struct journal_source *s = container_of(t, struct journal_source, read);
	int got = 0, n = 0;

	while (n < PER_TURN && !is_full(s) && (got = s->api->next(s->journal)) > 0) {
		push(s);
		arena_clear(&s->entry);
		n++;
	}
	if (n > 0)
		reach(s);
	if (n == PER_TURN)
		task_defer(&s->read, s->base.loop);
	else if (got == 0)
		once_idle(&s->once);
	if (got >= 0)
		return;
	report(s, "the next entry", got);
	close_journal(s);
	timer_set(&s->retry, s->base.loop, RETRY);
}

static void on_room(struct budget_waiter *w)
{
	struct journal_source *s = container_of(w, struct journal_source, room);

	task_defer(&s->read, s->base.loop);
}

static void on_fd(struct fd_watch *w, unsigned events)
{
	struct journal_source *s = container_of(w, struct journal_source, fd);

	(void)events;
	if (s->api->process(s->journal) != SD_JOURNAL_NOP)
		task_defer(&s->read, s->base.loop);
}

static int add_matches(struct journal_source *s, struct str matches)
{
	struct str rest = str_trim(matches), one;
	int error = 0;

	while (rest.n && error >= 0) {
		if (!str_cut(rest, ' ', &one, &rest)) {
			one = rest;
			rest = (struct str){0};
		}
		if (one.n)
			error = s->api->add_match(s->journal, one.p, one.n);
	}
	return error;
}

static int seek_by_age(struct journal_source *s)
{
	int64_t from = loop_wall(s->base.loop) - s->args->max_age;

	return s->api->seek_realtime_usec(s->journal, from > 0 ? (uint64_t)from / 1000 : 0);
}

/* Behind the entry that was the last one read, or delivered by the life before; if that is gone,
 * at the next. */
static int seek(struct journal_source *s)
{
	char cursor[PLACE_MAX];
	struct str place = buf_str(s->read_to.n ? &s->read_to : &s->progress->place);
	int error;

	if (place.n == 0)
		return seek_by_age(s);
	snprintf(cursor, sizeof(cursor), STR_FMT, STR_ARG(place));
	error = s->api->seek_cursor(s->journal, cursor);
	if (error == -EINVAL) { /* a disk, or a person, has changed it */
		log_warn(s->base.id, "how far the journal was read is not known: it begins anew",
			KV("place", (const char *)cursor),
			KV("hint", "max_age says how old the first entries are"));
		return seek_by_age(s);
	}
	if (error < 0)
		return error;
	error = s->api->next(s->journal);
	if (error > 0 && s->api->test_cursor(s->journal, cursor) <= 0) {
		push(s);
		reach(s);
		arena_clear(&s->entry);
	}
	return error;
}

static int open_journal(struct journal_source *s)
{
	int error = s->args->path.n
			    ? s->api->open_directory(&s->journal, s->args->path.p, 0)
			    : s->api->open(&s->journal, SD_JOURNAL_LOCAL_ONLY);

	if (error < 0) {
		s->journal = NULL;
		return error;
	}
	s->api->set_data_threshold(s->journal, FIELD_MAX);
	error = add_matches(s, s->args->matches);
	if (error >= 0)
		error = seek(s);
	if (error >= 0)
		error = s->api->get_fd(s->journal);
	if (error < 0)
		return error;
	fd_start(&s->fd, s->base.loop, error, FD_READ);
	return 0;
}

static void begin(struct journal_source *s)
{
	int error = open_journal(s);

	if (error < 0) {
		report(s, s->args->path.n ? s->args->path.p : "the journal", error);
		close_journal(s);
		once_idle(&s->once);
		timer_set(&s->retry, s->base.loop, RETRY);
		return;
	}
	if (s->is_sick)
		component_set_health(&s->base, HEALTH_HEALTHY, "the journal is read");
	s->is_sick = false;
	task_defer(&s->read, s->base.loop);
}

static void on_begin(struct task *t)
{
	begin(container_of(t, struct journal_source, begin));
}

static void on_retry(struct timer *t)
{
	begin(container_of(t, struct journal_source, retry));
}

/* What somebody gave up is read anew. */
static void on_again(void *owner)
{
	struct journal_source *s = owner;

	buf_clear(&s->read_to);
	if (!s->journal)
		return;
	close_journal(s);
	begin(s);
}

static void on_stopped(struct component *c)
{
	struct journal_source *s = container_of(c, struct journal_source, base);

	progress_leave(s->progress);
	component_stopped(c);
}

static void on_idle(void *owner)
{
	struct journal_source *s = owner;

	if (!timer_is_set(&s->patience))
		return;
	timer_clear(&s->patience);
	place_file_stop(&s->place, on_stopped);
}

static void on_patience(struct timer *t)
{
	place_file_stop(&container_of(t, struct journal_source, patience)->place, on_stopped);
}

static struct metric *count_errors(const char *id, const char *reason)
{
	return metric_new(&errors, (struct metric_label[]){{"component_id", id},
					   {"component_path", "/"}, {"error", reason}, {0}});
}

static bool journal_start(struct component *c, const void *args, struct err *e)
{
	struct journal_source *s = container_of(c, struct journal_source, base);

	s->api = journal_api_load(e);
	if (!s->api)
		return false;
	s->args = args;
	s->lines = metric_new(&lines,
		(struct metric_label[]){
			{"component_id", c->id}, {"component_path", "/"}, {0}});
	s->errors[NO_MESSAGE] = count_errors(c->id, "no_message");
	s->errors[EMPTY_LABELS] = count_errors(c->id, "empty_labels");
	s->fd.ready = on_fd;
	s->begin.run = on_begin;
	s->read.run = on_read;
	s->room.room = on_room;
	s->patience.fire = on_patience;
	s->retry.fire = on_retry;
	arena_init(&s->entry, 0);
	rule_labels_set(&s->rules, s->args->relabel_rules);
	s->progress = progress_new(c->loop, s);
	s->progress->again = on_again;
	s->progress->idle = on_idle;
	place_file_start(&s->place, c, s->progress);
	once_busy(c->agent->work, &s->once);
	task_defer(&s->begin, c->loop); /* what it says of its health comes after the start */
	return true;
}

/* Other entries are read through another journal; all else counts from the next entry on. */
static bool journal_update(struct component *c, const void *args, struct err *e)
{
	struct journal_source *s = container_of(c, struct journal_source, base);
	const struct journal_args *a = args, *before = s->args;

	(void)e;
	s->args = a;
	rule_labels_set(&s->rules, a->relabel_rules);
	if (s->journal && str_eq(a->path, before->path) && str_eq(a->matches, before->matches))
		return true;
	close_journal(s);
	task_defer(&s->begin, c->loop);
	return true;
}

static void journal_stop(struct component *c)
{
	struct journal_source *s = container_of(c, struct journal_source, base);

	close_journal(s);
	once_idle(&s->once);
	arena_fini(&s->entry);
	buf_fini(&s->line);
	buf_fini(&s->read_to);
	rule_labels_fini(&s->rules);
	metric_free(s->lines);
	for (size_t i = 0; i < ERRORS; i++)
		metric_free(s->errors[i]);
	progress_seal(s->progress);
	if (progress_is_idle(s->progress))
		place_file_stop(&s->place, on_stopped);
	else
		timer_set(&s->patience, c->loop, STOP_WAIT);
}

const struct component_type loki_source_journal = {
	.name = "loki.source.journal",
	.help = "Forwards the entries of systemd's journal.",
	.stability = STABILITY_GA,
	.args = journal_args,
	.size = sizeof(struct journal_source),
	.args_size = sizeof(struct journal_args),
	.check = journal_check,
	.start = journal_start,
	.update = journal_update,
	.stop = journal_stop,
};
