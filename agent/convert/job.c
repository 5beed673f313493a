/*
 * A job of scrape_configs: a chain of components that have its name. Targets are found,
 * relabelled, their files looked up, read, and the lines go through the stages to all clients;
 * what a job listens to joins the chain at the stages.
 */

#include "agent/convert/private.h"

#define ELSEWHERE "it is not supported; leave this job to an Alloy that does nothing else"
#define BY_FILES \
	"it is not supported; let a program write the targets into files, and read these by " \
	"file_sd_configs"
#define BY_DOCKER \
	"Docker's API is not read; read its files by static_configs, with __path__ " \
	"/var/lib/docker/containers/*/*-json.log and the stage docker"

static const struct key decompression_keys[] = {
	KEY("enabled", KEY_ERROR,
		.say = "compressed files are not read; rotated logs need no decompression here, "
		       "they are read before they are compressed"),
	KEY("initial_delay", KEY_ELSEWHERE),
	KEY("format", KEY_ELSEWHERE),
	KEYS_END,
};

static void see_decompression(struct converter *c, struct yaml_node *n)
{
	convert_keys(c, n, decompression_keys, "decompression");
}

static const struct key job_keys[] = {
	KEY("job_name", KEY_ELSEWHERE),
	KEY("pipeline_stages", KEY_ELSEWHERE),
	KEY("relabel_configs", KEY_ELSEWHERE),
	KEY("static_configs", KEY_ELSEWHERE),
	KEY("file_sd_configs", KEY_ELSEWHERE),
	KEY("kubernetes_sd_configs", KEY_ELSEWHERE),
	KEY("journal", KEY_ELSEWHERE),
	KEY("syslog", KEY_ELSEWHERE),
	KEY("loki_push_api", KEY_ELSEWHERE),
	KEY("encoding", KEY_ELSEWHERE),
	KEY("decompression", KEY_RUN, .run = see_decompression),
	KEY("gcplog", KEY_ERROR, .say = ELSEWHERE),
	KEY("azure_event_hub", KEY_ERROR, .say = ELSEWHERE),
	KEY("azure_event_hubs", KEY_ERROR, .say = ELSEWHERE),
	KEY("kafka", KEY_ERROR, .say = ELSEWHERE),
	KEY("gelf", KEY_ERROR, .say = ELSEWHERE),
	KEY("cloudflare", KEY_ERROR, .say = ELSEWHERE),
	KEY("heroku_drain", KEY_ERROR, .say = ELSEWHERE),
	KEY("windows_events", KEY_ERROR, .say = ELSEWHERE),
	KEY("docker", KEY_ERROR, .say = BY_DOCKER),
	KEY("docker_sd_configs", KEY_ERROR, .say = BY_DOCKER),
	KEY("dockerswarm_sd_configs", KEY_ERROR, .say = BY_DOCKER),
	KEY("consul_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("consulagent_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("azure_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("digitalocean_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("dns_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("ec2_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("gce_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("marathon_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("nerve_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("openstack_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("serverset_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEY("triton_sd_configs", KEY_ERROR, .say = BY_FILES),
	KEYS_END,
};

static struct str label_of(struct converter *c, const struct yaml_node *job)
{
	const struct yaml_node *name = yaml_find(job, "job_name");

	if (yaml_is_null(name) || name->kind != YAML_TEXT || has_variable(c, name->text)) {
		say(c, CONVERT_ERROR, name ? name : job,
			"a job wants a job_name, and the name of a component cannot be a variable");
		return new_label(c, "job", STR("job"));
	}
	return new_label(c, "job", as_identifier(c, str_head(name->text, 200)));
}

/* The node if it is a list that has something. */
static const struct yaml_node *list_of(struct converter *c, const struct yaml_node *job,
	const char *name)
{
	const struct yaml_node *n = yaml_find(job, name);

	if (yaml_is_null(n) || !want_kind(c, n, YAML_LIST, name) || n->n == 0)
		return NULL;
	return n;
}

static void put_relabel(struct converter *c, const struct yaml_node *rules, struct str label,
	struct str targets)
{
	emit_open(c, "discovery.relabel", label);
	emit(c, "targets = ");
	emit(c, STR_FMT "\n", STR_ARG(targets.n ? targets : STR("[]")));
	convert_relabel(c, rules);
	emit_close(c);
}

static void put_match(struct converter *c, struct str label, struct str targets)
{
	emit_open(c, "local.file_match", label);
	emit(c, "path_targets = " STR_FMT "\n", STR_ARG(targets));
	if (c->sync_period.n)
		emit(c, STR_FMT, STR_ARG(c->sync_period));
	emit_close(c);
}

static void put_process(struct converter *c, const struct yaml_node *stages, struct str label)
{
	emit_open(c, "loki.process", label);
	emit(c, "forward_to = [" STR_FMT "]\n", STR_ARG(c->receivers));
	if (stages)
		convert_stages(c, stages);
	convert_limits(c);
	emit_close(c);
}

static void put_source(struct converter *c, const struct yaml_node *job, struct str label,
	struct str receivers)
{
	const struct yaml_node *encoding = yaml_find(job, "encoding");

	emit_open(c, "loki.source.file", label);
	emit(c, "targets = local.file_match." STR_FMT ".targets\n", STR_ARG(label));
	emit(c, "forward_to = [" STR_FMT "]\n", STR_ARG(receivers));
	emit_text(c, "legacy_positions_file", c->positions);
	if (!yaml_is_null(encoding) && want_kind(c, encoding, YAML_TEXT, "encoding"))
		emit_text(c, "encoding", encoding->text);
	emit_close(c);
	c->reads_files = true;
}

void convert_job(struct converter *c, const struct yaml_node *job)
{
	const struct yaml_node *stages, *rules;
	struct str label, targets, receivers, rules_expr = STR("");

	if (!want_kind(c, job, YAML_MAP, "scrape_configs"))
		return;
	label = label_of(c, job);
	convert_keys(c, job, job_keys, "scrape_configs");
	stages = list_of(c, job, "pipeline_stages");
	rules = list_of(c, job, "relabel_configs");
	targets = convert_targets(c, job, label);
	if (!targets.n && !has_listener(job)) {
		say(c, CONVERT_WARNING, job, "this job has nothing to read; it is left out");
		return;
	}
	if (rules) {
		put_relabel(c, rules, label, targets);
		targets = targets.n ? arena_printf(c->a, "discovery.relabel." STR_FMT ".output",
					      STR_ARG(label))
				    : targets;
		rules_expr = arena_printf(c->a, "discovery.relabel." STR_FMT ".rules",
			STR_ARG(label));
	}
	if (targets.n)
		put_match(c, label, targets);
	receivers = c->receivers;
	if (stages || has_limits(c)) {
		put_process(c, stages, label);
		receivers = arena_printf(c->a, "loki.process." STR_FMT ".receiver", STR_ARG(label));
	}
	if (targets.n)
		put_source(c, job, label, receivers);
	convert_listeners(c, job, label, receivers, rules_expr);
}
