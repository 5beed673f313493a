#pragma once

/* The steps of plan_new(), one file each. */

#include "agent/graph/plan.h"

/* Adds what is in from to d. */
void plan_report(struct diags *d, const struct diags *from);

/* plan.c → plan_names.c: what the name of a block means; reports when it means nothing. */
const struct component_type *plan_define(const struct plan *p, const struct stmt *block,
	struct diags *d);

/* plan_refs.c: fills attrs, deps and users. */
void plan_refer(struct plan *p, struct vertex *v, struct diags *d);
void plan_link_users(struct plan *p);

/* plan_order.c: fills sorted; reports cycles. */
void plan_sort(struct plan *p, struct diags *d);

/* plan_check.c: decodes the arguments as far as they can be known now. */
void plan_check(const struct plan *p, const struct vertex *v, bool terse, struct diags *d);
