/*
 * Streams become label sets, their entries are pushed. One stream with labels that cannot be read
 * does not spoil the others: they go on, and the client is told, as by Alloy (Loki would refuse
 * them all, and most clients would then drop them all).
 */

#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/loki.source.api/api.h"
#include "proto/loki/push_read.h"
#include "proto/loki/stream_labels.h"

/* What Loki calls it by in its messages. */
#define SHOWN(s) (int)((s).n < 200 ? (s).n : 200), (s).p

static size_t put_label(struct label *v, size_t n, struct str name, struct str value)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(v[i].name, name)) {
			v[i].value = value;
			return n;
		}
	}
	v[n] = (struct label){name, value};
	return n + 1;
}

/* The labels as they are handed on, a reference of the caller's: those given, those of the
 * arguments, and what the rules make of them. *out NULL: the rules drop the stream. */
static bool make_labels(struct api_source *s, struct str text, struct str tenant,
	const struct labels **out, struct err *e)
{
	const struct arg_map *more = &s->args->labels;
	const struct labels *set;
	struct stream_labels given;
	struct label *v;
	size_t n = 0;

	if (!stream_labels_parse(&s->scratch, text, &given, e))
		return err_wrap(e, "couldn't parse labels");
	if (given.n > API_MAX_LABELS)
		return err_set(e, "stream '" STR_FMT "' has %zu label names; limit %d", SHOWN(text),
			given.n, API_MAX_LABELS);
	v = arena_new(&s->scratch, struct label, given.n + more->n + 1);
	for (size_t i = 0; i < given.n; i++)
		n = put_label(v, n, given.p[i].name, given.p[i].value);
	for (size_t i = 0; i < more->n; i++)
		n = put_label(v, n, more->p[i].name, more->p[i].value);
	set = rule_labels_make(&s->rules, v, n, &s->scratch);
	if (set && tenant.n > 0) {
		*out = labels_with(set, STR("__tenant_id__"), tenant);
		labels_release(set);
	} else {
		*out = set;
	}
	return true;
}

/* Lines that come at once still have times of their own, or Loki would take equal ones for one. */
static int64_t stamp(struct api_source *s)
{
	int64_t now = loop_wall(s->base.loop);
	bool was_set_back = now < s->last_time - NS_PER_SEC;

	s->last_time = now > s->last_time || was_set_back ? now : s->last_time + 1;
	return s->last_time;
}

static void forward(struct api_source *s, const struct entry *e)
{
	const struct receivers to = {(struct receiver *const *)(const void *)s->args->forward_to.p,
		s->args->forward_to.n};

	receivers_push(&to, e);
	metric_add(s->counters.entries, 1);
}

static bool read_meta(struct api_source *s, struct push_cursor pairs, size_t *n)
{
	struct push_pair pair;

	*n = 0;
	while (push_read_pair(&pairs, &pair) == PUSH_ITEM) {
		if (pair.name.n == 0)
			continue;
		if (*n == API_MAX_META)
			return false;
		s->meta[(*n)++] = (struct label){pair.name, pair.value};
	}
	return true;
}

static bool push_stream(struct api_source *s, struct str stream, struct str text,
	const struct labels *set, struct err *e)
{
	struct push_cursor c = push_read(stream);
	struct push_cursor pairs;
	struct push_entry got;
	bool ok = true;

	while (push_read_entry(&c, NULL, &got, &pairs) == PUSH_ITEM) {
		struct entry entry = {.labels = set, .line = got.line, .meta = s->meta};

		if (!read_meta(s, pairs, &entry.n_meta)) {
			ok = err_set(e,
				"stream '" STR_FMT
				"' has too many structured metadata labels, limit: '%d'",
				SHOWN(text), API_MAX_META);
			continue;
		}
		entry.time = s->args->use_incoming_timestamp ? got.time : stamp(s);
		forward(s, &entry);
	}
	return ok;
}

static bool take_stream(struct api_source *s, struct str stream, struct str tenant, struct err *e)
{
	const struct labels *set;
	struct str text;
	bool ok;

	push_read_labels(stream, &text);
	ok = make_labels(s, text, tenant, &set, e);
	if (ok && set) {
		ok = push_stream(s, stream, text, set, e);
		labels_release(set);
	}
	arena_clear(&s->scratch);
	return ok;
}

bool api_push(struct api_source *s, struct str request, struct str tenant, struct err *e)
{
	struct push_cursor c = push_read(request);
	struct str stream;
	size_t entries;
	size_t weight;
	bool ok = true;

	if (!push_read_count(request, &entries, &weight))
		return err_set(e, "proto: the push request is malformed, or cut off");
	while (push_read_stream(&c, &stream) == PUSH_ITEM)
		ok &= take_stream(s, stream, tenant, e);
	return ok;
}

static struct str trim_end(struct str line)
{
	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

bool api_push_raw(struct api_source *s, struct str text, struct str tenant, struct err *e)
{
	struct entry entry = {0};
	struct str rest = {0};
	bool more = make_labels(s, STR("{}"), tenant, &entry.labels, e);

	if (!more)
		return false;
	while (more && entry.labels) {
		more = str_cut(text, '\n', &entry.line, &rest);
		if (!more)
			entry.line = text;
		text = rest;
		entry.line = trim_end(entry.line);
		if (entry.line.n == 0)
			continue;
		entry.time = stamp(s);
		forward(s, &entry);
	}
	labels_release(entry.labels);
	arena_clear(&s->scratch);
	return true;
}
