#include "agent/component/common/tail_labels.h"

#include "agent/base/mem.h"
#include "agent/graph/component.h"

#include <stdlib.h>

const struct labels *tail_labels(const struct arg_map *target, const struct label *more, size_t n,
	bool keeps_meta)
{
	struct label *v = mem_new(struct label, target->n + n);
	const struct labels *set;
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		v[count++] = more[i];
	for (size_t i = 0; i < target->n; i++) {
		struct str name = target->p[i].name;

		if (str_is(name, "__pod_tenant__"))
			name = STR("__tenant_id__");
		else if (str_starts(name, "__") && !str_is(name, "__pod_multiline__") &&
			 !(keeps_meta && str_starts(name, "__meta_")))
			continue;
		v[count++] = (struct label){name, target->p[i].value};
	}
	set = labels_intern(v, count); /* the last of a name wins */
	free(v);
	return set;
}

void tail_health_report(struct tail_health *h, const char *what)
{
	if (what) {
		h->troubled++;
		component_set_health(h->component, HEALTH_UNHEALTHY, what);
		return;
	}
	if (h->troubled > 0 && --h->troubled == 0)
		component_set_health(h->component, HEALTH_HEALTHY, "all files can be read");
}
