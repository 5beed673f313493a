/*
 * livedebugging: whether the UI may show what flows. Showing it costs nothing while nobody
 * looks, so there is nothing to turn on here.
 */

#include "agent/graph/component.h"

struct livedebugging_args {
	bool enabled;
};

static const struct arg livedebugging_args[] = {
	ARG(livedebugging_args, enabled, .type = ARG_BOOL, .def = "false",
		.help = "Lets the UI show what flows through components."),
	ARGS_END,
};

static bool take(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	(void)e;
	return true;
}

const struct component_type livedebugging = {
	.name = "livedebugging",
	.help = "Lets the UI show what flows through components.",
	.stability = STABILITY_GA,
	.is_config = true,
	.args = livedebugging_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct livedebugging_args),
	.start = take,
	.update = take,
	.stop = component_stopped,
};
