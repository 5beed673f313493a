/* pipeline_stages: the stages of loki.process, by a table. */

#include "agent/convert/private.h"

/* A list is one text here, with commas. */
static void put_source(struct converter *c, struct yaml_node *n)
{
	struct buf all = {0};

	if (n->kind == YAML_TEXT) {
		emit_text(c, "source", n->text);
		return;
	}
	if (!want_kind(c, n, YAML_LIST, "source"))
		return;
	for (size_t i = 0; i < n->n; i++) {
		if (!want_kind(c, n->items[i], YAML_TEXT, "source"))
			continue;
		if (all.n)
			buf_add_char(&all, ',');
		buf_add_str(&all, n->items[i]->text);
	}
	emit_text(c, "source", buf_str(&all));
	buf_fini(&all);
}

/* clang-format off */
static const struct key cri_keys[] = {
	KEY("max_partial_lines", KEY_INT, .zero_is_default = true),
	KEY("max_partial_line_size", KEY_BYTES),
	KEY("max_partial_line_size_truncate", KEY_BOOL),
	KEYS_END_IGNORED,
};
static const struct key drop_keys[] = {
	KEY("source", KEY_RUN, .run = put_source),
	KEY("separator", KEY_TEXT),
	KEY("value", KEY_TEXT),
	KEY("expression", KEY_TEXT),
	KEY("older_than", KEY_DURATION),
	KEY("longer_than", KEY_SIZE),
	KEY("drop_counter_reason", KEY_TEXT),
	KEYS_END_IGNORED,
};
static const struct key json_keys[] = {
	KEY("expressions", KEY_MAP),
	KEY("source", KEY_TEXT),
	KEY("drop_malformed", KEY_BOOL),
	KEYS_END_IGNORED,
};
static const struct key limit_keys[] = {
	KEY("rate", KEY_NUMBER, .is_required = true),
	KEY("burst", KEY_INT, .is_required = true),
	KEY("drop", KEY_BOOL),
	KEY("by_label_name", KEY_TEXT),
	KEY("max_distinct_labels", KEY_INT),
	KEYS_END_IGNORED,
};
static const struct key logfmt_keys[] = {
	KEY("mapping", KEY_MAP),
	KEY("source", KEY_TEXT),
	KEYS_END_IGNORED,
};
static const struct key match_keys[] = {
	KEY("selector", KEY_TEXT, .is_required = true),
	KEY("pipeline_name", KEY_TEXT),
	KEY("action", KEY_TEXT),
	KEY("drop_counter_reason", KEY_TEXT),
	KEY("stages", KEY_ELSEWHERE),
	KEYS_END_IGNORED,
};
static const struct key multiline_keys[] = {
	KEY("firstline", KEY_TEXT, .is_required = true),
	KEY("max_lines", KEY_INT),
	KEY("max_wait_time", KEY_DURATION),
	KEYS_END_IGNORED,
};
static const struct key output_keys[] = {
	KEY("source", KEY_TEXT, .is_required = true),
	KEYS_END_IGNORED,
};
static const struct key pack_keys[] = {
	KEY("labels", KEY_TEXTS, .is_required = true),
	KEY("ingest_timestamp", KEY_BOOL),
	KEYS_END_IGNORED,
};
static const struct key regex_keys[] = {
	KEY("expression", KEY_TEXT, .is_required = true),
	KEY("source", KEY_TEXT),
	KEY("labels_from_groups", KEY_BOOL),
	KEYS_END_IGNORED,
};
static const struct key replace_keys[] = {
	KEY("expression", KEY_TEXT, .is_required = true),
	KEY("source", KEY_TEXT),
	KEY("replace", KEY_TEXT),
	KEYS_END_IGNORED,
};
static const struct key sampling_keys[] = {
	KEY("rate", KEY_NUMBER, .is_required = true),
	KEY("drop_counter_reason", KEY_TEXT),
	KEYS_END_IGNORED,
};
static const struct key template_keys[] = {
	KEY("source", KEY_TEXT, .is_required = true),
	KEY("template", KEY_TEXT, .is_required = true),
	KEYS_END_IGNORED,
};
static const struct key tenant_keys[] = {
	KEY("label", KEY_TEXT),
	KEY("source", KEY_TEXT),
	KEY("value", KEY_TEXT),
	KEYS_END_IGNORED,
};
static const struct key timestamp_keys[] = {
	KEY("source", KEY_TEXT, .is_required = true),
	KEY("format", KEY_TEXT, .is_required = true),
	KEY("fallback_formats", KEY_TEXTS),
	KEY("location", KEY_TEXT),
	KEY("action_on_failure", KEY_TEXT),
	KEYS_END_IGNORED,
};

enum body {
	BODY_NONE,    /* it has no settings */
	BODY_KEYS,    /* by .keys */
	BODY_MAP,     /* all of it is the attribute values */
	BODY_LIST,    /* … a list */
	BODY_MATCH,   /* keys, and stages in it */
	BODY_METRICS,
	BODY_REFUSED, /* .say */
};

/* The kind of body comes first of the rest. */
#define STAGE(n, b, ...) {.name = (n), .block = (b), .body = __VA_ARGS__}

static const struct stage {
	const char *name;
	const char *block;
	enum body body;
	const struct key *keys;
	const char *say;
} stage_table[] = {
	STAGE("cri", "stage.cri", BODY_KEYS, .keys = cri_keys),
	STAGE("decolorize", "stage.decolorize", BODY_NONE),
	STAGE("docker", "stage.docker", BODY_NONE),
	STAGE("drop", "stage.drop", BODY_KEYS, .keys = drop_keys),
	STAGE("eventlogmessage", NULL, BODY_REFUSED,
		.say = "the event log is Windows'; there is no such stage here"),
	STAGE("geoip", NULL, BODY_REFUSED,
		.say = "it is not supported; look addresses up where logs are read"),
	STAGE("json", "stage.json", BODY_KEYS, .keys = json_keys),
	STAGE("labelallow", "stage.label_keep", BODY_LIST),
	STAGE("labeldrop", "stage.label_drop", BODY_LIST),
	STAGE("labels", "stage.labels", BODY_MAP),
	STAGE("limit", "stage.limit", BODY_KEYS, .keys = limit_keys),
	STAGE("logfmt", "stage.logfmt", BODY_KEYS, .keys = logfmt_keys),
	STAGE("match", "stage.match", BODY_MATCH, .keys = match_keys),
	STAGE("metrics", "stage.metrics", BODY_METRICS),
	STAGE("multiline", "stage.multiline", BODY_KEYS, .keys = multiline_keys),
	STAGE("non_indexed_labels", "stage.structured_metadata", BODY_MAP),
	STAGE("output", "stage.output", BODY_KEYS, .keys = output_keys),
	STAGE("pack", "stage.pack", BODY_KEYS, .keys = pack_keys),
	STAGE("regex", "stage.regex", BODY_KEYS, .keys = regex_keys),
	STAGE("replace", "stage.replace", BODY_KEYS, .keys = replace_keys),
	STAGE("sampling", "stage.sampling", BODY_KEYS, .keys = sampling_keys),
	STAGE("static_labels", "stage.static_labels", BODY_MAP),
	STAGE("structured_metadata", "stage.structured_metadata", BODY_MAP),
	STAGE("template", "stage.template", BODY_KEYS, .keys = template_keys),
	STAGE("tenant", "stage.tenant", BODY_KEYS, .keys = tenant_keys),
	STAGE("timestamp", "stage.timestamp", BODY_KEYS, .keys = timestamp_keys),
};
/* clang-format on */

#define N_STAGES (sizeof(stage_table) / sizeof(stage_table[0]))

/* The body has no keys of its own, so it is looked at as the value of the stage's name. */
static void put_values(struct converter *c, const struct stage *s, const struct yaml_node *stage,
	enum key_kind kind)
{
	const struct key key = KEY(s->name, kind, .attr = "values", .is_required = true);

	convert_key(c, stage, &key, "pipeline_stages");
}

static void put_keys(struct converter *c, const struct stage *s, const struct yaml_node *body)
{
	struct yaml_node empty = {.kind = YAML_MAP, .line = body->line, .column = body->column};

	convert_keys(c, yaml_is_null(body) ? &empty : body, s->keys, s->name);
}

static void put_match(struct converter *c, const struct stage *s, const struct yaml_node *body)
{
	const struct yaml_node *inner = yaml_find(body, "stages");

	put_keys(c, s, body);
	if (!yaml_is_null(inner) && want_kind(c, inner, YAML_LIST, "stages"))
		convert_stages(c, inner);
}

static void put_stage(struct converter *c, const struct stage *s, const struct yaml_node *stage)
{
	const struct yaml_node *body = stage->pairs[0].value;

	if (s->body == BODY_REFUSED) {
		say(c, CONVERT_ERROR, stage->pairs[0].key, "stage %s: %s", s->name, s->say);
		return;
	}
	emit(c, "\n");
	emit_open(c, s->block, STR(""));
	switch (s->body) {
	case BODY_NONE:
	case BODY_REFUSED:
		break;
	case BODY_KEYS:
		put_keys(c, s, body);
		break;
	case BODY_MAP:
		put_values(c, s, stage, KEY_MAP);
		break;
	case BODY_LIST:
		put_values(c, s, stage, KEY_TEXTS);
		break;
	case BODY_MATCH:
		put_match(c, s, body);
		break;
	case BODY_METRICS:
		convert_metrics(c, body);
		break;
	}
	emit_close(c);
}

/* Recursion (match in match) is bounded: yaml_read() takes so many levels only. */
void convert_stages(struct converter *c, const struct yaml_node *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct yaml_node *one = list->items[i];
		const struct yaml_node *name;
		size_t s = 0;

		if (one->kind != YAML_MAP || one->n != 1) {
			say(c, CONVERT_ERROR, one,
				"a stage is a map with one key, its name (\"- docker: {}\")");
			continue;
		}
		name = one->pairs[0].key;
		while (s < N_STAGES && !str_is(name->text, stage_table[s].name))
			s++;
		if (s < N_STAGES)
			put_stage(c, &stage_table[s], one);
		else
			say(c, CONVERT_ERROR, name, "there is no stage \"" STR_FMT "\"",
				STR_ARG(str_head(name->text, 100)));
	}
}

static const struct key rate_keys[] = {
	KEY("readline_rate", KEY_NUMBER, .attr = "rate"),
	KEY("readline_burst", KEY_INT, .attr = "burst"),
	KEY("readline_rate_drop", KEY_BOOL, .attr = "drop"),
	KEY("readline_rate_enabled", KEY_ELSEWHERE),
	KEY("max_streams", KEY_ELSEWHERE),
	KEY("max_line_size", KEY_ELSEWHERE),
	KEY("max_line_size_truncate", KEY_ELSEWHERE),
	KEYS_END,
};

static int64_t line_limit(const struct converter *c)
{
	const struct yaml_node *n = c->limits ? yaml_find(c->limits, "max_line_size") : NULL;
	int64_t bytes;

	return n && node_bytes(n, &bytes) ? bytes : 0;
}

bool has_limits(const struct converter *c)
{
	return c->limits && (is_on(c->limits, "readline_rate_enabled", false) || line_limit(c) > 0);
}

static void put_rate(struct converter *c)
{
	emit(c, "\n");
	emit_open(c, "stage.limit", STR(""));
	if (yaml_is_null(yaml_find(c->limits, "readline_rate")))
		emit(c, "rate = 10000\n"); /* Promtail's defaults */
	if (yaml_is_null(yaml_find(c->limits, "readline_burst")))
		emit(c, "burst = 10000\n");
	convert_keys(c, c->limits, rate_keys, "limits_config");
	if (yaml_is_null(yaml_find(c->limits, "readline_rate_drop")))
		emit(c, "drop = true\n");
	emit_close(c);
}

/* limits_config, behind the stages, as it is in Promtail. */
void convert_limits(struct converter *c)
{
	if (c->limits && is_on(c->limits, "readline_rate_enabled", false))
		put_rate(c);
	if (line_limit(c) <= 0)
		return;
	emit(c, "\n");
	if (is_on(c->limits, "max_line_size_truncate", false)) {
		emit_open(c, "stage.truncate", STR(""));
		emit_open(c, "rule", STR(""));
		emit_size(c, "limit", line_limit(c));
		emit_close(c);
	} else {
		emit_open(c, "stage.drop", STR(""));
		emit_size(c, "longer_than", line_limit(c));
		emit_text(c, "drop_counter_reason", STR("line_too_long"));
	}
	emit_close(c);
}
