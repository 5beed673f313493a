#pragma once

/* Times by a format of strptime's directives. */

#include "agent/base/str.h"

struct err;

/* Unix ns of the text. False: it is not of that format, or out of range. */
bool ottl_time_read(struct str text, struct str format, int64_t *ns);
/* Whether ottl_time_read() knows all that the format says. */
bool ottl_time_check(struct str format, struct err *e);
