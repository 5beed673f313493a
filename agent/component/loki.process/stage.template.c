/*
 * stage.template: sets an extracted value by a template. A template that fails leaves it as it
 * was; one that gives nothing takes it out.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/err.h"
#include "agent/component/loki.process/template/template.h"

struct template_args {
	struct str source;
	struct str template;
};

static const struct arg template_args[] = {
	ARG(template_args, source, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of the extracted value that is set; the template has it as .Value."),
	ARG(template_args, template, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Go text/template."),
	ARGS_END,
};

struct template_stage {
	struct stage base;
	struct str source;
	struct template *template;
};

static bool template_check(const void *args, struct range at, struct diags *d)
{
	const struct template_args *a = args;
	struct template *t;
	bool ok = true;
	struct err e;

	if (a->source.n == 0)
		ok = diag_error(d, at, "template source value is required");
	t = template_new(a->template, &e);
	template_free(t);
	return t ? ok : diag_error(d, at, "%s", e.text);
}

static bool template_init(struct stage *s, const void *args, struct err *e)
{
	const struct template_args *a = args;
	struct template_stage *t = container_of(s, struct template_stage, base);

	t->source = a->source;
	t->template = template_new(a->template, e);
	return t->template != NULL;
}

static bool template_stage_run(struct stage *s, struct work *w)
{
	struct template_stage *t = container_of(s, struct template_stage, base);
	struct template_data data = {.x = &w->x, .entry = w->e.line};
	struct str out;

	if (!data.entry.p)
		data.entry = STR("");
	if (extracted_find(&w->x, t->source, &data.value) && !data.value.p)
		data.value = STR("");
	if (!template_run(t->template, &data, w->arena, &out))
		return true;
	if (out.n)
		extracted_set(&w->x, t->source, out);
	else
		extracted_unset(&w->x, t->source);
	return true;
}

static void template_fini(struct stage *s)
{
	template_free(container_of(s, struct template_stage, base)->template);
}

static const struct stage_ops template_ops = {
	.size = sizeof(struct template_stage),
	.uses_extracted = stage_always,
	.check = template_check,
	.init = template_init,
	.run = template_stage_run,
	.fini = template_fini,
};

const struct arg_choice_type stage_template = {
	.name = "stage.template",
	.help = "Sets an extracted value by a template.",
	.args = template_args,
	.size = sizeof(struct template_args),
	.ops = &template_ops,
};
