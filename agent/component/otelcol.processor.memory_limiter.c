/*
 * otelcol.processor.memory_limiter: refuses data while the process uses too much memory.
 *
 * The senders are told to come again (503, UNAVAILABLE); nothing is dropped. The agent has one
 * budget for all that waits in it, which holds without this component too; this one is a lower
 * limit for what comes by it, on the memory that the process really has (resident, as the kernel
 * counts it). There is no garbage collection to be forced; free memory is given back instead.
 */

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/graph/context.h"
#include "agent/loop/file.h"
#include "agent/loop/loop.h"

#include <stdlib.h>
#include <unistd.h>

struct limiter_args {
	struct range at;
	int64_t check_interval;
	int64_t limit;
	int64_t spike_limit;
	int64_t limit_percentage;
	int64_t spike_limit_percentage;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

struct limiter {
	struct component base;
	struct otelcol_editor editor;
	const struct limiter_args *args;
	struct timer timer;
	int64_t soft; /* bytes; from here on data is refused */
	int64_t hard;
	bool is_refusing;
	struct metric *used;
	struct metric *refused;
};

static const struct arg limiter_args[] = {
	ARG_PLACE(limiter_args, at),
	ARG(limiter_args, check_interval, .type = ARG_DURATION, .flags = ARG_REQUIRED,
		.help = "How often memory is looked at."),
	ARG(limiter_args, limit, .type = ARG_SIZE, .def = "0MiB",
		.help = "The most memory that the process should have."),
	ARG(limiter_args, spike_limit, .type = ARG_SIZE, .def = "0MiB",
		.help = "So much below the limit data is refused; 0: a fifth of it."),
	ARG(limiter_args, limit_percentage, .type = ARG_INT,
		.help = "The limit as a part of the memory there is (of the cgroup, else the node"
			")."),
	ARG(limiter_args, spike_limit_percentage, .type = ARG_INT,
		.help = "The spike limit likewise; 0: a fifth of the limit."),
	ARG(limiter_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(limiter_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static const struct metric_family used_family = {"invar_memory_limiter_used_bytes", METRIC_GAUGE,
	"Resident memory of the process when it was last looked at.", NULL};
static const struct metric_family refused_family = {"otelcol_processor_refused_requests_total",
	METRIC_COUNTER, "Requests that were refused for want of memory; they may come again.",
	NULL};

/* A file of one number; -1 when there is none ("max", or no such file). */
static int64_t read_number(const char *path)
{
	struct buf text = {0};
	int64_t n = -1;

	if (file_read(path, &text, 64) != 0 || !str_to_int(str_trim(buf_str(&text)), &n))
		n = -1;
	buf_fini(&text);
	return n;
}

static int64_t memory_there_is(void)
{
	int64_t node = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	int64_t cgroup = read_number("/sys/fs/cgroup/memory.max");

	if (cgroup < 0)
		cgroup = read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes");
	return cgroup > 0 && cgroup < node ? cgroup : node;
}

/* The second number of statm is the resident pages. */
static int64_t resident(void)
{
	struct buf text = {0};
	struct str size;
	struct str pages;
	struct str rest;
	int64_t n = 0;

	if (file_read("/proc/self/statm", &text, 256) == 0 &&
		str_cut(buf_str(&text), ' ', &size, &rest) && str_cut(rest, ' ', &pages, &rest))
		str_to_int(pages, &n);
	buf_fini(&text);
	return n * sysconf(_SC_PAGESIZE);
}

static void look(struct limiter *l)
{
	int64_t used = resident();

	if (used > l->soft) {
		mem_trim();
		used = resident();
	}
	metric_set(l->used, (double)used);
	if (used > l->soft && !l->is_refusing)
		log_warn(l->base.id, "Memory usage is above soft limit. Refusing data.",
			KV("cur_mem_mib", used >> 20), KV("soft_limit_mib", l->soft >> 20),
			KV("hint",
				"senders come again; if it lasts, raise the limit or send less"));
	if (used <= l->soft && l->is_refusing)
		log_info(l->base.id, "Memory usage back within limits. Resuming normal operation.",
			KV("cur_mem_mib", used >> 20));
	l->is_refusing = used > l->soft;
}

static void on_timer(struct timer *t)
{
	struct limiter *l = container_of(t, struct limiter, timer);

	look(l);
	if (l->is_refusing)
		timer_set(&l->timer, l->base.loop, l->args->check_interval);
}

/* Memory is looked at when data comes and the last look is check_interval old: without data
 * there is nothing to refuse, and no timer wakes the process. */
static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct limiter *l = container_of(e, struct limiter, editor);

	(void)t;
	if (!timer_is_set(&l->timer)) {
		look(l);
		timer_set(&l->timer, l->base.loop, l->args->check_interval);
	}
	if (l->is_refusing)
		metric_add(l->refused, 1);
	return !l->is_refusing;
}

static void set_limits(struct limiter *l)
{
	const struct limiter_args *a = l->args;
	int64_t there_is = a->limit > 0 ? 0 : memory_there_is();
	int64_t spike;

	l->hard = a->limit > 0 ? a->limit : there_is / 100 * a->limit_percentage;
	spike = a->limit > 0 ? a->spike_limit : there_is / 100 * a->spike_limit_percentage;
	l->soft = l->hard - (spike > 0 ? spike : l->hard / 5);
}

static bool otelcol_processor_memory_limiter_update(
	struct component *c, const void *args, struct err *e)
{
	struct limiter *l = container_of(c, struct limiter, base);

	(void)e;
	l->args = args;
	set_limits(l);
	l->is_refusing = false;
	timer_clear(&l->timer);
	otelcol_editor_set_output(&l->editor, l->args->output);
	return true;
}

static void fini(struct otelcol_editor *e)
{
	struct limiter *l = container_of(e, struct limiter, editor);

	timer_clear(&l->timer);
	metric_free(l->used);
	metric_free(l->refused);
}

static bool otelcol_processor_memory_limiter_start(
	struct component *c, const void *args, struct err *e)
{
	struct limiter *l = container_of(c, struct limiter, base);
	const struct metric_label labels[] = {{"component_id", c->id}, {"component_path", "/"},
		{"processor", "memory_limiter"}, {NULL, NULL}};

	l->timer.fire = on_timer;
	l->used = metric_new(&used_family, labels);
	l->refused = metric_new(&refused_family, labels);
	l->editor.run = run;
	l->editor.fini = fini;
	otelcol_editor_start(&l->editor, c, "memory_limiter");
	return otelcol_processor_memory_limiter_update(c, args, e);
}

static void otelcol_processor_memory_limiter_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct limiter, base)->editor);
}

static bool limiter_check(const void *args, struct diags *d)
{
	const struct limiter_args *a = args;
	bool ok = otelcol_output_check(a->output, d);

	if (a->check_interval <= 0)
		ok = diag_error(d, a->at, "check_interval must be greater than zero");
	if (a->limit > 0 && a->limit_percentage != 0)
		return diag_error(
			d, a->at, "either limit or limit_percentage must be set, but not both");
	if (a->limit > 0 && a->spike_limit >= a->limit)
		return diag_error(d, a->at, "spike_limit must be less than limit");
	if (a->limit > 0)
		return ok;
	if (a->spike_limit > 0)
		return diag_error(d, a->at, "spike_limit wants a limit");
	if (a->limit_percentage <= 0 || a->limit_percentage > 100)
		return diag_error(d, a->at,
			"either limit or limit_percentage must be set to greater than zero, and "
			"limit_percentage to at most 100");
	if (a->spike_limit_percentage < 0 || a->spike_limit_percentage >= a->limit_percentage)
		return diag_error(
			d, a->at, "spike_limit_percentage must be less than limit_percentage");
	return ok;
}

const struct component_type otelcol_processor_memory_limiter = {
	.name = "otelcol.processor.memory_limiter",
	.help = "Refuses telemetry data while the process uses too much memory.",
	.stability = STABILITY_GA,
	.args = limiter_args,
	.size = sizeof(struct limiter),
	.args_size = sizeof(struct limiter_args),
	.exports = otelcol_editor_exports,
	.check = limiter_check,
	.start = otelcol_processor_memory_limiter_start,
	.update = otelcol_processor_memory_limiter_update,
	.stop = otelcol_processor_memory_limiter_stop,
};
