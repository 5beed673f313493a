/*
 * --config.ignore-unsupported: one configuration for Alloy and for us. What we have no component
 * for is left out of the trees before anything else looks at them, and with it what refers to
 * it, what has nobody else to give to, and what nobody else uses. In a list an element goes, not
 * the whole block: a source that forwards to a Loki and to something unknown forwards to Loki.
 *
 * Bodies of declares go first: which of their exports and arguments are gone is what the blocks
 * named after them need to know.
 */

#include "agent/base/vec.h"
#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

#include <stdlib.h>

enum part {
	PART_COMPONENT,
	PART_EXPORT,
	PART_ARGUMENT,
	PART_DECLARE, /* and import.*: names, no data */
	PART_CONFIG,  /* logging, …: loses attributes, never goes */
};

struct entry {
	const struct stmt *stmt; /* as it was, or with a body that was made anew */
	enum part part;
	struct str id;
	const struct summary *made_of; /* a custom component's declare; NULL: none */
	const char *why;               /* not NULL: it is left out */
	bool was_used;
};

/* What is gone of a declare. */
struct summary {
	struct str name;
	const struct entry *entries;
	size_t n;
	bool is_empty;
};

struct body_work {
	struct plan *p;
	const struct body_work *outer;
	struct str path;
	struct map by_id;
	struct entry *entries;
	size_t n;
	struct summary *summaries;
	size_t n_summaries;
};

struct tally {
	size_t dropped; /* elements of lists */
	size_t kept;    /* … that refer to something */
	bool depends;   /* something that is no list refers to what is left out */
};

static const struct summary *find_summary(const struct body_work *w, struct str name)
{
	for (; w; w = w->outer)
		for (size_t i = 0; i < w->n_summaries; i++)
			if (str_eq(w->summaries[i].name, name))
				return &w->summaries[i];
	return NULL;
}

/* Is the argument or export of the declare gone? */
static bool is_gone(const struct summary *s, enum part part, struct str name)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (s->entries[i].part == part && str_eq(s->entries[i].stmt->label, name))
			return s->entries[i].why != NULL;
	return false;
}

static struct entry *find_entry(const struct body_work *w, const struct ref *r, size_t *used)
{
	char id[512];
	size_t at = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *e;

		if (at + r->parts[i].n + 1 > sizeof(id))
			return NULL;
		if (i > 0)
			id[at++] = '.';
		memcpy(id + at, r->parts[i].p, r->parts[i].n);
		at += r->parts[i].n;
		e = map_find(&w->by_id, (struct str){id, at});
		if (e && e->part != PART_DECLARE) {
			*used = i + 1;
			return e;
		}
	}
	return NULL;
}

struct referred {
	bool any; /* to an entry at all */
	bool out; /* to one that is left out */
};

static struct referred look(const struct body_work *w, const struct expr *x, bool mark)
{
	struct referred found = {0};
	struct refs refs = {0};

	expr_refs(w->p->arena, x, &refs);
	for (size_t i = 0; i < refs.n; i++) {
		size_t used;
		struct entry *e = find_entry(w, &refs.p[i], &used);

		if (!e)
			continue;
		found.any = true;
		found.out |= e->why || (e->made_of && refs.p[i].n > used &&
					       is_gone(e->made_of, PART_EXPORT,
						       refs.p[i].parts[used]));
		if (mark)
			e->was_used = true;
	}
	return found;
}

/* An attribute of a custom component for an argument that is gone is no attribute any more. */
static bool is_moot(const struct entry *e, const struct stmt *s)
{
	return !s->is_block && is_gone(e->made_of, PART_ARGUMENT, s->name);
}

static void count_attr(const struct body_work *w, const struct expr *x, struct tally *t)
{
	if (x->kind != EXPR_ARRAY) {
		t->depends |= look(w, x, false).out;
		return;
	}
	for (size_t i = 0; i < x->n; i++) {
		struct referred r = look(w, x->items[i], false);

		t->dropped += r.out;
		t->kept += r.any && !r.out;
	}
}

static void count_body(const struct body_work *w, const struct entry *e, const struct body *b,
	struct tally *t)
{
	for (size_t i = 0; b && i < b->n; i++) {
		const struct stmt *s = &b->stmts[i];

		if (s->is_block)
			count_body(w, e, s->body, t);
		else if (!is_moot(e, s))
			count_attr(w, s->value, t);
	}
}

static void mark_used(const struct body_work *w, const struct entry *e, const struct body *b)
{
	for (size_t i = 0; b && i < b->n; i++) {
		if (b->stmts[i].is_block)
			mark_used(w, e, b->stmts[i].body);
		else if (!is_moot(e, &b->stmts[i]))
			look(w, b->stmts[i].value, true);
	}
}

/* Sets was_used of all entries to what those that stay use. */
static void find_users(struct body_work *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->entries[i].was_used = false;
	for (size_t i = 0; i < w->n; i++)
		if (!w->entries[i].why && w->entries[i].part != PART_DECLARE)
			mark_used(w, &w->entries[i], w->entries[i].stmt->body);
}

static bool judge(struct body_work *w, struct entry *e)
{
	struct tally t = {0};

	if (e->why || e->part == PART_DECLARE || e->part == PART_CONFIG ||
		e->part == PART_ARGUMENT)
		return false;
	count_body(w, e, e->stmt->body, &t);
	if (t.depends)
		e->why = "it refers to what is left out";
	else if (t.dropped > 0 && t.kept == 0)
		e->why = "it gives only to what is left out";
	return e->why != NULL;
}

static void settle(struct body_work *w)
{
	bool *used_before = arena_new(w->p->arena, bool, w->n + 1);
	struct entry *e = w->entries;
	bool moved = true;

	for (size_t i = 0; i < w->n; i++)
		used_before[i] = e[i].was_used;
	while (moved) {
		moved = false;
		for (size_t i = 0; i < w->n; i++)
			moved |= judge(w, &e[i]);
		find_users(w);
		for (size_t i = 0; i < w->n; i++) {
			if (e[i].why || !used_before[i] || e[i].was_used ||
				(e[i].part != PART_COMPONENT && e[i].part != PART_ARGUMENT))
				continue;
			e[i].why = "only what is left out uses it";
			moved = true;
		}
	}
}

static bool is_foreign(const struct body_work *w, const struct stmt *s)
{
	struct vertex v = {.block = s};
	struct module nowhere = {.kind = MODULE_ROOT};
	struct diags quiet;
	bool unknown;

	if (str_is(s->name, "import.git"))
		return true;
	diags_init(&quiet, w->p->arena);
	plan_define(w->p, &nowhere, &v, &quiet);
	unknown = !v.type && quiet.n > 0 && plan_is_foreign(w->p, s->name);
	diags_fini(&quiet);
	return unknown;
}

/* "space.name" of an import.git that is left out. */
static bool is_of_git(const struct body_work *w, struct str name)
{
	struct str space, rest;

	if (!str_cut(name, '.', &space, &rest))
		return false;
	for (; w; w = w->outer)
		for (size_t i = 0; i < w->n; i++)
			if (w->entries[i].why && str_is(w->entries[i].stmt->name, "import.git") &&
				str_eq(w->entries[i].stmt->label, space))
				return true;
	return false;
}

static enum part part_of(const struct stmt *s)
{
	static const char *const configs[] = {
		"logging", "tracing", "http", "livedebugging", "remotecfg", NULL};

	if (str_is(s->name, "declare") || str_starts(s->name, "import."))
		return PART_DECLARE;
	if (str_is(s->name, "argument"))
		return PART_ARGUMENT;
	if (str_is(s->name, "export"))
		return PART_EXPORT;
	for (size_t i = 0; configs[i]; i++)
		if (str_is(s->name, configs[i]))
			return PART_CONFIG;
	return PART_COMPONENT;
}

static const struct body *leave_out(struct plan *p, const struct body_work *outer, struct str path,
	const struct body *b, struct summary *summary);

static struct str join(struct plan *p, struct str path, struct str id)
{
	if (path.n == 0)
		return id;
	return arena_printf(p->arena, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(id));
}

static const struct stmt *with_body(struct plan *p, const struct stmt *s, const struct body *b)
{
	struct stmt *copy = arena_new(p->arena, struct stmt, 1);

	*copy = *s;
	copy->body = arena_new(p->arena, struct body, 1);
	*copy->body = *b;
	return copy;
}

/* Declares, and templates of foreach blocks, are bodies of their own. */
static void enter_body(struct body_work *w, struct entry *e)
{
	const struct stmt *s = e->stmt;
	const struct stmt *template = stmt_find(s->body, "template", (struct str){0});
	struct summary *sum;

	if (str_is(s->name, "declare")) {
		sum = &w->summaries[w->n_summaries++];
		sum->name = s->label;
		e->stmt = with_body(w->p, s,
			leave_out(w->p, w, join(w->p, w->path, e->id), s->body, sum));
	} else if (str_is(s->name, "foreach") && template) {
		struct summary ignored = {0};
		struct body *body = arena_new(w->p->arena, struct body, 1);

		body->n = s->body->n;
		body->stmts = arena_new(w->p->arena, struct stmt, body->n);
		memcpy(body->stmts, s->body->stmts, body->n * sizeof(*body->stmts));
		for (size_t i = 0; i < body->n; i++)
			if (&s->body->stmts[i] == template)
				body->stmts[i] = *with_body(w->p, template,
					leave_out(w->p, w, join(w->p, w->path, e->id),
						template->body, &ignored));
		e->stmt = with_body(w->p, s, body);
		if (ignored.is_empty)
			e->why = "all that is in it is left out";
	}
}

static void add_entries(struct body_work *w, const struct body *b)
{
	w->entries = arena_new(w->p->arena, struct entry, b->n + 1);
	w->summaries = arena_new(w->p->arena, struct summary, b->n + 1);
	for (size_t i = 0; i < b->n; i++) {
		const struct stmt *s = &b->stmts[i];
		struct entry *e = &w->entries[w->n++];

		*e = (struct entry){.stmt = s, .part = PART_CONFIG};
		if (!s->is_block)
			continue;
		e->part = part_of(s);
		e->id = s->name;
		if (s->label.n)
			e->id = arena_printf(w->p->arena, STR_FMT "." STR_FMT, STR_ARG(s->name),
				STR_ARG(s->label));
		if (e->part == PART_COMPONENT || str_is(s->name, "import.git"))
			e->why = is_foreign(w, s) ? "it is not supported" : NULL;
		if (!map_find(&w->by_id, e->id))
			map_set(&w->by_id, e->id, e);
		enter_body(w, e);
	}
}

static void know_customs(struct body_work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct entry *e = &w->entries[i];

		if (e->part != PART_COMPONENT || !e->stmt->is_block)
			continue;
		e->made_of = find_summary(w, e->stmt->name);
		if (e->made_of ? e->made_of->is_empty : is_of_git(w, e->stmt->name))
			e->why = e->made_of ? "all that is in it is left out"
					    : "it is not supported";
		else if (e->made_of && str_is(STR("it is not supported"), e->why ? e->why : ""))
			e->why = NULL; /* a declare may have a name of Alloy's */
	}
}

static struct expr *without_elements(const struct body_work *w, struct expr *x)
{
	struct expr *copy = arena_new(w->p->arena, struct expr, 1);

	*copy = *x;
	copy->items = arena_new(w->p->arena, struct expr *, x->n + 1);
	copy->n = 0;
	for (size_t i = 0; i < x->n; i++)
		if (!look(w, x->items[i], false).out)
			copy->items[copy->n++] = x->items[i];
	return copy;
}

static struct body *rewrite(const struct body_work *w, const struct entry *e, const struct body *b)
{
	struct body *out = arena_new(w->p->arena, struct body, 1);

	out->stmts = arena_new(w->p->arena, struct stmt, b->n + 1);
	for (size_t i = 0; i < b->n; i++) {
		struct stmt s = b->stmts[i];

		if (is_moot(e, &s))
			continue;
		if (s.is_block)
			s.body = s.body ? rewrite(w, e, s.body) : NULL;
		else if (s.value->kind == EXPR_ARRAY)
			s.value = without_elements(w, s.value);
		else if (look(w, s.value, false).out)
			continue; /* of a configuration block */
		out->stmts[out->n++] = s;
	}
	return out;
}

static void note(struct body_work *w, const struct entry *e)
{
	struct plan *p = w->p;
	struct left_out *more;

	if ((p->n_left_out & (p->n_left_out - 1)) == 0) { /* full at each power of two */
		more = arena_new(p->arena, struct left_out, p->n_left_out ? p->n_left_out * 2 : 1);
		if (p->n_left_out)
			memcpy(more, p->left_out, p->n_left_out * sizeof(*more));
		p->left_out = more;
	}
	p->left_out[p->n_left_out++] = (struct left_out){
		join(p, w->path, e->id), str_from(e->why), e->stmt->name_at};
}

static struct body *collect(struct body_work *w, struct summary *sum)
{
	struct body *out = arena_new(w->p->arena, struct body, 1);
	size_t components = 0, gone = 0;

	out->stmts = arena_new(w->p->arena, struct stmt, w->n + 1);
	for (size_t i = 0; i < w->n; i++) {
		const struct entry *e = &w->entries[i];

		components += e->part == PART_COMPONENT && !e->why;
		gone += e->why != NULL;
		if (e->why) {
			note(w, e);
			continue;
		}
		out->stmts[out->n] = *e->stmt;
		if (e->stmt->is_block && e->part != PART_DECLARE)
			out->stmts[out->n].body = rewrite(w, e, e->stmt->body);
		out->n++;
	}
	if (sum) {
		sum->entries = w->entries;
		sum->n = w->n;
		sum->is_empty = components == 0 && gone > 0;
	}
	return out;
}

static const struct body *leave_out(struct plan *p, const struct body_work *outer, struct str path,
	const struct body *b, struct summary *sum)
{
	struct body_work w = {.p = p, .outer = outer, .path = path};
	const struct body *out;

	add_entries(&w, b);
	know_customs(&w);
	for (size_t i = 0; i < w.n; i++) /* before anything went: who used what */
		if (w.entries[i].part != PART_DECLARE && w.entries[i].stmt->is_block)
			mark_used(&w, &(struct entry){0}, w.entries[i].stmt->body);
	settle(&w);
	out = collect(&w, sum);
	map_fini(&w.by_id);
	return out;
}

/* All files are one configuration, so they are looked at as one body, and cut apart again. */
const struct body *plan_leave_out(struct plan *p, const struct body *const *bodies, size_t n)
{
	struct body all = {0};

	for (size_t i = 0; i < n; i++)
		all.n += bodies[i]->n;
	all.stmts = arena_new(p->arena, struct stmt, all.n + 1);
	all.n = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < bodies[i]->n; k++)
			all.stmts[all.n++] = bodies[i]->stmts[k];
	return leave_out(p, NULL, (struct str){0}, &all, NULL);
}
