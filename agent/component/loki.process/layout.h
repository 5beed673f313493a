#pragma once

/*
 * Times by Go's layouts (time.Parse): "Jan _2 15:04:05", "2006-01-02T15:04:05.000Z07:00", and
 * the names that Alloy gives some of them. A layout is compiled once.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct layout_part;
struct zone;

struct layout {
	struct layout_part *p;
	size_t n;
	bool has_year; /* else a time is taken to be near now */
	enum {
		LAYOUT_PARTS,
		LAYOUT_UNIX,     /* seconds, a fraction is allowed */
		LAYOUT_UNIX_INT, /* a whole number of .unit nanoseconds */
	} kind;
	int64_t unit;
	const struct zone *zone; /* of times that name none; NULL: UTC */
};

/* text is a layout, or ANSIC, UnixDate, RubyDate, RFC822, RFC822Z, RFC850, RFC1123, RFC1123Z,
 * RFC3339, RFC3339Nano, Unix, UnixMs, UnixUs, UnixNs. It must live as long. Any text is one. zone
 * (NULL: UTC) is for layouts alone, not for the names, as in Alloy. */
void layout_init(struct layout *l, struct arena *a, struct str text, const struct zone *zone);

/* False, and nothing set: text is not a time of this form. Without a zone it is UTC. now is
 * for layouts without a year. */
bool layout_parse(const struct layout *l, struct str text, int64_t now, int64_t *ns);
