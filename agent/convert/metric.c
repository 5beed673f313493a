/*
 * The stage metrics. The names stay what they were: without a prefix Promtail's is written, as
 * the default of loki.process is another one.
 */

#include "agent/convert/private.h"

static const struct key counter_keys[] = {
	KEY("value", KEY_TEXT),
	KEY("action", KEY_LOWER, .is_required = true),
	KEY("match_all", KEY_BOOL),
	KEY("count_entry_bytes", KEY_BOOL),
	KEYS_END_IGNORED,
};

static const struct key gauge_keys[] = {
	KEY("value", KEY_TEXT),
	KEY("action", KEY_LOWER, .is_required = true),
	KEYS_END_IGNORED,
};

static const struct key histogram_keys[] = {
	KEY("value", KEY_TEXT),
	KEY("buckets", KEY_NUMBERS, .is_required = true),
	KEY("action", KEY_ELSEWHERE), /* documented, and without effect there too */
	KEYS_END_IGNORED,
};

static const struct key metric_keys[] = {
	KEY("type", KEY_ELSEWHERE),
	KEY("description", KEY_TEXT),
	KEY("source", KEY_TEXT),
	KEY("prefix", KEY_TEXT),
	KEY("max_idle_duration", KEY_DURATION),
	KEY("config", KEY_ELSEWHERE),
	KEYS_END_IGNORED,
};

static const struct {
	const char *name;
	const char *block;
	const struct key *keys;
} types[] = {
	{"counter", "metric.counter", counter_keys},
	{"gauge", "metric.gauge", gauge_keys},
	{"histogram", "metric.histogram", histogram_keys},
};

static void put_metric(struct converter *c, const struct yaml_node *name,
	const struct yaml_node *metric)
{
	const struct yaml_node *type = yaml_find(metric, "type");
	const struct yaml_node *config = yaml_find(metric, "config");
	struct yaml_node none = {
		.kind = YAML_MAP, .line = metric->line, .column = metric->column};
	size_t t = 0;

	while (t < 3 && !(type && type->kind == YAML_TEXT &&
				str_eq_nocase(type->text, str_from(types[t].name))))
		t++;
	if (t == 3) {
		say(c, CONVERT_ERROR, type ? type : metric,
			"the type of a metric is Counter, Gauge or Histogram");
		return;
	}
	emit(c, "\n");
	emit_open(c, types[t].block, STR(""));
	emit_text(c, "name", name->text);
	if (yaml_is_null(yaml_find(metric, "prefix")))
		emit(c, "prefix = \"promtail_custom_\"\n");
	convert_keys(c, metric, metric_keys, "metrics");
	convert_keys(c, yaml_is_null(config) ? &none : config, types[t].keys, "config");
	emit_close(c);
}

void convert_metrics(struct converter *c, const struct yaml_node *map)
{
	if (yaml_is_null(map) || !want_kind(c, map, YAML_MAP, "metrics"))
		return;
	for (size_t i = 0; i < map->n; i++) {
		if (want_kind(c, map->pairs[i].value, YAML_MAP, "metrics"))
			put_metric(c, map->pairs[i].key, map->pairs[i].value);
	}
}
