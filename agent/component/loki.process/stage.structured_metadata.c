/*
 * stage.structured_metadata: extracted values and labels become structured metadata; a
 * label that was moved is a label no more.
 *
 * The map of extracted values begins as a copy of the labels, so Alloy sends what comes from
 * a label twice. Here a name is there once, and the label's value is the one that stays.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/sources.h"
#include "agent/flow/regex.h"

struct metadata_args {
	struct arg_map values;
	struct str regex;
};

static const struct arg metadata_args[] = {
	ARG(metadata_args, values, .type = ARG_MAP,
		.help = "Names and their sources; an empty source is the name itself."),
	ARG(metadata_args, regex, .type = ARG_STR,
		.help = "RE2 regular expression; what has a name that matches is moved."),
	ARGS_END,
};

struct metadata {
	struct stage base;
	const struct arg_map *values;
	struct regex *regex; /* NULL: none */
	struct memo memo;    /* the set without the labels that are moved */
};

static bool metadata_check(const void *args, struct range at, struct diags *d)
{
	const struct metadata_args *a = args;
	bool ok = sources_check(&a->values, at, d);

	return regex_arg_check("regex", a->regex, at, d) && ok;
}

static bool metadata_init(struct stage *s, const void *args, struct err *e)
{
	const struct metadata_args *a = args;
	struct metadata *m = container_of(s, struct metadata, base);

	m->values = &a->values;
	if (!a->regex.n)
		return true;
	m->regex = regex_new(a->regex, 0, e);
	return m->regex != NULL;
}

static void take_extracted(struct metadata *m, struct work *w)
{
	struct extracted_item it;

	for (size_t i = 0; i < m->values->n; i++) {
		struct str text;

		if (extracted_find(&w->x, source_of(&m->values->p[i]), &text) &&
			utf8_is_valid(text))
			work_set_meta(w, m->values->p[i].name, text);
	}
	for (size_t i = 0; m->regex && extracted_each(&w->x, &i, &it);) {
		if (!it.is_null && utf8_is_valid(it.text) && regex_match(m->regex, it.name))
			work_set_meta(w, it.name, it.text);
	}
}

static bool is_moved(struct metadata *m, struct str label)
{
	for (size_t i = 0; i < m->values->n; i++) {
		if (str_eq(source_of(&m->values->p[i]), label))
			return true;
	}
	return m->regex && regex_match(m->regex, label);
}

/* The set without what is moved; which labels go depends on the set alone. */
static const struct labels *rest_of(struct metadata *m, const struct labels *in)
{
	const struct labels *set = labels_hold(in);

	for (size_t i = 0; i < in->n; i++) {
		const struct labels *next;

		if (!is_moved(m, in->v[i].name))
			continue;
		next = labels_with(set, in->v[i].name, (struct str){0});
		labels_release(set);
		set = next;
	}
	return set;
}

static void take_labels(struct metadata *m, struct work *w)
{
	const struct labels *in = w->e.labels;
	struct memo_slot *slot = memo_slot(&m->memo, in, 0);

	if (!memo_knows(slot, in, 0))
		memo_set(slot, in, 0, rest_of(m, in));
	w->e.labels = slot->out;
	if (slot->out == in)
		return;
	for (size_t i = 0; i < m->values->n; i++) {
		struct str value = labels_find(in, source_of(&m->values->p[i]));

		if (value.p)
			work_set_meta(w, m->values->p[i].name, value);
	}
	for (size_t i = 0; m->regex && i < in->n; i++) {
		if (regex_match(m->regex, in->v[i].name))
			work_set_meta(w, in->v[i].name, in->v[i].value);
	}
}

static bool metadata_run(struct stage *s, struct work *w)
{
	struct metadata *m = container_of(s, struct metadata, base);

	take_extracted(m, w);
	take_labels(m, w);
	return true;
}

static void metadata_fini(struct stage *s)
{
	struct metadata *m = container_of(s, struct metadata, base);

	memo_clear(&m->memo);
	regex_free(m->regex);
}

static const struct stage_ops metadata_ops = {
	.size = sizeof(struct metadata),
	.uses_extracted = stage_always,
	.check = metadata_check,
	.init = metadata_init,
	.run = metadata_run,
	.fini = metadata_fini,
};

const struct arg_choice_type stage_structured_metadata = {
	.name = "stage.structured_metadata",
	.help = "Moves extracted values and labels to structured metadata.",
	.args = metadata_args,
	.size = sizeof(struct metadata_args),
	.ops = &metadata_ops,
};
