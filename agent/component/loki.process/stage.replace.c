/*
 * stage.replace: what the groups of a regular expression match is replaced by a template, in the
 * line or in an extracted value. An expression without groups replaces nothing, as in Alloy.
 * Named groups become extracted values, as they were replaced.
 */
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/input.h"
#include "agent/component/loki.process/template/template.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

struct replace_args {
	struct str expression;
	struct str source;
	struct str replace;
};

static const struct arg replace_args[] = {
	ARG(replace_args, expression, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "RE2 regular expression; what its groups match is replaced."),
	ARG(replace_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is changed; the line by default."),
	ARG(replace_args, replace, .type = ARG_STR,
		.help = "Go text/template; it has what is replaced as .Value."),
	ARGS_END,
};

struct replace {
	struct stage base;
	struct str source;
	struct regex *regex;
	struct template *template;
	bool is_plain; /* the template has no action: it is the text itself */
	struct str plain;
	struct buf out;
	struct str *firsts; /* what each group of the first match became; p NULL: nothing */
};

static bool replace_check(const void *args, struct range at, struct diags *d)
{
	const struct replace_args *a = args;
	bool ok = regex_arg_check("expression", a->expression, at, d);
	struct template *t;
	struct err e;

	if (a->expression.n == 0)
		ok = diag_error(d, at, "expression is required");
	t = template_new(a->replace, &e);
	template_free(t);
	return t ? ok : diag_error(d, at, "replace: %s", e.text);
}

static bool replace_init(struct stage *s, const void *args, struct err *e)
{
	const struct replace_args *a = args;
	struct replace *p = container_of(s, struct replace, base);

	p->source = a->source;
	p->plain = a->replace;
	p->is_plain = str_find(a->replace, STR("{{")) < 0;
	p->template = template_new(a->replace, e);
	p->regex = p->template ? regex_new(a->expression, 0, e) : NULL;
	if (!p->regex)
		return false;
	p->firsts = mem_new(struct str, p->regex->n_groups);
	return true;
}

static bool replace_uses_extracted(const void *args)
{
	const struct replace_args *a = args;

	return a->source.n > 0 || str_find(a->replace, STR("{{")) >= 0;
}

/* A run over all matches. */
struct job {
	struct work *w;
	struct regex_each each;
	size_t done; /* of the text */
};

static bool make(struct replace *p, struct job *j, struct str value, struct str *out)
{
	struct template_data data = {.x = &j->w->x, .value = value};

	*out = p->plain;
	return p->is_plain || template_run(p->template, &data, j->w->arena, out);
}

/* The groups of one match, but those inside one that was replaced. */
static bool replace_groups(struct replace *p, struct job *j, bool is_first)
{
	for (size_t i = 1; i < p->regex->n_groups; i++) {
		struct str group = p->regex->groups[i];
		struct str text;
		size_t from;

		if (!group.p)
			continue;
		from = (size_t)(group.p - j->each.text.p);
		if (!make(p, j, group, &text))
			return false;
		if (is_first)
			p->firsts[i] = text.p ? text : STR("");
		if (j->done != 0 && from < j->done)
			continue;
		buf_add_str(&p->out, str_head(str_from_at(j->each.text, j->done), from - j->done));
		buf_add_str(&p->out, text);
		j->done = from + group.n;
	}
	return true;
}

static bool replace_run(struct stage *s, struct work *w)
{
	struct replace *p = container_of(s, struct replace, base);
	struct job j = {.w = w};
	struct str text;
	bool any = false;
	bool ok = true;

	if (!input_find(w, p->source, &text))
		return true;
	buf_clear(&p->out);
	memset(p->firsts, 0, p->regex->n_groups * sizeof(*p->firsts));
	regex_each_init(&j.each, p->regex, text);
	for (; ok && regex_each_next(&j.each, p->regex); any = true)
		ok = replace_groups(p, &j, !any);
	if (any && ok) {
		buf_add_str(&p->out, str_from_at(j.each.text, j.done));
		text = arena_str(w->arena, buf_str(&p->out));
		if (p->source.n)
			extracted_set(&w->x, p->source, text);
		else
			w->e.line = text;
		for (size_t i = 1; i < p->regex->n_groups; i++) {
			if (p->regex->names[i].n && p->firsts[i].p)
				extracted_set(&w->x, p->regex->names[i], p->firsts[i]);
		}
	}
	return true;
}

static void replace_fini(struct stage *s)
{
	struct replace *p = container_of(s, struct replace, base);

	free(p->firsts);
	buf_fini(&p->out);
	regex_free(p->regex);
	template_free(p->template);
}

static const struct stage_ops replace_ops = {
	.size = sizeof(struct replace),
	.uses_extracted = replace_uses_extracted,
	.check = replace_check,
	.init = replace_init,
	.run = replace_run,
	.fini = replace_fini,
};

const struct arg_choice_type stage_replace = {
	.name = "stage.replace",
	.help = "Replaces parts of the line.",
	.args = replace_args,
	.size = sizeof(struct replace_args),
	.ops = &replace_ops,
};
