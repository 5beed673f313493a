#include "agent/component/loki.process/custom.h"

#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/vec.h"
#include "agent/component/loki.process/stage.h"
#include "agent/loop/loop.h"

#include <math.h>
#include <stdlib.h>

struct series {
	const struct labels *labels; /* a reference */
	struct metric *metric;
	int64_t touched; /* on the loop's clock */
};

struct custom {
	struct process *process;
	struct buf key;
	size_t refs;
	struct metric_family family;
	double *buckets;
	char *name;
	char *help;
	int64_t max_idle;
	struct timer idle;
	struct memo shown; /* label sets without what begins with __ */
	struct map series; /* by the pointer of such a set */
	struct series *last;
	bool has_warned;
};

static struct str key_of(const struct labels *const *set)
{
	return (struct str){(const char *)set, sizeof(*set)};
}

static void series_free(struct series *s)
{
	labels_release(s->labels);
	metric_free(s->metric);
	free(s);
}

static void on_idle(struct timer *t)
{
	struct custom *c = container_of(t, struct custom, idle);
	int64_t now = loop_now(c->process->loop);
	int64_t next = INT64_MAX;
	struct {
		struct series **p;
		size_t n;
		size_t cap;
	} old = {0};

	MAP_EACH(slot, &c->series)
	{
		struct series *s = slot->value;
		int64_t left = s->touched + c->max_idle - now;

		if (left <= 0)
			*vec_add(&old) = s;
		else if (left < next)
			next = left;
	}
	for (size_t i = 0; i < old.n; i++) {
		map_remove(&c->series, key_of(&old.p[i]->labels));
		series_free(old.p[i]);
	}
	free(old.p);
	c->last = NULL;
	if (next != INT64_MAX)
		timer_set(t, c->process->loop, next);
}

/* The text format has a line for it. */
static char *escape_help(struct str help)
{
	char *to = mem_new(char, help.n * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; i < help.n; i++) {
		if (help.p[i] == '\\' || help.p[i] == '\n')
			to[n++] = '\\';
		to[n++] = (char)(help.p[i] == '\n' ? 'n' : help.p[i]);
	}
	return to;
}

static char *join_name(const struct custom_spec *spec)
{
	char *to = mem_new(char, spec->prefix.n + spec->name.n + 1);

	if (spec->prefix.n)
		memcpy(to, spec->prefix.p, spec->prefix.n);
	memcpy(to + spec->prefix.n, spec->name.p, spec->name.n);
	return to;
}

/* What is not equal in all of this is another metric. */
static void print_key(struct buf *out, const struct custom_spec *spec)
{
	buf_printf(out, "%d " STR_FMT STR_FMT " %lld ", (int)spec->kind, STR_ARG(spec->prefix),
		STR_ARG(spec->name), (long long)spec->max_idle);
	for (size_t i = 0; i < spec->n_buckets; i++)
		buf_printf(out, "%a ", spec->buckets[i]);
	buf_add_str(out, spec->help);
}

static struct custom *custom_new(struct process *p, const struct custom_spec *spec)
{
	struct custom *c = mem_new(struct custom, 1);

	c->process = p;
	c->max_idle = spec->max_idle;
	c->idle.fire = on_idle;
	c->name = join_name(spec);
	c->help = escape_help(spec->help);
	c->buckets = mem_new(double, spec->n_buckets + 1);
	if (spec->n_buckets)
		memcpy(c->buckets, spec->buckets, spec->n_buckets * sizeof(*c->buckets));
	c->buckets[spec->n_buckets] = NAN;
	c->family = (struct metric_family){c->name, spec->kind, c->help, c->buckets};
	return c;
}

struct custom *custom_hold(struct process *p, const struct custom_spec *spec)
{
	struct buf key = {0};
	struct custom *c;

	print_key(&key, spec);
	c = map_find(&p->customs, buf_str(&key));
	if (!c) {
		c = custom_new(p, spec);
		c->key = key;
		map_set(&p->customs, buf_str(&key), c);
	} else {
		buf_fini(&key);
	}
	c->refs++;
	return c;
}

void custom_release(struct custom *c)
{
	if (!c || --c->refs > 0)
		return;
	map_remove(&c->process->customs, buf_str(&c->key));
	timer_clear(&c->idle);
	MAP_EACH(slot, &c->series)
	series_free(slot->value);
	map_fini(&c->series);
	memo_clear(&c->shown);
	buf_fini(&c->key);
	free(c->buckets);
	free(c->name);
	free(c->help);
	free(c);
}

/* Those that the program sets itself, and le, are its own. */
static bool is_shown(struct str name)
{
	return !str_starts(name, "__") && !str_is(name, "component_id") &&
	       !str_is(name, "component_path") && !str_is(name, "le");
}

static const struct labels *shown_of(struct custom *c, const struct labels *in)
{
	struct memo_slot *slot = memo_slot(&c->shown, in, 0);
	const struct labels *set;

	if (memo_knows(slot, in, 0))
		return slot->out;
	set = labels_hold(in);
	for (size_t i = 0; i < in->n; i++) {
		const struct labels *next;

		if (is_shown(in->v[i].name))
			continue;
		next = labels_with(set, in->v[i].name, (struct str){0});
		labels_release(set);
		set = next;
	}
	memo_set(slot, in, 0, set);
	return set;
}

static struct series *series_new(struct custom *c, const struct labels *set)
{
	struct metric_label *labels = mem_new(struct metric_label, set->n + 3);
	struct series *s = mem_new(struct series, 1);

	labels[0] = (struct metric_label){"component_id", c->process->id};
	labels[1] = (struct metric_label){"component_path", "/"};
	for (size_t i = 0; i < set->n; i++)
		labels[i + 2] = (struct metric_label){set->v[i].name.p, set->v[i].value.p};
	s->labels = labels_hold(set);
	s->metric = metric_new(&c->family, labels);
	map_set(&c->series, key_of(&s->labels), s);
	free(labels);
	return s;
}

struct metric *custom_series(struct custom *c, const struct labels *labels)
{
	const struct labels *set = shown_of(c, labels);

	if (!c->last || c->last->labels != set)
		c->last = map_find(&c->series, key_of(&set));
	if (!c->last && c->series.n >= CUSTOM_SERIES_MAX) {
		if (!c->has_warned)
			log_warn(c->process->id, "a metric has too many series, more are not made",
				KV("metric", c->name), KV("series", c->series.n),
				KV("hint", "take labels with many values away before it"));
		c->has_warned = true;
		return NULL;
	}
	if (!c->last)
		c->last = series_new(c, set);
	c->last->touched = loop_now(c->process->loop);
	if (!timer_is_set(&c->idle))
		timer_set(&c->idle, c->process->loop, c->max_idle);
	return c->last->metric;
}
