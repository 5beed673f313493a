#pragma once

/* The fields of one journal entry (systemd.journal-fields(7)) as labels for the rules, or as
 * the JSON of a line. */

#include "agent/base/arena.h"
#include "agent/flow/labels.h"

#include <stdbool.h>

struct buf;

struct journal_fields {
	struct label *p; /* name as in the journal: MESSAGE, _SYSTEMD_UNIT; each once */
	size_t n, cap;
	size_t bytes;
};

#define JOURNAL_FIELDS_MAX 512
#define JOURNAL_BYTES_MAX ((size_t)4 << 20)

/* data: NAME=value, as the journal gives it; copied into a. Of fields given twice the last counts;
 * what is no field, or one too many, is left out. */
void journal_fields_add(struct journal_fields *f, struct arena *a, struct str data);
/* p NULL: not there */
struct str journal_fields_find(const struct journal_fields *f, const char *name);
/* __journal_FIELD in small letters, __journal_priority_keyword; and more. Returns how many; the
 * array is in a. */
size_t journal_fields_labels(const struct journal_fields *f, struct arena *a,
	const struct label *more, size_t n_more, struct label **out);
/* An object, sorted by name. */
void journal_fields_json(struct journal_fields *f, struct buf *out);
