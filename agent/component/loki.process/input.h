#pragma once

/* What stages that parse read: the line, or the extracted value that `source` names. */

#include "agent/component/loki.process/stage.h"

/* False, with an error in d: it is given, but empty. */
static inline bool input_check(struct str source, struct range at, struct diags *d)
{
	if (source.p && source.n == 0)
		return diag_error(d, at, "empty source");
	return true;
}

/* False: there is no such value, or it is null. */
static inline bool input_find(const struct work *w, struct str source, struct str *text)
{
	if (source.n)
		return extracted_find(&w->x, source, text);
	*text = w->e.line;
	return true;
}
