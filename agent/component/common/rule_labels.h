#pragma once

/*
 * The labels of entries of a source with the argument relabel_rules: labels of the source's own,
 * most of which begin with __ and are there for the rules alone.
 */

#include "agent/flow/relabel.h"

struct rule_labels {
	struct relabel_rules *rules; /* NULL: none */
	struct label_list list;
};

/* rules: of the argument, NULL: none. A reference is kept. */
void rule_labels_set(struct rule_labels *r, struct relabel_rules *rules);
void rule_labels_fini(struct rule_labels *r);

/* The set that is left of v; a reference of the caller's. NULL: a rule drops the entry. What it
 * needs while it works is in scratch. */
const struct labels *rule_labels_make(struct rule_labels *r, const struct label *v, size_t n,
	struct arena *scratch);
