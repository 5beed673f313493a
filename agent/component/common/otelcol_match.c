#include "agent/component/common/otelcol_match.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/config/number.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

enum {
	MAX_VALUE_DEPTH = 32,
};

struct otelcol_match_attribute {
	struct range at;
	struct str key;
	struct value value;
};

struct otelcol_match_library {
	struct str name;
	struct value version; /* a string, or null: any */
};

struct otelcol_match_severity {
	struct range at;
	struct str min;
	bool match_undefined;
};

struct otelcol_match_regexp {
	bool cache_enabled;
	int64_t cache_max_num_entries;
};

/* A text that is to be equal, or a regular expression. */
struct pattern {
	struct str text;
	struct regex *re;
};

struct patterns {
	struct pattern *p;
	size_t n;
};

struct attribute {
	struct str key;
	bool any_value; /* it only has to be there */
	struct str any; /* strict: the body of the value */
	struct regex *re;
};

struct attributes {
	struct attribute *p;
	size_t n;
};

struct library {
	struct pattern name;
	struct pattern version;
	bool any_version;
};

struct otelcol_match {
	struct arena arena;
	bool is_regexp;
	struct patterns bodies;
	struct patterns severity_texts;
	struct patterns metric_names;
	struct patterns services;
	struct patterns kinds;
	struct patterns names;
	struct attributes attributes;
	struct attributes resources;
	struct library *libraries;
	size_t n_libraries;
	uint64_t min_severity; /* 0: not asked */
	bool match_undefined;
};

static const char *const match_types[] = {"strict", "regexp", NULL};

static const struct arg attribute_args[] = {
	ARG_PLACE(otelcol_match_attribute, at),
	ARG(otelcol_match_attribute, key, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The attribute's name."),
	ARG(otelcol_match_attribute, value, .type = ARG_ANY,
		.help = "Its value; not given: any."),
	ARGS_END,
};

static const struct arg library_args[] = {
	ARG(otelcol_match_library, name, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of the instrumentation scope."),
	ARG(otelcol_match_library, version, .type = ARG_ANY,
		.help = "Its version; null: any; empty: none."),
	ARGS_END,
};

static const struct arg severity_args[] = {
	ARG_PLACE(otelcol_match_severity, at),
	ARG(otelcol_match_severity, min, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Lowest severity, as \"INFO\" or \"WARN2\"."),
	ARG(otelcol_match_severity, match_undefined, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "Whether records without a severity match."),
	ARGS_END,
};

static const struct arg regexp_args[] = {
	ARG(otelcol_match_regexp, cache_enabled, .type = ARG_BOOL,
		.help = "Nothing is cached; accepted."),
	ARG(otelcol_match_regexp, cache_max_num_entries, .type = ARG_INT,
		.help = "Nothing is cached; accepted."),
	ARGS_END,
};

const struct arg otelcol_match_args[] = {
	ARG_PLACE(otelcol_match_args, at),
	ARG(otelcol_match_args, match_type, .type = ARG_STR, .flags = ARG_REQUIRED,
		.one_of = match_types, .help = "How texts are compared: strict or regexp."),
	ARG(otelcol_match_args, log_bodies, .type = ARG_STRS,
		.help = "Bodies of log records, where they are strings."),
	ARG(otelcol_match_args, log_severity_texts, .type = ARG_STRS,
		.help = "Severity texts of log records."),
	ARG(otelcol_match_args, metric_names, .type = ARG_STRS, .help = "Names of metrics."),
	ARG(otelcol_match_args, services, .type = ARG_STRS,
		.help = "The resource's service.name, of spans."),
	ARG(otelcol_match_args, span_kinds, .type = ARG_STRS,
		.help = "Kinds of spans, as SPAN_KIND_SERVER."),
	ARG(otelcol_match_args, span_names, .type = ARG_STRS, .help = "Names of spans."),
	ARG(otelcol_match_args, attribute, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = attribute_args, .size = sizeof(struct otelcol_match_attribute),
		.help = "An attribute of the span or log record."),
	ARG(otelcol_match_args, resource, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = attribute_args, .size = sizeof(struct otelcol_match_attribute),
		.help = "An attribute of the resource."),
	ARG(otelcol_match_args, library, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = library_args, .size = sizeof(struct otelcol_match_library),
		.help = "The instrumentation scope."),
	ARG(otelcol_match_args, log_severity, .type = ARG_BLOCK, .block = severity_args,
		.size = sizeof(struct otelcol_match_severity),
		.help = "Severity numbers of log records."),
	ARG(otelcol_match_args, regexp, .type = ARG_BLOCK, .block = regexp_args,
		.size = sizeof(struct otelcol_match_regexp), .help = "A cache of matches."),
	ARGS_END,
};

/* 0: there is no such severity. */
static uint64_t severity_number(struct str s)
{
	static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

	for (size_t i = 0; i < 6; i++) {
		size_t n = strlen(names[i]);

		if (!str_eq_nocase(str_head(s, n), str_from(names[i])))
			continue;
		if (s.n == n)
			return i * 4 + 1;
		if (s.n == n + 1 && s.p[n] >= '2' && s.p[n] <= '4')
			return i * 4 + (uint64_t)(s.p[n] - '0');
	}
	return 0;
}

static bool any_of_value(struct arena *a, const struct value *v, unsigned depth, struct str *any);

static bool any_of_list(
	struct arena *a, const struct value *v, unsigned depth, struct otlp_any *out)
{
	bool is_map = v->type == VALUE_OBJECT;
	size_t n = is_map ? v->object.n : v->array.n;
	struct buf b = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		struct str any;

		ok = any_of_value(a, is_map ? &v->object.fields[i].value : &v->array.items[i],
			depth + 1, &any);
		if (ok && is_map)
			otlp_key_value_put(&b, 1, v->object.fields[i].key, any);
		else if (ok)
			wire_put_bytes(&b, 1, any);
	}
	out->kind = is_map ? OTLP_ANY_MAP : OTLP_ANY_ARRAY;
	out->bytes = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return ok;
}

static bool any_of_value(struct arena *a, const struct value *v, unsigned depth, struct str *any)
{
	struct otlp_any out = {0};

	if (depth > MAX_VALUE_DEPTH)
		return false;
	switch (v->type) {
	case VALUE_NULL:
		break;
	case VALUE_NUMBER:
		out.kind = v->number == NUMBER_FLOAT ? OTLP_ANY_DOUBLE : OTLP_ANY_INT;
		out.integer = number_int(v);
		out.number = number_float(v);
		break;
	case VALUE_STRING:
		out.kind = OTLP_ANY_STRING;
		out.bytes = v->s;
		break;
	case VALUE_BOOL:
		out.kind = OTLP_ANY_BOOL;
		out.boolean = v->b;
		break;
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		if (!any_of_list(a, v, depth, &out))
			return false;
		break;
	case VALUE_CAPSULE:
		if (!value_is_secret(v))
			return false;
		out.kind = OTLP_ANY_STRING;
		out.bytes = v->s;
		break;
	case VALUE_FUNCTION:
		return false;
	}
	*any = otlp_any_make(a, &out);
	return true;
}

bool otelcol_any_of_value(struct arena *a, const struct value *v, struct str *any)
{
	return any_of_value(a, v, 0, any);
}

static bool check_attributes(
	const struct otelcol_match_args *a, const struct arg_blocks *b, struct diags *d)
{
	const struct otelcol_match_attribute *p = b->p;
	bool ok = true;

	for (size_t i = 0; i < b->n; i++) {
		if (p[i].key.n == 0)
			ok = diag_error(d, p[i].at, "key must not be empty");
		if (str_is(a->match_type, "regexp") && p[i].value.type != VALUE_NULL &&
			p[i].value.type != VALUE_STRING)
			ok = diag_error(d, p[i].at,
				"match_type \"regexp\" wants a string as the attribute's value");
		if (p[i].value.type == VALUE_FUNCTION || p[i].value.type == VALUE_CAPSULE)
			ok = diag_error(d, p[i].at, "a %s is no value of an attribute",
				value_type_name(&p[i].value));
	}
	return ok;
}

/* What the Collector's ValidateForSpans() and ValidateForLogs() refuse. */
static bool check_signals(
	const struct otelcol_match_args *a, const bool has[SIGNAL_KINDS], struct diags *d)
{
	bool common = a->attribute.n || a->library.n || a->resource.n;
	bool of_logs = a->log_bodies.n || a->log_severity_texts.n || a->log_severity;
	bool of_spans = a->services.n || a->span_names.n || a->span_kinds.n;

	if (has[SIGNAL_TRACES] && of_logs)
		return diag_error(d, a->at,
			"log_bodies, log_severity_texts and log_severity are not for traces");
	if (has[SIGNAL_TRACES] && !of_spans && !common)
		return diag_error(d, a->at,
			"for traces at least one of services, span_names, span_kinds, attribute, "
			"library or resource is wanted");
	if (has[SIGNAL_LOGS] && of_spans)
		return diag_error(
			d, a->at, "services, span_names and span_kinds are not for logs");
	if (has[SIGNAL_LOGS] && !of_logs && !common)
		return diag_error(d, a->at,
			"for logs at least one of log_bodies, log_severity_texts, log_severity, "
			"attribute, library or resource is wanted");
	return true;
}

bool otelcol_match_check(
	const struct otelcol_match_args *a, const bool has[SIGNAL_KINDS], struct diags *d)
{
	struct otelcol_match *m;
	struct err e;

	if (!a)
		return true;
	if (a->log_severity && severity_number(a->log_severity->min) == 0)
		return diag_error(d, a->log_severity->at, "there is no severity \"" STR_FMT "\"",
			STR_ARG(a->log_severity->min));
	if (!check_attributes(a, &a->attribute, d) || !check_attributes(a, &a->resource, d) ||
		!check_signals(a, has, d))
		return false;
	m = otelcol_match_new(a, &e);
	if (!m)
		return diag_error(d, a->at, "%s", e.text);
	otelcol_match_free(m);
	return true;
}

static bool pattern_init(
	const struct otelcol_match *m, struct pattern *p, struct str text, struct err *e)
{
	*p = (struct pattern){.text = text};
	if (m->is_regexp)
		p->re = regex_new(text, 0, e);
	return !m->is_regexp || p->re;
}

static bool patterns_init(struct otelcol_match *m, struct patterns *out,
	const struct arg_strs *texts, struct err *e)
{
	out->p = arena_new(&m->arena, struct pattern, texts->n + 1);
	for (size_t i = 0; i < texts->n; i++, out->n++)
		if (!pattern_init(m, &out->p[i], texts->p[i], e))
			return false;
	return true;
}

static bool attributes_init(struct otelcol_match *m, struct attributes *out,
	const struct arg_blocks *blocks, struct err *e)
{
	const struct otelcol_match_attribute *b = blocks->p;

	out->p = arena_new(&m->arena, struct attribute, blocks->n + 1);
	for (size_t i = 0; i < blocks->n; i++, out->n++) {
		struct attribute *a = &out->p[i];

		a->key = b[i].key;
		a->any_value = b[i].value.type == VALUE_NULL;
		if (a->any_value)
			continue;
		if (m->is_regexp)
			a->re = regex_new(b[i].value.s, 0, e);
		else if (!otelcol_any_of_value(&m->arena, &b[i].value, &a->any))
			return err_set(e, "the value is nested too deep");
		if (m->is_regexp && !a->re)
			return false;
	}
	return true;
}

static bool libraries_init(
	struct otelcol_match *m, const struct arg_blocks *blocks, struct err *e)
{
	const struct otelcol_match_library *b = blocks->p;

	m->libraries = arena_new(&m->arena, struct library, blocks->n + 1);
	for (size_t i = 0; i < blocks->n; i++) {
		struct library *l = &m->libraries[i];

		m->n_libraries++;
		l->any_version = b[i].version.type == VALUE_NULL;
		if (!l->any_version && b[i].version.type != VALUE_STRING)
			return err_set(e, "a library's version should be a string");
		if (!pattern_init(m, &l->name, b[i].name, e) ||
			(!l->any_version && !pattern_init(m, &l->version, b[i].version.s, e)))
			return false;
	}
	return true;
}

struct otelcol_match *otelcol_match_new(const struct otelcol_match_args *a, struct err *e)
{
	struct otelcol_match *m = mem_new(struct otelcol_match, 1);

	arena_init(&m->arena, 0);
	m->is_regexp = str_is(a->match_type, "regexp");
	if (!patterns_init(m, &m->bodies, &a->log_bodies, e) ||
		!patterns_init(m, &m->severity_texts, &a->log_severity_texts, e) ||
		!patterns_init(m, &m->metric_names, &a->metric_names, e) ||
		!patterns_init(m, &m->services, &a->services, e) ||
		!patterns_init(m, &m->kinds, &a->span_kinds, e) ||
		!patterns_init(m, &m->names, &a->span_names, e) ||
		!attributes_init(m, &m->attributes, &a->attribute, e) ||
		!attributes_init(m, &m->resources, &a->resource, e) ||
		!libraries_init(m, &a->library, e)) {
		otelcol_match_free(m);
		return NULL;
	}
	if (a->log_severity) {
		m->min_severity = severity_number(a->log_severity->min);
		m->match_undefined = a->log_severity->match_undefined;
	}
	return m;
}

static void patterns_fini(struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		regex_free(p->p[i].re);
}

void otelcol_match_free(struct otelcol_match *m)
{
	if (!m)
		return;
	patterns_fini(&m->bodies);
	patterns_fini(&m->severity_texts);
	patterns_fini(&m->metric_names);
	patterns_fini(&m->services);
	patterns_fini(&m->kinds);
	patterns_fini(&m->names);
	for (size_t i = 0; i < m->attributes.n; i++)
		regex_free(m->attributes.p[i].re);
	for (size_t i = 0; i < m->resources.n; i++)
		regex_free(m->resources.p[i].re);
	for (size_t i = 0; i < m->n_libraries; i++) {
		regex_free(m->libraries[i].name.re);
		regex_free(m->libraries[i].version.re);
	}
	arena_fini(&m->arena);
	free(m);
}

static bool is_match(const struct pattern *p, struct str text)
{
	return p->re ? regex_match(p->re, text) : str_eq(p->text, text);
}

static bool one_matches(const struct patterns *p, struct str text)
{
	for (size_t i = 0; i < p->n; i++)
		if (is_match(&p->p[i], text))
			return true;
	return p->n == 0;
}

/* A regular expression sees a value's text; arrays and maps have none. */
static bool attribute_matches(const struct attribute *a, struct str any, struct arena *scratch)
{
	struct otlp_any v = otlp_any_read(any);
	struct buf text = {0};
	bool ok;

	if (a->any_value)
		return true;
	if (!a->re)
		return otlp_any_eq(a->any, any);
	if (v.kind == OTLP_ANY_STRING)
		return regex_match(a->re, v.bytes);
	if (v.kind != OTLP_ANY_BOOL && v.kind != OTLP_ANY_INT && v.kind != OTLP_ANY_DOUBLE)
		return false;
	otlp_any_text(&text, any);
	ok = regex_match(a->re, arena_str(scratch, buf_str(&text)));
	buf_fini(&text);
	return ok;
}

static bool all_match(
	const struct attributes *a, const struct otlp_message *m, struct arena *scratch)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct otlp_slot *s = otlp_message_attr(m, a->p[i].key);

		if (!s || !attribute_matches(&a->p[i], s->any, scratch))
			return false;
	}
	return true;
}

static bool library_matches(const struct otelcol_match *m, const struct otlp_message *scope)
{
	for (size_t i = 0; i < m->n_libraries; i++) {
		const struct library *l = &m->libraries[i];

		if (is_match(&l->name, otlp_message_bytes(scope, OTLP_SCOPE_NAME)) &&
			(l->any_version ||
				is_match(&l->version,
					otlp_message_bytes(scope, OTLP_SCOPE_VERSION))))
			return true;
	}
	return m->n_libraries == 0;
}

static struct str service_name(const struct otlp_message *resource)
{
	const struct otlp_slot *s = otlp_message_attr(resource, STR("service.name"));
	struct otlp_any v = otlp_any_read(s ? s->any : STR(""));

	return v.kind == OTLP_ANY_STRING ? v.bytes : STR("<nil-service-name>");
}

static struct str kind_name(const struct otlp_message *span)
{
	static const char *const names[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
		"SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
	uint64_t kind = otlp_message_number(span, OTLP_SPAN_KIND, WIRE_VARINT);

	return kind < 6 ? str_from(names[kind]) : STR("");
}

static bool span_matches(const struct otelcol_match *m, const struct otlp_place *p)
{
	return (m->services.n == 0 || one_matches(&m->services, service_name(&p->resource))) &&
	       one_matches(&m->names, otlp_message_bytes(&p->item, OTLP_SPAN_NAME)) &&
	       one_matches(&m->kinds, kind_name(&p->item));
}

static bool log_matches(const struct otelcol_match *m, const struct otlp_place *p)
{
	struct otlp_any body = otlp_any_read(otlp_message_bytes(&p->item, OTLP_LOG_BODY));
	uint64_t severity = otlp_message_number(&p->item, OTLP_LOG_SEVERITY, WIRE_VARINT);

	if (m->bodies.n > 0 &&
		(body.kind != OTLP_ANY_STRING || !one_matches(&m->bodies, body.bytes)))
		return false;
	if (!one_matches(&m->severity_texts, otlp_message_bytes(&p->item, OTLP_LOG_SEVERITY_TEXT)))
		return false;
	if (m->min_severity == 0)
		return true;
	return severity == 0 ? m->match_undefined : severity >= m->min_severity;
}

bool otelcol_match_item(const struct otelcol_match *m, struct otlp_place *p)
{
	if (p->kind == OTLP_METRICS)
		return one_matches(&m->metric_names,
			       otlp_message_bytes(&p->item, OTLP_METRIC_NAME)) &&
		       all_match(&m->resources, &p->resource, p->scratch);
	if (p->kind == OTLP_TRACES ? !span_matches(m, p) : !log_matches(m, p))
		return false;
	return library_matches(m, &p->scope) &&
	       all_match(&m->resources, &p->resource, p->scratch) &&
	       all_match(&m->attributes, &p->item, p->scratch);
}

bool otelcol_match_takes(const struct otelcol_match *include, const struct otelcol_match *exclude,
	struct otlp_place *p)
{
	return (!include || otelcol_match_item(include, p)) &&
	       (!exclude || !otelcol_match_item(exclude, p));
}
