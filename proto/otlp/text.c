/* Reads on the wire, a level at a time; what a line needs of an item is gathered first. */

#include "proto/otlp/text.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "agent/base/utf8.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/resource.h"

#include <inttypes.h>

enum {
	MAX_FIELDS = OTLP_FIELDS,
	PART_SCOPES = 2,
	SCOPE_ITEMS = 2,
	MAX_BODY = 500, /* bytes of a log record's body that a line shows */
};

struct item {
	struct wire_field f[MAX_FIELDS]; /* the last of each number */
	struct str raw;
};

static const struct otlp_type *item_type(enum otlp_kind kind)
{
	return otlp_request(kind)
		->fields[1]
		.type->fields[PART_SCOPES]
		.type->fields[SCOPE_ITEMS]
		.type;
}

static void read_item(struct str message, struct item *it)
{
	struct wire_reader r = wire_read(message);
	struct wire_field f;

	memset(it, 0, sizeof(*it));
	it->raw = message;
	while (wire_next(&r, &f))
		if (f.number < MAX_FIELDS)
			it->f[f.number] = f;
}

static void put_hex(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, "%02x", (uint8_t)s.p[i]);
	if (s.n == 0)
		buf_add_char(out, '-');
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\' ||
			s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

/* The message that field is, as JSON; a string value as the text alone. */
static void put_any(struct buf *out, struct str any)
{
	struct wire_reader r = wire_read(any);
	struct wire_field f;

	if (wire_next(&r, &f) && f.number == 1 && f.wire == WIRE_BYTES && wire_at_end(&r)) {
		struct str s = str_head(f.bytes, MAX_BODY);

		while (s.n < f.bytes.n && s.n > 0 && !utf8_is_valid(s))
			s.n--;
		if (is_plain(s))
			buf_add_str(out, s);
		else
			buf_add_quoted(out, s);
		if (s.n < f.bytes.n)
			buf_printf(out, "… (%zu bytes)", f.bytes.n);
		return;
	}
	otlp_json_print(otlp_any_value(), any, out);
}

static void put_attrs(struct buf *out, const struct otlp_part *p)
{
	struct wire_reader part = wire_read(p->body);
	struct wire_field resource;
	struct wire_field attr;

	while (wire_next(&part, &resource)) {
		struct wire_reader r = wire_read(resource.bytes);

		while (resource.number == 1 && wire_next(&r, &attr)) {
			struct item kv;

			if (attr.number != 1)
				continue;
			read_item(attr.bytes, &kv);
			buf_printf(out, " " STR_FMT "=", STR_ARG(kv.f[1].bytes));
			put_any(out, kv.f[2].bytes);
		}
	}
}

static void put_time(struct buf *out, uint64_t ns)
{
	char text[TIMESTAMP_SIZE];

	if (ns > 0 && ns <= INT64_MAX)
		buf_add_str(out, timestamp_format(text, (int64_t)ns));
	else
		buf_add_char(out, '-');
}

static void put_span(struct buf *out, const struct item *it)
{
	static const char *const kinds[] = {
		"-", "internal", "server", "client", "producer", "consumer"};
	static const char *const codes[] = {"unset", "ok", "error"};
	uint64_t start = it->f[7].value;
	uint64_t end = it->f[8].value;
	uint64_t kind = it->f[6].value;
	struct item status;
	char text[TIMESTAMP_SIZE];

	read_item(it->f[15].bytes, &status);
	buf_add_str(out, STR("  span "));
	put_hex(out, it->f[1].bytes);
	buf_add_char(out, '/');
	put_hex(out, it->f[2].bytes);
	buf_add_char(out, ' ');
	buf_add_quoted(out, it->f[5].bytes);
	buf_printf(out, " %s ", kind < 6 ? kinds[kind] : "?");
	if (end >= start && end - start <= INT64_MAX)
		buf_add_str(out, duration_format(text, (int64_t)(end - start)));
	else
		buf_add_char(out, '-');
	buf_printf(out, " %s", status.f[3].value < 3 ? codes[status.f[3].value] : "?");
	if (status.f[2].bytes.n > 0) {
		buf_add_char(out, ' ');
		buf_add_quoted(out, status.f[2].bytes);
	}
}

static void put_log(struct buf *out, const struct item *it)
{
	static const char *const severities[] = {
		"-", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
	uint64_t number = it->f[2].value;

	buf_add_str(out, STR("  log "));
	put_time(out, it->f[1].value ? it->f[1].value : it->f[11].value);
	buf_add_char(out, ' ');
	if (is_plain(it->f[3].bytes))
		buf_add_str(out, it->f[3].bytes);
	else
		buf_printf(out, "%s", number <= 24 ? severities[(number + 3) / 4] : "?");
	buf_add_char(out, ' ');
	put_any(out, it->f[5].bytes);
	if (it->f[9].bytes.n > 0) {
		buf_add_str(out, STR(" trace_id="));
		put_hex(out, it->f[9].bytes);
	}
}

static void put_metric(struct buf *out, const struct item *it)
{
	static const struct {
		uint32_t number;
		const char *name;
	} kinds[] = {{5, "gauge"}, {7, "sum"}, {9, "histogram"}, {10, "exponential histogram"},
		{11, "summary"}};

	buf_add_str(out, STR("  metric "));
	if (is_plain(it->f[1].bytes))
		buf_add_str(out, it->f[1].bytes);
	else
		buf_add_quoted(out, it->f[1].bytes);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct wire_reader r = wire_read(it->f[kinds[i].number].bytes);
		struct wire_field f;
		size_t points = 0;

		while (wire_next(&r, &f))
			points += f.number == 1;
		if (it->f[kinds[i].number].number != 0)
			buf_printf(out, " %s %zu point%s", kinds[i].name, points,
				points == 1 ? "" : "s");
	}
}

static void put_item(enum otlp_kind kind, struct str message, struct str service,
	enum otlp_text how, struct buf *out)
{
	struct item it;

	read_item(message, &it);
	switch (kind) {
	case OTLP_TRACES:
		put_span(out, &it);
		break;
	case OTLP_LOGS:
		put_log(out, &it);
		break;
	case OTLP_METRICS:
		put_metric(out, &it);
		break;
	case OTLP_KINDS:
		break;
	}
	if (service.n > 0)
		buf_printf(out, " service.name=" STR_FMT, STR_ARG(service));
	buf_add_char(out, '\n');
	if (how == OTLP_TEXT_DETAILED) {
		buf_add_str(out, STR("    "));
		otlp_json_print(item_type(kind), message, out);
		buf_add_char(out, '\n');
	}
}

/* The items of all scopes of one part, or of one scope. */
static void put_items(
	enum otlp_kind kind, const struct otlp_part *p, enum otlp_text how, struct buf *out)
{
	struct str service = otlp_attr_find(p, STR("service.name"));
	struct wire_reader part = wire_read(p->body);
	struct wire_field scope;
	struct wire_field item;

	while (wire_next(&part, &scope)) {
		struct wire_reader r = wire_read(scope.bytes);

		while (scope.number == PART_SCOPES && wire_next(&r, &item))
			if (item.number == SCOPE_ITEMS && item.wire == WIRE_BYTES)
				put_item(kind, item.bytes, service, how, out);
	}
}

void otlp_text_print(enum otlp_kind kind, struct str request, enum otlp_text how, struct buf *out)
{
	struct wire_reader r = wire_read(request);
	struct otlp_part p;

	while (otlp_part_next(&r, &p)) {
		if (!p.is_resource)
			continue;
		buf_add_str(out, STR("resource"));
		put_attrs(out, &p);
		buf_add_char(out, '\n');
		put_items(kind, &p, how, out);
	}
}
