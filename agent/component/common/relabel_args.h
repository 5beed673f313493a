#pragma once

/* The block `rule` of discovery.relabel, loki.relabel and others: its table and its checks. */

#include "agent/flow/relabel.h"
#include "agent/graph/arg.h"

struct relabel_args {
	struct range at;
	struct str action;
	struct arg_strs source_labels;
	struct str separator;
	struct str regex;
	uint64_t modulus;
	struct str target_label;
	struct str replacement;
};

extern const struct arg relabel_args[];

/* In the argument table of a component:
 *	ARG(owner, rule, .type = ARG_BLOCK, .flags = ARG_REPEATED, RELABEL_ARGS_BLOCK), */
#define RELABEL_ARGS_BLOCK \
	.block = relabel_args, .size = sizeof(struct relabel_args), \
	.help = "A relabelling rule; they are applied in order."

bool relabel_args_check(const struct arg_blocks *rules, struct diags *d);

/* The rules as they are written, compiled. *rules is replaced only if they differ from it;
 * the caller owns what is in it, and in *old what was in it before. False: both as they were. */
bool relabel_args_update(const struct arg_blocks *written, struct relabel_rules **rules,
	struct relabel_rules **old, struct err *e);
