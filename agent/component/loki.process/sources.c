/* The rule is Prometheus' for names of labels, in structured metadata too, as in Alloy. */
#include "agent/component/loki.process/sources.h"

#include "agent/flow/labels.h"

bool sources_check(const struct arg_map *values, struct range at, struct diags *d)
{
	bool ok = true;

	for (size_t i = 0; i < values->n; i++) {
		if (!label_name_is_valid(values->p[i].name))
			ok = diag_error(d, at, "values: invalid label name: " STR_FMT,
				STR_ARG(values->p[i].name));
	}
	return ok;
}
