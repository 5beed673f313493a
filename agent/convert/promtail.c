/*
 * Promtail's configuration, from its top. The result is what a person would write: only what is
 * written there, in Alloy's names, and what cannot be said is listed instead of guessed.
 */

#include "agent/config/print.h"
#include "agent/config/read.h"
#include "agent/convert/private.h"

#define JOBS_MAX 500

static const struct yaml_limits limits = {.depth = 100, .nodes = 200000};

#define NOT_HERE "it has no counterpart, and nothing is lost without it"
static const struct key server_keys[] = {
	KEY("log_level", KEY_ELSEWHERE),
	KEY("log_format", KEY_ELSEWHERE),
	KEY("http_listen_address", KEY_ELSEWHERE),
	KEY("http_listen_port", KEY_ELSEWHERE),
	KEY("http_tls_config", KEY_ELSEWHERE),
	KEY("register_instrumentation", KEY_ELSEWHERE),
	KEY("health_check_target", KEY_ELSEWHERE),
	KEY("http_path_prefix", KEY_ERROR, .say = "it is not supported; change the probes' paths"),
	KEY("profiling_enabled", KEY_WARNING, .say = "there are no profiles to fetch"),
	KEY("disable", KEY_WARNING, .say = "the HTTP server cannot be turned off"),
	KEY("enable_runtime_reload", KEY_INFO, .say = "it is always on: POST /-/reload"),
	KEY("reload", KEY_INFO, .say = "it is always on: POST /-/reload"),
	KEY("graceful_shutdown_timeout", KEY_INFO, .say = "the flag is --shutdown.deadline"),
	KEY("http_listen_conn_limit", KEY_INFO, .say = NOT_HERE),
	KEY("http_server_read_timeout", KEY_INFO, .say = NOT_HERE),
	KEY("http_server_write_timeout", KEY_INFO, .say = NOT_HERE),
	KEY("http_server_idle_timeout", KEY_INFO, .say = NOT_HERE),
	{.kind = KEY_MORE, .keys = server_none_keys},
	KEYS_END,
};

static const struct key logging_keys[] = {
	KEY("log_level", KEY_LOWER, .attr = "level"),
	KEY("log_format", KEY_LOWER, .attr = "format"),
};

static void put_logging(struct converter *c, const struct yaml_node *server)
{
	if (yaml_is_null(yaml_find(server, "log_level")) &&
		yaml_is_null(yaml_find(server, "log_format")))
		return;
	emit_open(c, "logging", STR(""));
	for (size_t i = 0; i < 2; i++)
		convert_key(c, server, &logging_keys[i], "server");
	emit_close(c);
}

static void put_tls(struct converter *c, const struct yaml_node *server)
{
	static const struct key tls = KEY("http_tls_config", KEY_BLOCK, .attr = "tls",
		.keys = server_tls_keys);

	if (yaml_is_null(yaml_find(server, "http_tls_config")))
		return;
	emit_open(c, "http", STR(""));
	convert_key(c, server, &tls, "server");
	emit_close(c);
}

static struct str text_of(const struct yaml_node *n, struct str without)
{
	return !n || yaml_is_null(n) ? without : str_head(n->text, 200);
}

/* Without them Promtail listens at port 80 of all addresses; then nobody relies on it. */
static void see_address(struct converter *c, const struct yaml_node *server)
{
	const struct yaml_node *host = yaml_find(server, "http_listen_address");
	const struct yaml_node *port = yaml_find(server, "http_listen_port");

	if (yaml_is_null(host) && yaml_is_null(port))
		return;
	say(c, CONVERT_WARNING, port ? port : host,
		"the address of the HTTP server is a flag here: --server.http.listen-addr=" STR_FMT
		":" STR_FMT,
		STR_ARG(text_of(host, STR("0.0.0.0"))), STR_ARG(text_of(port, STR("80"))));
}

static void put_server(struct converter *c, struct yaml_node *n)
{
	const struct yaml_node *check = yaml_find(n, "health_check_target");

	convert_keys(c, n, server_keys, "server");
	put_logging(c, n);
	put_tls(c, n);
	see_address(c, n);
	if (check && !is_on(n, "health_check_target", true))
		say(c, CONVERT_WARNING, check,
			"health_check_target: a job without targets never makes the agent unready");
}

static const struct key position_keys[] = {
	KEY("filename", KEY_ELSEWHERE),
	KEY("sync_period", KEY_INFO, .say = "positions are written as soon as Loki has answered"),
	KEY("ignore_invalid_yaml", KEY_INFO, .say = "a broken file is set aside, never an error"),
	KEYS_END,
};

static void see_positions(struct converter *c, struct yaml_node *n)
{
	const struct yaml_node *file = yaml_find(n, "filename");

	convert_keys(c, n, position_keys, "positions");
	if (!yaml_is_null(file) && want_kind(c, file, YAML_TEXT, "filename") &&
		!c->flags->positions.n)
		c->positions = file->text;
}

static const struct key limit_keys[] = {
	KEY("readline_rate_enabled", KEY_ELSEWHERE),
	KEY("readline_rate", KEY_ELSEWHERE),
	KEY("readline_burst", KEY_ELSEWHERE),
	KEY("readline_rate_drop", KEY_ELSEWHERE),
	KEY("max_streams", KEY_ELSEWHERE),
	KEY("max_line_size", KEY_ELSEWHERE),
	KEY("max_line_size_truncate", KEY_ELSEWHERE),
	KEYS_END,
};

static void see_limits(struct converter *c, struct yaml_node *n)
{
	const struct yaml_node *size = yaml_find(n, "max_line_size");
	int64_t bytes;

	convert_keys(c, n, limit_keys, "limits_config");
	if (n->kind != YAML_MAP)
		return;
	c->limits = n;
	if (is_on(n, "readline_rate_enabled", false))
		say(c, CONVERT_WARNING, n,
			"limits_config: the rate is a stage.limit in each loki.process; Promtail "
			"has one for all jobs together, here each has its own");
	if (!yaml_is_null(size) && !node_bytes(size, &bytes))
		say(c, CONVERT_ERROR, size, "max_line_size wants a number of bytes");
}

static const struct key target_keys[] = {
	KEY("sync_period", KEY_ELSEWHERE),
	KEY("stdin", KEY_ERROR, .say = "standard input is not read"),
	KEYS_END,
};

/* The attribute is made once, and put into each local.file_match. */
static void see_targets(struct converter *c, struct yaml_node *n)
{
	static const struct key period = KEY("sync_period", KEY_DURATION);
	size_t before = c->out.n;

	convert_keys(c, n, target_keys, "target_config");
	convert_key(c, n, &period, "target_config");
	c->sync_period = arena_str(c->a, str_from_at(buf_str(&c->out), before));
	c->out.n = before;
}

static void see_tracing(struct converter *c, struct yaml_node *n)
{
	if (is_on(n, "enabled", false))
		say(c, CONVERT_WARNING, n,
			"tracing: Promtail has it from the environment; the block tracing is its "
			"counterpart here");
}

static const struct key watch_keys[] = {
	KEY("min_poll_frequency", KEY_INFO, .say = "files are watched, not polled"),
	KEY("max_poll_frequency", KEY_INFO, .say = "files are watched, not polled"),
	KEYS_END,
};

static const struct key global_keys[] = {
	KEY("file_watch_config", KEY_BLOCK, .keys = watch_keys),
	KEYS_END,
};

static void see_global(struct converter *c, struct yaml_node *n)
{
	size_t before = c->out.n;

	convert_keys(c, n, global_keys, "global");
	c->out.n = before; /* nothing of it has a counterpart */
}

static void see_wal(struct converter *c, struct yaml_node *n)
{
	if (is_on(n, "enabled", false))
		say(c, CONVERT_WARNING, n,
			"wal: there is none, and none is needed: a position moves when Loki has "
			"answered, so what was not delivered is read again");
}

static const struct key root_keys[] = {
	KEY("server", KEY_RUN, .run = put_server),
	KEY("positions", KEY_RUN, .run = see_positions),
	KEY("limits_config", KEY_RUN, .run = see_limits),
	KEY("target_config", KEY_RUN, .run = see_targets),
	KEY("tracing", KEY_RUN, .run = see_tracing),
	KEY("global", KEY_RUN, .run = see_global),
	KEY("wal", KEY_RUN, .run = see_wal),
	KEY("options", KEY_INFO, .say = "lag is in the metrics, for every file"),
	KEY("clients", KEY_ELSEWHERE),
	KEY("client", KEY_ELSEWHERE),
	KEY("scrape_configs", KEY_ELSEWHERE),
	KEYS_END,
};

static void convert_jobs(struct converter *c, const struct yaml_node *root)
{
	const struct yaml_node *list = yaml_find(root, "scrape_configs");

	if (yaml_is_null(list)) {
		say(c, CONVERT_WARNING, root, "there are no scrape_configs: nothing would be read");
		return;
	}
	if (!want_kind(c, list, YAML_LIST, "scrape_configs"))
		return;
	if (list->n > JOBS_MAX)
		say(c, CONVERT_ERROR, list, "only the first %d jobs are converted", JOBS_MAX);
	for (size_t i = 0; i < list->n && i < JOBS_MAX; i++)
		convert_job(c, list->items[i]);
}

static void say_what_to_do(struct converter *c, const struct yaml_node *root)
{
	const struct yaml_node *server = yaml_find(root, "server");

	if (c->reads_files)
		say(c, CONVERT_WARNING, yaml_find(root, "positions"),
			"positions: where Promtail stopped is read from " STR_FMT
			" at the first start; mount it",
			STR_ARG(str_head(c->positions, 1000)));
	if (!server || is_on(server, "register_instrumentation", true))
		say(c, CONVERT_WARNING, server,
			"metrics have Alloy's names here (loki_write_…); change alerts and "
			"dashboards that have Promtail's (promtail_…)");
}

static void convert_root(struct converter *c, const struct yaml_node *root)
{
	struct buf head, writers;

	convert_keys(c, root, root_keys, "the configuration");
	if (root->kind != YAML_MAP)
		return;
	/* What jobs send to is known first and written last. */
	head = c->out;
	c->out = (struct buf){0};
	convert_clients(c, root);
	writers = c->out;
	c->out = head;
	convert_jobs(c, root);
	if (writers.n && !is_full(c))
		buf_add_str(&c->out, buf_str(&writers));
	buf_fini(&writers);
	say_what_to_do(c, root);
}

/* The formatter parses what was written, so that it is at least the language. */
static void print_result(struct converter *c)
{
	struct source src = {STR("converted"), buf_str(&c->out)};
	struct diags d;

	diags_init(&d, c->a);
	if (is_full(c))
		say(c, CONVERT_CRITICAL, NULL, "the result is too long");
	else if (!source_check(&src, &d) || !source_format(&src, &c->to->text, &d))
		say(c, CONVERT_CRITICAL, NULL, "the result cannot be read: " STR_FMT,
			STR_ARG(d.n ? d.p[0].message : STR("")));
	diags_fini(&d);
	if (conversion_level(c->to) == CONVERT_CRITICAL)
		buf_clear(&c->to->text);
}

static void convert_text(struct converter *c, struct str yaml, struct str plain)
{
	struct yaml_node *root;
	struct err e;

	if (!yaml_read(c->a, yaml, &limits, &root, &e)) {
		say(c, CONVERT_CRITICAL, NULL, "failed to parse Promtail config: %s", e.text);
		return;
	}
	if (yaml_is_null(root)) {
		say(c, CONVERT_CRITICAL, NULL, "the configuration is empty");
		return;
	}
	env_suspect(c, plain);
	convert_root(c, root);
	print_result(c);
}

void convert_promtail(struct arena *a, struct str yaml, const struct convert_flags *flags,
	struct conversion *out)
{
	struct converter c = {.a = a, .flags = flags, .to = out};
	struct buf marked = {0};

	c.positions = flags->positions.n ? flags->positions : STR("/var/log/positions.yaml");
	if (yaml.n > CONVERT_INPUT_MAX)
		say(&c, CONVERT_CRITICAL, NULL, "the configuration is longer than 4 MiB");
	else if (!flags->expand_env)
		convert_text(&c, yaml, yaml);
	else if (env_mark(&c, yaml, &marked))
		convert_text(&c, buf_str(&marked), STR(""));
	conversion_sort(out);
	buf_fini(&marked);
	buf_fini(&c.out);
	map_fini(&c.used);
	map_fini(&c.said);
}
