/*
 * stage.labels: labels from extracted values, or from structured metadata. A source that is
 * not there, is null or is not UTF-8 leaves the label as it is.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/component/loki.process/sources.h"

#include <stdlib.h>

#define VALUES_MAX 64 /* they are numbered by the bits of a word; Loki takes 15 labels */

struct labels_args {
	struct arg_map values;
	struct str source_type;
};

static const char *const source_types[] = {"extracted", "structured_metadata", NULL};

static const struct arg labels_args[] = {
	ARG(labels_args, values, .type = ARG_MAP, .flags = ARG_REQUIRED,
		.help = "Labels and their sources; an empty source is the label's own name."),
	ARG(labels_args, source_type, .type = ARG_STR, .def = "extracted", .one_of = source_types,
		.help = "Where sources are looked for."),
	ARGS_END,
};

struct labels_stage {
	struct stage base;
	const struct arg_map *values;
	bool from_meta;
	struct label *change; /* room for all values */
	struct memo memo;
};

static bool labels_check(const void *args, struct range at, struct diags *d)
{
	const struct labels_args *a = args;

	if (a->values.n > VALUES_MAX)
		return diag_error(d, at, "at most %d labels can be set by one stage", VALUES_MAX);
	return sources_check(&a->values, at, d);
}

static bool labels_uses_extracted(const void *args)
{
	const struct labels_args *a = args;

	return !str_is(a->source_type, "structured_metadata");
}

static bool labels_init(struct stage *s, const void *args, struct err *e)
{
	const struct labels_args *a = args;
	struct labels_stage *l = container_of(s, struct labels_stage, base);

	(void)e;
	l->values = &a->values;
	l->from_meta = str_is(a->source_type, "structured_metadata");
	l->change = mem_new(struct label, a->values.n + 1);
	return true;
}

static bool find_meta(const struct entry *e, struct str name, struct str *value)
{
	for (size_t i = 0; i < e->n_meta; i++) {
		if (str_eq(e->meta[i].name, name)) {
			*value = e->meta[i].value;
			return true;
		}
	}
	return false;
}

static bool labels_run(struct stage *s, struct work *w)
{
	struct labels_stage *l = container_of(s, struct labels_stage, base);
	uint64_t names = 0; /* which of the values are there: the tag of the change */
	size_t n = 0;

	for (size_t i = 0; i < l->values->n; i++) {
		const struct arg_pair *p = &l->values->p[i];
		struct label *to = &l->change[n];
		bool found = l->from_meta ? find_meta(&w->e, source_of(p), &to->value)
					  : extracted_find(&w->x, source_of(p), &to->value);

		if (!found || !utf8_is_valid(to->value))
			continue;
		to->name = p->name;
		names |= UINT64_C(1) << i;
		n++;
	}
	if (n > 0)
		w->e.labels = memo_change(&l->memo, w->e.labels, names, l->change, n);
	return true;
}

static void labels_fini(struct stage *s)
{
	struct labels_stage *l = container_of(s, struct labels_stage, base);

	memo_clear(&l->memo);
	free(l->change);
}

static const struct stage_ops labels_ops = {
	.size = sizeof(struct labels_stage),
	.uses_extracted = labels_uses_extracted,
	.check = labels_check,
	.init = labels_init,
	.run = labels_run,
	.fini = labels_fini,
};

const struct arg_choice_type stage_labels = {
	.name = "stage.labels",
	.help = "Makes labels of extracted values or of structured metadata.",
	.args = labels_args,
	.size = sizeof(struct labels_args),
	.ops = &labels_ops,
};
