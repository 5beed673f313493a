/*
 * Builds the tables from the descriptors at first use: a breadth-first walk from the roots, so
 * that a message that contains itself (AnyValue) is there once.
 */

#include "proto/otlp/types.h"
#include "agent/base/ascii.h"

#include "agent/base/must.h"

#include "proto/otlp/logs_service.pb-c.h"
#include "proto/otlp/metrics_service.pb-c.h"
#include "proto/otlp/status.pb-c.h"
#include "proto/otlp/trace_service.pb-c.h"

#define LOGS(name) opentelemetry__proto__collector__logs__v1__##name##__descriptor
#define METRICS(name) opentelemetry__proto__collector__metrics__v1__##name##__descriptor
#define TRACES(name) opentelemetry__proto__collector__trace__v1__##name##__descriptor

enum {
	NAMES_SIZE = 4096,
	STATUS_ROOT = 2 * OTLP_KINDS,
	ANY_VALUE_ROOT,
	ROOTS,
};

static const ProtobufCMessageDescriptor *const roots[ROOTS] = {
	[OTLP_TRACES] = &TRACES(export_trace_service_request),
	[OTLP_LOGS] = &LOGS(export_logs_service_request),
	[OTLP_METRICS] = &METRICS(export_metrics_service_request),
	[OTLP_KINDS +
		OTLP_TRACES] = &TRACES(export_trace_service_response),
	[OTLP_KINDS +
		OTLP_LOGS] = &LOGS(export_logs_service_response),
	[OTLP_KINDS +
		OTLP_METRICS] = &METRICS(export_metrics_service_response),
	[STATUS_ROOT] = &google__rpc__status__descriptor,
	[ANY_VALUE_ROOT] = &opentelemetry__proto__common__v1__any_value__descriptor,
};

static struct otlp_type types[OTLP_TYPES];
static size_t n_types;
static char names[NAMES_SIZE]; /* the JSON names, one after the other */
static size_t n_names;

static uint8_t type_index(const ProtobufCMessageDescriptor *d)
{
	for (size_t i = 0; i < n_types; i++)
		if (types[i].d == d)
			return (uint8_t)i;
	must(n_types < OTLP_TYPES);
	types[n_types].d = d;
	return (uint8_t)n_types++;
}

/* start_time_unix_nano -> startTimeUnixNano */
static struct str json_name(const char *name)
{
	struct str s = {names + n_names, 0};

	for (const char *p = name; *p; p++) {
		must(n_names < NAMES_SIZE);
		if (*p == '_' && ascii_is_lower(p[1]))
			names[n_names++] = (char)(*++p - 'a' + 'A');
		else
			names[n_names++] = *p;
		s.n++;
	}
	return s;
}

static enum otlp_form number_form(ProtobufCType t)
{
	if (t == PROTOBUF_C_TYPE_FIXED64 || t == PROTOBUF_C_TYPE_SFIXED64 ||
		t == PROTOBUF_C_TYPE_DOUBLE)
		return OTLP_FIXED64;
	if (t == PROTOBUF_C_TYPE_FIXED32 || t == PROTOBUF_C_TYPE_SFIXED32 ||
		t == PROTOBUF_C_TYPE_FLOAT)
		return OTLP_FIXED32;
	return OTLP_VARINT;
}

static uint8_t id_size(const char *name)
{
	if (strcmp(name, "trace_id") == 0)
		return 16;
	return strcmp(name, "span_id") == 0 || strcmp(name, "parent_span_id") == 0 ? 8 : 0;
}

static struct otlp_step field_step(const ProtobufCFieldDescriptor *d)
{
	enum otlp_form form = number_form(d->type);
	uint8_t size = id_size(d->name);

	if (d->type == PROTOBUF_C_TYPE_MESSAGE)
		return (struct otlp_step){OTLP_MESSAGE, 2, type_index(d->descriptor), 0};
	if (d->type == PROTOBUF_C_TYPE_STRING)
		return (struct otlp_step){OTLP_STRING, 2, 0, 0};
	if (d->type == PROTOBUF_C_TYPE_BYTES)
		return (struct otlp_step){size ? OTLP_ID : OTLP_BYTES, 2, size, 0};
	if (d->label == PROTOBUF_C_LABEL_REPEATED)
		return (struct otlp_step){OTLP_PACKED, 2, 0, (uint8_t)form};
	return (struct otlp_step){(uint8_t)form, (uint8_t)otlp_form_wire(form), 0, 0};
}

static bool is_item(const char *name)
{
	static const char *const items[] = {"Span", "LogRecord", "NumberDataPoint",
		"HistogramDataPoint", "ExponentialHistogramDataPoint", "SummaryDataPoint"};

	for (size_t i = 0; i < sizeof(items) / sizeof(*items); i++)
		if (strcmp(name, items[i]) == 0)
			return true;
	return false;
}

static void fill(struct otlp_type *t)
{
	t->is_item = is_item(t->d->short_name);
	t->is_span = strcmp(t->d->short_name, "Span") == 0;
	for (unsigned i = 0; i < t->d->n_fields; i++) {
		const ProtobufCFieldDescriptor *d = &t->d->fields[i];
		struct otlp_step step = field_step(d);

		must(d->id < OTLP_FIELDS);
		t->numbers |= UINT32_C(1) << d->id;
		t->steps[d->id] = step;
		t->fields[d->id] = (struct otlp_field){
			.d = d,
			.type = step.form == OTLP_MESSAGE ? &types[step.sub] : NULL,
			.json = json_name(d->name),
			.is_repeated = d->label == PROTOBUF_C_LABEL_REPEATED,
			.has_presence = (d->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0,
		};
	}
}

const struct otlp_type *otlp_types(void)
{
	if (n_types > 0)
		return types;
	for (size_t i = 0; i < ROOTS; i++)
		must(type_index(roots[i]) == i);
	for (size_t i = 0; i < n_types; i++)
		fill(&types[i]);
	return types;
}

const struct otlp_type *otlp_request(enum otlp_kind k)
{
	return &otlp_types()[k];
}

const struct otlp_type *otlp_response(enum otlp_kind k)
{
	return &otlp_types()[OTLP_KINDS + k];
}

const struct otlp_type *otlp_status(void)
{
	return &otlp_types()[STATUS_ROOT];
}

const struct otlp_type *otlp_any_value(void)
{
	return &otlp_types()[ANY_VALUE_ROOT];
}

const struct otlp_field *otlp_field_find(const struct otlp_type *t, struct str name)
{
	for (unsigned i = 0; i < t->d->n_fields; i++) {
		const struct otlp_field *f = &t->fields[t->d->fields[i].id];

		if (str_eq(f->json, name) || str_is(name, f->d->name))
			return f;
	}
	return NULL;
}
