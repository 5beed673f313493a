#pragma once

/*
 * Finds secrets in a line: keys and tokens that have a form of their own. Every rule begins with a
 * fixed text; one pass looks for all of these at once, and only where one is found is looked at
 * what follows. There is no pattern that can go back, so the time is proportional to the line's
 * length, whatever is in it.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* A place in a line. */
struct secret {
	const char *rule; /* "aws-access-token" */
	size_t at;
	size_t n;
};

/* The next secret at or behind byte *at, which moves behind it. False: there is none. */
bool secret_scan(struct str line, size_t *at, struct secret *out);

/* How many rules there are, and their names: for metrics and documentation. */
size_t secret_rules(void);
const char *secret_rule_name(size_t i);
