/*
 * Walks the tree. Blocks and parentheses recurse no deeper than they were parsed; every node, call
 * and round of a range costs a step, and every byte that is made is counted, so a run ends.
 */
#include "agent/base/must.h"
#include "agent/component/loki.process/template/private.h"
#include "agent/flow/regex.h"

#define KEEP_BYTES 65536 /* of memory between two runs */

enum flow {
	FLOW_ON,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_FAILED,
};

bool run_step(struct run *r, size_t steps)
{
	if (STEPS_MAX - r->steps < steps)
		return false;
	r->steps += steps;
	return true;
}

char *run_bytes(struct run *r, size_t n)
{
	if (n > BYTES_MAX - r->bytes)
		return NULL;
	r->bytes += n;
	return arena_new(r->a, char, n + 1);
}

struct tv *run_items(struct run *r, size_t n)
{
	if (n > BYTES_MAX / sizeof(struct tv) || n * sizeof(struct tv) > BYTES_MAX - r->bytes)
		return NULL;
	r->bytes += n * sizeof(struct tv);
	return arena_new(r->a, struct tv, n + 1);
}

bool run_take(struct run *r, struct buf *b, struct tv *out)
{
	char *to = run_bytes(r, b->n);

	if (to) {
		if (b->n)
			memcpy(to, b->p, b->n);
		*out = tv_str((struct str){to, b->n});
	}
	buf_clear(b);
	return to != NULL;
}

/* Patterns are nearly always constants: the list is short, and is kept. */
struct regex *run_regex(struct run *r, struct str pattern)
{
	struct template *t = r->t;
	struct regex *re;
	struct err e;

	for (size_t i = 0; i < t->n_regexes; i++) {
		if (str_eq(t->regexes[i]->pattern, pattern))
			return t->regexes[i];
	}
	if (!run_step(r, 1000)) /* compiling is dear */
		return NULL;
	re = regex_new(pattern, 0, &e);
	if (!re)
		return NULL;
	if (t->n_regexes == REGEXES_MAX)
		regex_free(t->regexes[--t->n_regexes]);
	t->regexes[t->n_regexes++] = re;
	return re;
}

/* --- values --- */

struct tv *dict_find(const struct tv_dict *d, struct str key)
{
	for (size_t i = 0; i < d->n; i++) {
		if (str_eq(d->p[i].key, key))
			return &d->p[i].value;
	}
	return NULL;
}

static bool data_find(const struct template_data *d, struct str name, struct str *out)
{
	if (d->value.p && str_is(name, "Value"))
		*out = d->value;
	else if (d->entry.p && str_is(name, "Entry"))
		*out = d->entry;
	else
		return extracted_find(d->x, name, out);
	return true;
}

bool tv_field(struct run *r, const struct tv *from, struct str name, struct tv *out)
{
	struct tv *found;
	struct str text;

	*out = (struct tv){0};
	switch (from->kind) {
	case TV_DATA:
		if (data_find(r->data, name, &text))
			*out = tv_str(text);
		return true;
	case TV_DICT:
		found = dict_find(from->dict, name);
		if (found)
			*out = *found;
		return true;
	case TV_NONE: /* "nil data; no entry for key" */
	case TV_BOOL:
	case TV_INT:
	case TV_FLOAT:
	case TV_STR:
	case TV_LIST:
		return false;
	}
	return false;
}

/* --- calls --- */

static bool eval_pipe(struct run *r, const struct pipe *p, const struct tv *dot, struct tv *out);

static bool fits(char type, struct tv *v)
{
	switch (type) {
	case 's':
		return v->kind == TV_STR;
	case 'i':
		return v->kind == TV_INT;
	case 'f':
		if (v->kind == TV_INT)
			*v = tv_float((double)v->i);
		return v->kind == TV_FLOAT;
	case 'b':
		return v->kind == TV_BOOL;
	case 'l':
		return v->kind == TV_LIST;
	case 'd':
		return v->kind == TV_DICT;
	default:
		must(type == 'a');
		return true;
	}
}

/* Are they what the function takes? */
static bool check_args(const struct tpl_func *f, struct tv *args, size_t n)
{
	const char *type = f->types;

	for (size_t i = 0; i < n; i++) {
		if (!*type || !fits(*type, &args[i]))
			return false;
		if (type[1] != '*')
			type++;
	}
	return *type == 0 || type[1] == '*';
}

static bool eval_operand(
	struct run *r, const struct operand *o, const struct tv *dot, struct tv *out)
{
	switch (o->kind) {
	case OPERAND_CONST:
		*out = o->value;
		break;
	case OPERAND_DOT:
		*out = *dot;
		break;
	case OPERAND_VAR:
		*out = r->vars[o->var];
		break;
	case OPERAND_FUNC:
		if (!check_args(o->func, NULL, 0) || !o->func->call(r, NULL, 0, out))
			return false;
		break;
	case OPERAND_PIPE:
		if (!eval_pipe(r, o->pipe, dot, out))
			return false;
		break;
	}
	for (size_t i = 0; i < o->n_fields; i++) {
		struct tv from = *out;

		if (!tv_field(r, &from, o->fields[i], out))
			return false;
	}
	return true;
}

/* and, or: the first that decides. */
static bool eval_logic(struct run *r, const struct command *c, const struct tv *dot,
	const struct tv *last, struct tv *out)
{
	bool stops_at = c->p[0].func == &tpl_or;

	if (c->n == 1 && !last)
		return false;
	for (size_t i = 1; i < c->n; i++) {
		if (!eval_operand(r, &c->p[i], dot, out))
			return false;
		if (tv_is_true(out) == stops_at)
			return true;
	}
	if (last)
		*out = *last;
	return true;
}

static bool eval_call(struct run *r, const struct command *c, const struct tv *dot,
	const struct tv *last, struct tv *out)
{
	const struct tpl_func *f = c->p[0].func;
	size_t n = c->n - 1;
	struct tv *args = run_items(r, n + 1);

	if (!args)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!eval_operand(r, &c->p[i + 1], dot, &args[i]))
			return false;
	}
	if (last)
		args[n++] = *last;
	return check_args(f, args, n) && f->call(r, args, n, out);
}

static bool eval_command(struct run *r, const struct command *c, const struct tv *dot,
	const struct tv *last, struct tv *out)
{
	const struct operand *first = &c->p[0];

	if (!run_step(r, c->n))
		return false;
	if (first->kind == OPERAND_FUNC && (first->func == &tpl_and || first->func == &tpl_or))
		return eval_logic(r, c, dot, last, out);
	if (first->kind == OPERAND_FUNC)
		return eval_call(r, c, dot, last, out);
	return c->n == 1 && !last && eval_operand(r, first, dot, out);
}

/* Without the variables. */
static bool eval_value(struct run *r, const struct pipe *p, const struct tv *dot, struct tv *out)
{
	struct tv last = {0};

	for (const struct command *c = p->first; c; c = c->next) {
		struct tv next = {0};

		if (!eval_command(r, c, dot, c == p->first ? NULL : &last, &next))
			return false;
		last = next;
	}
	*out = last;
	return true;
}

static bool eval_pipe(struct run *r, const struct pipe *p, const struct tv *dot, struct tv *out)
{
	if (!eval_value(r, p, dot, out))
		return false;
	if (p->n_vars > 0)
		r->vars[p->vars[0]] = *out;
	return true;
}

/* --- nodes --- */

static enum flow run_list(struct run *r, const struct node *n, const struct tv *dot);

static enum flow run_item(
	struct run *r, const struct node *n, const struct tv *key, const struct tv *value)
{
	enum flow flow;

	if (!run_step(r, 1))
		return FLOW_FAILED;
	if (n->pipe->n_vars > 0)
		r->vars[n->pipe->vars[n->pipe->n_vars - 1]] = *value;
	if (n->pipe->n_vars > 1)
		r->vars[n->pipe->vars[0]] = *key;
	flow = run_list(r, n->body, value);
	return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

/* The data as a dict: sorted by key, the names over it in their places. */
static bool data_to_dict(struct run *r, struct tv_dict *out)
{
	const struct template_data *d = r->data;
	struct extracted_item it;

	*out = (struct tv_dict){0};
	for (size_t i = 0; extracted_each(d->x, &i, &it);) {
		if (!it.is_null && !dict_set(r, out, it.name, tv_str(it.text)))
			return false;
	}
	return (!d->value.p || dict_set(r, out, STR("Value"), tv_str(d->value))) &&
	       (!d->entry.p || dict_set(r, out, STR("Entry"), tv_str(d->entry)));
}

static enum flow run_dict(struct run *r, const struct node *n, const struct tv_dict *d)
{
	enum flow flow = FLOW_ON;

	for (size_t i = 0; i < d->n && flow == FLOW_ON; i++) {
		struct tv key = tv_str(d->p[i].key);

		flow = run_item(r, n, &key, &d->p[i].value);
	}
	return flow;
}

static enum flow run_numbers(struct run *r, const struct node *n, int64_t count)
{
	enum flow flow = FLOW_ON;

	for (int64_t i = 0; i < count && flow == FLOW_ON; i++) {
		struct tv v = tv_int(i);

		flow = run_item(r, n, &v, &v);
	}
	return flow;
}

static enum flow run_items_of(struct run *r, const struct node *n, const struct tv *v)
{
	enum flow flow = FLOW_ON;
	struct tv_dict all;

	switch (v->kind) {
	case TV_LIST:
		for (size_t i = 0; i < v->list.n && flow == FLOW_ON; i++) {
			struct tv key = tv_int((int64_t)i);

			flow = run_item(r, n, &key, &v->list.p[i]);
		}
		return flow;
	case TV_DICT:
		return run_dict(r, n, v->dict);
	case TV_DATA:
		return data_to_dict(r, &all) ? run_dict(r, n, &all) : FLOW_FAILED;
	case TV_INT:
		return run_numbers(r, n, v->i);
	case TV_NONE:
		return FLOW_ON;
	case TV_BOOL:
	case TV_FLOAT:
	case TV_STR:
		return FLOW_FAILED;
	}
	return FLOW_FAILED;
}

static bool has_items(const struct tv *v)
{
	return v->kind == TV_DATA || tv_is_true(v) || (v->kind == TV_INT && v->i > 0);
}

static enum flow run_range(struct run *r, const struct node *n, const struct tv *dot)
{
	struct tv v = {0};
	enum flow flow;

	if (!eval_value(r, n->pipe, dot, &v))
		return FLOW_FAILED;
	if (!has_items(&v) && v.kind != TV_BOOL && v.kind != TV_FLOAT && v.kind != TV_STR)
		return run_list(r, n->otherwise, dot);
	flow = run_items_of(r, n, &v);
	return flow == FLOW_BREAK ? FLOW_ON : flow;
}

static enum flow run_node(struct run *r, const struct node *n, const struct tv *dot)
{
	struct tv v = {0};

	if (!run_step(r, 1))
		return FLOW_FAILED;
	switch (n->kind) {
	case NODE_TEXT:
		buf_add_str(&r->t->out, n->text);
		return FLOW_ON;
	case NODE_ACTION:
		if (!eval_pipe(r, n->pipe, dot, &v))
			return FLOW_FAILED;
		if (n->pipe->n_vars == 0)
			tv_print(&r->t->out, &v);
		return FLOW_ON;
	case NODE_IF:
	case NODE_WITH:
		if (!eval_pipe(r, n->pipe, dot, &v))
			return FLOW_FAILED;
		if (!tv_is_true(&v))
			return run_list(r, n->otherwise, dot);
		return run_list(r, n->body, n->kind == NODE_WITH ? &v : dot);
	case NODE_RANGE:
		return run_range(r, n, dot);
	case NODE_BREAK:
		return FLOW_BREAK;
	case NODE_CONTINUE:
		return FLOW_CONTINUE;
	}
	return FLOW_FAILED;
}

static enum flow run_list(struct run *r, const struct node *n, const struct tv *dot)
{
	enum flow flow = FLOW_ON;

	for (; n && flow == FLOW_ON; n = n->next) {
		flow = run_node(r, n, dot);
		if (r->t->out.n > BYTES_MAX)
			return FLOW_FAILED;
	}
	return flow;
}

bool template_run(struct template *t, const struct template_data *data,
	struct arena *a, struct str *out)
{
	struct run *r = arena_new(a, struct run, 1);
	struct tv dot = {.kind = TV_DATA};

	*r = (struct run){.t = t, .data = data, .a = a};
	r->vars[0] = dot;
	buf_clear(&t->out);
	if (run_list(r, t->first, &dot) != FLOW_ON)
		return false;
	*out = arena_str(a, buf_str(&t->out));
	for (int i = 0; i < 2; i++) {
		buf_clear(&t->tmp[i]);
		buf_shrink(&t->tmp[i], KEEP_BYTES);
	}
	buf_clear(&t->out);
	buf_shrink(&t->out, KEEP_BYTES);
	return true;
}
