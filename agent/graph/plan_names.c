/*
 * What a block's name means: a component type, a name that Alloy has and we do not, or
 * nothing. Of the second kind the message says what there is instead, once a load.
 */

#include "agent/base/buf.h"
#include "agent/base/nearest.h"
#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

static const char *const stability_names[] = {
	[STABILITY_EXPERIMENTAL] = "experimental",
	[STABILITY_PUBLIC_PREVIEW] = "public-preview",
	[STABILITY_GA] = "generally-available",
};

static bool listed(const char *const *words, struct str name)
{
	for (; words && *words; words++) {
		struct str word = str_from(*words);

		if (str_eq(name, word))
			return true;
		if (str_ends(word, ".*") && name.n > word.n - 1 &&
			str_eq(str_head(name, word.n - 1), str_head(word, word.n - 1)))
			return true;
	}
	return false;
}

bool plan_is_foreign(const struct plan *p, struct str name)
{
	return listed(p->set.types.foreign, name);
}

/* Names that begin as this one does up to its first dot, or all if there are none. */
static size_t list_supported(const struct plan *p, struct str space, struct buf *out)
{
	size_t n = 0;

	for (const struct component_type *const *t = p->set.types.types; *t; t++) {
		struct str type = str_from((*t)->name);

		if ((*t)->is_config || (space.n > 0 && (!str_eq(str_head(type, space.n), space) ||
							       type.n <= space.n ||
							       type.p[space.n] != '.')))
			continue;
		buf_printf(out, "%s%s", n++ ? ", " : "", (*t)->name);
	}
	return n;
}

static void hint_supported(const struct plan *p, struct str name, struct diags *d)
{
	struct buf all = {0};
	struct str space, rest;

	if (!str_cut(name, '.', &space, &rest))
		space = name;
	if (list_supported(p, space, &all) == 0)
		list_supported(p, (struct str){0}, &all);
	diag_hint(d, "there is: " STR_FMT "; \"invar help components\" says what they do",
		STR_ARG(buf_str(&all)));
	buf_fini(&all);
}

static void hint_nearest(const struct plan *p, struct str name, struct diags *d)
{
	struct nearest near;

	nearest_init(&near, name);
	for (const struct component_type *const *t = p->set.types.types; *t; t++)
		nearest_try(&near, (*t)->name);
	if (near.best)
		diag_hint(d, "did you mean \"%s\"?", near.best);
}

static void report_unknown(const struct plan *p, const struct stmt *b, struct diags *d)
{
	struct range at = b->name_at;

	at.end = at.start + (uint32_t)(b->name.n ? b->name.n : 1) - 1;
	if (listed(p->set.types.foreign, b->name)) {
		diag_error(d, at, "component \"" STR_FMT "\" is Alloy's, and not supported here",
			STR_ARG(b->name));
		hint_supported(p, b->name, d);
	} else {
		diag_error(d, at, "cannot find the definition of component name \"" STR_FMT "\"",
			STR_ARG(b->name));
		hint_nearest(p, b->name, d);
	}
}

static bool check_stability(const struct plan *p, const struct component_type *t,
	const struct stmt *b, struct diags *d)
{
	struct range at = b->name_at;

	if (t->stability >= p->set.stability)
		return true;
	at.end = at.start + (uint32_t)b->name.n - 1;
	return diag_error(d, at,
		"%s \"%s\" is at stability level \"%s\", which is below the minimum allowed "
		"stability level \"%s\". Use --stability.level command-line flag to enable \"%s\" "
		"features",
		t == module_type_find(STR("foreach")) ? "foreach block"
		: t->is_config                        ? "block"
						      : "component",
		t->name, stability_names[t->stability], stability_names[p->set.stability],
		stability_names[t->stability]);
}

static const struct component_type *find_type(const struct plan *p, struct str name)
{
	for (const struct component_type *const *t = p->set.types.types; *t; t++)
		if (str_is(name, (*t)->name))
			return *t;
	return NULL;
}

static const struct definition *find_declare(const struct module *m, struct str name)
{
	for (size_t i = 0; i < m->n_definitions; i++)
		if (str_eq(m->definitions[i].name, name))
			return &m->definitions[i];
	return NULL;
}

static const struct import *find_import(const struct module *m, struct str name)
{
	for (size_t i = 0; i < m->n_imports; i++)
		if (str_eq(m->imports[i].name, name))
			return &m->imports[i];
	return NULL;
}

/* "name" is a declare's, "space.name" one of what an import brought. False: nothing is called
 * so. *out NULL: what it is will be known when the import is. */
static bool find_definition(const struct module *m, struct str name, const struct definition **out)
{
	struct str space, rest;
	bool is_dotted = str_cut(name, '.', &space, &rest);

	for (; m; m = m->lexical) {
		const struct import *im = is_dotted ? find_import(m, space) : NULL;

		*out = is_dotted ? NULL : find_declare(m, name);
		if (*out || (im && !im->module))
			return true;
		if (im)
			*out = find_declare(im->module, rest);
		if (*out)
			return true;
	}
	return false;
}

/* Blocks that have their place: at the top, or in modules. */
static bool check_place(const struct module *m, const struct vertex *v,
	const struct component_type *t, struct diags *d)
{
	const struct stmt *b = v->block;
	bool for_modules = v->kind == VERTEX_ARGUMENT || v->kind == VERTEX_EXPORT;

	if (m->kind == MODULE_IMPORTED) {
		if (v->kind == VERTEX_DECLARE || str_starts(b->name, "import."))
			return true;
		return diag_error(d, b->name_at,
			"only declare and import blocks are allowed in a module, got " STR_FMT,
			STR_ARG(b->name));
	}
	if (for_modules && m->kind != MODULE_CUSTOM)
		return diag_error(d, b->at, STR_FMT " blocks only allowed inside a module",
			STR_ARG(b->name));
	if (t->is_config && !t->is_labeled && m->kind != MODULE_ROOT)
		return diag_error(d, b->name_at, STR_FMT " not allowed in %s", STR_ARG(b->name),
			m->kind == MODULE_ITEM ? "foreach" : "module");
	return true;
}

static enum vertex_kind kind_of(struct str name)
{
	if (str_is(name, "declare"))
		return VERTEX_DECLARE;
	if (str_is(name, "argument"))
		return VERTEX_ARGUMENT;
	if (str_is(name, "export"))
		return VERTEX_EXPORT;
	return str_is(name, "foreach") ? VERTEX_FOREACH : VERTEX_COMPONENT;
}

void plan_define(const struct plan *p, struct module *m, struct vertex *v, struct diags *d)
{
	const struct stmt *b = v->block;
	const struct component_type *t = module_type_find(b->name);

	v->kind = kind_of(b->name);
	if (!t)
		t = find_type(p, b->name);
	if (t) {
		if (check_place(m, v, t, d)) {
			check_stability(p, t, b, d); /* what is in it is looked at all the same */
			v->type = t;
		}
	} else if (m->kind != MODULE_IMPORTED && find_definition(m, b->name, &v->definition)) {
		v->kind = VERTEX_CUSTOM;
		v->type = &module_custom;
	} else {
		report_unknown(p, b, d);
	}
}
