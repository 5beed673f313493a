/* Running the tree. Its depth is that of the text, which has a limit, so this recurses. */

#include "agent/flow/ottl/compiled.h"
#include "agent/flow/ottl/private.h"

/* What the compiler of Go would say of a function's arguments is said here at run time. */
bool ottl_arg(struct ottl_run *r, const struct ottl_node *n, size_t i, struct ottl_value *out)
{
	*out = (struct ottl_value){0};
	return !n->args[i] || ottl_eval(r, n->args[i], out);
}

bool ottl_arg_text(struct ottl_run *r, const struct ottl_node *n, size_t i, struct str *out)
{
	struct ottl_value v;

	return ottl_arg(r, n, i, &v) && ottl_to_text(r, &v, out);
}

bool ottl_arg_int(struct ottl_run *r, const struct ottl_node *n, size_t i, int64_t *out)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, i, &v))
		return false;
	*out = v.i;
	return v.type == OTTL_INT ||
	       err_set(r->e, "%s(): want int, got %s", n->fn->name, ottl_type_names[v.type]);
}

static bool eval_list(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	bool is_map = n->kind == OTTL_MAP_OF;
	struct buf b = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < n->n; i += 1 + is_map) {
		struct ottl_value v;
		struct str any;

		ok = ottl_eval(r, n->args[i + is_map], &v) && ottl_to_any(r, &v, &any);
		if (ok && is_map)
			otlp_key_value_put(&b, 1, n->args[i]->literal.s, any);
		else if (ok)
			wire_put_bytes(&b, 1, any);
		if (ok && b.n > OTTL_VALUE_MAX)
			ok = err_set(r->e, "the value has more than %d bytes", OTTL_VALUE_MAX);
	}
	*out = (struct ottl_value){
		.type = is_map ? OTTL_MAP : OTTL_LIST, .s = ottl_take(r->a, &b)};
	return ok;
}

static bool eval_call(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	*out = (struct ottl_value){0};
	if (!n->fn->call(r, n, out))
		return false;
	for (size_t i = 0; i < n->n_keys; i++) {
		struct ottl_value in = *out;
		struct ottl_value key;

		if (!ottl_eval(r, n->keys[i], &key) || !ottl_index(r, &in, &key, out))
			return false;
	}
	return true;
}

bool ottl_eval(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct ottl_value a;
	struct ottl_value b;

	switch (n->kind) {
	case OTTL_LITERAL:
		*out = n->literal;
		return true;
	case OTTL_PATH:
		return ottl_path_get(r, n->path, out);
	case OTTL_LIST_OF:
	case OTTL_MAP_OF:
		return eval_list(r, n, out);
	case OTTL_CALL:
		return eval_call(r, n, out);
	case OTTL_MATH:
		return ottl_eval(r, n->args[0], &a) && ottl_eval(r, n->args[1], &b) &&
		       ottl_math(r, &a, &b, n->op, out);
	case OTTL_COMPARE:
	case OTTL_AND:
	case OTTL_OR:
	case OTTL_NOT:
		break;
	}
	*out = (struct ottl_value){.type = OTTL_BOOL};
	return ottl_holds(r, n, &out->b);
}

/* A path of which one attribute or another field is asked: no map is made of it. */
static bool compare(struct ottl_run *r, const struct ottl_node *n, bool *out)
{
	struct ottl_value a;
	struct ottl_value b;

	if (!ottl_eval(r, n->args[0], &a) || !ottl_eval(r, n->args[1], &b))
		return false;
	*out = ottl_compare(r, &a, &b, n->op);
	return true;
}

bool ottl_holds(struct ottl_run *r, const struct ottl_node *n, bool *out)
{
	struct ottl_value v;

	switch (n->kind) {
	case OTTL_COMPARE:
		return compare(r, n, out);
	case OTTL_AND:
	case OTTL_OR:
		if (!ottl_holds(r, n->args[0], out))
			return false;
		return *out == (n->kind == OTTL_OR) || ottl_holds(r, n->args[1], out);
	case OTTL_NOT:
		if (!ottl_holds(r, n->args[0], out))
			return false;
		*out = !*out;
		return true;
	case OTTL_LITERAL:
	case OTTL_PATH:
	case OTTL_LIST_OF:
	case OTTL_MAP_OF:
	case OTTL_CALL:
	case OTTL_MATH:
		break;
	}
	if (!ottl_eval(r, n, &v))
		return false;
	*out = v.b;
	return v.type == OTTL_BOOL ||
	       err_set(r->e, "a condition wants bool, got %s", ottl_type_names[v.type]);
}

enum ottl_result ottl_run(struct ottl *o, const struct ottl_state *s, struct err *e)
{
	struct ottl_run r = {s, s->place, s->place->scratch, e};
	struct ottl_value none;
	bool holds = true;

	if (o->condition && !ottl_holds(&r, o->condition, &holds))
		return OTTL_FAILED;
	if (!holds)
		return OTTL_FALSE;
	if (!o->editor)
		return OTTL_TRUE;
	return o->editor->fn->call(&r, o->editor, &none) ? OTTL_TRUE : OTTL_FAILED;
}
