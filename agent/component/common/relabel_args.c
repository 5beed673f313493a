#include "agent/component/common/relabel_args.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/regex_arg.h"
#include "agent/flow/expand.h"

#include <stdlib.h>

const struct arg relabel_args[] = {
	ARG_PLACE(relabel_args, at),
	ARG(relabel_args, source_labels, .type = ARG_STRS,
		.help = "Labels whose values are joined and matched."),
	ARG(relabel_args, separator, .type = ARG_STR, .def = RELABEL_SEPARATOR,
		.help = "Stands between the joined values."),
	ARG(relabel_args, regex, .type = ARG_STR, .def = RELABEL_REGEX,
		.help = "Must match the whole of the joined values, or a label's name."),
	ARG(relabel_args, modulus, .type = ARG_UINT, .help = "What hashmod divides by."),
	ARG(relabel_args, target_label, .type = ARG_STR, .help = "Label that gets the result."),
	ARG(relabel_args, replacement, .type = ARG_STR, .def = RELABEL_REPLACEMENT,
		.help = "The result; $1 or ${name} is a group of the regular expression."),
	ARG(relabel_args, action, .type = ARG_STR, .def = "replace",
		.one_of = relabel_action_names, .help = "What is done."),
	ARGS_END,
};

static enum relabel_action action_of(struct str name)
{
	int i = 0;

	while (!str_is(name, relabel_action_names[i]))
		must(++i < RELABEL_ACTIONS);
	return (enum relabel_action)i;
}

static struct relabel_rule rule_of(const struct relabel_args *a)
{
	return (struct relabel_rule){
		.action = action_of(a->action),
		.sources = a->source_labels.p,
		.n_sources = a->source_labels.n,
		.separator = a->separator,
		.regex = a->regex,
		.target = a->target_label,
		.replacement = a->replacement,
		.modulus = a->modulus,
	};
}

/* Alloy says nothing of it; the label is then empty, and a path of it finds no file. */
static void warn_of_slips(const struct relabel_args *a, struct diags *d)
{
	struct str texts[] = {a->replacement, a->target_label};
	const char *names[] = {"replacement", "target_label"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str name;
		size_t digits = 0;

		if (!expand_find_slip(texts[i], &name))
			continue;
		while (name.p[digits] >= '0' && name.p[digits] <= '9')
			digits++;
		diag_warning(d, a->at,
			"$" STR_FMT " in %s is a group of the name \"" STR_FMT
			"\", which there is not: it is empty",
			STR_ARG(name), names[i], STR_ARG(name));
		diag_hint(d, "for the group and a text behind it write ${" STR_FMT "}" STR_FMT,
			STR_ARG(str_head(name, digits)), STR_ARG(str_from_at(name, digits)));
	}
}

bool relabel_args_check(const struct arg_blocks *rules, struct diags *d)
{
	const struct relabel_args *a = rules->p;
	bool ok = true;

	for (size_t i = 0; i < rules->n; i++) {
		struct relabel_rule r = rule_of(&a[i]);
		struct err e;

		if (!regex_arg_check("regex", r.regex, a[i].at, d)) {
			ok = false;
			r.regex = STR(RELABEL_REGEX); /* and the rest of the rule is looked at */
		}
		if (!relabel_rule_check(&r, &e))
			ok = diag_error(d, a[i].at, "%s", e.text);
		warn_of_slips(&a[i], d);
	}
	return ok;
}

bool relabel_args_update(const struct arg_blocks *written, struct relabel_rules **rules,
	struct relabel_rules **old, struct err *e)
{
	const struct relabel_args *a = written->p;
	struct relabel_rule *r = mem_new(struct relabel_rule, written->n + 1);
	struct relabel_rules *made = NULL;
	bool same;

	for (size_t i = 0; i < written->n; i++)
		r[i] = rule_of(&a[i]);
	same = *rules && relabel_rules_are(*rules, r, written->n);
	if (!same)
		made = relabel_rules_new(r, written->n, e);
	free(r);
	if (!made)
		return same;
	relabel_rules_release(*old);
	*old = *rules;
	*rules = made;
	return true;
}
