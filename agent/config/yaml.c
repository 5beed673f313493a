/*
 * Reads YAML: libyaml gives events, this makes nodes of them. Aliases are the same node again
 * and merge keys (<<) resolved; what is made is counted, each time it is reached, so that
 * aliases of aliases cannot multiply without bound.
 */

#include "agent/config/yaml.h"

#include "agent/base/must.h"
#include "agent/base/vec.h"

#include <stdlib.h>
#include <yaml.h>

struct anchor {
	struct str name;
	struct yaml_node *node;
	size_t weight; /* nodes in it, itself included */
	int height;    /* levels below it */
};

struct reader {
	struct arena *a;
	const struct yaml_limits *limits;
	yaml_parser_t parser;
	yaml_event_t event;
	struct {
		struct anchor *p;
		size_t n, cap;
	} anchors;
	size_t weight; /* of all that was made */
	int deepest;   /* level reached by the node being read */
	struct err *e;
};

static bool read_node(struct reader *r, int depth, struct yaml_node **out);

bool yaml_is_null(const struct yaml_node *n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (!n)
		return true;
	for (size_t i = 0; n->kind == YAML_TEXT && n->is_plain && i < 5; i++) {
		if (str_is(n->text, words[i]))
			return true;
	}
	return false;
}

struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map && map->kind == YAML_MAP && i < map->n; i++) {
		if (str_is(map->pairs[i].key->text, key))
			return map->pairs[i].value;
	}
	return NULL;
}

static struct str event_text(struct reader *r, const yaml_char_t *p, size_t n)
{
	return arena_str(r->a, (struct str){(const char *)p, n});
}

static bool next_event(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return true;
	return err_set(r->e, "yaml: line %zu: %s", r->parser.problem_mark.line + 1,
		r->parser.problem ? r->parser.problem : "cannot be read");
}

static struct yaml_node *make_node(struct reader *r, enum yaml_kind kind)
{
	struct yaml_node *n = arena_new(r->a, struct yaml_node, 1);

	n->kind = kind;
	n->line = (uint32_t)r->event.start_mark.line + 1;
	n->column = (uint32_t)r->event.start_mark.column + 1;
	return n;
}

static struct yaml_node *read_scalar(struct reader *r)
{
	const char *tag = (const char *)r->event.data.scalar.tag;
	struct yaml_node *n = make_node(r, YAML_TEXT);

	n->text = event_text(r, r->event.data.scalar.value, r->event.data.scalar.length);
	if (tag)
		n->is_plain = strcmp(tag, "tag:yaml.org,2002:str") != 0;
	else
		n->is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return n;
}

static bool read_list(struct reader *r, int depth, struct yaml_node *out)
{
	struct {
		struct yaml_node **p;
		size_t n, cap;
	} v = {0};
	bool ok;

	while ((ok = next_event(r)) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		struct yaml_node *item;

		ok = read_node(r, depth + 1, &item);
		if (!ok)
			break;
		*vec_add(&v) = item;
	}
	out->items = arena_new(r->a, struct yaml_node *, v.n + 1);
	if (v.n)
		memcpy(out->items, v.p, v.n * sizeof(*v.p));
	out->n = v.n;
	free(v.p);
	return ok;
}

struct pairs {
	struct yaml_pair *p;
	size_t n;
	size_t cap;
};

static bool bad_merge(struct reader *r)
{
	return err_set(r->e,
		"yaml: map merge requires map or sequence of maps as the value");
}

/* <<: the pairs of a map, or of each of a list of maps, that the map does not have itself. */
static bool merge(struct reader *r, const struct yaml_node *from, struct pairs *out)
{
	if (from->kind == YAML_MAP) {
		for (size_t i = 0; i < from->n; i++)
			*vec_add(out) = from->pairs[i];
		r->weight += from->n;
		return true;
	}
	if (from->kind != YAML_LIST)
		return bad_merge(r);
	for (size_t i = from->n; i-- > 0;) {
		if (from->items[i]->kind != YAML_MAP)
			return bad_merge(r);
		if (!merge(r, from->items[i], out))
			return false;
	}
	return true;
}

static bool read_pair(struct reader *r, int depth, struct pairs *own, struct pairs *merged)
{
	struct yaml_pair pair = {0};

	if (!read_node(r, depth + 1, &pair.key))
		return false;
	must(pair.key);
	if (pair.key->kind != YAML_TEXT)
		return err_set(r->e, "yaml: line %zu: a key that is a list or a map",
			r->event.start_mark.line + 1);
	if (!next_event(r) || !read_node(r, depth + 1, &pair.value))
		return false;
	must(pair.value);
	if (pair.key->is_plain && str_is(pair.key->text, "<<"))
		return merge(r, pair.value, merged);
	*vec_add(own) = pair;
	return true;
}

/* To find keys that are there again: by text, those that come later first. */
struct place {
	struct str key;
	size_t at;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = str_cmp(x->key, y->key);

	if (c != 0)
		return c;
	return x->at < y->at ? 1 : -1;
}

/* Of pairs with one key the last stays. False: there are two from own on. */
static bool keep_last(struct pairs *all, size_t own, struct yaml_node *out)
{
	struct place *order = mem_new(struct place, all->n + 1);
	bool ok = true;

	for (size_t i = 0; i < all->n; i++)
		order[i] = (struct place){all->p[i].key->text, i};
	qsort(order, all->n, sizeof(*order), compare_places);
	for (size_t i = 1; i < all->n; i++) {
		if (!str_eq(order[i].key, order[i - 1].key))
			continue;
		ok = ok && order[i].at < own;
		all->p[order[i].at].key = NULL;
	}
	for (size_t i = 0; i < all->n; i++) {
		if (all->p[i].key)
			out->pairs[out->n++] = all->p[i];
	}
	free(order);
	return ok;
}

static bool read_map(struct reader *r, int depth, struct yaml_node *out)
{
	struct pairs own = {0}, all = {0};
	size_t merged;
	bool ok;

	while ((ok = next_event(r)) && r->event.type != YAML_MAPPING_END_EVENT) {
		ok = read_pair(r, depth, &own, &all);
		if (!ok)
			break;
	}
	merged = all.n;
	for (size_t i = 0; i < own.n; i++)
		*vec_add(&all) = own.p[i];
	out->pairs = arena_new(r->a, struct yaml_pair, all.n + 1);
	if (ok && !keep_last(&all, merged, out))
		ok = err_set(r->e, "yaml: line %u: a key of this mapping is defined twice",
			out->line);
	free(own.p);
	free(all.p);
	return ok;
}

static bool read_alias(struct reader *r, int depth, struct yaml_node **out)
{
	struct str name = str_from((const char *)r->event.data.alias.anchor);

	for (size_t i = r->anchors.n; i-- > 0;) {
		if (!str_eq(r->anchors.p[i].name, name))
			continue;
		*out = r->anchors.p[i].node;
		r->weight += r->anchors.p[i].weight;
		if (r->deepest < depth + r->anchors.p[i].height)
			r->deepest = depth + r->anchors.p[i].height;
		return true;
	}
	return err_set(r->e, "yaml: unknown anchor '%.*s' referenced", (int)str_head(name, 100).n,
		name.p);
}

static const yaml_char_t *anchor_of(const yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT)
		return e->data.scalar.anchor;
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return e->data.sequence_start.anchor;
	return e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.anchor : NULL;
}

static bool read_content(struct reader *r, int depth, struct yaml_node **out)
{
	if (r->event.type == YAML_SEQUENCE_START_EVENT) {
		*out = make_node(r, YAML_LIST);
		return read_list(r, depth, *out);
	}
	if (r->event.type == YAML_MAPPING_START_EVENT) {
		*out = make_node(r, YAML_MAP);
		return read_map(r, depth, *out);
	}
	if (r->event.type == YAML_ALIAS_EVENT)
		return read_alias(r, depth, out);
	if (r->event.type != YAML_SCALAR_EVENT)
		return err_set(r->e, "yaml: line %zu: want a value", r->event.start_mark.line + 1);
	*out = read_scalar(r);
	return true;
}

static bool too_deep(struct reader *r)
{
	return err_set(r->e, "yaml: exceeded max depth of %d", r->limits->depth);
}

/* The node that the current event begins; the event that ends it is current afterwards. */
static bool read_node(struct reader *r, int depth, struct yaml_node **out)
{
	const yaml_char_t *anchor = anchor_of(&r->event);
	size_t before = r->weight++;
	int reached = r->deepest;
	struct str name = STR("");
	int height;

	if (anchor)
		name = event_text(r, anchor, strlen((const char *)anchor));
	r->deepest = depth;
	if (depth > r->limits->depth)
		return too_deep(r);
	if (!read_content(r, depth, out))
		return false;
	if (r->deepest > r->limits->depth)
		return too_deep(r);
	height = r->deepest - depth;
	r->deepest = r->deepest > reached ? r->deepest : reached;
	if (r->weight > r->limits->nodes)
		return err_set(r->e, "yaml: document contains excessive aliasing");
	if (name.n)
		*vec_add(&r->anchors) = (struct anchor){name, *out, r->weight - before, height};
	return true;
}

/* The first document; an empty text has none. */
static bool read_document(struct reader *r, struct yaml_node **out)
{
	do {
		if (!next_event(r))
			return false;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return true;
	} while (r->event.type != YAML_DOCUMENT_START_EVENT);
	return next_event(r) && read_node(r, 0, out) && next_event(r);
}

bool yaml_read(struct arena *a, struct str text, const struct yaml_limits *limits,
	struct yaml_node **out, struct err *e)
{
	struct reader r = {.a = a, .limits = limits, .e = e};
	bool ok;

	*out = NULL;
	if (!yaml_parser_initialize(&r.parser))
		mem_out(sizeof(r.parser));
	/* it has no NULL, however short */
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""),
		text.n);
	ok = read_document(&r, out);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	free(r.anchors.p);
	return ok;
}
