/* stage.output: the line becomes an extracted value. */
#include "agent/component/loki.process/stage.h"

struct output_args {
	struct str source;
};

static const struct arg output_args[] = {
	ARG(output_args, source, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of the extracted value."),
	ARGS_END,
};

struct output {
	struct stage base;
	struct str source;
};

static bool output_check(const void *args, struct range at, struct diags *d)
{
	const struct output_args *a = args;

	if (a->source.n == 0)
		return diag_error(d, at, "output source value is required if output is specified");
	return true;
}

static bool output_init(struct stage *s, const void *args, struct err *e)
{
	const struct output_args *a = args;

	(void)e;
	container_of(s, struct output, base)->source = a->source;
	return true;
}

static bool output_run(struct stage *s, struct work *w)
{
	extracted_find(&w->x, container_of(s, struct output, base)->source, &w->e.line);
	return true;
}

static const struct stage_ops output_ops = {
	.size = sizeof(struct output),
	.uses_extracted = stage_always,
	.check = output_check,
	.init = output_init,
	.run = output_run,
};

const struct arg_choice_type stage_output = {
	.name = "stage.output",
	.help = "Makes an extracted value the line.",
	.args = output_args,
	.size = sizeof(struct output_args),
	.ops = &output_ops,
};
