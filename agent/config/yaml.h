#pragma once

/*
 * YAML as a tree of nodes that know their place: what encoding.from_yaml makes values of, and
 * `invar convert` a configuration. libyaml reads; this bounds what hostile text can do: depth,
 * and the number of nodes that one comes by when aliases are followed.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"

#include <stdint.h>

enum yaml_kind {
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

struct yaml_pair {
	struct yaml_node *key; /* always a YAML_TEXT */
	struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	bool is_plain;   /* YAML_TEXT: without quotes and tag, so it may be a number, a null, … */
	uint32_t line;   /* 1-based */
	uint32_t column; /* 1-based, in characters */
	struct str text;
	struct yaml_node **items;
	struct yaml_pair *pairs; /* each key once; those of merges (<<) first, if not overridden */
	size_t n;                /* of items or pairs */
	const void *made;        /* the caller's: what it made of it; an alias is the same node */
};

struct yaml_limits {
	int depth;    /* levels, aliases followed */
	size_t nodes; /* aliases followed */
};

/* The first document, in a; *out is NULL if there is none. False, with why ("yaml: line 3: …"). */
bool yaml_read(struct arena *a, struct str text, const struct yaml_limits *limits,
	struct yaml_node **out, struct err *e);

/* The value of a key, or NULL. */
struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

bool yaml_is_null(const struct yaml_node *n); /* NULL, ~, null, nothing */
