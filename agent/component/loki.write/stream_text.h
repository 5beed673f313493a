#pragma once

/*
 * The label string of a stream, made from an entry's labels: names that start with "__" are
 * left out, external labels come in where the entry has none of that name, and what Loki
 * would refuse is repaired, for one bad label fails the whole push.
 */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/flow/labels.h"

/* The set as it is sent; the caller owns a reference. repaired counts texts that were changed. */
const struct labels *loki_stream_labels(struct arena *scratch, const struct labels *of,
	const struct label *external, size_t n_external, size_t *repaired);

/* s itself when it is valid UTF-8; else a copy in scratch with each bad byte as U+FFFD. */
struct str loki_stream_utf8(struct arena *scratch, struct str s, size_t *repaired);
