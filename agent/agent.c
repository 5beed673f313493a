/*
 * Start, run, end. The HTTP server listens before the first load, so that a probe sees "not
 * ready" rather than nothing. The end has a deadline: sources stop at once, sinks deliver
 * what they hold, and what is not delivered by then is read again from its file next time.
 */

#include "agent/agent.h"

#include "agent/agent_private.h"
#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/cgroup.h"
#include "agent/loop/http_client.h"
#include "agent/options.h"
#include "agent/process_metrics.h"
#include "agent/registry.h"
#include "agent/sandbox.h"
#include "agent/tail/tailer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define BUDGET_LEAST (16 * MIB)
#define BUDGET_WITHOUT_LIMIT (64 * MIB)
#define ONCE_TICK (20 * NS_PER_MS)
#define TIDY (5 * NS_PER_SEC)
#define NAME_MAX_BYTES 256
#define SECOND_SIGNAL 130

/* The one agent. It is never freed when the process ends before everything has stopped. */
static struct agent the_agent;
static char host_name[NAME_MAX_BYTES];
static char positions_path[4096];

static size_t memory_budget(const struct options *o)
{
	int64_t limit = cgroup_memory_limit("/sys/fs/cgroup");

	if (o->memory_budget > 0)
		return (size_t)o->memory_budget;
	if (limit == 0)
		return BUDGET_WITHOUT_LIMIT;
	return (size_t)(limit / 4 > BUDGET_LEAST ? limit / 4 : BUDGET_LEAST);
}

static struct str node_name(void)
{
	static const char *const from[] = {"K8S_NODE_NAME", "HOSTNAME"};

	for (size_t i = 0; i < 2; i++) {
		const char *v = getenv(from[i]);

		if (v && *v)
			return str_from(v);
	}
	if (gethostname(host_name, sizeof(host_name) - 1) == -1)
		return STR("localhost");
	return str_from(host_name);
}

/* Files stay open until they are read to their end: as many as the system allows. */
static void raise_limits(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int make_folders(char *path)
{
	for (char *p = path + 1;; p++) {
		char was = *p;

		if (was != '/' && was != 0)
			continue;
		*p = 0;
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return -1;
		*p = was;
		if (was == 0)
			return access(path, W_OK | X_OK);
	}
}

/* Without the folder a restart would send everything again, so there is no start. When it cannot
 * be written later on, the tailer says so, and delivers all the same. */
static bool prepare_storage(const struct options *o, struct err *e)
{
	char path[3072];
	size_t n = strlen(o->storage_path);

	if (n >= sizeof(path))
		return err_set(e, "--storage.path is too long");
	snprintf(path, sizeof(path), "%s", n ? o->storage_path : ".");
	snprintf(positions_path, sizeof(positions_path), "%s%spositions", path,
		path[strlen(path) - 1] == '/' ? "" : "/");
	if (options_dry_run(o) != DRY_RUN_OFF || make_folders(path) == 0)
		return true;
	return err_set(e,
		"the storage folder %.300s cannot be written: %s; give one that user %u may write "
		"with --storage.path",
		path, strerror(errno), (unsigned)geteuid());
}

static void on_once_changed(struct once *o)
{
	struct agent *a = container_of(o, struct agent, once);

	if (a->state == AGENT_RUNNING)
		timer_set(&a->once_timer, a->ctx.loop, 1);
}

static void init_context(struct agent *a)
{
	const struct options *o = a->options;
	struct agent_context *c = &a->ctx;

	c->loop = loop_new();
	c->notify = notify_new(c->loop);
	c->http = http_client_new(c->loop);
	budget_init(&a->budget, memory_budget(o));
	budget_init(&a->otlp_budget, a->budget.limit);
	budget_pair(&a->budget, &a->otlp_budget);
	budget_show(&a->budget, "logs");
	budget_show(&a->otlp_budget, "otlp");
	c->budget = &a->budget;
	c->otlp_budget = &a->otlp_budget;
	c->storage_path = str_from(o->storage_path);
	c->backlog_limit = (uint64_t)o->backlog_limit;
	c->node_name = node_name();
	c->pod_logs = str_from(o->pod_logs);
	c->pod_annotations = o->pod_annotations;
	c->dry_run = options_dry_run(o);
	c->once = o->once;
	c->work = o->once ? &a->once : NULL;
	c->configure_http = agent_configure_http;
	a->once.changed = on_once_changed;
	c->tailer = tailer_new(&(struct tailer_settings){
		.loop = c->loop,
		.notify = c->notify,
		.budget = c->budget,
		.once = c->work,
		.positions = positions_path,
		.held_limit = (uint64_t)o->held_limit,
		.save = c->dry_run == DRY_RUN_OFF,
	});
	a->graph = graph_new(&(struct graph_settings){
		.agent = c,
		.types = registry_types(),
		.stability = options_stability(o),
		.ignore_unsupported = o->ignore_unsupported,
	});
}

static void on_tidy(struct timer *t)
{
	struct agent *a = container_of(t, struct agent, tidy);

	mem_tidy(process_anonymous);
	timer_set(t, a->ctx.loop, TIDY);
}

static void on_drained(void *owner)
{
	struct agent *a = owner;

	timer_clear(&a->deadline);
	loop_stop(a->ctx.loop);
}

static void on_deadline(struct timer *t)
{
	struct agent *a = container_of(t, struct agent, deadline);

	log_warn(NULL, "the end's deadline has passed; what is not delivered is read again next "
		       "time",
		KV("hint", "--shutdown.deadline makes it longer"));
	if (a->ctx.once)
		a->exit_code = 1;
	tailer_free(a->ctx.tailer); /* saves positions */
	exit(a->exit_code);         /* components still hold what they could not deliver */
}

static void drain(struct agent *a)
{
	if (a->state == AGENT_DRAINING)
		return;
	a->state = AGENT_DRAINING;
	agent_watch_stop(a);
	timer_clear(&a->once_timer);
	timer_clear(&a->tidy);
	a->deadline.fire = on_deadline;
	timer_set(&a->deadline, a->ctx.loop, a->options->shutdown_deadline);
	graph_stop(a->graph, on_drained, a);
}

/* Nobody reads any more and nothing is on its way: done. Nothing moves for as long as the
 * deadline is: it will not be. */
static void on_once_tick(struct timer *t)
{
	struct agent *a = container_of(t, struct agent, once_timer);
	int64_t now = loop_now(a->ctx.loop);
	size_t used = a->budget.used + a->otlp_budget.used;

	if (a->once.busy == 0 && used == 0) {
		drain(a);
		return;
	}
	if (a->once.busy != a->once_busy || used != a->once_used)
		a->once_moved = now;
	a->once_busy = a->once.busy;
	a->once_used = used;
	if (now - a->once_moved < a->options->shutdown_deadline) {
		timer_set(t, a->ctx.loop, ONCE_TICK);
		return;
	}
	log_error(NULL, "--once: nothing has moved for the length of the deadline; giving up",
		KV("bytes_not_delivered", used), KV("sources_busy", a->once.busy),
		KV("hint", "see the messages above; --shutdown.deadline makes it longer"));
	a->exit_code = 1;
	drain(a);
}

static void on_hup(struct signal_watch *w)
{
	struct agent *a = container_of(w, struct agent, hup);
	struct buf answer = {0};

	if (a->state == AGENT_RUNNING)
		agent_reload(a, &answer);
	buf_fini(&answer);
}

static void end(struct agent *a, int number)
{
	if (a->state == AGENT_DRAINING) {
		log_warn(NULL, "a second signal: ending at once");
		_exit(SECOND_SIGNAL);
	}
	log_info(NULL, "ending: sources stop, what is held is delivered",
		KV("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
	drain(a);
}

static void on_interrupt(struct signal_watch *w)
{
	end(container_of(w, struct agent, interrupt), w->number);
}

static void on_terminate(struct signal_watch *w)
{
	end(container_of(w, struct agent, terminate), w->number);
}

static void start_signals(struct agent *a)
{
	signal(SIGPIPE, SIG_IGN);
	a->hup.caught = on_hup;
	a->interrupt.caught = on_interrupt;
	a->terminate.caught = on_terminate;
	signal_start(&a->hup, a->ctx.loop, SIGHUP);
	signal_start(&a->interrupt, a->ctx.loop, SIGINT);
	signal_start(&a->terminate, a->ctx.loop, SIGTERM);
}

static void fini(struct agent *a)
{
	signal_stop(&a->hup);
	signal_stop(&a->interrupt);
	signal_stop(&a->terminate);
	agent_watch_stop(a);
	graph_free(a->graph);
	tailer_free(a->ctx.tailer);
	agent_server_stop(a);
	process_metrics_stop();
	budget_hide(&a->budget);
	budget_hide(&a->otlp_budget);
	http_client_free(a->ctx.http);
	notify_free(a->ctx.notify);
	metric_free(a->build);
	metric_free(a->config_hash);
	metric_free(a->config_good);
	metric_free(a->config_time);
	metric_free(a->config_failures);
	loop_free(a->ctx.loop);
}

static void log_ignored(const struct options *o)
{
	struct buf names = {0};

	for (size_t i = 0; i < o->n_ignored; i++)
		buf_printf(&names, "%s--%s", i ? " " : "", o->ignored[i]);
	if (o->n_ignored > 0)
		log_info(NULL, "flags of Alloy that have no effect here",
			KV("flags", buf_str(&names)));
	buf_fini(&names);
}

static const struct metric_family build_info = {"alloy_build_info", METRIC_GAUGE,
	"A metric with a constant '1' value labeled by version, revision, branch and the rest.",
	NULL};

static void run(struct agent *a)
{
	a->state = AGENT_RUNNING;
	agent_watch_start(a);
	a->tidy.fire = on_tidy;
	timer_set(&a->tidy, a->ctx.loop, TIDY);
	if (a->ctx.once) {
		a->once_moved = loop_now(a->ctx.loop);
		a->once_timer.fire = on_once_tick;
		timer_set(&a->once_timer, a->ctx.loop, ONCE_TICK);
	}
	loop_run(a->ctx.loop);
}

static int failed_start(const struct err *e)
{
	fprintf(stderr, "Error: %s\n", e->text);
	return 1;
}

int agent_run(const struct options *o)
{
	struct agent *a = &the_agent;
	static const struct metric_label build[] = {{"branch", ""}, {"goos", "linux"},
		{"program", "invar"}, {"revision", ""}, {"version", "v" INVAR_VERSION},
		{NULL, NULL}};
	struct err e;

	a->options = o;
	raise_limits();
	sandbox_start(o);
	if (!prepare_storage(o, &e))
		return failed_start(&e);
	init_context(a);
	start_signals(a);
	a->build = metric_new(&build_info, build);
	metric_set(a->build, 1);
	process_metrics_start(loop_wall(a->ctx.loop));
	log_ignored(o);
	if (!agent_server_start(a, &e)) {
		a->exit_code = failed_start(&e);
	} else if (!agent_load_first(a)) {
		a->exit_code = 1;
		if (graph_count(a->graph) > 0) { /* some have started */
			drain(a);
			loop_run(a->ctx.loop);
		}
	} else {
		run(a);
	}
	fini(a);
	return a->exit_code;
}
