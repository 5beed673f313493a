#include "agent/component/common/otelcol_ottl.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/base/vec.h"
#include "agent/graph/component.h"
#include "agent/loop/loop.h"

#include <stdio.h>
#include <stdlib.h>

#define SAY_PAUSE (10 * NS_PER_SEC)

const char *const otelcol_ottl_modes[] = {"ignore", "silent", "propagate", NULL};

enum ottl_mode otelcol_ottl_mode(struct str name)
{
	return str_is(name, "silent")      ? OTTL_SILENT
	       : str_is(name, "propagate") ? OTTL_PROPAGATE
					   : OTTL_IGNORE;
}

static void free_list(struct ottl **p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ottl_free(p[i]);
	free(p);
}

static void free_groups(struct ottl_groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free_list(g->p[i].conditions, g->p[i].n_conditions);
		free_list(g->p[i].statements, g->p[i].n_statements);
	}
	free(g->p);
	*g = (struct ottl_groups){0};
}

void otelcol_ottl_free(struct ottl_groups groups[SIGNAL_KINDS])
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		free_groups(&groups[i]);
}

/* Byte `offset` of a text in the configuration, which is written from `at` on as a raw string or
 * in quotes. When it is not found there (it was put together from parts), the block itself. */
static struct range range_in(struct range at, struct str text, size_t offset)
{
	struct range out = at;
	struct buf quoted = {0};
	struct str source;
	ptrdiff_t found;
	size_t i;

	if (!at.file)
		return at;
	source = str_from_at(at.file->text, at.start);
	found = str_find(source, text);
	if (found > 0 && (source.p[found - 1] == '`' || source.p[found - 1] == '"')) {
		out.start = out.end = at.start + (uint32_t)((size_t)found + offset);
		return out;
	}
	buf_add_quoted(&quoted, text);
	found = str_find(source, buf_str(&quoted));
	buf_fini(&quoted);
	if (found < 0)
		return out;
	for (i = (size_t)found + 1; offset > 0; offset--)
		i += source.p[i] == '\\' ? 2 : 1;
	out.start = out.end = at.start + (uint32_t)i;
	return out;
}

static bool report(
	struct diags *d, struct range at, struct str text, size_t offset, const char *what)
{
	if (!d)
		return false;
	diag_error(d, range_in(at, text, offset), "%s", what);
	return false;
}

static bool is_of_signal(enum ottl_context c, enum signal_kind kind)
{
	switch (c) {
	case OTTL_RESOURCE:
	case OTTL_SCOPE:
		return true;
	case OTTL_SPAN:
	case OTTL_SPANEVENT:
		return kind == SIGNAL_TRACES;
	case OTTL_LOG:
		return kind == SIGNAL_LOGS;
	case OTTL_METRIC:
	case OTTL_DATAPOINT:
		return kind == SIGNAL_METRICS;
	case OTTL_CONTEXTS:
		break;
	}
	return false;
}

/* The context that is named, or that the text asks for. */
static bool context_of(
	const struct ottl_source *s, struct str text, enum ottl_context *out, struct diags *d)
{
	char what[256];

	for (int i = 0; s->context.n > 0 && i < OTTL_CONTEXTS; i++) {
		if (!str_is(s->context, ottl_context_names[i]) ||
			!is_of_signal((enum ottl_context)i, s->kind))
			continue;
		*out = (enum ottl_context)i;
		return true;
	}
	if (s->context.n > 0) {
		snprintf(what, sizeof(what), "there is no context \"%.*s\" for %s",
			(int)(s->context.n > 64 ? 64 : s->context.n), s->context.p,
			signal_names[s->kind]);
		return report(d, s->at, s->context, 0, what);
	}
	if (!ottl_infer(text, out))
		return report(d, s->at, text, 0,
			"the context cannot be told: paths must begin with one, as "
			"resource.attributes or span.name");
	if (is_of_signal(*out, s->kind))
		return true;
	snprintf(what, sizeof(what), "context %s is not for %s", ottl_context_names[*out],
		signal_names[s->kind]);
	return report(d, s->at, text, 0, what);
}

static struct ottl *compile(const struct ottl_source *s, enum ottl_context c, struct str text,
	bool is_statement, struct diags *d)
{
	struct err e = {""};
	size_t at = 0;
	struct ottl *o = is_statement ? ottl_statement(c, text, &at, &e)
				      : ottl_condition(c, text, &at, &e);

	if (!o)
		report(d, s->at, text, at, e.text);
	return o;
}

static void add_to(struct ottl ***list, size_t *n, struct ottl *o)
{
	*list = mem_resize(*list, (*n + 1) * sizeof(**list));
	(*list)[(*n)++] = o;
}

/* The group for a text: the last one, if it has the same context and came from the same block, so
 * that its statements share a cache and run one after the other on each item. */
static struct ottl_group *group_for(
	struct ottl_groups *g, const struct ottl_source *s, enum ottl_context c, size_t first)
{
	struct ottl_group *new;

	if (g->n > first && g->p[g->n - 1].context == c)
		return &g->p[g->n - 1];
	new = vec_add(g);
	new->context = c;
	new->mode = s->mode;
	return new;
}

bool otelcol_ottl_add(struct ottl_groups *g, const struct ottl_source *s, struct diags *d)
{
	bool has_statements = s->statements.n > 0;
	const struct arg_strs *texts = has_statements ? &s->statements : &s->conditions;
	size_t first = g->n;
	bool ok = true;

	for (size_t i = 0; i < texts->n; i++) {
		enum ottl_context c = OTTL_RESOURCE;
		struct ottl_group *into;
		struct ottl *o;

		o = context_of(s, texts->p[i], &c, d)
			    ? compile(s, c, texts->p[i], has_statements, d)
			    : NULL;
		if (!o) {
			ok = false;
			continue;
		}
		into = group_for(g, s, c, first);
		if (has_statements)
			add_to(&into->statements, &into->n_statements, o);
		else
			add_to(&into->conditions, &into->n_conditions, o);
	}
	for (size_t k = first; has_statements && k < g->n; k++) {
		for (size_t i = 0; i < s->conditions.n; i++) {
			struct ottl *o = compile(
				s, g->p[k].context, s->conditions.p[i], false, d);

			if (o)
				add_to(&g->p[k].conditions, &g->p[k].n_conditions, o);
			ok = ok && o;
		}
	}
	return ok;
}

void otelcol_ottl_runner_fini(struct ottl_runner *r)
{
	otlp_message_fini(&r->cache);
}

static void on_error(struct ottl_runner *r, const struct ottl_group *g, const struct err *e)
{
	int64_t now = loop_now(r->owner->loop);

	if (g->mode == OTTL_PROPAGATE)
		r->has_failed = true;
	if (g->mode == OTTL_SILENT)
		return;
	if (r->said_at != 0 && now - r->said_at < SAY_PAUSE) {
		r->unsaid++;
		return;
	}
	log_warn(r->owner->id, "failed to execute statement", KV("err", (const char *)e->text),
		KV("context", ottl_context_names[g->context]),
		KV("others_since_last_time", (int64_t)r->unsaid),
		KV("hint", "a where clause, as IsString(...) or != nil, keeps it from data that it "
			   "is not for"));
	r->said_at = now;
	r->unsaid = 0;
}

static struct ottl_state begin(struct ottl_runner *r, struct otlp_place *p)
{
	otlp_message_load(&r->cache, p->scratch, 1, STR(""));
	return (struct ottl_state){p, &r->cache, loop_wall(r->owner->loop)};
}

static bool any_holds(
	struct ottl_runner *r, const struct ottl_group *g, const struct ottl_state *s)
{
	for (size_t i = 0; i < g->n_conditions && !r->has_failed; i++) {
		struct err e = {""};
		enum ottl_result result = ottl_run(g->conditions[i], s, &e);

		if (result == OTTL_TRUE)
			return true;
		if (result == OTTL_FAILED)
			on_error(r, g, &e);
	}
	return false;
}

bool otelcol_ottl_holds(struct ottl_runner *r, const struct ottl_group *g, struct otlp_place *p)
{
	struct ottl_state s = begin(r, p);

	return any_holds(r, g, &s);
}

void otelcol_ottl_run(struct ottl_runner *r, const struct ottl_group *g, struct otlp_place *p)
{
	struct ottl_state s = begin(r, p);

	if (g->n_conditions > 0 && !any_holds(r, g, &s))
		return;
	for (size_t i = 0; i < g->n_statements && !r->has_failed; i++) {
		struct err e = {""};

		if (ottl_run(g->statements[i], &s, &e) == OTTL_FAILED)
			on_error(r, g, &e);
	}
}
