#include "k8s/event.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "k8s/json.h"

#include <inttypes.h>

struct member {
	const char *name;
	struct str *to;
};

/* The members that are texts; the others are skipped, or read by other (true: it has read it). */
static void read_members(struct json *j, struct arena *a, const struct member *m, size_t n,
	bool (*other)(struct json *j, struct arena *a, struct str key, void *owner), void *owner)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		size_t i = 0;

		while (i < n && !str_is(key, m[i].name))
			i++;
		if (i < n)
			*m[i].to = json_str(j, a);
		else if (!other || !other(j, a, key, owner))
			json_skip(j);
	}
}

struct reader {
	struct k8s_event *e;
	struct str last, at, created; /* times */
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static bool read_other(struct json *j, struct arena *a, struct str key, void *owner)
{
	struct reader *r = owner;
	struct k8s_event *e = r->e;
	const struct member metadata[] = {
		{"resourceVersion", &e->version_text}, {"creationTimestamp", &r->created}};
	const struct member object[] = {{"name", &e->name}, {"namespace", &e->namespace},
		{"kind", &e->kind}, {"apiVersion", &e->api_version},
		{"resourceVersion", &e->object_version}};
	const struct member source[] = {
		{"component", &e->source_component}, {"host", &e->source_host}};

	if (str_is(key, "metadata"))
		read_members(j, a, metadata, N(metadata), NULL, NULL);
	else if (str_is(key, "involvedObject"))
		read_members(j, a, object, N(object), NULL, NULL);
	else if (str_is(key, "source"))
		read_members(j, a, source, N(source), NULL, NULL);
	else if (str_is(key, "count"))
		e->count = json_int(j);
	else
		return false;
	return true;
}

static void read_time(struct reader *r)
{
	if (!timestamp_parse(r->last, &r->e->time) && !timestamp_parse(r->at, &r->e->time))
		timestamp_parse(r->created, &r->e->time);
}

bool k8s_event_parse(struct arena *a, struct str text, struct k8s_event *out)
{
	struct json j = json_from(text);
	struct reader r = {.e = out};
	const struct member members[] = {{"action", &out->action}, {"reason", &out->reason},
		{"type", &out->type}, {"message", &out->message}, {"lastTimestamp", &r.last},
		{"eventTime", &r.at}, {"reportingInstance", &out->reporting_instance},
		{"reportingComponent", &out->reporting_controller}};
	int64_t version;

	*out = (struct k8s_event){0};
	if (json_peek(&j) != '{')
		return false;
	read_members(&j, a, members, N(members), read_other, &r);
	if (!json_is_done(&j) || out->name.n == 0 || !str_to_int(out->version_text, &version))
		return false;
	out->version = (uint64_t)version;
	read_time(&r);
	return true;
}

static void add_text(struct buf *out, const char *key, struct str value)
{
	if (value.n)
		buf_printf(out, "%s=" STR_FMT " ", key, STR_ARG(value));
}

void k8s_event_print_logfmt(struct buf *out, const struct k8s_event *e)
{
	add_text(out, "name", e->name);
	add_text(out, "kind", e->kind);
	add_text(out, "action", e->action);
	add_text(out, "objectAPIversion", e->api_version);
	add_text(out, "objectRV", e->object_version);
	add_text(out, "eventRV", e->version_text);
	add_text(out, "reportinginstance", e->reporting_instance);
	add_text(out, "reportingcontroller", e->reporting_controller);
	add_text(out, "sourcecomponent", e->source_component);
	add_text(out, "sourcehost", e->source_host);
	add_text(out, "reason", e->reason);
	add_text(out, "type", e->type);
	if (e->count)
		buf_printf(out, "count=%" PRId64 " ", e->count);
	buf_printf(out, "msg=");
	buf_add_quoted(out, e->message);
	buf_add_char(out, ' ');
}

static void add_json(struct buf *out, const char *key, struct str value)
{
	if (value.n == 0)
		return;
	buf_printf(out, "\"%s\":", key);
	buf_add_json(out, value);
	buf_add_char(out, ',');
}

/* Sorted by key, as Go writes a map. */
void k8s_event_print_json(struct buf *out, const struct k8s_event *e)
{
	buf_add_char(out, '{');
	add_json(out, "action", e->action);
	if (e->count)
		buf_printf(out, "\"count\":%" PRId64 ",", e->count);
	add_json(out, "eventRV", e->version_text);
	add_json(out, "kind", e->kind);
	buf_printf(out, "\"msg\":");
	buf_add_json(out, e->message);
	buf_add_char(out, ',');
	add_json(out, "name", e->name);
	add_json(out, "objectAPIversion", e->api_version);
	add_json(out, "objectRV", e->object_version);
	add_json(out, "reason", e->reason);
	add_json(out, "reportingcontroller", e->reporting_controller);
	add_json(out, "reportinginstance", e->reporting_instance);
	add_json(out, "sourcecomponent", e->source_component);
	add_json(out, "sourcehost", e->source_host);
	add_json(out, "type", e->type);
	out->p[out->n - 1] = '}';
}
