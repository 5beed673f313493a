#pragma once

/*
 * Prometheus' relabelling (model/relabel/relabel.go), for targets and for the label sets of
 * log entries. Rules are compiled once; they are counted references, because a component
 * exports them and others go on using them until they have heard of new ones.
 */

#include "agent/base/arena.h"
#include "agent/flow/labels.h"

#include <stdint.h>

struct err;
struct relabel_rules;

enum relabel_action {
	RELABEL_REPLACE,
	RELABEL_KEEP,
	RELABEL_DROP,
	RELABEL_HASHMOD,
	RELABEL_LABELMAP,
	RELABEL_LABELDROP,
	RELABEL_LABELKEEP,
	RELABEL_LOWERCASE,
	RELABEL_UPPERCASE,
	RELABEL_KEEPEQUAL,
	RELABEL_DROPEQUAL,
	RELABEL_ACTIONS,
};

extern const char *const relabel_action_names[RELABEL_ACTIONS + 1]; /* NULL at the end */

#define RELABEL_REGEX "(.*)"
#define RELABEL_REPLACEMENT "$1"
#define RELABEL_SEPARATOR ";"

/* One rule as it was written. */
struct relabel_rule {
	enum relabel_action action;
	const struct str *sources;
	size_t n_sources;
	struct str separator;
	struct str regex;
	struct str target;
	struct str replacement;
	uint64_t modulus;
};

/* Is the rule one that Alloy takes? The regular expression is looked at too. */
bool relabel_rule_check(const struct relabel_rule *r, struct err *e);

/* Copies what it needs. NULL, with e, if a rule is not right. The caller owns a reference. */
struct relabel_rules *relabel_rules_new(const struct relabel_rule *r, size_t n, struct err *e);
struct relabel_rules *relabel_rules_hold(struct relabel_rules *rules); /* rules itself */
void relabel_rules_release(struct relabel_rules *rules);               /* NULL is nothing */
bool relabel_rules_are(const struct relabel_rules *rules, const struct relabel_rule *r, size_t n);

/*
 * Labels while they are being changed: each name once, no empty value. What they point to
 * is borrowed, or in the arena given to relabel_apply(). Not sorted.
 */
struct label_list {
	struct label *p;
	size_t n;
	size_t cap;
	size_t n_set; /* of these, at the end, how many were set since label_list_init() */
};

void label_list_init(struct label_list *l, const struct label *v, size_t n); /* keeps its memory */
void label_list_fini(struct label_list *l);
struct str label_list_find(const struct label_list *l, struct str name);
/* An empty value takes the label out. */
void label_list_set(struct label_list *l, struct str name, struct str value);

/* The rules in order. False: dropped. */
bool relabel_apply(struct relabel_rules *rules, struct label_list *l, struct arena *a);
