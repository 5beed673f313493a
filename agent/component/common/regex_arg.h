#pragma once

/* An argument that is a regular expression, for check() of what has it. */

#include "agent/config/diag.h"

#include <stdbool.h>

/* False: it is none, and d says so of the argument's name at the place. */
bool regex_arg_check(const char *name, struct str pattern, struct range at, struct diags *d);
