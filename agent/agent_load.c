/*
 * Loading configurations: the first time, on demand, and when the files change. What is
 * watched is the folder, because editors and the kubelet put a new file in place of the
 * old one (a ConfigMap's files lead through ..data, which is renamed over); what counts
 * as a change is the content.
 */

#include "agent/agent_private.h"
#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/config/diag.h"
#include "agent/options.h"
#include "agent/sandbox.h"
#include "agent/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SETTLE (200 * NS_PER_MS)
#define FOLDER_RETRY (2 * NS_PER_SEC)

static const struct metric_family hash_family = {"alloy_config_hash", METRIC_GAUGE,
	"Hash of the currently active config file.", NULL};
static const struct metric_family good_family = {"alloy_config_last_load_successful", METRIC_GAUGE,
	"Config loaded successfully.", NULL};
static const struct metric_family time_family = {"alloy_config_last_load_success_timestamp_seconds",
	METRIC_GAUGE, "Timestamp of the last successful configuration load.", NULL};
static const struct metric_family failures_family = {"alloy_config_load_failures_total",
	METRIC_COUNTER, "Configuration load failures.", NULL};

static void count_load(struct agent *a, const struct source_set *s, bool ok)
{
	if (!a->config_good) {
		a->config_good = metric_new(&good_family, NULL);
		a->config_time = metric_new(&time_family, NULL);
		a->config_failures = metric_new(&failures_family, NULL);
	}
	metric_set(a->config_good, ok);
	if (!ok) {
		metric_add(a->config_failures, 1);
		return;
	}
	const struct metric_label labels[] = {
		{"cluster_name", ""}, {"sha256", s->sha256}, {NULL, NULL}};

	metric_set(a->config_time, (double)loop_wall(a->ctx.loop) / (double)NS_PER_SEC);
	metric_free(a->config_hash);
	a->config_hash = metric_new(&hash_family, labels);
	metric_set(a->config_hash, 1);
}

static bool is_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v;
}

/* Without a PATH the environment says where to. */
static bool read_sources(const struct agent *a, struct source_set *s, struct diags *d)
{
	bool with_otlp = is_set("OTLP_ENDPOINT") || a->ctx.dry_run != DRY_RUN_OFF;

	*s = (struct source_set){0};
	if (!a->options->path && !is_set("LOKI_URL") && a->ctx.dry_run == DRY_RUN_OFF) {
		diag_error(d, (struct range){0},
			"LOKI_URL is not set, so the built-in configuration "
			"has nowhere to send logs to");
		diag_hint(d, "set it (LOKI_URL=http://loki:3100/loki/api/v1/push), or give a "
			     "PATH, or "
			     "look first with --dry-run");
		return false;
	}
	if (!a->options->path && !with_otlp && a->state == AGENT_STARTING)
		log_info(NULL, "OTLP_ENDPOINT is not set: OTLP is not served",
			KV("hint", "set it, for example to http://tempo:4318"));
	return source_read(s, a->options->path, with_otlp, d);
}

/* A set that was loaded gave its arena to the graph; one that was refused is the caller's, for as
 * long as it shows the diagnostics, which point into it. */
static enum graph_loaded load(struct agent *a, struct source_set *s, struct diags *d)
{
	enum graph_loaded how = GRAPH_REFUSED;

	if (read_sources(a, s, d))
		how = graph_load(a->graph, s->arena, s->config.files, s->config.n, d);
	a->watch.hash = s->hash;
	count_load(a, s, how == GRAPH_LOADED);
	if (how != GRAPH_REFUSED)
		s->arena = NULL;
	return how;
}

/* As log lines, with the component that each is about: what runs is said in the log. */
static void log_warnings(const struct agent *a, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *it = &d->p[i];
		size_t line, column;

		if (it->severity != DIAG_WARNING || !it->at.file)
			continue;
		range_position(it->at, &line, &column);
		if (it->hint.n)
			log_warn(graph_id_at(a->graph, it->at), "the configuration has a warning",
				KV("warning", it->message), KV("file", it->at.file->name),
				KV("line", line), KV("hint", it->hint));
		else
			log_warn(graph_id_at(a->graph, it->at), "the configuration has a warning",
				KV("warning", it->message), KV("file", it->at.file->name),
				KV("line", line));
	}
}

static void log_left_out(const struct agent *a)
{
	size_t n;
	const struct left_out *it = graph_left_out(a->graph, &n);

	for (size_t i = 0; i < n; i++)
		log_info(NULL, "left out", KV("component", it[i].id), KV("why", it[i].why));
}

bool agent_load_first(struct agent *a)
{
	struct source_set s;
	struct arena texts;
	struct diags d;
	enum graph_loaded how;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	how = load(a, &s, &d);
	if (how == GRAPH_LOADED) {
		log_warnings(a, &d);
		log_left_out(a);
		sandbox_enter(a->options, &s.config);
	} else {
		source_print(stderr, &d);
	}
	source_fini(&s);
	diags_fini(&d);
	arena_fini(&texts);
	if (how != GRAPH_LOADED) {
		fprintf(stderr, "\nError: could not perform the initial load successfully\n");
		return false;
	}
	log_info(NULL, "configuration loaded",
		KV("path", a->options->path ? a->options->path : "built-in"),
		KV("components", graph_count(a->graph)));
	return true;
}

/* Alloy's: the first one, and how many more there are. */
static void summarize(struct buf *out, const struct diags *d)
{
	const struct diag *first = NULL;
	size_t line, column;

	for (size_t i = 0; i < d->n && !first; i++)
		if (d->p[i].severity == DIAG_ERROR)
			first = &d->p[i];
	if (!first)
		return;
	if (first->at.file) {
		range_position(first->at, &line, &column);
		buf_printf(out, STR_FMT ":%zu:%zu: ", STR_ARG(first->at.file->name), line, column);
	}
	buf_add_str(out, first->message);
	if (d->errors > 1)
		buf_printf(out, " (and %zu more diagnostics)", d->errors - 1);
}

static bool said(struct buf *answer, enum graph_loaded how)
{
	if (how == GRAPH_LOADED) {
		log_info(NULL, "config reloaded");
		return true;
	}
	log_error(NULL, "failed to reload config", KV("err", buf_str(answer)),
		KV("hint", how == GRAPH_REFUSED
				   ? "the old configuration runs on; \"invar validate PATH\" "
				     "shows all that is wrong"
				   : "the new configuration runs, but for the components that "
				     "failed"));
	return false;
}

bool agent_reload(struct agent *a, struct buf *answer)
{
	enum graph_loaded how;
	struct source_set s;
	struct arena texts;
	struct diags d;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	how = load(a, &s, &d);
	summarize(answer, &d);
	log_warnings(a, &d);
	if (how != GRAPH_REFUSED)
		log_left_out(a);
	if (how != GRAPH_REFUSED)
		sandbox_check(&s.config);
	source_fini(&s);
	diags_fini(&d);
	arena_fini(&texts);
	return said(answer, how);
}

static bool has_changed(const struct agent *a)
{
	struct source_set s;
	struct arena texts;
	struct diags d;
	bool changed;

	arena_init(&texts, 0);
	diags_init(&d, &texts);
	source_read(&s, a->options->path, true, &d);
	changed = s.hash != a->watch.hash;
	source_fini(&s);
	diags_fini(&d);
	arena_fini(&texts);
	return changed;
}

static void on_settled(struct timer *t)
{
	struct agent *a = container_of(t, struct agent, watch.settle);
	struct buf answer = {0};

	if (a->state != AGENT_RUNNING)
		return;
	/* The folder itself was replaced: the new one is watched once it is there. */
	if (!a->watch.watch.dir &&
		notify_start(a->ctx.notify, &a->watch.watch, a->watch.folder) == -1)
		timer_set(t, a->ctx.loop, FOLDER_RETRY);
	if (has_changed(a))
		agent_reload(a, &answer);
	buf_fini(&answer);
}

static bool concerns(const struct agent_watch *w, struct str name)
{
	if (str_starts(name, "..")) /* a ConfigMap's ..data */
		return true;
	return w->name ? str_is(name, w->name) : str_ends(name, ".alloy");
}

static void on_changed(struct notify_watch *n, unsigned events, struct str name, uint32_t cookie)
{
	struct agent *a = container_of(n, struct agent, watch.watch);

	(void)cookie;
	if (events & (NOTIFY_OVERFLOW | NOTIFY_SELF_GONE) || concerns(&a->watch, name))
		timer_set(&a->watch.settle, a->ctx.loop, SETTLE);
}

static char *copy(const char *p, size_t n)
{
	char *to = mem_new(char, n + 1);

	memcpy(to, p, n);
	return to;
}

static void split_path(struct agent_watch *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		w->folder = copy(path, strlen(path));
		return;
	}
	w->name = copy(slash ? slash + 1 : path, strlen(slash ? slash + 1 : path));
	if (!slash)
		w->folder = copy(".", 1);
	else
		w->folder = copy(path, slash == path ? 1 : (size_t)(slash - path));
}

void agent_watch_start(struct agent *a)
{
	struct agent_watch *w = &a->watch;

	if (!a->options->path || a->ctx.once)
		return;
	split_path(w, a->options->path);
	w->watch.changed = on_changed;
	w->settle.fire = on_settled;
	if (notify_start(a->ctx.notify, &w->watch, w->folder) == -1)
		log_warn(NULL, "changes of the configuration will not be seen",
			KV("folder", w->folder), KV("err", strerror(errno)),
			KV("hint", "send SIGHUP, or POST /-/reload"));
}

void agent_watch_stop(struct agent *a)
{
	if (!a->watch.folder)
		return;
	timer_clear(&a->watch.settle);
	notify_stop(&a->watch.watch);
	free(a->watch.folder);
	free(a->watch.name);
	a->watch.folder = a->watch.name = NULL;
}
