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

static size_t count_blocks(struct file *const *files, size_t n)
{
	size_t total = 0;

	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; i < files[f]->body.n; i++)
			total += files[f]->body.stmts[i].is_block;
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

static void check_duplicate(struct plan *p, struct vertex *v, size_t i, struct diags *d)
{
	const struct vertex *first = map_find(&p->by_id, v->id);
	size_t line, column;

	if (!first) {
		map_set(&p->by_id, v->id, v);
		return;
	}
	range_position(first->block->at, &line, &column);
	diag_error(d, name_range(v->block, v->id.n),
		"block " STR_FMT " already declared at " STR_FMT ":%zu:%zu", STR_ARG(v->id),
		STR_ARG(first->block->at.file->name), line, column);
	v->is_duplicate = true;
	v->id = arena_printf(p->arena, STR_FMT "-%zu", STR_ARG(v->id), i);
}

void plan_report(struct diags *d, const struct diags *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct diag *it = &from->p[i];

		if (it->severity == DIAG_ERROR)
			diag_error(d, it->at, STR_FMT, STR_ARG(it->message));
		else
			diag_warning(d, it->at, STR_FMT, STR_ARG(it->message));
		if (it->hint.n > 0)
			diag_hint(d, STR_FMT, STR_ARG(it->hint));
	}
}

static struct vertex *make_vertex(struct plan *p, const struct stmt *block)
{
	struct vertex *v = arena_new(p->arena, struct vertex, 1);

	v->block = block;
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

static void add_block(struct plan *p, const struct stmt *block, enum group group, size_t i,
	struct draft *w)
{
	struct vertex *v = make_vertex(p, block);
	struct diags definition;

	diags_init(&definition, p->arena);
	diags_init(&w->names, p->arena);
	diags_init(&w->refs, p->arena);
	v->type = plan_define(p, block, &definition);
	check_label(v, group, &w->names);
	check_duplicate(p, v, i, &w->names);
	plan_report(&w->names, &definition);
	diags_fini(&definition);
	p->v[p->n++] = v;
}

/* In the order of the files, and in them of the lines. */
static void add_group(struct plan *p, enum group group, struct file *const *files, size_t n,
	struct draft *drafts)
{
	size_t added = 0;

	for (size_t f = 0; f < n; f++) {
		const struct body *b = &files[f]->body;

		for (size_t i = 0; i < b->n; i++)
			if (b->stmts[i].is_block && group_of(&b->stmts[i]) == group)
				add_block(p, &b->stmts[i], group, added++, &drafts[p->n]);
	}
}

static void finish(struct plan *p, struct draft *drafts, bool terse, struct diags *d)
{
	for (size_t i = 0; i < p->n; i++)
		plan_refer(p, p->v[i], &drafts[i].refs);
	plan_link_users(p);
	for (size_t i = 0; i < p->n; i++) {
		plan_report(d, &drafts[i].names);
		plan_check(p, p->v[i], terse, d);
		plan_report(d, &drafts[i].refs);
		diags_fini(&drafts[i].names);
		diags_fini(&drafts[i].refs);
	}
	plan_sort(p, d);
}

static bool check_top_level(struct file *const *files, size_t n, struct diags *d)
{
	bool ok = true;

	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; i < files[f]->body.n; i++) {
			const struct stmt *s = &files[f]->body.stmts[i];

			if (!s->is_block)
				ok = diag_error(d, s->name_at, "unrecognized attribute " STR_FMT,
					STR_ARG(s->name));
		}
	return ok;
}

struct plan *plan_new(struct arena *a, const struct plan_settings *set, struct file *const *files,
	size_t n, struct diags *d)
{
	struct plan *p = arena_new(a, struct plan, 1);
	size_t total = count_blocks(files, n);
	struct draft *drafts;

	*p = (struct plan){.arena = a, .types = set->types, .stability = set->stability};
	if (!check_top_level(files, n, d))
		return p;
	drafts = arena_new(a, struct draft, total);
	p->v = arena_new(a, struct vertex *, total);
	for (enum group g = 0; g < GROUPS; g++)
		add_group(p, g, files, n, drafts);
	finish(p, drafts, set->terse, d);
	return p;
}

void plan_fini(struct plan *p)
{
	map_fini(&p->by_id);
}

struct vertex *plan_find(const struct plan *p, const struct str *parts, size_t n, size_t *used)
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
		v = map_find(&p->by_id, (struct str){id, at});
		if (!v)
			continue;
		*used = i + 1;
		return v;
	}
	return NULL;
}
