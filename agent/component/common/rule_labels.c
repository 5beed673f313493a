#include "agent/component/common/rule_labels.h"

void rule_labels_set(struct rule_labels *r, struct relabel_rules *rules)
{
	struct relabel_rules *before = r->rules;

	r->rules = rules ? relabel_rules_hold(rules) : NULL;
	relabel_rules_release(before);
}

void rule_labels_fini(struct rule_labels *r)
{
	relabel_rules_release(r->rules);
	label_list_fini(&r->list);
	*r = (struct rule_labels){0};
}

const struct labels *rule_labels_make(struct rule_labels *r, const struct label *v, size_t n,
	struct arena *scratch)
{
	struct label_list *l = &r->list;
	size_t kept = 0;

	label_list_init(l, v, n);
	if (r->rules && !relabel_apply(r->rules, l, scratch))
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		if (!str_starts(l->p[i].name, "__"))
			l->p[kept++] = l->p[i];
	l->n = kept;
	return labels_intern(l->p, l->n);
}
