/*
 * The names of paths: which field of which message each means, in which context. They are those of
 * the Collector's contexts (pkg/ottl/contexts).
 */

#include "agent/flow/ottl/field.h"
#include "agent/base/ascii.h"
#include "agent/flow/ottl/private.h"

static const struct ottl_field resource_fields[] = {
	{"attributes", F_ATTRIBUTES, OTLP_RESOURCE_ATTRIBUTES},
	{"dropped_attributes_count", F_UINT, 2},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field scope_fields[] = {
	{"attributes", F_ATTRIBUTES, OTLP_SCOPE_ATTRIBUTES},
	{"name", F_STRING, OTLP_SCOPE_NAME},
	{"version", F_STRING, OTLP_SCOPE_VERSION},
	{"dropped_attributes_count", F_UINT, 4},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field span_fields[] = {
	{"attributes", F_ATTRIBUTES, OTLP_SPAN_ATTRIBUTES},
	{"name", F_STRING, OTLP_SPAN_NAME},
	{"kind", F_UINT, OTLP_SPAN_KIND},
	{"kind.string", F_KIND_STRING, OTLP_SPAN_KIND},
	{"trace_id", F_ID, OTLP_SPAN_TRACE_ID},
	{"trace_id.string", F_ID_STRING, OTLP_SPAN_TRACE_ID},
	{"span_id", F_ID, OTLP_SPAN_SPAN_ID},
	{"span_id.string", F_ID_STRING, OTLP_SPAN_SPAN_ID},
	{"parent_span_id", F_ID, OTLP_SPAN_PARENT},
	{"parent_span_id.string", F_ID_STRING, OTLP_SPAN_PARENT},
	{"trace_state", F_TRACE_STATE, OTLP_SPAN_TRACE_STATE},
	{"start_time_unix_nano", F_NANO, OTLP_SPAN_START},
	{"end_time_unix_nano", F_NANO, OTLP_SPAN_END},
	{"start_time", F_TIME, OTLP_SPAN_START},
	{"end_time", F_TIME, OTLP_SPAN_END},
	{"status.code", F_STATUS_CODE, OTLP_SPAN_STATUS},
	{"status.message", F_STATUS_MESSAGE, OTLP_SPAN_STATUS},
	{"dropped_attributes_count", F_UINT, 10},
	{"dropped_events_count", F_UINT, 12},
	{"dropped_links_count", F_UINT, 14},
	{"flags", F_FIXED32, 16},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field event_fields[] = {
	{"attributes", F_ATTRIBUTES, OTLP_EVENT_ATTRIBUTES},
	{"name", F_STRING, OTLP_EVENT_NAME},
	{"time_unix_nano", F_NANO, OTLP_EVENT_TIME},
	{"time", F_TIME, OTLP_EVENT_TIME},
	{"dropped_attributes_count", F_UINT, 4},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field log_fields[] = {
	{"attributes", F_ATTRIBUTES, OTLP_LOG_ATTRIBUTES},
	{"body", F_ANY, OTLP_LOG_BODY},
	{"body.string", F_ANY_STRING, OTLP_LOG_BODY},
	{"severity_number", F_UINT, OTLP_LOG_SEVERITY},
	{"severity_text", F_STRING, OTLP_LOG_SEVERITY_TEXT},
	{"time_unix_nano", F_NANO, OTLP_LOG_TIME},
	{"observed_time_unix_nano", F_NANO, OTLP_LOG_OBSERVED},
	{"time", F_TIME, OTLP_LOG_TIME},
	{"observed_time", F_TIME, OTLP_LOG_OBSERVED},
	{"trace_id", F_ID, OTLP_LOG_TRACE_ID},
	{"trace_id.string", F_ID_STRING, OTLP_LOG_TRACE_ID},
	{"span_id", F_ID, OTLP_LOG_SPAN_ID},
	{"span_id.string", F_ID_STRING, OTLP_LOG_SPAN_ID},
	{"flags", F_FIXED32, OTLP_LOG_FLAGS},
	{"event_name", F_STRING, OTLP_LOG_EVENT_NAME},
	{"dropped_attributes_count", F_UINT, 7},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field metric_fields[] = {
	{"name", F_STRING, OTLP_METRIC_NAME},
	{"description", F_STRING, OTLP_METRIC_DESCRIPTION},
	{"unit", F_STRING, OTLP_METRIC_UNIT},
	{"type", F_METRIC_TYPE, 0},
	{"aggregation_temporality", F_OF_DATA, 2},
	{"is_monotonic", F_DATA_FLAG, 3},
	{"metadata", F_ATTRIBUTES, OTLP_METRIC_METADATA},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field point_fields[] = {
	{"attributes", F_ATTRIBUTES, 0},
	{"start_time_unix_nano", F_NANO, POINT_START},
	{"time_unix_nano", F_NANO, POINT_TIME},
	{"start_time", F_TIME, POINT_START},
	{"time", F_TIME, POINT_TIME},
	{"value_double", F_VALUE_DOUBLE, 4},
	{"value_int", F_VALUE_INT, 6},
	{"flags", F_UINT, POINT_FLAGS},
	{"count", F_NANO, POINT_COUNT},
	{"sum", F_DOUBLE, POINT_SUM},
	{"min", F_DOUBLE, POINT_MIN},
	{"max", F_DOUBLE, POINT_MAX},
	{"scale", F_SINT, POINT_SCALE},
	{"zero_count", F_NANO, POINT_ZERO_COUNT},
	{NULL, F_CACHE, 0},
};

static const struct ottl_field cache_field = {"cache", F_CACHE, 1};

/* By the kind of data: gauge and sum, histogram, exponential histogram, summary. 0: it has none. */
static const uint32_t point_numbers[POINT_LAST - POINT_START][4] = {
	[0] = {2, 2, 2, 2},
	[POINT_TIME -
		POINT_START] = {3, 3, 3, 3},
	[POINT_FLAGS -
		POINT_START] = {8, 10, 10, 8},
	[POINT_COUNT -
		POINT_START] = {0, 4, 4, 4},
	[POINT_SUM -
		POINT_START] = {0, 5, 5, 5},
	[POINT_MIN -
		POINT_START] = {0, 11, 12, 0},
	[POINT_MAX -
		POINT_START] = {0, 12, 13, 0},
	[POINT_SCALE -
		POINT_START] = {0, 0, 6, 0},
	[POINT_ZERO_COUNT -
		POINT_START] = {0, 0, 7, 0},
};

static const struct ottl_field *const fields[OTTL_CONTEXTS] = {resource_fields, scope_fields,
	span_fields, event_fields, log_fields, metric_fields, point_fields};

const char *const ottl_context_names[OTTL_CONTEXTS] = {
	"resource", "scope", "span", "spanevent", "log", "metric", "datapoint"};

/* Which contexts' fields are had in which. */
static const unsigned within[OTTL_CONTEXTS] = {
	[OTTL_RESOURCE] = 1U << OTTL_RESOURCE,
	[OTTL_SCOPE] = 1U << OTTL_SCOPE | 1U << OTTL_RESOURCE,
	[OTTL_SPAN] = 1U << OTTL_SPAN | 1U << OTTL_SCOPE | 1U << OTTL_RESOURCE,
	[OTTL_SPANEVENT] = 1U << OTTL_SPANEVENT | 1U << OTTL_SPAN | 1U << OTTL_SCOPE |
			   1U << OTTL_RESOURCE,
	[OTTL_LOG] = 1U << OTTL_LOG | 1U << OTTL_SCOPE | 1U << OTTL_RESOURCE,
	[OTTL_METRIC] = 1U << OTTL_METRIC | 1U << OTTL_SCOPE | 1U << OTTL_RESOURCE,
	[OTTL_DATAPOINT] = 1U << OTTL_DATAPOINT | 1U << OTTL_METRIC | 1U << OTTL_SCOPE |
			   1U << OTTL_RESOURCE,
};

static const struct ottl_field *find_field(enum ottl_context c, struct str name)
{
	if (str_is(name, "cache"))
		return &cache_field;
	for (const struct ottl_field *f = fields[c]; f->name; f++)
		if (str_is(name, f->name))
			return f;
	return NULL;
}

static bool find_context(struct str name, enum ottl_context *out)
{
	if (str_is(name, "instrumentation_scope")) {
		*out = OTTL_SCOPE;
		return true;
	}
	for (int i = 0; i < OTTL_CONTEXTS; i++) {
		if (!str_is(name, ottl_context_names[i]))
			continue;
		*out = (enum ottl_context)i;
		return true;
	}
	return false;
}

bool ottl_path_resolve(enum ottl_context c, struct str name, struct ottl_path *out, struct err *e)
{
	struct str head;
	struct str tail;

	out->owner = c;
	out->field = find_field(c, name);
	if (out->field)
		return true;
	if (str_cut(name, '.', &head, &tail) && find_context(head, &out->owner)) {
		if (!(within[c] >> out->owner & 1))
			return err_set(e, "path \"" STR_FMT "\" is not to be had in context %s",
				STR_ARG(name), ottl_context_names[c]);
		out->field = find_field(out->owner, tail);
		if (out->field && (out->field != &cache_field || out->owner == c))
			return true;
	}
	return err_set(e, "path \"" STR_FMT "\" is not known in context %s, or not supported",
		STR_ARG(name), ottl_context_names[c]);
}

/* Only names before a dot are looked at: what follows in the text, strings too, is not. */
bool ottl_infer(struct str text, enum ottl_context *out)
{
	bool in_string = false;
	bool found = false;

	for (size_t i = 0; i < text.n; i++) {
		size_t start = i;
		enum ottl_context c;

		if (in_string && text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			in_string = !in_string;
		if (in_string || !ascii_is_lower(text.p[i]))
			continue;
		while (i < text.n && (ascii_is_lower(text.p[i]) || text.p[i] == '_'))
			i++;
		if (i < text.n && text.p[i] == '.' && (start == 0 || text.p[start - 1] != '.') &&
			find_context((struct str){text.p + start, i - start}, &c)) {
			*out = found && *out > c ? *out : c;
			found = true;
		} else if (i < text.n && text.p[i] == '"') {
			in_string = true;
		}
	}
	return found;
}

bool ottl_enum_find(struct str name, int64_t *out)
{
	static const struct {
		const char *prefix;
		const char *const names[7];
	} enums[] = {
		{"SPAN_KIND_", {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER",
				       "CONSUMER"}},
		{"STATUS_CODE_", {"UNSET", "OK", "ERROR"}},
		{"AGGREGATION_TEMPORALITY_", {"UNSPECIFIED", "DELTA", "CUMULATIVE"}},
		{"METRIC_DATA_TYPE_",
			{"NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY"}},
		{"FLAG_", {"NONE", "NO_RECORDED_VALUE"}},
	};
	static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

	for (size_t i = 0; i < sizeof(enums) / sizeof(*enums); i++) {
		struct str rest = str_from_at(name, strlen(enums[i].prefix));

		for (int k = 0; str_starts(name, enums[i].prefix) && enums[i].names[k]; k++) {
			if (!str_is(rest, enums[i].names[k]))
				continue;
			*out = k;
			return true;
		}
	}
	if (!str_starts(name, "SEVERITY_NUMBER_"))
		return false;
	name = str_from_at(name, strlen("SEVERITY_NUMBER_"));
	*out = 0;
	if (str_is(name, "UNSPECIFIED"))
		return true;
	for (int i = 0; i < 6; i++) {
		struct str rest = str_from_at(name, strlen(levels[i]));

		if (!str_starts(name, levels[i]) || rest.n > 1 ||
			(rest.n == 1 && (rest.p[0] < '2' || rest.p[0] > '4')))
			continue;
		*out = i * 4 + (rest.n ? rest.p[0] - '0' : 1);
		return true;
	}
	return false;
}

uint32_t ottl_field_number(const struct ottl_field *f, const struct otlp_place *p)
{
	uint32_t data = p->data_number;
	size_t column = 0;

	if (f->number < POINT_START)
		return f->number;
	if (data == OTLP_METRIC_HISTOGRAM)
		column = 1;
	else if (data == OTLP_METRIC_EXPONENTIAL)
		column = 2;
	else if (data == OTLP_METRIC_SUMMARY)
		column = 3;
	return point_numbers[f->number - POINT_START][column];
}
