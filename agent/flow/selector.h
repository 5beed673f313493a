#pragma once

/*
 * The part of LogQL that stage.match has (Alloy: internal/loki/logql): a stream selector and
 * line filters.
 *
 *	{app="web", env=~"prod|test"} |= "error" !~ "health"
 *
 * A label that is missing is the empty text. A regular expression on a label must match the
 * whole of it, one on a line a part.
 */

#include "agent/flow/labels.h"

#include <stdbool.h>

struct err;
struct selector;

/* NULL, with e, if it is not one. */
struct selector *selector_new(struct str text, struct err *e);
void selector_free(struct selector *s); /* NULL is nothing */

bool selector_match_labels(struct selector *s, const struct labels *labels);
bool selector_match_line(struct selector *s, struct str line);
