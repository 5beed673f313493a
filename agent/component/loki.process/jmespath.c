/*
 * Most expressions are paths. Those are walked here, in the line's own bytes and a step (a name or
 * an index) at a time; what is more than a path is the tree's, which jmespath_search.c walks.
 */

#include "agent/component/loki.process/jmespath.h"
#include "agent/component/loki.process/jmespath_parser.h"
#include "agent/component/loki.process/json.h"

#define STEPS_MAX 100

/* False: the tree is more than names and indices. */
static bool add_steps(const struct jmes_node *n, struct jmespath *out)
{
	struct jmespath_step *s;

	if (n->kind == JMES_CURRENT)
		return true;
	if (n->kind == JMES_SUB)
		return add_steps(n->left, out) && add_steps(n->right, out);
	if (n->kind == JMES_INDEX && !add_steps(n->left, out))
		return false;
	if ((n->kind != JMES_FIELD && n->kind != JMES_INDEX) || out->n == STEPS_MAX)
		return false;
	s = &out->p[out->n++];
	*s = (struct jmespath_step){n->text, n->slice[0]};
	if (n->kind == JMES_FIELD && !s->key.p)
		s->key = STR("");
	return true;
}

bool jmespath_parse(struct arena *a, struct str text, struct jmespath *out, struct err *e)
{
	struct jmes_parser p = {.s = text, .a = a, .e = e};
	struct jmespath path = {0};

	if (!jmes_next(&p))
		return false;
	path.tree = jmes_expression(&p, 0);
	if (!path.tree)
		return false;
	if (p.token != T_END)
		return jmes_fail(&p, "unexpected part behind the expression");
	if (path.tree->kind == JMES_REF)
		return jmes_fail(&p, "a &reference is an argument only");
	path.p = arena_new(a, struct jmespath_step, STEPS_MAX);
	if (!add_steps(path.tree, &path))
		path.n = 0;
	*out = path;
	return true;
}

/* Of a key that is there twice the last counts, as in Go. */
static bool find_member(struct str object, struct str key, struct arena *a, struct str *out)
{
	struct str raw;
	struct str value;
	bool found = false;

	while (json_next(&object, &raw, &value)) {
		if (str_eq(json_unquote(raw, a), key)) {
			*out = value;
			found = true;
		}
	}
	return found;
}

static bool find_item(struct str array, int64_t index, struct str *out)
{
	struct str rest = array;
	int64_t n = 0;

	if (index < 0) {
		while (json_next(&rest, NULL, out))
			n++;
		index += n;
		rest = array;
	}
	for (; index >= 0 && json_next(&rest, NULL, out); index--) {
		if (index == 0)
			return true;
	}
	return false;
}

bool jmespath_find(const struct jmespath *path, size_t from, struct str value, struct arena *a,
	struct str *out)
{
	for (size_t i = from; i < path->n; i++) {
		const struct jmespath_step *s = &path->p[i];
		enum json_kind kind = json_kind(value);

		if (s->key.p && (kind != JSON_OBJECT || !find_member(value, s->key, a, &value)))
			return false;
		if (!s->key.p && (kind != JSON_ARRAY || !find_item(value, s->index, &value)))
			return false;
	}
	*out = value;
	return true;
}
