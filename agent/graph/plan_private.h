#pragma once

/* The steps of plan_new(), one file each. */

#include "agent/graph/plan.h"

/* Adds what is in from to d. */
void plan_report(struct diags *d, const struct diags *from);
void plan_report_one(struct diags *d, const struct diag *it);

/* plan.c: the vertices of a module, from its bodies. A module that is only a copy of a checked
 * one is not checked again; then d hears nothing. */
struct module *plan_module_new(struct plan *p, enum module_kind kind, struct module *lexical,
	struct str path);
void plan_build(struct plan *p, struct module *m, bool check, struct diags *d);
#define MODULES_DEEP 50    /* modules in modules */
#define VERTICES_MAX 30000 /* of a whole configuration, modules counted as often as used */

/* plan_names.c: what the name of a block means; sets kind, type and definition of v, and reports
 * when it means nothing. */
void plan_define(const struct plan *p, struct module *m, struct vertex *v, struct diags *d);

/* The module of a foreach's item that has this name; NULL: none. */
const struct module *module_of_var(const struct module *m, struct str name);

/* plan_refs.c: fills attrs and deps of a vertex, and at last users. */
void plan_refer(struct plan *p, struct vertex *v, struct diags *d);
void plan_link_users(struct plan *p);

/* plan_order.c: v in the order of evaluation; reports cycles. */
void plan_sort(struct plan *p, struct vertex *const *v, size_t n, struct vertex **sorted,
	struct diags *d);

/* plan_check.c: decodes the arguments as far as they can be known now. */
void plan_check(struct plan *p, struct vertex *v, struct diags *d);

/* plan_static.c: a value that follows from the text alone (and from what runs). False: it does
 * not, or it has none. */
bool plan_static(struct plan *p, const struct module *m, const struct expr *x, struct value *out);

/* plan_import.c: adds the imports of the module; reports what is wrong in them. */
void plan_import(struct plan *p, struct module *m, struct vertex *v, struct diags *d);

/* plan_module.c: what custom components and foreach blocks stand for. */
void plan_check_template(struct plan *p, struct vertex *v, struct diags *d);
void plan_check_custom(struct plan *p, struct vertex *v, struct diags *d);
bool plan_expand(struct plan *p, struct diags *d);
/* Arguments get what was given; of a foreach only what is not its template is evaluated. */
void plan_bind(struct plan *p, struct module *m);
const struct stmt *stmt_find(const struct body *b, const char *name, struct str label);

/* Is it a name that only Alloy has? */
bool plan_is_foreign(const struct plan *p, struct str name);

/* plan_leave_out.c: the bodies as one, without what is not supported, and what was only for it. */
const struct body *plan_leave_out(struct plan *p, const struct body *const *bodies, size_t n);
