/*
 * What a block's name means: a component type, a name that Alloy has and we do not, or
 * nothing. Of the second kind the message says what there is instead, once a load.
 */

#include "agent/base/buf.h"
#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

static const char *const stability_names[] = {
	[STABILITY_EXPERIMENTAL] = "experimental",
	[STABILITY_PUBLIC_PREVIEW] = "public-preview",
	[STABILITY_GA] = "generally-available",
};

/* Blocks of the language itself that make modules. */
static const char *const module_blocks[] = {"argument", "declare", "export", "foreach",
	"import.file", "import.git", "import.http", "import.string", NULL};

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

/* Names that begin as this one does up to its first dot, or all if there are none. */
static size_t list_supported(const struct plan *p, struct str space, struct buf *out)
{
	size_t n = 0;

	for (const struct component_type *const *t = p->types.types; *t; t++) {
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

static void report_unknown(const struct plan *p, const struct stmt *b, struct diags *d)
{
	struct range at = b->name_at;

	at.end = at.start + (uint32_t)(b->name.n ? b->name.n : 1) - 1;
	if (listed(module_blocks, b->name)) {
		diag_error(d, at, "block \"" STR_FMT "\" is not supported yet", STR_ARG(b->name));
		diag_hint(d, "write the components out where the module would be used");
	} else if (listed(p->types.foreign, b->name)) {
		diag_error(d, at, "component \"" STR_FMT "\" is Alloy's, and not supported here",
			STR_ARG(b->name));
		hint_supported(p, b->name, d);
	} else {
		diag_error(d, at, "cannot find the definition of component name \"" STR_FMT "\"",
			STR_ARG(b->name));
	}
}

static bool check_stability(const struct plan *p, const struct component_type *t,
	const struct stmt *b, struct diags *d)
{
	struct range at = b->name_at;

	if (t->stability >= p->stability)
		return true;
	at.end = at.start + (uint32_t)b->name.n - 1;
	return diag_error(d, at,
		"%s \"%s\" is at stability level \"%s\", which is below the minimum allowed "
		"stability "
		"level \"%s\". Use --stability.level command-line flag to enable \"%s\" features",
		t->is_config ? "block" : "component", t->name, stability_names[t->stability],
		stability_names[p->stability], stability_names[t->stability]);
}

const struct component_type *plan_define(const struct plan *p, const struct stmt *b,
	struct diags *d)
{
	for (const struct component_type *const *t = p->types.types; *t; t++) {
		if (!str_is(b->name, (*t)->name))
			continue;
		return check_stability(p, *t, b, d) ? *t : NULL;
	}
	report_unknown(p, b, d);
	return NULL;
}
