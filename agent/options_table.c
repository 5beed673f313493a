/* All flags and commands: the only place that knows them. */

#include "agent/options_private.h"

enum {
	FOR_RUN = 1 << COMMAND_RUN,
	FOR_VALIDATE = 1 << COMMAND_VALIDATE,
	FOR_BOTH = FOR_RUN | FOR_VALIDATE,
	FOR_FMT = 1 << COMMAND_FMT,
	FOR_CONVERT = 1 << COMMAND_CONVERT,
};

static const char *const stability_words[] = {
	"generally-available", "public-preview", "experimental", NULL};
static const char *const dry_run_words[] = {"text", "json", NULL};
static const char *const sandbox_words[] = {"on", "off", NULL};
static const char *const format_words[] = {"alloy", NULL};
static const char *const source_words[] = {"promtail", NULL};

/* clang-format off */
#define AT(field) offsetof(struct options, field)
const struct flag options_flags[] = {
	{"dry-run", FLAG_WORD, FOR_RUN, AT(dry_run), "", dry_run_words,
		"Send nothing and save nothing; print what would be sent, for people or, with "
		"=json, as JSON lines."},
	{"once", FLAG_BOOL, FOR_RUN, AT(once), "false", NULL,
		"Read what is there, deliver it, and exit."},
	{"server.http.listen-addr", FLAG_TEXT, FOR_RUN, AT(listen_addr), "127.0.0.1:12345", NULL,
		"Address of the HTTP server: /-/ready, /-/healthy, /-/reload, /metrics."},
	{"server.http.ui-path-prefix", FLAG_TEXT, FOR_RUN, AT(ui_prefix), "/", NULL,
		"Prefix of the UI's pages."},
	{"storage.path", FLAG_TEXT, FOR_RUN, AT(storage_path), "data-alloy/", NULL,
		"Folder for positions and queues. Put it on a disk that outlives the pod."},
	{"stability.level", FLAG_TEXT, FOR_BOTH, AT(stability), "generally-available",
		stability_words,
		"Lowest stability level of what a configuration may use."},
	{"memory.budget", FLAG_SIZE, FOR_RUN, AT(memory_budget), "", NULL,
		"Memory for data that waits to be delivered (\"64MiB\"). Without it: a quarter of "
		"the "
		"cgroup's limit, at least 16MiB; 64MiB where there is no limit. Logs and OTLP can "
		"have three quarters of it each."},
	{"tail.held-limit", FLAG_LIMIT, FOR_RUN, AT(held_limit), "1GiB", NULL,
		"Unread bytes of deleted logs that are held open, as their disk space is; beyond "
		"it the oldest is given up and counted. 0: no limit."},
	{"storage.backlog-limit", FLAG_LIMIT, FOR_RUN, AT(backlog_limit), "1GiB", NULL,
		"Disk that each loki.write may take for endpoints that fail while others go on; "
		"beyond it all wait. 0: they wait at once."},
	{"pod-logs.path", FLAG_TEXT, FOR_RUN, AT(pod_logs), "/var/log/pods", NULL,
		"Where the kubelet puts the logs of pods."},
	{"kubernetes.pod-annotations", FLAG_BOOL, FOR_RUN, AT(pod_annotations), "false", NULL,
		"Whether annotations of pods may exclude their logs, choose a tenant, and join "
		"lines."},
	{"shutdown.deadline", FLAG_DURATION, FOR_RUN, AT(shutdown_deadline), "10s", NULL,
		"How long to deliver what is held when asked to end."},
	{"feature.component-shutdown-deadline", FLAG_DURATION, FOR_RUN, AT(shutdown_deadline),
		"10s", NULL,
		"Alloy's name for --shutdown.deadline."},
	{"sandbox", FLAG_TEXT, FOR_RUN, AT(sandbox), "on", sandbox_words,
		"Whether the process locks itself in after its start: no new program, no file but "
		"logs, settings and storage."},
	{"sandbox.read", FLAG_PATHS, FOR_RUN, AT(sandbox_read), "", NULL,
		"A path, or several with commas, that may be read besides what the configuration "
		"names. May be given again."},
	{"config.format", FLAG_TEXT, FOR_BOTH, AT(config_format), "alloy", format_words,
		"Format of the configuration; only alloy."},
	{"config.ignore-unsupported", FLAG_BOOL, FOR_BOTH, AT(ignore_unsupported), "false", NULL,
		"Leave out components that only Alloy has, and what is only for them."},
	{"write", FLAG_BOOL, FOR_FMT, AT(write), "false", NULL,
		"Write the file anew instead of printing it (-w)."},
	{"test", FLAG_BOOL, FOR_FMT, AT(test), "false", NULL,
		"Print nothing; exit code 1 if the file is not formatted (-t)."},
	{"source-format", FLAG_TEXT, FOR_CONVERT, AT(source_format), "promtail", source_words,
		"Whose configuration it is (-f)."},
	{"output", FLAG_TEXT, FOR_CONVERT, AT(output), "", NULL,
		"A file to write the result to, instead of printing it (-o)."},
	{"report", FLAG_TEXT, FOR_CONVERT, AT(report), "", NULL,
		"A file for everything there is to say about the conversion (-r)."},
	{"bypass-errors", FLAG_BOOL, FOR_CONVERT, AT(bypass_errors), "false", NULL,
		"Give a result although parts of the configuration had to be left out (-b)."},
	{"extra-args", FLAG_TEXT, FOR_CONVERT, AT(extra_args), "", NULL,
		"The flags that Promtail was started with (-e): -config.expand-env, "
		"-client.external-labels, -positions.file."},
	{"cluster.advertise-address", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.advertise-interfaces", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.discover-peers", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.enable-tls", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.enabled", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.join-addresses", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.max-join-peers", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.name", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.node-name", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.rejoin-interval", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.tls-ca-path", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.tls-cert-path", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.tls-key-path", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.tls-server-name", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.wait-for-size", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"cluster.wait-timeout", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"config.bypass-conversion-errors", FLAG_IGNORED_BOOL, FOR_BOTH, 0, "", NULL, NULL},
	{"config.extra-args", FLAG_IGNORED, FOR_BOTH, 0, "", NULL, NULL},
	{"disable-reporting", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"feature.community-components.enabled", FLAG_IGNORED_BOOL, FOR_BOTH, 0, "", NULL, NULL},
	{"feature.prometheus.direct-fanout.enabled", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"feature.prometheus.metric-validation-scheme", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"server.http.disable-support-bundle", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"server.http.enable-graphql", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"server.http.enable-graphql-playground", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"server.http.enable-pprof", FLAG_IGNORED_BOOL, FOR_RUN, 0, "", NULL, NULL},
	{"server.http.memory-addr", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
	{"windows.priority", FLAG_IGNORED, FOR_RUN, 0, "", NULL, NULL},
};
#undef AT
/* clang-format on */

const size_t options_n_flags = sizeof(options_flags) / sizeof(options_flags[0]);

const struct flag_letter options_letters[] = {
	{'b', "bypass-errors"},
	{'e', "extra-args"},
	{'f', "source-format"},
	{'o', "output"},
	{'r', "report"},
	{'t', "test"},
	{'w', "write"},
};

const size_t options_n_letters = sizeof(options_letters) / sizeof(options_letters[0]);

/* usage NULL: hidden */
const struct command_info options_commands[] = {
	{COMMAND_RUN, "run", "run [FLAGS] [PATH]",
		"run a configuration (a file, or a folder of *.alloy)"},
	{COMMAND_VALIDATE, "validate", "validate [FLAGS] PATH",
		"check a configuration, start nothing"},
	{COMMAND_FMT, "fmt", "fmt [-w|-t] [PATH]", "format a configuration, or standard input"},
	{COMMAND_CONVERT, "convert", "convert [FLAGS] [PATH]",
		"make a configuration of Promtail's"},
	{COMMAND_DEFAULT_CONFIG, "default-config", "default-config",
		"print the configuration that is used without PATH"},
	{COMMAND_VERSION, "version", "version", NULL},
	{COMMAND_HELP, "help", "help [COMMAND|components|NAME]", NULL},
	{COMMAND_DOCS, "docs-cli", NULL, NULL},
	{COMMAND_COMPONENTS, "docs-components", NULL, NULL},
	{COMMAND_MAN, "docs-man", NULL, NULL},
	{COMMAND_BASH, "docs-bash", NULL, NULL},
	{COMMAND_ZSH, "docs-zsh", NULL, NULL},
};

const size_t options_n_commands = sizeof(options_commands) / sizeof(options_commands[0]);

bool options_command(size_t i, struct command_info *out)
{
	if (i >= options_n_commands || !options_commands[i].usage)
		return false;
	*out = options_commands[i];
	return true;
}

bool options_is_ignored(const struct flag *f)
{
	return f->type == FLAG_IGNORED || f->type == FLAG_IGNORED_BOOL;
}

char options_letter_of(const struct flag *f)
{
	for (size_t i = 0; i < options_n_letters; i++)
		if (strcmp(options_letters[i].name, f->name) == 0)
			return options_letters[i].letter;
	return 0;
}

bool options_stands_alone(const struct flag *f)
{
	return f->type == FLAG_BOOL || f->type == FLAG_WORD || f->type == FLAG_IGNORED_BOOL;
}

const char *options_value_of(const struct flag *f)
{
	switch (f->type) {
	case FLAG_BOOL:
	case FLAG_IGNORED_BOOL:
		return NULL;
	case FLAG_SIZE:
	case FLAG_LIMIT:
		return "SIZE";
	case FLAG_PATHS:
		return "PATH";
	case FLAG_TEXT:
	case FLAG_WORD:
	case FLAG_DURATION:
	case FLAG_IGNORED:
		break;
	}
	return "VALUE";
}

bool options_flag(size_t i, struct flag_info *out)
{
	const struct flag *f = &options_flags[i];

	if (i >= options_n_flags)
		return false;
	*out = (struct flag_info){f->name, f->help, f->def, options_value_of(f), f->words,
		options_stands_alone(f), options_letter_of(f), f->commands};
	return true;
}

bool options_has_flags(enum command c)
{
	for (size_t i = 0; i < options_n_flags; i++)
		if (options_flags[i].commands & 1u << c)
			return true;
	return false;
}
