/* stage.sampling: passes on a part of the entries, chosen at random. */
#include "agent/component/loki.process/stage.h"
#include "agent/base/metric.h"
#include "agent/loop/loop.h"

#define SCALE ((uint64_t)1 << 53)

struct sampling_args {
	double rate;
	struct str drop_counter_reason;
};

static const struct arg sampling_args[] = {
	ARG(sampling_args, rate, .type = ARG_FLOAT, .flags = ARG_REQUIRED,
		.help = "The part that is passed on, from 0 to 1."),
	ARG(sampling_args, drop_counter_reason, .type = ARG_STR, .def = "sampling_stage",
		.help = "The reason under which dropped entries are counted."),
	ARGS_END,
};

struct sampling {
	struct stage base;
	uint64_t below; /* of SCALE */
	struct metric *dropped;
};

static bool sampling_check(const void *args, struct range at, struct diags *d)
{
	const struct sampling_args *a = args;

	if (!(a->rate >= 0 && a->rate <= 1))
		return diag_error(d, at,
			"sampling stage failed to parse rate,Sampling Rate must be "
			"between 0.0 and 1.0, received %f",
			a->rate);
	return true;
}

static bool sampling_init(struct stage *s, const void *args, struct err *e)
{
	const struct sampling_args *a = args;
	struct sampling *p = container_of(s, struct sampling, base);
	struct str reason = a->drop_counter_reason;

	(void)e;
	p->below = (uint64_t)(a->rate * (double)SCALE);
	p->dropped =
		process_drop_counter(s->in->process, reason.n ? reason : STR("sampling_stage"));
	return true;
}

static bool sampling_run(struct stage *s, struct work *w)
{
	struct sampling *p = container_of(s, struct sampling, base);

	(void)w;
	if (loop_random(s->in->process->loop, SCALE) < p->below)
		return true;
	metric_add(p->dropped, 1);
	return false;
}

static const struct stage_ops sampling_ops = {
	.size = sizeof(struct sampling),
	.check = sampling_check,
	.init = sampling_init,
	.run = sampling_run,
};

const struct arg_choice_type stage_sampling = {
	.name = "stage.sampling",
	.help = "Passes on a part of the entries.",
	.args = sampling_args,
	.size = sizeof(struct sampling_args),
	.ops = &sampling_ops,
};
