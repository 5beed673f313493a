/*
 * Decoding an evaluated body by its table. The order of what is reported is Alloy's: the
 * statements as they are written, then what is missing, in the order of the table. Every mistake is
 * reported; a value that is wrong counts as given, and leaves the default where it would have gone,
 * so that what was decoded can be looked at all the same.
 */

#include "agent/graph/arg.h"

#include "agent/base/must.h"
#include "agent/base/nearest.h"
#include "agent/base/vec.h"
#include "agent/graph/arg_private.h"

const struct capsule_type capsule_logs_receiver = {"loki.LogsReceiver"};
const struct capsule_type capsule_consumer = {"otelcol.Consumer"};
const struct capsule_type capsule_handler = {"otelcol.Handler"};
const struct capsule_type capsule_relabel_rules = {"loki.RelabelRules"};

/* What has been seen of one argument while a body is decoded. */
struct seen {
	size_t count; /* of statements with its name */
	size_t total; /* ARG_REPEATED, ARG_CHOICE: how many there will be */
};

/* A body while it is decoded. */
struct target {
	const struct evaluated *e;
	const struct arg *table;
	struct seen *seen; /* one an argument of the table */
	char *out;
};

static bool decode_body(struct decoder *dec, const struct evaluated *e, const struct arg *table,
	char *out);

/* Returns false, as what reported it does. */
static bool spoil(struct decoder *dec, const struct target *t, const char *name)
{
	if (dec->spoils)
		*vec_add(dec->spoils) = (struct spoilt){t->e, t->table, name};
	return false;
}

static bool is_block_arg(const struct arg *arg)
{
	return arg->type == ARG_BLOCK;
}

static const struct arg *find_arg(const struct arg *table, struct str name)
{
	for (const struct arg *it = table; it && it->type != ARG_END; it++)
		if (it->name && it->type != ARG_CHOICE && str_is(name, it->name))
			return it;
	return NULL;
}

/* The ARG_CHOICE that has a block of this name. */
static const struct arg *find_choice(const struct arg *table, struct str name,
	const struct arg_choice_type **type)
{
	for (const struct arg *it = table; it && it->type != ARG_END; it++) {
		if (it->type != ARG_CHOICE)
			continue;
		for (size_t i = 0; it->choices[i]; i++) {
			if (!str_is(name, it->choices[i]->name))
				continue;
			*type = it->choices[i];
			return it;
		}
	}
	return NULL;
}

static void default_body(struct arena *a, const struct arg *table, char *out);

static void default_always(struct arena *a, const struct arg *arg, char *out)
{
	char *p = arena_alloc(a, arg->size, 1);

	default_body(a, arg->block, p);
	*(void **)(void *)(out + arg->offset) = p;
}

static bool is_capsule_arg(const struct arg *arg)
{
	return arg->type == ARG_CAPSULE || arg->type == ARG_CAPSULES;
}

static bool is_always_there(const struct arg *arg)
{
	return is_block_arg(arg) && arg->block && !(arg->flags & ARG_REPEATED) &&
	       arg->flags & (ARG_ALWAYS | ARG_REQUIRED);
}

/* What is required is there too: a mistake may leave it at that. */
static void default_body(struct arena *a, const struct arg *table, char *out)
{
	for (const struct arg *it = table; it && it->type != ARG_END; it++) {
		if (is_always_there(it))
			default_always(a, it, out);
		else if (it->def)
			arg_value_default(a, it, out + it->offset);
		else if (it->flags & ARG_REQUIRED && arg_is_text(it))
			*(struct str *)(void *)(out + it->offset) = STR("");
	}
}

void args_default(struct arena *a, const struct arg *table, void *out, size_t size)
{
	memset(out, 0, size);
	default_body(a, table, out);
}

static bool check_label(struct decoder *dec, const struct evaluated *e, const struct arg *arg)
{
	bool takes = arg && arg->flags & ARG_LABELED;

	if (takes && e->label.n == 0)
		return diag_error(dec->d, e->block->name_at,
			"block \"" STR_FMT "\" requires non-empty label",
			STR_ARG(e->name));
	if (!takes && e->label.n > 0)
		return diag_error(dec->d, e->block->label_at,
			"block \"" STR_FMT "\" does not support specifying labels",
			STR_ARG(e->name));
	return true;
}

/* The memory of the next struct of a repeated block; all of them are allotted with the first. */
static char *next_repeated(struct decoder *dec, const struct target *t, const struct arg *arg)
{
	struct arg_blocks *list = (void *)(t->out + arg->offset);
	size_t total = t->seen[arg - t->table].total;

	if (list->n == 0 || !list->p)
		list->p = arena_alloc(dec->a, arg->size, total);
	must(list->n < total);
	return (char *)unconst(list->p) + arg->size * list->n++;
}

static bool decode_block(struct decoder *dec, const struct target *t, const struct arg *arg,
	const struct evaluated *e)
{
	bool ok = check_label(dec, e, arg);
	char *p;

	if (arg->flags & ARG_REPEATED) {
		p = next_repeated(dec, t, arg);
	} else {
		if (t->seen[arg - t->table].total > 1) {
			diag_error(dec->d, e->block->at,
				"block \"" STR_FMT "\" may only be specified once",
				STR_ARG(e->name));
			return spoil(dec, t, arg->name);
		}
		p = arena_alloc(dec->a, arg->size, 1);
		*(void **)(void *)(t->out + arg->offset) = p;
	}
	default_body(dec->a, arg->block, p);
	if (arg->flags & ARG_LABELED)
		*(struct str *)(void *)p = arena_str(dec->a, e->label);
	return decode_body(dec, e, arg->block, p) && ok;
}

static bool decode_choice(struct decoder *dec, const struct target *t, const struct arg *arg,
	const struct arg_choice_type *type, const struct evaluated *e)
{
	struct arg_choices *list = (void *)(t->out + arg->offset);
	size_t total = t->seen[arg - t->table].total;
	struct arg_choice *c;
	char *p = arena_alloc(dec->a, type->size ? type->size : 1, 1);
	bool ok = check_label(dec, e, NULL);

	if (!list->p)
		list->p = arena_new(dec->a, struct arg_choice, total);
	must(list->n < total);
	c = (struct arg_choice *)unconst(list->p) + list->n++;
	c->type = type;
	c->args = p;
	c->at = e->block->name_at;
	default_body(dec->a, type->args, p);
	return decode_body(dec, e, type->args, p) && ok;
}

/* Returns false. */
static bool report_unrecognized(struct decoder *dec, const struct target *t,
	const struct evaluated_item *it)
{
	struct nearest near;

	diag_error(dec->d, it->stmt->at, "unrecognized %s name \"" STR_FMT "\"",
		it->body ? "block" : "attribute", STR_ARG(it->name));
	nearest_init(&near, it->name);
	for (const struct arg *arg = t->table; arg && arg->type != ARG_END; arg++) {
		if (arg->name && is_block_arg(arg) == !!it->body && arg->type != ARG_CHOICE)
			nearest_try(&near, arg->name);
		for (size_t i = 0; it->body && arg->choices && arg->choices[i]; i++)
			nearest_try(&near, arg->choices[i]->name);
	}
	if (near.best)
		diag_hint(dec->d, "did you mean \"%s\"?", near.best);
	return false;
}

/* Arguments that do nothing here, or nothing yet. False: an error was reported. */
static bool check_support(struct decoder *dec, const struct arg *arg, const struct stmt *s)
{
	const char *what = s->is_block ? "block" : "attribute";

	if (arg->flags & ARG_NOT_YET) {
		diag_error(dec->d, s->is_block ? s->name_at : s->at,
			"%s \"%s\" is not supported yet", what, arg->name);
		diag_hint(dec->d, "Alloy has it; leave it out here");
		return false;
	}
	if (arg->flags & ARG_NO_EFFECT)
		diag_warning(dec->d, s->is_block ? s->name_at : s->at,
			"%s \"%s\" of " STR_FMT "%s" STR_FMT
			" is accepted, but has no effect here",
			what,
			arg->name, STR_ARG(dec->owner->name), dec->owner->label.n ? "." : "",
			STR_ARG(dec->owner->label));
	return true;
}

static bool decode_block_stmt(struct decoder *dec, const struct target *t,
	const struct evaluated_item *it)
{
	const struct arg_choice_type *type = NULL;
	const struct arg *arg = find_choice(t->table, it->name, &type);

	if (arg) {
		t->seen[arg - t->table].count++;
		return decode_choice(dec, t, arg, type, it->body);
	}
	arg = find_arg(t->table, it->name);
	if (!arg)
		return report_unrecognized(dec, t, it);
	if (!is_block_arg(arg)) {
		diag_error(dec->d, it->stmt->at,
			"\"%s\" must be an attribute, but is used as a block", arg->name);
		return spoil(dec, t, arg->name);
	}
	t->seen[arg - t->table].count++;
	if (!check_support(dec, arg, it->stmt))
		return spoil(dec, t, arg->name);
	if (!arg->block) /* nothing is known of what is in it */
		return true;
	return decode_block(dec, t, arg, it->body);
}

static bool decode_value(struct decoder *dec, const struct target *t, const struct arg *arg,
	const struct evaluated_item *it)
{
	struct place at = {it->stmt->value, {0}};

	if (it->is_wrong)
		return spoil(dec, t, arg->name);
	if (it->unknown) {
		if (dec->spoils)
			dec->spoils->is_open |= !is_capsule_arg(arg);
		return true;
	}
	if (arg_value_decode(dec, arg, &it->value, &at, t->out + arg->offset))
		return true;
	return spoil(dec, t, arg->name);
}

static bool decode_attr(struct decoder *dec, const struct target *t,
	const struct evaluated_item *it)
{
	const struct arg_choice_type *type = NULL;
	const struct arg *arg = find_arg(t->table, it->name);

	if ((arg && is_block_arg(arg)) || (!arg && find_choice(t->table, it->name, &type))) {
		diag_error(dec->d, it->stmt->at,
			"\"" STR_FMT "\" must be a block, but is used as an attribute",
			STR_ARG(it->name));
		return spoil(dec, t, arg ? arg->name : type->name);
	}
	if (!arg)
		return report_unrecognized(dec, t, it);
	if (t->seen[arg - t->table].count++ > 0)
		return diag_error(dec->d, it->stmt->at,
			"attribute \"%s\" may only be provided once", arg->name);
	if (!check_support(dec, arg, it->stmt))
		return spoil(dec, t, arg->name);
	return decode_value(dec, t, arg, it);
}

static bool report_missing(struct decoder *dec, const struct target *t)
{
	bool ok = true;

	for (const struct arg *it = t->table; it && it->type != ARG_END; it++) {
		if (!(it->flags & ARG_REQUIRED) || t->seen[it - t->table].count > 0)
			continue;
		diag_error(dec->d, t->e->block->at, "missing required %s \"%s\"",
			is_block_arg(it) ? "block" : "attribute", it->name);
		ok = spoil(dec, t, it->name);
	}
	return ok;
}

static void count_blocks(const struct evaluated *e, const struct arg *table, struct seen *seen)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct arg_choice_type *type = NULL;
		const struct arg *arg;

		if (!e->items[i].body)
			continue;
		arg = find_choice(table, e->items[i].name, &type);
		if (!arg)
			arg = find_arg(table, e->items[i].name);
		if (arg)
			seen[arg - table].total++;
	}
}

static bool decode_body(struct decoder *dec, const struct evaluated *e, const struct arg *table,
	char *out)
{
	struct target t = {.e = e, .table = table, .out = out};
	bool ok = true;
	size_t n = 0;

	for (const struct arg *it = table; it && it->type != ARG_END; it++) {
		if (it->type == ARG_AT)
			*(struct range *)(void *)(out + it->offset) = e->block->at;
		n++;
	}
	t.seen = arena_new(dec->a, struct seen, n + 1);
	count_blocks(e, table, t.seen);
	for (size_t i = 0; i < e->n; i++) {
		const struct evaluated_item *it = &e->items[i];

		ok &= it->body ? decode_block_stmt(dec, &t, it) : decode_attr(dec, &t, it);
	}
	return report_missing(dec, &t) && ok;
}

void args_decode_spoilt(struct arena *a, const struct evaluated *e, const struct arg *table,
	void *out, size_t size, struct spoils *spoils, struct diags *d)
{
	struct decoder dec = {.a = a, .d = d, .terse = e->terse, .owner = e, .spoils = spoils};

	args_default(a, table, out, size);
	decode_body(&dec, e, table, out);
}

bool args_decode(struct arena *a, const struct evaluated *e, const struct arg *table, void *out,
	size_t size, struct diags *d)
{
	struct decoder dec = {.a = a, .d = d, .terse = e->terse, .owner = e};

	args_default(a, table, out, size);
	return decode_body(&dec, e, table, out);
}
