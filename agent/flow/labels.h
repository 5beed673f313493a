#pragma once

/*
 * Label sets. A set is sorted by name, holds no name twice and no empty value, and is
 * interned: equal sets are the same pointer, so that entries carry a pointer and streams
 * are found by it. Sets are counted references; a set without holders is freed.
 */

#include "agent/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct buf;

struct label {
	struct str name;
	struct str value;
};

struct labels {
	uint64_t hash; /* sum of the labels' hashes, so that one label's change is cheap */
	uint32_t refs;
	uint32_t n;
	struct label v[]; /* the bytes follow; each text has a NUL after it */
};

/* The interned set of these labels, in any order; empty values are left out, the last of
 * a name given twice wins. The caller owns a reference. */
const struct labels *labels_intern(const struct label *v, size_t n);
const struct labels *labels_empty(void); /* the caller owns a reference */

/* The set with one label set or, with an empty value, without it. New reference. */
const struct labels *labels_with(const struct labels *s, struct str name, struct str value);

const struct labels *labels_hold(const struct labels *s); /* s itself */
void labels_release(const struct labels *s);              /* NULL is nothing */

struct str labels_find(const struct labels *s, struct str name); /* empty (p NULL): not there */

/* {a="b", c="d"}: sorted, values quoted as Go does it: the form Loki takes. */
void labels_print(struct buf *out, const struct labels *s);

size_t labels_interned(void); /* how many sets there are: for tests and /metrics */

/* Prometheus' rule for a label's name: [a-zA-Z_][a-zA-Z0-9_]*. */
bool label_name_is_valid(struct str name);
