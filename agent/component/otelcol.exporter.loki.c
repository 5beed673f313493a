/*
 * otelcol.exporter.loki: OTLP log records become entries for loki.write.
 *
 * As in Alloy (Collector: pkg/translator/loki): labels are job, instance, level and exporter, and
 * the attributes that the hints loki.resource.labels and loki.attribute.labels name; the line is
 * the record as JSON, or what the hint loki.format says. What became a label is not in the line.
 * In the format logfmt a body that has a "=" is taken as logfmt already, any other is msg=….
 *
 * Entries are copied by who takes them, so the sender may forget a request at once; while the
 * process' budget is used up it is asked to come again. Each entry has the request's ack: what came
 * from a file is acknowledged by Loki.
 */

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "proto/otlp/edit.h"

enum {
	MAX_LABELS = 64,
	KEEP_BUFFER = 1 << 20,
};

#define HINT_ATTRIBUTES STR("loki.attribute.labels")
#define HINT_RESOURCES STR("loki.resource.labels")
#define HINT_TENANT STR("loki.tenant")
#define HINT_FORMAT STR("loki.format")

struct loki_exporter_args {
	struct arg_capsules forward_to;
};

struct loki_exporter {
	struct component base;
	struct consumer input;
	struct receivers to;
	struct otlp_edit *edit;
	struct otlp_visitor visitor;
	struct ack *ack; /* of the request that is being visited */
	struct buf line;
	struct buf text;
	struct buf unused; /* of the pass, which changes nothing */
	struct metric *entries;
};

/* The labels of one record. */
struct made {
	struct label v[MAX_LABELS];  /* by their names in Loki */
	struct str attr[MAX_LABELS]; /* the attribute that each came from; n 0: none */
	size_t n;
};

static const struct arg loki_exporter_args[] = {
	ARG(loki_exporter_args, forward_to, .type = ARG_CAPSULES, .flags = ARG_REQUIRED,
		.capsule = &capsule_logs_receiver, .help = "Where entries go."),
	ARGS_END,
};

static const struct metric_family entries_family = {"otelcol_exporter_loki_entries_total",
	METRIC_COUNTER, "Log records that became entries.", NULL};

static struct str text_of(struct str any, struct arena *a)
{
	struct buf b = {0};
	struct str s;

	otlp_any_text(&b, any);
	s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

/* A label's name as Prometheus has it: other characters are underscores, and it does not begin
 * with a digit or one underscore. */
static struct str label_name(struct str name, struct arena *a)
{
	bool digit = name.n > 0 && name.p[0] >= '0' && name.p[0] <= '9';
	bool low = name.n > 0 && !digit && (name.p[0] == '_' || name.p[0] < 'A') &&
		   !(name.n > 1 && name.p[0] == '_' && name.p[1] == '_');
	struct str s = arena_printf(
		a, "%s" STR_FMT, digit ? "key_" : low ? "key"
						      : "",
		STR_ARG(name));
	char *p = arena_new(a, char, s.n + 1);

	memcpy(p, s.p, s.n);
	for (size_t i = 0; i < s.n; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
			    (p[i] >= '0' && p[i] <= '9')))
			p[i] = '_';
	return (struct str){p, s.n};
}

static void add_label(
	struct made *m, struct str attr, struct str name, struct str value, struct arena *a)
{
	size_t i = 0;

	name = label_name(name, a);
	while (i < m->n && !str_eq(m->v[i].name, name))
		i++;
	if (i == MAX_LABELS || name.n == 0)
		return;
	m->v[i] = (struct label){name, value};
	m->attr[i] = attr;
	m->n = i == m->n ? i + 1 : m->n;
}

/* The attribute of that name; or, where it has dots, one inside maps. */
static bool find_attr(const struct otlp_message *m, struct str name, struct str *any)
{
	const struct otlp_slot *s = otlp_message_attr(m, name);
	struct str head = name;
	struct str rest = STR("");

	if (!s && str_cut(name, '.', &head, &rest))
		s = otlp_message_attr(m, head);
	if (!s)
		return false;
	*any = s->any;
	while (rest.n > 0) {
		struct otlp_any v = otlp_any_read(*any);

		if (!str_cut(rest, '.', &head, &rest)) {
			head = rest;
			rest.n = 0;
		}
		if (v.kind != OTLP_ANY_MAP || !otlp_map_find(v.bytes, head, any))
			return false;
	}
	return true;
}

static void add_attr(
	struct made *m, const struct otlp_message *from, struct str name, struct arena *a)
{
	struct str any;

	name = str_trim(name);
	if (name.n > 0 && find_attr(from, name, &any))
		add_label(m, name, name, text_of(any, a), a);
}

/* What a hint names: a text with commas, or a list. */
static void add_hinted(struct made *m, const struct otlp_message *from, struct str hint,
	struct arena *a)
{
	struct otlp_any v = otlp_any_read(hint);
	struct wire_reader r = wire_read(v.bytes);
	struct str rest;
	struct str name;
	struct str any;

	if (v.kind == OTLP_ANY_ARRAY) {
		while (otlp_array_next(&r, &any))
			add_attr(m, from, text_of(any, a), a);
		return;
	}
	rest = text_of(hint, a);
	while (rest.n > 0) {
		if (!str_cut(rest, ',', &name, &rest)) {
			name = rest;
			rest.n = 0;
		}
		add_attr(m, from, name, a);
	}
}

static void add_hint(struct made *m, const struct otlp_message *hint_in, struct str hint,
	const struct otlp_message *from, struct arena *a)
{
	const struct otlp_slot *s = otlp_message_attr(hint_in, hint);

	if (s)
		add_hinted(m, from, s->any, a);
}

static struct str attr_text(const struct otlp_message *m, struct str key, struct arena *a)
{
	const struct otlp_slot *s = otlp_message_attr(m, key);

	return s ? text_of(s->any, a) : STR("");
}

static struct str level_of(uint64_t severity)
{
	static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

	return severity >= 1 && severity <= 24 ? str_from(levels[(severity - 1) / 4]) : STR("");
}

static void make_labels(struct made *m, const struct otlp_place *p)
{
	struct arena *a = p->scratch;
	struct str space = attr_text(&p->resource, STR("service.namespace"), a);
	struct str name = attr_text(&p->resource, STR("service.name"), a);
	struct str instance = attr_text(&p->resource, STR("service.instance.id"), a);
	struct str level = level_of(otlp_message_number(&p->item, OTLP_LOG_SEVERITY, WIRE_VARINT));
	bool in_resource = otlp_message_attr(&p->resource, HINT_TENANT) != NULL;

	m->n = 0;
	add_label(m, STR(""), STR("exporter"), STR("OTLP"), a);
	if (name.n > 0 && space.n > 0)
		name = arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(space), STR_ARG(name));
	if (name.n > 0)
		add_label(m, STR(""), STR("job"), name, a);
	if (instance.n > 0)
		add_label(m, STR(""), STR("instance"), instance, a);
	if (level.n > 0)
		add_label(m, STR("level"), STR("level"),
			otlp_message_attr(&p->item, STR("level"))
				? attr_text(&p->item, STR("level"), a)
				: level,
			a);
	add_hint(m, &p->resource, HINT_RESOURCES, &p->resource, a);
	add_hint(m, &p->item, HINT_RESOURCES, &p->resource, a);
	add_hint(m, &p->item, HINT_ATTRIBUTES, &p->item, a);
	if (in_resource)
		add_hint(m, &p->resource, HINT_TENANT, &p->resource, a);
	else
		add_hint(m, &p->item, HINT_TENANT, &p->item, a);
}

/* Hints, and what became a label, are not in the line. */
static bool is_left_out(const struct made *m, struct str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->attr[i].n > 0 && str_eq(m->attr[i], key))
			return true;
	return str_eq(key, HINT_ATTRIBUTES) || str_eq(key, HINT_RESOURCES) ||
	       str_eq(key, HINT_TENANT) || str_eq(key, HINT_FORMAT);
}

static void put_comma(struct buf *b)
{
	if (b->n > 0 && b->p[b->n - 1] != '{')
		buf_add_char(b, ',');
}

static void put_text(struct buf *b, const char *key, struct str value)
{
	if (value.n == 0)
		return;
	put_comma(b);
	buf_printf(b, "\"%s\":", key);
	buf_add_json(b, value);
}

/* The attributes that are left, as the map of a JSON object; nothing if there are none. */
static void put_attributes(struct loki_exporter *x, const char *key, const struct otlp_message *m,
	const struct made *made)
{
	buf_clear(&x->text);
	for (size_t i = 0; i < m->n; i++)
		if (otlp_slot_is_attr(m, &m->p[i]) && !is_left_out(made, m->p[i].key))
			wire_put_bytes(&x->text, 1, m->p[i].bytes);
	if (x->text.n == 0)
		return;
	put_comma(&x->line);
	buf_printf(&x->line, "\"%s\":", key);
	otlp_map_json(&x->line, buf_str(&x->text));
}

static struct str hex(struct str id, struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	char *p = arena_new(a, char, 2 * id.n + 1);
	bool zero = true;

	for (size_t i = 0; i < id.n; i++) {
		zero = zero && id.p[i] == 0;
		p[2 * i] = digits[(uint8_t)id.p[i] >> 4];
		p[2 * i + 1] = digits[(uint8_t)id.p[i] & 15];
	}
	return (struct str){p, zero ? 0 : 2 * id.n};
}

/* As Go's encoding/json, which writes <, > and & as escapes. */
static void escape_html(struct loki_exporter *x)
{
	if (!memchr(x->line.p, '<', x->line.n) && !memchr(x->line.p, '>', x->line.n) &&
		!memchr(x->line.p, '&', x->line.n))
		return;
	buf_clear(&x->text);
	for (size_t i = 0; i < x->line.n; i++) {
		char c = x->line.p[i];

		if (c == '<' || c == '>' || c == '&')
			buf_printf(&x->text, "\\u%04x", (unsigned)c);
		else
			buf_add_char(&x->text, c);
	}
	buf_clear(&x->line);
	buf_add_str(&x->line, buf_str(&x->text));
}

static void write_json(struct loki_exporter *x, const struct otlp_place *p, const struct made *m)
{
	struct str body = otlp_message_bytes(&p->item, OTLP_LOG_BODY);
	struct str scope = otlp_message_bytes(&p->scope, OTLP_SCOPE_NAME);
	uint64_t flags = otlp_message_number(&p->item, OTLP_LOG_FLAGS, WIRE_FIXED32);

	buf_add_char(&x->line, '{');
	if (otlp_any_read(body).kind != OTLP_ANY_EMPTY) {
		buf_add_str(&x->line, STR("\"body\":"));
		otlp_any_json(&x->line, body);
	}
	put_text(&x->line, "traceid",
		hex(otlp_message_bytes(&p->item, OTLP_LOG_TRACE_ID), p->scratch));
	put_text(&x->line, "spanid",
		hex(otlp_message_bytes(&p->item, OTLP_LOG_SPAN_ID), p->scratch));
	put_text(&x->line, "severity", otlp_message_bytes(&p->item, OTLP_LOG_SEVERITY_TEXT));
	if (flags != 0) {
		put_comma(&x->line);
		buf_printf(&x->line, "\"flags\":%u", (unsigned)flags);
	}
	put_attributes(x, "attributes", &p->item, m);
	put_attributes(x, "resources", &p->resource, m);
	if (scope.n > 0) {
		put_comma(&x->line);
		buf_add_str(&x->line, STR("\"instrumentation_scope\":{"));
		put_text(&x->line, "name", scope);
		put_text(&x->line, "version",
			otlp_message_bytes(&p->scope, OTLP_SCOPE_VERSION));
		buf_add_char(&x->line, '}');
	}
	buf_add_char(&x->line, '}');
	escape_html(x);
}

static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == '=' || s.p[i] == '"')
			return true;
	return false;
}

static void put_pair(struct buf *b, const char *prefix, struct str key, struct str value)
{
	if (b->n > 0)
		buf_add_char(b, ' ');
	buf_printf(b, "%s", prefix);
	for (size_t i = 0; i < key.n; i++)
		if ((uint8_t)key.p[i] > ' ' && key.p[i] != '=' && key.p[i] != '"')
			buf_add_char(b, key.p[i]);
	buf_add_char(b, '=');
	if (needs_quotes(value))
		buf_add_json(b, value);
	else
		buf_add_str(b, value);
}

static void put_pairs(struct loki_exporter *x, const char *prefix, const struct otlp_message *m,
	const struct made *made, struct arena *a)
{
	for (size_t i = 0; i < m->n; i++)
		if (otlp_slot_is_attr(m, &m->p[i]) && !is_left_out(made, m->p[i].key))
			put_pair(&x->line, prefix, m->p[i].key, text_of(m->p[i].any, a));
}

static void put_if(struct buf *b, const char *key, struct str value)
{
	if (value.n > 0)
		put_pair(b, "", str_from(key), value);
}

static void write_logfmt(struct loki_exporter *x, const struct otlp_place *p, const struct made *m)
{
	struct str body = text_of(otlp_message_bytes(&p->item, OTLP_LOG_BODY), p->scratch);

	if (memchr(body.p, '=', body.n) && !memchr(body.p, '\n', body.n))
		buf_add_str(&x->line, body);
	else
		put_if(&x->line, "msg", body);
	put_if(&x->line, "traceID",
		hex(otlp_message_bytes(&p->item, OTLP_LOG_TRACE_ID), p->scratch));
	put_if(&x->line, "spanID",
		hex(otlp_message_bytes(&p->item, OTLP_LOG_SPAN_ID), p->scratch));
	put_if(&x->line, "severity", otlp_message_bytes(&p->item, OTLP_LOG_SEVERITY_TEXT));
	put_pairs(x, "attribute_", &p->item, m, p->scratch);
	put_pairs(x, "resource_", &p->resource, m, p->scratch);
	put_if(&x->line, "instrumentation_scope_name",
		otlp_message_bytes(&p->scope, OTLP_SCOPE_NAME));
}

static int64_t time_of(const struct loki_exporter *x, const struct otlp_message *record)
{
	uint64_t t = otlp_message_number(record, OTLP_LOG_TIME, WIRE_FIXED64);

	t = t ? t : otlp_message_number(record, OTLP_LOG_OBSERVED, WIRE_FIXED64);
	return t > 0 && t <= INT64_MAX ? (int64_t)t : loop_wall(x->base.loop);
}

static bool on_record(struct otlp_visitor *v, struct otlp_place *p)
{
	struct loki_exporter *x = container_of(v, struct loki_exporter, visitor);
	struct str format = attr_text(&p->item, HINT_FORMAT, p->scratch);
	struct made m;
	struct entry e = {.time = time_of(x, &p->item), .ack = x->ack};

	if (format.n == 0)
		format = attr_text(&p->resource, HINT_FORMAT, p->scratch);
	make_labels(&m, p);
	buf_clear(&x->line);
	if (str_is(format, "raw"))
		otlp_any_text(&x->line, otlp_message_bytes(&p->item, OTLP_LOG_BODY));
	else if (str_is(format, "logfmt"))
		write_logfmt(x, p, &m);
	else
		write_json(x, p, &m);
	e.line = x->line.n ? buf_str(&x->line) : STR("");
	e.labels = labels_intern(m.v, m.n);
	receivers_push(&x->to, &e);
	labels_release(e.labels);
	metric_add(x->entries, 1);
	return true;
}

static enum consumed loki_exporter_consume(struct consumer *c, const struct telemetry *t)
{
	struct loki_exporter *x = container_of(c, struct loki_exporter, input);

	if (t->kind != SIGNAL_LOGS)
		return CONSUMER_NONE;
	if (budget_is_full(x->base.agent->budget))
		return CONSUMER_FULL;
	buf_clear(&x->unused);
	x->ack = t->ack;
	otlp_edit_run(x->edit, OTLP_LOGS, t->bytes, &x->visitor, &x->unused);
	x->ack = NULL;
	buf_clear(&x->unused);
	buf_shrink(&x->unused, KEEP_BUFFER);
	return CONSUMED;
}

static bool loki_exporter_takes(const struct consumer *c, enum signal_kind kind)
{
	(void)c;
	return kind == SIGNAL_LOGS;
}

static bool otelcol_exporter_loki_update(struct component *c, const void *args, struct err *e)
{
	struct loki_exporter *x = container_of(c, struct loki_exporter, base);
	const struct loki_exporter_args *a = args;

	(void)e;
	x->to = (struct receivers){(struct receiver *const *)a->forward_to.p, a->forward_to.n};
	return true;
}

static bool otelcol_exporter_loki_start(struct component *c, const void *args, struct err *e)
{
	struct loki_exporter *x = container_of(c, struct loki_exporter, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};

	x->edit = otlp_edit_new();
	x->visitor.item = on_record;
	x->entries = metric_new(&entries_family, labels);
	x->input = (struct consumer){loki_exporter_consume, loki_exporter_takes, c->id};
	component_export(c, "input", value_capsule(&capsule_consumer, &x->input));
	return otelcol_exporter_loki_update(c, args, e);
}

static void otelcol_exporter_loki_stop(struct component *c)
{
	struct loki_exporter *x = container_of(c, struct loki_exporter, base);

	otlp_edit_free(x->edit);
	buf_fini(&x->line);
	buf_fini(&x->text);
	buf_fini(&x->unused);
	metric_free(x->entries);
	component_stopped(c);
}

static const struct export_field exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes logs."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_exporter_loki = {
	.name = "otelcol.exporter.loki",
	.help = "Makes entries for Loki of OTLP log records.",
	.stability = STABILITY_GA,
	.args = loki_exporter_args,
	.size = sizeof(struct loki_exporter),
	.args_size = sizeof(struct loki_exporter_args),
	.exports = exports,
	.start = otelcol_exporter_loki_start,
	.update = otelcol_exporter_loki_update,
	.stop = otelcol_exporter_loki_stop,
};
