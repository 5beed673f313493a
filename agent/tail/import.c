#include "agent/tail/import.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/flow/labels.h"

#include <stdlib.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct import *out;
	struct err *e;
};

static bool next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return true;
	return err_set(r->e, "line %zu: %s", r->parser.problem_mark.line + 1,
		r->parser.problem ? r->parser.problem : "cannot be read");
}

static bool unexpected(struct reader *r, const char *want)
{
	return err_set(r->e, "line %zu: want %s", r->event.start_mark.line + 1, want);
}

/* The node that the event begins, whatever is in it. */
static bool skip(struct reader *r)
{
	size_t depth = 0;

	for (;;) {
		if (r->event.type == YAML_MAPPING_START_EVENT ||
			r->event.type == YAML_SEQUENCE_START_EVENT)
			depth++;
		else if (r->event.type == YAML_MAPPING_END_EVENT ||
			 r->event.type == YAML_SEQUENCE_END_EVENT)
			depth--;
		if (depth == 0)
			return true;
		if (!next(r))
			return false;
	}
}

static struct str scalar(const struct reader *r)
{
	return (struct str){(const char *)r->event.data.scalar.value, r->event.data.scalar.length};
}

static void set_text(char **to, struct str s)
{
	free(*to);
	*to = mem_new(char, s.n + 1);
	if (s.n)
		memcpy(*to, s.p, s.n);
}

/* A key of Alloy's: {path: …, labels: …}. */
static bool read_key(struct reader *r, struct import_entry *one)
{
	while (next(r) && r->event.type == YAML_SCALAR_EVENT) {
		bool is_path = str_is(scalar(r), "path");
		bool is_labels = str_is(scalar(r), "labels");

		if (!next(r))
			return false;
		if (!is_path && !is_labels) {
			if (!skip(r))
				return false;
			continue;
		}
		if (r->event.type != YAML_SCALAR_EVENT)
			return unexpected(r, "a text");
		set_text(is_path ? &one->path : &one->labels, scalar(r));
	}
	if (r->event.type == YAML_NO_EVENT)
		return false;
	return r->event.type == YAML_MAPPING_END_EVENT || unexpected(r, "path and labels");
}

static void free_entry(struct import_entry *one)
{
	free(one->path);
	free(one->labels);
	free(one);
}

static bool is_offset(struct str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0 && s.n < 19;
}

/* Alloy keeps cursors of other sources in the same form. */
static bool is_file(const char *path)
{
	struct str s = str_from(path);

	return s.n && !str_starts(s, "cursor-") && !str_starts(s, "journal-");
}

static void keep(struct import *i, struct import_entry *one)
{
	struct import_entry *list = map_find(&i->by_path, str_from(one->path));

	i->n++;
	if (!list) {
		map_set(&i->by_path, str_from(one->path), one);
		return;
	}
	one->next = list->next;
	list->next = one;
}

static bool read_entry(struct reader *r, struct import_entry *one)
{
	if (r->event.type == YAML_SCALAR_EVENT)
		set_text(&one->path, scalar(r));
	else if (r->event.type != YAML_MAPPING_START_EVENT)
		return unexpected(r, "a path");
	else if (!read_key(r, one))
		return false;
	if (!next(r))
		return false;
	return r->event.type == YAML_SCALAR_EVENT || unexpected(r, "an offset");
}

static bool read_entries(struct reader *r)
{
	if (r->event.type == YAML_SCALAR_EVENT && scalar(r).n == 0)
		return true; /* there are none */
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return unexpected(r, "a map of positions");
	while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
		struct import_entry *one = mem_new(struct import_entry, 1);

		set_text(&one->labels, STR(""));
		if (!read_entry(r, one)) {
			free_entry(one);
			return false;
		}
		if (is_file(one->path) && is_offset(scalar(r), &one->offset))
			keep(r->out, one);
		else
			free_entry(one);
	}
	return r->event.type == YAML_MAPPING_END_EVENT;
}

static bool read_document(struct reader *r)
{
	bool found = false;

	if (!next(r)) /* the stream's start */
		return false;
	if (!next(r)) /* the document's */
		return false;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return true; /* empty, as when Alloy has read nothing yet */
	if (!next(r))
		return false;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return unexpected(r, "positions:");
	while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
		bool here = r->event.type == YAML_SCALAR_EVENT && str_is(scalar(r), "positions");

		if (!skip(r) || !next(r) || !(here ? read_entries(r) : skip(r)))
			return false;
		found = found || here;
	}
	if (r->event.type != YAML_MAPPING_END_EVENT)
		return false;
	return found || unexpected(r, "positions:");
}

bool import_parse(struct import *i, struct str text, struct err *e)
{
	struct reader r = {.out = i, .e = e};
	bool ok;

	if (!yaml_parser_initialize(&r.parser))
		return err_set(e, "out of memory");
	if (!text.p)
		text.p = "";
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
	ok = read_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (!ok)
		import_fini(i);
	return ok;
}

void import_fini(struct import *i)
{
	MAP_EACH(slot, &i->by_path)
	{
		struct import_entry *after;

		for (struct import_entry *one = slot->value; one; one = after) {
			after = one->next;
			free_entry(one);
		}
	}
	map_fini(&i->by_path);
	free(i->file);
	*i = (struct import){0};
}

/* Alloy adds the file's name to the labels only behind its positions. */
static bool has_labels(const struct import_entry *one, const struct labels *labels)
{
	const struct labels *plain = labels_with(labels, STR("filename"), (struct str){0});
	struct buf text = {0};
	bool same;

	labels_print(&text, plain);
	same = str_is(buf_str(&text), one->labels);
	labels_release(plain);
	buf_fini(&text);
	return same;
}

const struct import_entry *import_find(const struct import *i, const char *path,
	const struct labels *labels)
{
	const struct import_entry *list = map_find(&i->by_path, str_from(path));
	const struct import_entry *least = list;

	for (; list; list = list->next) {
		if (has_labels(list, labels))
			return list;
		if (list->offset < least->offset)
			least = list;
	}
	return least;
}
