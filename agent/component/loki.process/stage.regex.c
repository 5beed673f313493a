/* stage.regex: the named groups of a regular expression become extracted values, and labels. */
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/input.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

#define GROUPS_MAX 64 /* they are numbered by the bits of a word; Loki takes 15 labels */

struct regex_args {
	struct str expression;
	struct str source;
	bool labels_from_groups;
};

static const struct arg regex_args[] = {
	ARG(regex_args, expression, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "RE2 regular expression; each named group is extracted."),
	ARG(regex_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is parsed; the line by default."),
	ARG(regex_args, labels_from_groups, .type = ARG_BOOL,
		.help = "Whether named groups become labels too."),
	ARGS_END,
};

struct regex_stage {
	struct stage base;
	struct regex *regex;
	struct str source;
	bool makes_labels;
	struct label *change; /* room for all groups */
	struct memo memo;
};

static bool regex_check(const void *args, struct range at, struct diags *d)
{
	const struct regex_args *a = args;
	bool ok = input_check(a->source, at, d);
	struct regex *re;
	struct err e;

	if (a->expression.n == 0)
		return diag_error(d, at, "expression is required");
	if (!regex_arg_check("expression", a->expression, at, d))
		return false;
	re = regex_new(a->expression, 0, &e);
	must(re);
	if (a->labels_from_groups && re->n_groups > GROUPS_MAX)
		ok = diag_error(d, at, "labels_from_groups: at most %d groups can become labels",
			GROUPS_MAX - 1);
	if (!regex_has_names(re)) {
		ok = diag_error(d, at, "regex stage: the expression has no named group");
		diag_hint(d, "write (?P<name>...) around what is to be extracted");
	}
	regex_free(re);
	return ok;
}

static bool regex_uses_extracted(const void *args)
{
	const struct regex_args *a = args;

	return a->source.n > 0;
}

static bool regex_init(struct stage *s, const void *args, struct err *e)
{
	const struct regex_args *a = args;
	struct regex_stage *r = container_of(s, struct regex_stage, base);

	r->source = a->source;
	r->makes_labels = a->labels_from_groups;
	r->regex = regex_new(a->expression, 0, e);
	if (!r->regex)
		return false;
	r->change = mem_new(struct label, r->regex->n_groups);
	return true;
}

static void make_labels(struct regex_stage *r, struct work *w)
{
	uint64_t names = 0; /* which groups are taken: the tag of the change */
	size_t n = 0;

	for (size_t i = 1; i < r->regex->n_groups; i++) {
		struct label *to = &r->change[n];

		*to = (struct label){r->regex->names[i], r->regex->groups[i]};
		if (!label_name_is_valid(to->name) || !utf8_is_valid(to->value))
			continue;
		names |= UINT64_C(1) << i;
		n++;
	}
	if (n > 0)
		w->e.labels = memo_change(&r->memo, w->e.labels, names, r->change, n);
}

static bool regex_run(struct stage *s, struct work *w)
{
	struct regex_stage *r = container_of(s, struct regex_stage, base);
	struct str text;

	if (!input_find(w, r->source, &text) || !regex_match(r->regex, text))
		return true;
	if (s->in->process->uses_extracted) {
		for (size_t i = 1; i < r->regex->n_groups; i++) {
			if (r->regex->names[i].n)
				extracted_set(&w->x, r->regex->names[i], r->regex->groups[i]);
		}
	}
	if (r->makes_labels)
		make_labels(r, w);
	return true;
}

static void regex_fini(struct stage *s)
{
	struct regex_stage *r = container_of(s, struct regex_stage, base);

	memo_clear(&r->memo);
	free(r->change);
	regex_free(r->regex);
}

static const struct stage_ops regex_ops = {
	.size = sizeof(struct regex_stage),
	.uses_extracted = regex_uses_extracted,
	.check = regex_check,
	.init = regex_init,
	.run = regex_run,
	.fini = regex_fini,
};

const struct arg_choice_type stage_regex = {
	.name = "stage.regex",
	.help = "Extracts the named groups of a regular expression.",
	.args = regex_args,
	.size = sizeof(struct regex_args),
	.ops = &regex_ops,
};
