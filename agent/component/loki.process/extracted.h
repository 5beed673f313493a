#pragma once

/*
 * The map of extracted values that the stages of one pipeline share: it begins as the labels
 * that the entry came with, and stages set keys over them. Everything is borrowed for as
 * long as the entry is on its way. A key may be null (JSON): it is there, but is no text.
 */

#include "agent/flow/labels.h"

#include <stdbool.h>

struct extracted_item {
	struct str name;
	struct str text;
	bool is_null;
	bool is_unset; /* hides a label */
};

struct extracted {
	const struct labels *base;
	struct extracted_item *p; /* set by stages; in no order, each name once */
	size_t n;
	size_t cap;
};

void extracted_init(struct extracted *x, const struct labels *base); /* keeps its memory */
void extracted_fini(struct extracted *x);

void extracted_set(struct extracted *x, struct str name, struct str text);
void extracted_set_null(struct extracted *x, struct str name);
void extracted_unset(struct extracted *x, struct str name); /* as if it never was there */

bool extracted_has(const struct extracted *x, struct str name); /* null too */
/* False, and nothing set: not there, or null. */
bool extracted_find(const struct extracted *x, struct str name, struct str *text);

/* Every key once. i counts from 0; false: no more. */
bool extracted_each(const struct extracted *x, size_t *i, struct extracted_item *out);
