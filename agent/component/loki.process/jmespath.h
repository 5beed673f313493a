#pragma once

/*
 * The JMESPath expressions that configurations use: names, "quoted names", a.b, a[0], a[-1]
 * and what can be made of them. The rest of the language is refused by one error.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct err;

struct jmespath_step {
	struct str key; /* p NULL: an index */
	int64_t index;  /* below 0: from the end */
};

struct jmespath {
	struct jmespath_step *p;
	size_t n;
};

bool jmespath_parse(struct arena *a, struct str text, struct jmespath *out, struct err *e);

/* From step number `from` on, in a valid JSON value. False: there is nothing. */
bool jmespath_find(const struct jmespath *path, size_t from, struct str value, struct arena *a,
	struct str *out);
