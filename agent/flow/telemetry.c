#include "agent/flow/telemetry.h"

#include "agent/base/must.h"

const char *const signal_names[SIGNAL_KINDS] = {"traces", "logs", "metrics"};
const char *const signal_items[SIGNAL_KINDS] = {"spans", "log_records", "metric_points"};

static bool takes(const struct consumer *c, enum signal_kind kind)
{
	return !c->takes || c->takes(c, kind);
}

enum consumed consumers_push(const struct consumers *to, const struct telemetry *t, uint64_t *done)
{
	bool any = false;
	bool full = false;

	must(to->n <= 64);
	for (size_t i = 0; i < to->n; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (*done & bit) {
			any = true;
			continue;
		}
		switch (to->p[i]->consume(to->p[i], t)) {
		case CONSUMED:
			*done |= bit;
			any = true;
			break;
		case CONSUMER_FULL:
			full = true;
			break;
		case CONSUMER_NONE:
			break;
		}
	}
	if (full)
		return CONSUMER_FULL;
	return any ? CONSUMED : CONSUMER_NONE;
}

bool consumers_take(const struct consumers *to, enum signal_kind kind)
{
	for (size_t i = 0; i < to->n; i++) {
		if (takes(to->p[i], kind))
			return true;
	}
	return false;
}
