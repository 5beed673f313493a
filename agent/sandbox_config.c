/*
 * Which paths a configuration needs. Its strings say so: each that begins with a slash. That is
 * read from the text, not from what it evaluates to, so a path made of parts may be missed
 * (--sandbox.read adds it); and a string that only looks like a path costs nothing, as it does
 * not exist or is allowed already.
 */

#include "agent/sandbox_private.h"

#include "agent/config/read.h"

#include <stdio.h>
#include <stdlib.h>

struct walk {
	void (*found)(void *owner, struct str text);
	void *owner;
};

static void found_literal(struct walk *w, const struct expr *x)
{
	if (x->text.n > 2 && (x->text.p[0] == '"' || x->text.p[0] == '`') && x->text.p[1] == '/')
		w->found(w->owner, (struct str){x->text.p + 1, x->text.n - 2});
}

/* sys.env("CERTS"): what the variable says, where it is a path. */
static void found_variable(struct walk *w, const struct expr *call)
{
	const struct expr *x = call->n == 1 ? call->items[0] : NULL;
	char name[256];
	const char *v;

	if (!x || x->kind != EXPR_LITERAL || x->text.n < 3 || x->text.n > sizeof(name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)x->text.n - 2, x->text.p + 1);
	v = getenv(name);
	if (v && v[0] == '/')
		w->found(w->owner, str_from(v));
}

/* The parser bounds the height of the tree. */
static void walk_expr(struct walk *w, const struct expr *x)
{
	if (!x)
		return;
	if (x->kind == EXPR_LITERAL)
		found_literal(w, x);
	if (x->kind == EXPR_CALL)
		found_variable(w, x);
	walk_expr(w, x->operand);
	walk_expr(w, x->index);
	for (size_t i = 0; i < x->n; i++)
		walk_expr(w, x->kind == EXPR_OBJECT ? x->fields[i].value : x->items[i]);
}

static void walk_body(struct walk *w, const struct body *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->stmts[i].is_block && b->stmts[i].body)
			walk_body(w, b->stmts[i].body);
		else
			walk_expr(w, b->stmts[i].value);
	}
}

static void walk_written(struct walk *w, const struct body *b, bool is_storage)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct stmt *s = &b->stmts[i];

		if (s->is_block && s->body)
			walk_written(w, s->body, str_is(s->name, "otelcol.storage.file"));
		else if (!s->is_block && is_storage && str_is(s->name, "directory"))
			walk_expr(w, s->value);
	}
}

void sandbox_config_written(const struct config *config,
	void (*found)(void *owner, struct str text), void *owner)
{
	struct walk w = {found, owner};

	for (size_t i = 0; i < config->n; i++)
		walk_written(&w, &config->files[i]->body, false);
}

void sandbox_config_paths(const struct config *config, void (*found)(void *owner, struct str text),
	void *owner)
{
	struct walk w = {found, owner};

	for (size_t i = 0; i < config->n; i++)
		walk_body(&w, &config->files[i]->body);
}
