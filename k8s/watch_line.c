/*
 * Lines of a watch. An event names its object's version and kind of change; the object itself is
 * given on as text, since this file does not know what it is.
 */

#include "k8s/watch_line.h"

#include "k8s/json.h"

#define KEEP ((size_t)64 * 1024) /* of the buffer, from one line to the next */

static bool event_from(struct str type, enum watch_event *out)
{
	static const char *const names[] = {
		[WATCH_ADDED] = "ADDED",
		[WATCH_MODIFIED] = "MODIFIED",
		[WATCH_DELETED] = "DELETED",
		[WATCH_BOOKMARK] = "BOOKMARK",
		[WATCH_ERROR] = "ERROR",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_is(type, names[i])) {
			*out = (enum watch_event)i;
			return true;
		}
	}
	return false;
}

static void read_annotations(struct json *j, struct arena *a, struct watch_line *out)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "k8s.io/initial-events-end"))
			out->is_initial_end = str_is(json_str(j, a), "true");
		else
			json_skip(j);
	}
}

static void read_metadata(struct json *j, struct arena *a, struct watch_line *out)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "resourceVersion"))
			out->version = json_str(j, a);
		else if (str_is(key, "annotations") && out->event == WATCH_BOOKMARK)
			read_annotations(j, a, out);
		else
			json_skip(j);
	}
}

/* An object of any kind, or a Status. */
static void read_object(struct arena *a, struct watch_line *out)
{
	struct json j = json_from(out->object);
	bool is_status = out->event == WATCH_ERROR;
	struct str key;

	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (str_is(key, "metadata"))
			read_metadata(&j, a, out);
		else if (is_status && str_is(key, "code"))
			out->code = json_int(&j);
		else if (is_status && str_is(key, "message"))
			out->message = json_str(&j, a);
		else if (out->version.p && !is_status)
			return; /* nothing that comes behind is wanted here */
		else
			json_skip(&j);
	}
}

bool watch_line_parse(struct arena *a, struct str line, struct watch_line *out)
{
	struct json j = json_from(line);
	struct watch_line w = {0};
	struct str type = {0};
	struct str key;

	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (str_is(key, "type"))
			type = json_str(&j, a);
		else if (str_is(key, "object"))
			w.object = json_raw(&j);
		else
			json_skip(&j);
	}
	if (!json_is_done(&j) || !event_from(type, &w.event) || !str_starts(w.object, "{"))
		return false;
	read_object(a, &w);
	*out = w;
	return true;
}

struct str watch_line_status(struct arena *a, struct str body)
{
	struct watch_line w = {.event = WATCH_ERROR, .object = str_trim(body)};

	read_object(a, &w);
	return w.message.n ? w.message : str_head(w.object, 200);
}

struct str watch_line_list_version(struct arena *a, struct str metadata)
{
	struct json j = json_from(metadata);
	struct watch_line w = {.event = WATCH_ADDED};

	read_metadata(&j, a, &w);
	return w.version;
}

/* The rest of a line whose head is kept, up to but without end; false if it is not wanted. */
static bool join(struct watch_lines *s, struct str part, bool is_end, struct str *line)
{
	if (s->is_skipping || s->head.n + part.n > s->max) {
		s->skipped += !s->is_skipping;
		s->is_skipping = !is_end;
		buf_clear(&s->head);
		return false;
	}
	if (is_end && s->head.n == 0) {
		*line = part;
		return part.n > 0;
	}
	buf_add_str(&s->head, part);
	*line = buf_str(&s->head);
	s->is_given = is_end;
	return is_end;
}

bool watch_lines_next(struct watch_lines *s, struct str *bytes, struct str *line)
{
	if (s->is_given) {
		s->is_given = false;
		buf_clear(&s->head);
		buf_shrink(&s->head, KEEP);
	}
	while (bytes->n > 0) {
		const char *end = memchr(bytes->p, '\n', bytes->n);
		size_t n = end ? (size_t)(end - bytes->p) : bytes->n;
		struct str part = str_head(*bytes, n);

		*bytes = str_from_at(*bytes, n + (end != NULL));
		if (join(s, part, end != NULL, line))
			return true;
	}
	return false;
}

void watch_lines_reset(struct watch_lines *s)
{
	buf_clear(&s->head);
	buf_shrink(&s->head, KEEP);
	s->is_skipping = false;
	s->is_given = false;
}

void watch_lines_fini(struct watch_lines *s)
{
	buf_fini(&s->head);
}
