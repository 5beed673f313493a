/* What the converters share. */

#include "agent/flow/ottl/convert.h"

bool ottl_arg_of(struct ottl_run *r, const struct ottl_node *n, size_t i, enum ottl_type type,
	struct ottl_value *out)
{
	if (!ottl_arg(r, n, i, out))
		return false;
	return out->type == type || err_set(r->e, "%s(): want %s, got %s", n->fn->name,
					    ottl_type_names[type], ottl_type_names[out->type]);
}

bool ottl_arg_str(struct ottl_run *r, const struct ottl_node *n, size_t i, struct str *out)
{
	struct ottl_value v;

	if (!ottl_arg_of(r, n, i, OTTL_STR, &v))
		return false;
	*out = v.s;
	return true;
}

bool ottl_give(struct ottl_run *r, struct buf *b, struct ottl_value *out)
{
	bool ok = b->n <= OTTL_VALUE_MAX;

	*out = ottl_str(ottl_take(r->a, b));
	return ok || err_set(r->e, "the text has more than %d bytes", OTTL_VALUE_MAX);
}
