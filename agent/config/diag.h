#pragma once

/*
 * Diagnostics: what is wrong in a configuration, where, printed with the source lines
 * around it in Alloy's format (Error: FILE:LINE:COL: MESSAGE, then a window with carets).
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stddef.h>
#include <stdint.h>

/* A source file, read whole. It must live as long as what was parsed from it. */
struct source {
	struct str name; /* as it is shown */
	struct str text;
};

/* A range of bytes in a source. Both ends are included, as Alloy's are: end is the first byte of
 * the last character. file NULL: no place is known. */
struct range {
	const struct source *file;
	uint32_t start;
	uint32_t end;
};

enum severity {
	DIAG_WARNING,
	DIAG_ERROR,
};

struct diag {
	enum severity severity;
	struct range at;
	struct str message;
	struct str hint; /* what to do; printed after the window; empty: none */
};

struct diags {
	struct arena *arena; /* the texts live here */
	struct diag *p;
	size_t n;
	size_t cap;
	size_t errors;
};

void diags_init(struct diags *d, struct arena *a);
void diags_fini(struct diags *d);
/* All return false, for "return diag_error(...)". */
bool diag_error(struct diags *d, struct range at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool diag_warning(struct diags *d, struct range at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_hint(struct diags *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* to the last one added */

/* 1-based line, 1-based column in bytes. */
void range_position(struct range at, size_t *line, size_t *column);

/* All of them, a blank line between; colour for a terminal. */
struct buf;
void diags_print(struct buf *out, const struct diags *d, bool colour);
