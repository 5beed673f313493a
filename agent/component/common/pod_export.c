#include "agent/component/common/pod_export.h"

#include "agent/base/arena.h"

static struct value target_value(struct arena *a, const struct pod_target *t)
{
	struct field *fields = arena_new(a, struct field, t->n + 1);

	for (size_t i = 0; i < t->n; i++)
		fields[i] = (struct field){t->v[i].name, value_str(t->v[i].value)};
	return value_object(a, fields, t->n);
}

struct value pod_export(struct arena *a, const struct pod_targets *t)
{
	struct value *v = arena_new(a, struct value, t->n + 1);

	for (size_t i = 0; i < t->n; i++)
		v[i] = target_value(a, &t->p[i]);
	return value_array(v, t->n);
}
