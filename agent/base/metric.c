/*
 * Series are kept by the name of their family, found by a map: a node has some series for each of
 * thousands of files, and a pipeline may make thousands by itself.
 */

#include "agent/base/metric.h"

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/list.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Of one name: the series of every family that has it, in the order they were made. */
struct group {
	struct list link; /* in `all`, sorted by name */
	struct list series;
	char *name;
};

struct metric {
	struct list link; /* in its group */
	struct group *group;
	const struct metric_family *family;
	char *labels; /* `a="b",c="d"`, NUL at the end */
	double value; /* histograms: the sum */
	uint64_t count;
	size_t n_buckets;
	uint64_t *buckets; /* not cumulative */
	double (*read)(void *owner);
	void *owner;
};

static struct list all = {&all, &all};
static struct map groups; /* by name */

/* Prometheus escapes backslash, quote and newline in a label's value. */
static void print_value(struct buf *b, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '\n') {
			buf_add(b, "\\n", 2);
			continue;
		}
		if (*p == '\\' || *p == '"')
			buf_add_char(b, '\\');
		buf_add_char(b, *p);
	}
}

/* The id of a component in a module begins with the module's path, "a.b/loki.write.default":
 * NULL if there is none. */
static const char *find_module(const struct metric_label *labels, const char **end)
{
	for (; labels && labels->name; labels++)
		if (strcmp(labels->name, "component_id") == 0)
			break;
	*end = labels && labels->name ? strrchr(labels->value, '/') : NULL;
	return *end ? labels->value : NULL;
}

static char *print_labels(const struct metric_label *labels)
{
	const char *module_end;
	const char *module = find_module(labels, &module_end);
	struct buf b = {0};

	for (; labels && labels->name; labels++) {
		const char *value = labels->value;

		if (b.n)
			buf_add_char(&b, ',');
		buf_printf(&b, "%s=\"", labels->name);
		if (module && value == module)
			value = module_end + 1;
		print_value(&b, value, value + strlen(value));
		if (module && strcmp(labels->name, "component_path") == 0)
			print_value(&b, module, module_end);
		buf_add_char(&b, '"');
	}
	buf_add_char(&b, 0);
	return b.p;
}

static size_t count_bounds(const double *bounds)
{
	size_t n = 0;

	while (!isnan(bounds[n]) && (n == 0 || bounds[n] > bounds[n - 1]))
		n++;
	return n;
}

static struct group *get_group(const char *name)
{
	struct group *g = map_find(&groups, str_from(name));
	struct list *before = &all;

	if (g)
		return g;
	g = mem_new(struct group, 1);
	g->name = mem_text(str_from(name));
	list_init(&g->series);
	while (before->prev != &all &&
		strcmp(container_of(before->prev, struct group, link)->name, name) > 0)
		before = before->prev;
	list_add_last(before, &g->link);
	map_set(&groups, str_from(g->name), g);
	return g;
}

struct metric *metric_new(const struct metric_family *f, const struct metric_label *labels)
{
	struct metric *m = mem_new(struct metric, 1);

	m->family = f;
	m->labels = print_labels(labels);
	if (f->kind == METRIC_HISTOGRAM) {
		m->n_buckets = count_bounds(f->buckets);
		m->buckets = mem_new(uint64_t, m->n_buckets + 1);
	}
	m->group = get_group(f->name);
	list_add_last(&m->group->series, &m->link);
	return m;
}

void metric_free(struct metric *m)
{
	if (!m)
		return;
	list_remove(&m->link);
	if (list_is_empty(&m->group->series)) {
		map_remove(&groups, str_from(m->group->name));
		list_remove(&m->group->link);
		free(m->group->name);
		free(m->group);
	}
	free(m->labels);
	free(m->buckets);
	free(m);
}

void metric_add(struct metric *m, double n)
{
	m->value += n;
}

void metric_set(struct metric *m, double v)
{
	m->value = v;
}

void metric_observe(struct metric *m, double v)
{
	metric_observe_many(m, v, 1);
}

void metric_observe_many(struct metric *m, double v, uint64_t times)
{
	size_t i = 0;

	must(m->family->kind == METRIC_HISTOGRAM);
	while (i < m->n_buckets && v > m->family->buckets[i])
		i++;
	m->buckets[i] += times;
	m->count += times;
	m->value += v * (double)times;
}

double metric_value(const struct metric *m)
{
	if (m->read)
		return m->read(m->owner);
	return m->family->kind == METRIC_HISTOGRAM ? (double)m->count : m->value;
}

void metric_set_reader(struct metric *m, double (*read)(void *owner), void *owner)
{
	m->read = read;
	m->owner = owner;
}

static void print_number(struct buf *out, double v)
{
	if (fabs(v) < 1e15 && v == floor(v))
		buf_printf(out, "%" PRId64 "\n", (int64_t)v);
	else
		buf_printf(out, "%.17g\n", v);
}

static void print_histogram(struct buf *out, const struct metric *m)
{
	const char *comma = m->labels[0] ? "," : "";
	uint64_t sum = 0;

	for (size_t i = 0; i <= m->n_buckets; i++) {
		sum += m->buckets[i];
		buf_printf(out, "%s_bucket{%s%sle=\"", m->family->name, m->labels, comma);
		if (i < m->n_buckets)
			buf_printf(out, "%g", m->family->buckets[i]);
		else
			buf_add_str(out, STR("+Inf"));
		buf_printf(out, "\"} %" PRIu64 "\n", sum);
	}
	buf_printf(out, "%s_sum{%s} ", m->family->name, m->labels);
	print_number(out, m->value);
	buf_printf(out, "%s_count{%s} %" PRIu64 "\n", m->family->name, m->labels, m->count);
}

static void print_series(struct buf *out, const struct metric *m)
{
	if (m->family->kind == METRIC_HISTOGRAM) {
		print_histogram(out, m);
		return;
	}
	buf_add_str(out, str_from(m->family->name));
	if (m->labels[0])
		buf_printf(out, "{%s}", m->labels);
	buf_add_char(out, ' ');
	print_number(out, metric_value(m));
}

void metric_print_all(struct buf *out)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};

	LIST_EACH (g, &all, struct group, link) {
		const struct metric_family *f =
			container_of(g->series.next, struct metric, link)->family;

		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name,
			kinds[f->kind]);
		LIST_EACH (m, &g->series, struct metric, link)
			print_series(out, m);
	}
}
