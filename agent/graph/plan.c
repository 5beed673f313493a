/*
 * Blocks to vertices. The order of the vertices is the order in which Alloy reports (its
 * internal/validator): declares, configuration blocks, components, services; of each first
 * what is wrong with its name, then its body, then its references; cycles at the end.
 */

#include "agent/graph/plan.h"

#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

enum group {
	DECLARES,
	CONFIGS,
	COMPONENTS,
	SERVICES,
	GROUPS,
};

static bool is_one_of(struct str name, const char *const *words)
{
	for (; *words; words++)
		if (str_is(name, *words))
			return true;
	return false;
}

/* A service with a label is no service: it is looked for among the components. */
static enum group group_of(const struct stmt *block)
{
	static const char *const configs[] = {"argument", "export", "foreach", "import.file",
		"import.git", "import.http", "import.string", "logging", "tracing", NULL};
	static const char *const services[] = {"http", "livedebugging", "remotecfg", NULL};

	if (str_is(block->name, "declare"))
		return DECLARES;
	if (is_one_of(block->name, configs))
		return CONFIGS;
	if (is_one_of(block->name, services))
		return SERVICES;
	return COMPONENTS;
}

static size_t count_blocks(const struct module *m)
{
	size_t total = 0;

	for (size_t f = 0; f < m->n_bodies; f++)
		for (size_t i = 0; i < m->bodies[f]->n; i++)
			total += m->bodies[f]->stmts[i].is_block;
	return total;
}

/* Bytes [start, start + n) of the line that the block's name is on. */
static struct range name_range(const struct stmt *block, size_t n)
{
	struct range at = block->name_at;

	at.end = at.start + (uint32_t)(n ? n : 1) - 1;
	return at;
}

static void check_label(const struct vertex *v, enum group group, struct diags *d)
{
	const struct stmt *b = v->block;

	if (v->type && v->type->is_config && !v->type->is_labeled) {
		if (b->label.n > 0)
			diag_error(d, b->label_at,
				"block \"" STR_FMT "\" does not support specifying labels",
				STR_ARG(b->name));
	} else if (b->label.n > 0) {
		return;
	} else if (group == COMPONENTS) {
		diag_error(d, name_range(b, b->name.n),
			"component \"" STR_FMT "\" must have a label", STR_ARG(b->name));
	} else if (v->type) {
		diag_error(d, name_range(b, b->name.n), STR_FMT " block must have a label",
			STR_ARG(b->name));
	}
}

static void check_duplicate(struct plan *p, struct module *m, struct vertex *v, size_t i,
	struct diags *d)
{
	const struct vertex *first = map_find(&m->by_id, v->id);
	size_t line, column;

	if (!first) {
		map_set(&m->by_id, v->id, v);
		return;
	}
	range_position(first->block->at, &line, &column);
	diag_error(d, name_range(v->block, v->id.n),
		"block " STR_FMT " already declared at " STR_FMT ":%zu:%zu", STR_ARG(v->id),
		STR_ARG(first->block->at.file->name), line, column);
	v->is_duplicate = true;
	v->id = arena_printf(p->arena, STR_FMT "-%zu", STR_ARG(v->id), i);
}

void plan_report_one(struct diags *d, const struct diag *it)
{
	if (it->severity == DIAG_ERROR)
		diag_error(d, it->at, STR_FMT, STR_ARG(it->message));
	else
		diag_warning(d, it->at, STR_FMT, STR_ARG(it->message));
	if (it->hint.n > 0)
		diag_hint(d, STR_FMT, STR_ARG(it->hint));
}

void plan_report(struct diags *d, const struct diags *from)
{
	for (size_t i = 0; i < from->n; i++)
		plan_report_one(d, &from->p[i]);
}

static struct vertex *make_vertex(struct plan *p, struct module *m, const struct stmt *block)
{
	struct vertex *v = arena_new(p->arena, struct vertex, 1);

	v->block = v->args = block;
	v->module = m;
	v->scope = m;
	v->id = block->name;
	if (block->label.n > 0)
		v->id = arena_printf(p->arena, STR_FMT "." STR_FMT, STR_ARG(block->name),
			STR_ARG(block->label));
	return v;
}

/* What is wrong with names is kept apart, since the body's mistakes come after those of the
 * same block and before those of the next one. */
struct draft {
	struct diags names;
	struct diags refs;
};

static void add_block(struct plan *p, struct module *m, const struct stmt *block,
	enum group group, size_t i, struct draft *w)
{
	struct vertex *v = make_vertex(p, m, block);
	struct diags definition;

	diags_init(&definition, p->arena);
	diags_init(&w->names, p->arena);
	diags_init(&w->refs, p->arena);
	plan_define(p, m, v, &definition);
	check_label(v, group, &w->names);
	check_duplicate(p, m, v, i, &w->names);
	v->node_id = v->id;
	if (m->path.n > 0)
		v->node_id = arena_printf(p->arena, STR_FMT "/" STR_FMT, STR_ARG(m->path),
			STR_ARG(v->id));
	plan_report(&w->names, &definition);
	diags_fini(&definition);
	m->v[m->n++] = v;
}

static void add_definition(struct module *m, struct vertex *v)
{
	if (v->kind == VERTEX_DECLARE && !v->is_duplicate)
		m->definitions[m->n_definitions++] =
			(struct definition){v->block->label, v->block, m};
}

/* In the order of the files, and in them of the lines. */
static void add_group(struct plan *p, struct module *m, enum group group, struct draft *drafts)
{
	size_t added = 0;

	for (size_t f = 0; f < m->n_bodies; f++) {
		const struct body *b = m->bodies[f];

		for (size_t i = 0; i < b->n; i++) {
			if (!b->stmts[i].is_block || group_of(&b->stmts[i]) != group)
				continue;
			add_block(p, m, &b->stmts[i], group, added++, &drafts[m->n]);
			add_definition(m, m->v[m->n - 1]);
		}
	}
}

/* Imports say what names of components mean, so they come before those. */
static void add_imports(struct plan *p, struct module *m, struct draft *drafts)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i]->type && str_starts(m->v[i]->block->name, "import."))
			plan_import(p, m, m->v[i], &drafts[i].refs);
}

static void check_vertex(struct plan *p, struct vertex *v, struct draft *w, struct diags *d)
{
	plan_report(d, &w->names);
	if (v->kind == VERTEX_CUSTOM)
		plan_check_custom(p, v, d);
	else
		plan_check(p, v, d);
	if (v->kind == VERTEX_DECLARE || v->kind == VERTEX_FOREACH)
		plan_check_template(p, v, d);
	plan_report(d, &w->refs);
}

/* A copy of what was checked can only be wrong in what was not known then: what is imported. */
static void report_errors(struct diags *d, const struct draft *w)
{
	for (size_t i = 0; i < w->names.n; i++)
		if (w->names.p[i].severity == DIAG_ERROR)
			diag_error(d, w->names.p[i].at, STR_FMT, STR_ARG(w->names.p[i].message));
	for (size_t i = 0; i < w->refs.n; i++)
		if (w->refs.p[i].severity == DIAG_ERROR)
			diag_error(d, w->refs.p[i].at, STR_FMT, STR_ARG(w->refs.p[i].message));
}

static void finish(struct plan *p, struct module *m, struct draft *drafts, bool check,
	struct diags *d)
{
	plan_bind(p, m);
	for (size_t i = 0; i < m->n; i++)
		plan_refer(p, m->v[i], &drafts[i].refs);
	for (size_t i = 0; i < m->n; i++) {
		if (check)
			check_vertex(p, m->v[i], &drafts[i], d);
		else
			report_errors(d, &drafts[i]);
		diags_fini(&drafts[i].names);
		diags_fini(&drafts[i].refs);
	}
	if (check)
		plan_sort(p, m->v, m->n, arena_new(p->arena, struct vertex *, m->n + 1), d);
}

static void check_statements(const struct module *m, struct diags *d)
{
	for (size_t f = 0; f < m->n_bodies; f++)
		for (size_t i = 0; i < m->bodies[f]->n; i++) {
			const struct stmt *s = &m->bodies[f]->stmts[i];

			if (!s->is_block)
				diag_error(d, s->name_at, "unrecognized attribute " STR_FMT,
					STR_ARG(s->name));
		}
}

struct module *plan_module_new(struct plan *p, enum module_kind kind, struct module *lexical,
	struct str path)
{
	struct module *m = arena_new(p->arena, struct module, 1);

	m->kind = kind;
	m->lexical = lexical;
	m->path = path;
	m->folder = lexical ? lexical->folder : STR("");
	m->depth = lexical ? lexical->depth + 1 : 0;
	m->next = p->modules;
	p->modules = m;
	return m;
}

void plan_build(struct plan *p, struct module *m, bool check, struct diags *d)
{
	size_t total = count_blocks(m);
	struct draft *drafts;

	if (check)
		check_statements(m, d);
	drafts = arena_new(p->arena, struct draft, total + 1);
	m->v = arena_new(p->arena, struct vertex *, total + 1);
	m->definitions = arena_new(p->arena, struct definition, total + 1);
	m->imports = arena_new(p->arena, struct import, total + 1);
	for (enum group g = 0; g < GROUPS; g++) {
		if (g == COMPONENTS)
			add_imports(p, m, drafts);
		add_group(p, m, g, drafts);
	}
	finish(p, m, drafts, check, d);
}

static struct str folder_of(struct arena *a, struct str path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	if (n == 0)
		return STR(".");
	return arena_str(a, str_head(path, n > 1 ? n - 1 : 1));
}

struct plan *plan_new(struct arena *a, const struct plan_settings *set, struct file *const *files,
	size_t n, struct diags *d)
{
	struct plan *p = arena_new(a, struct plan, 1);
	size_t errors = d->errors;

	*p = (struct plan){.arena = a, .set = *set, .n_files = n};
	p->files = arena_new(a, struct file *, n + 1);
	for (size_t i = 0; i < n; i++)
		p->files[i] = files[i];
	p->root = plan_module_new(p, MODULE_ROOT, NULL, STR(""));
	p->root->folder = n > 0 ? folder_of(a, files[0]->source->name) : STR(".");
	p->root->bodies = arena_new(a, const struct body *, n + 1);
	for (size_t i = 0; i < n; i++)
		p->root->bodies[p->root->n_bodies++] = &files[i]->body;
	if (set->ignore_unsupported && n > 0) {
		p->root->bodies[0] = plan_leave_out(p, p->root->bodies, n);
		p->root->n_bodies = 1;
	}
	plan_build(p, p->root, true, d);
	if (d->errors == errors && plan_expand(p, d)) {
		p->sorted = arena_new(a, struct vertex *, p->n + 1);
		plan_sort(p, p->v, p->n, p->sorted, d);
		plan_link_users(p);
	}
	if (p->missing_import && d->errors == errors)
		diag_warning(d, p->missing_import->block->name_at,
			"what is imported cannot be read here, and was not checked: " STR_FMT,
			STR_ARG(p->missing_why));
	return p;
}

void plan_fini(struct plan *p)
{
	for (struct module *m = p->modules; m; m = m->next)
		map_fini(&m->by_id);
	p->modules = NULL;
}

static struct vertex *find_in(const struct module *m, const struct str *parts, size_t n,
	size_t *used)
{
	char id[512]; /* longer than any id that could be found is not looked for */
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		struct vertex *v;

		if (at + parts[i].n + 1 > sizeof(id))
			return NULL;
		if (i > 0)
			id[at++] = '.';
		memcpy(id + at, parts[i].p, parts[i].n);
		at += parts[i].n;
		v = map_find(&m->by_id, (struct str){id, at});
		if (!v || v->kind == VERTEX_DECLARE)
			continue;
		*used = i + 1;
		return v;
	}
	return NULL;
}

struct vertex *plan_find(const struct module *m, const struct str *parts, size_t n, size_t *used)
{
	struct vertex *v = NULL;

	for (; m && !v; m = m->outer)
		v = find_in(m, parts, n, used);
	return v;
}
