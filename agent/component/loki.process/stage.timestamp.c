/*
 * stage.timestamp: the time of an entry from an extracted value.
 *
 * Loki keeps entries of one stream and one time apart only if their lines differ, so two
 * entries with the same parsed time are set 1 ns apart, and one without a time comes 1 ns
 * behind the last of its stream (Alloy's "fudge"). What was last is remembered by the label
 * set.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/component/loki.process/layout.h"
#include "agent/component/loki.process/zone.h"
#include "agent/flow/label_cache.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

#define STREAMS_MAX 10000 /* Alloy's */

struct timestamp_args {
	struct str source;
	struct str format;
	struct arg_strs fallback_formats;
	struct str location;
	struct str action_on_failure;
	struct str action_on_duplicate_timestamp;
};

static const char *const on_failure[] = {"fudge", "skip", NULL};
static const char *const on_duplicate[] = {"fudge", "keep", NULL};

static const struct arg timestamp_args[] = {
	ARG(timestamp_args, source, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of the extracted value."),
	ARG(timestamp_args, format, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Go's layout of the time, or RFC3339, Unix, UnixMs and others."),
	ARG(timestamp_args, fallback_formats, .type = ARG_STRS,
		.help = "Further formats, tried in order."),
	ARG(timestamp_args, location, .type = ARG_STR,
		.help = "The zone of times that name none: \"Europe/Berlin\"; UTC by default."),
	ARG(timestamp_args, action_on_failure, .type = ARG_STR, .def = "fudge",
		.one_of = on_failure,
		.help = "fudge: an entry without a time comes 1 ns behind the last of its stream; "
			"skip: its time stays."),
	ARG(timestamp_args, action_on_duplicate_timestamp, .type = ARG_STR, .def = "fudge",
		.one_of = on_duplicate,
		.help = "fudge: entries of one time are set 1 ns apart; keep: they are not."),
	ARGS_END,
};

struct last {
	int64_t parsed;
	int64_t given;
};

struct timestamp {
	struct stage base;
	struct arena arena;
	struct str source;
	struct layout *formats;
	size_t n_formats;
	bool fudge_failure;
	bool fudge_duplicate;
	struct label_cache streams; /* in: the stream's set; out is not used */
	struct last *last;          /* beside streams.ring */
	size_t last_cap;
};

static bool timestamp_check(const void *args, struct range at, struct diags *d)
{
	const struct timestamp_args *a = args;
	bool ok = true;
	struct err e;

	if (a->source.n == 0)
		ok = diag_error(
			d, at, "timestamp source value is required if timestamp is specified");
	if (a->format.n == 0)
		ok = diag_error(d, at, "timestamp format is required");
	if (zone_load(d->arena, a->location, &e))
		return ok;
	diag_error(d, at, "invalid location specified: %s", e.text);
	diag_hint(d, "names are those of /usr/share/zoneinfo, which the package tzdata brings");
	return false;
}

static bool timestamp_init(struct stage *s, const void *args, struct err *e)
{
	const struct timestamp_args *a = args;
	struct timestamp *t = container_of(s, struct timestamp, base);
	const struct zone *zone = NULL;

	arena_init(&t->arena, 0);
	label_cache_init(&t->streams, STREAMS_MAX);
	t->source = a->source;
	t->fudge_failure = str_is(a->action_on_failure, "fudge");
	t->fudge_duplicate = str_is(a->action_on_duplicate_timestamp, "fudge");
	if (a->location.n) {
		zone = zone_load(&t->arena, a->location, e);
		if (!zone)
			return false;
	}
	t->formats = arena_new(&t->arena, struct layout, a->fallback_formats.n + 1);
	layout_init(&t->formats[t->n_formats++], &t->arena, a->format, zone);
	for (size_t i = 0; i < a->fallback_formats.n; i++)
		layout_init(&t->formats[t->n_formats++], &t->arena, a->fallback_formats.p[i], zone);
	return true;
}

/* What is remembered of the stream; NULL: nothing, and it shall not be added. */
static struct last *last_of(struct timestamp *t, const struct labels *labels, bool add)
{
	const struct label_cache_entry *it = label_cache_find(&t->streams, labels);
	bool is_new = !it;

	if (!it && !add)
		return NULL;
	if (!it)
		it = label_cache_add(&t->streams, labels, NULL);
	if (t->last_cap < t->streams.ring_cap) {
		t->last_cap = t->streams.ring_cap;
		t->last = mem_resize(t->last, t->last_cap * sizeof(*t->last));
	}
	if (is_new)
		t->last[it - t->streams.ring] = (struct last){INT64_MIN, INT64_MIN};
	return &t->last[it - t->streams.ring];
}

static bool parse(const struct timestamp *t, const struct work *w, int64_t *ns)
{
	int64_t now = loop_wall(t->base.in->process->loop);
	struct str text;

	if (!extracted_find(&w->x, t->source, &text))
		return false;
	for (size_t i = 0; i < t->n_formats; i++) {
		if (layout_parse(&t->formats[i], text, now, ns))
			return true;
	}
	return false;
}

static bool timestamp_run(struct stage *s, struct work *w)
{
	struct timestamp *t = container_of(s, struct timestamp, base);
	struct last *last;
	int64_t parsed;

	if (!parse(t, w, &parsed)) {
		last = t->fudge_failure ? last_of(t, w->e.labels, false) : NULL;
		if (last)
			w->e.time = ++last->given;
		return true;
	}
	w->e.time = parsed;
	if (!t->fudge_failure && !t->fudge_duplicate)
		return true;
	last = last_of(t, w->e.labels, true);
	if (t->fudge_duplicate && last->parsed == parsed)
		w->e.time = last->given + 1;
	*last = (struct last){parsed, w->e.time};
	return true;
}

static void timestamp_fini(struct stage *s)
{
	struct timestamp *t = container_of(s, struct timestamp, base);

	label_cache_clear(&t->streams);
	free(t->last);
	arena_fini(&t->arena);
}

static const struct stage_ops timestamp_ops = {
	.size = sizeof(struct timestamp),
	.uses_extracted = stage_always,
	.check = timestamp_check,
	.init = timestamp_init,
	.run = timestamp_run,
	.fini = timestamp_fini,
};

const struct arg_choice_type stage_timestamp = {
	.name = "stage.timestamp",
	.help = "Sets the time of an entry from an extracted value.",
	.args = timestamp_args,
	.size = sizeof(struct timestamp_args),
	.ops = &timestamp_ops,
};
