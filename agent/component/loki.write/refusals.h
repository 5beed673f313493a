#pragma once

/* What a Loki says of the entries that it did not take, in the text of a 400 (measured on
 * grafana/loki 3.7): a line an entry, or a group of lines of one stream with a sum at its end. */

#include "agent/base/str.h"

enum loki_why {
	LOKI_TOO_OLD,        /* older than the server takes at all */
	LOKI_TOO_NEW,        /* in the future */
	LOKI_TOO_FAR_BEHIND, /* … the newest of its stream */
	LOKI_LINE_TOO_LONG,
	LOKI_LABELS,   /* too many or too long, or one name twice */
	LOKI_METADATA, /* too many or too long */
	LOKI_WHYS,
};
extern const char *const loki_why_names[LOKI_WHYS];

struct loki_refusal {
	enum loki_why why;
	size_t entries;    /* at least one */
	struct str line;   /* of the answer, that says it */
	struct str stream; /* {…}; empty: not named */
};

/* Begun with the answer in rest, all else zero. */
struct loki_refusals {
	struct str rest;
	struct loki_refusal group; /* entries 0: none is open */
};

/* The next one that is of a known kind; false: there is none. Views into the answer. */
bool loki_refusals_next(struct loki_refusals *r, struct loki_refusal *out);
