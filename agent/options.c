/*
 * Flags are written as Alloy's are: --name=value or --name value, --name alone for a
 * boolean. The table below is the only place that knows them.
 */

#include "agent/options.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/config/eval.h"

#include <stdio.h>
#include <stdlib.h>

enum flag_type {
	FLAG_BOOL,
	FLAG_TEXT,
	FLAG_WORD, /* FLAG_TEXT that may stand without a value: the first of .words */
	FLAG_DURATION,
	FLAG_SIZE,
	FLAG_LIMIT,        /* FLAG_SIZE, or 0: none */
	FLAG_PATHS,        /* may be given again */
	FLAG_IGNORED,      /* Alloy's, takes a value */
	FLAG_IGNORED_BOOL, /* Alloy's, may stand without one */
};

enum {
	FOR_RUN = 1 << COMMAND_RUN,
	FOR_VALIDATE = 1 << COMMAND_VALIDATE,
	FOR_BOTH = FOR_RUN | FOR_VALIDATE,
	FOR_FMT = 1 << COMMAND_FMT,
	FOR_CONVERT = 1 << COMMAND_CONVERT,
};

struct flag {
	const char *name;
	enum flag_type type;
	unsigned commands;
	size_t offset;
	const char *def;          /* as it is shown; empty: none */
	const char *const *words; /* the values it may have */
	const char *help;
};

static const char *const stability_words[] = {
	"generally-available", "public-preview", "experimental", NULL};
static const char *const dry_run_words[] = {"text", "json", NULL};
static const char *const sandbox_words[] = {"on", "off", NULL};
static const char *const format_words[] = {"alloy", NULL};
static const char *const source_words[] = {"promtail", NULL};

/* clang-format off */
#define AT(field) offsetof(struct options, field)
static const struct flag flags[] = {
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

#define N_FLAGS (sizeof(flags) / sizeof(flags[0]))

/* One letter for a flag, as Alloy has them. */
static const struct {
	char letter;
	const char *name;
} letters[] = {
	{'b', "bypass-errors"},
	{'e', "extra-args"},
	{'f', "source-format"},
	{'o', "output"},
	{'r', "report"},
	{'t', "test"},
	{'w', "write"},
};

/* usage NULL: hidden */
static const struct command_info commands[] = {
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

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

bool options_command(size_t i, struct command_info *out)
{
	if (i >= N_COMMANDS || !commands[i].usage)
		return false;
	*out = commands[i];
	return true;
}

static bool is_ignored(const struct flag *f)
{
	return f->type == FLAG_IGNORED || f->type == FLAG_IGNORED_BOOL;
}

/* Edits from one word to the other; words above 63 bytes are near nothing. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64];
	size_t n = strlen(b);

	if (n >= 64 || strlen(a) >= 64)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0]; /* of the row above */

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];
			size_t best = corner + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = above;
			row[j] = best;
		}
	}
	return row[n];
}

static bool ends_with_part(const char *name, const char *word)
{
	size_t n = strlen(name), w = strlen(word);

	return w > 2 && n > w && name[n - w - 1] == '.' && strcmp(name + n - w, word) == 0;
}

const char *options_nearest(const char *word, const char *const *list)
{
	const char *best = NULL;
	size_t least = strlen(word) / 3 + 1;

	for (; *list; list++) {
		size_t d = ends_with_part(*list, word) ? 1 : distance(word, *list);

		if (d > least || (best && d == least))
			continue;
		best = *list;
		least = d;
	}
	return best;
}

static bool unknown_flag(const char *name, size_t n, struct err *e)
{
	const char *names[N_FLAGS + 2];
	char word[64];
	const char *near;

	for (size_t i = 0; i < N_FLAGS; i++)
		names[i] = flags[i].name;
	names[N_FLAGS] = "help";
	names[N_FLAGS + 1] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)n, name);
	near = options_nearest(word, names);
	if (near)
		return err_set(e, "there is no flag --%s; did you mean --%s?", word, near);
	return err_set(e, "there is no flag --%s; \"invar help run\" lists them", word);
}

static const struct flag *find_flag(const char *name, size_t n)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (strlen(flags[i].name) == n && strncmp(flags[i].name, name, n) == 0)
			return &flags[i];
	return NULL;
}

static bool check_words(const struct flag *f, const char *value, struct err *e)
{
	struct buf all = {0};
	const char *const *w;

	for (w = f->words; w && *w; w++) {
		if (strcmp(*w, value) == 0)
			break;
		buf_printf(&all, "%s%s", all.n ? ", " : "", *w);
	}
	if (w && !*w)
		err_set(e, "--%s is \"%.40s\"; it may be %.*s", f->name, value, (int)all.n, all.p);
	buf_fini(&all);
	return !w || *w;
}

static bool set_bool(const struct flag *f, const char *value, bool *out, struct err *e)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return err_set(e, "--%s is \"%.40s\"; it may be true or false", f->name, value);
	*out = strcmp(value, "true") == 0;
	return true;
}

static bool set_flag(struct options *o, const struct flag *f, const char *value, struct err *e)
{
	void *to = (char *)o + f->offset;

	switch (f->type) {
	case FLAG_BOOL:
		return set_bool(f, value, to, e);
	case FLAG_TEXT:
	case FLAG_WORD:
		*(const char **)to = value;
		return check_words(f, value, e);
	case FLAG_DURATION:
		if (!duration_parse(str_from(value), to) || *(int64_t *)to < 0)
			return err_set(e, "--%s is \"%.40s\"; it wants a duration such as 10s or "
					  "1m30s",
				f->name, value);
		return true;
	case FLAG_LIMIT:
		*(int64_t *)to = 0;
		if (strcmp(value, "0") == 0)
			return true;
		__attribute__((fallthrough));
	case FLAG_SIZE:
		if (!size_parse(str_from(value), to) || *(int64_t *)to < 1 << 20)
			return err_set(e, "--%s is \"%.40s\"; it wants a size of at least 1MiB",
				f->name,
				value);
		return true;
	case FLAG_PATHS:
		if (o->n_sandbox_read == sizeof(o->sandbox_read) / sizeof(o->sandbox_read[0]))
			return err_set(e,
				"--%s is given too often; one may hold several, with commas",
				f->name);
		o->sandbox_read[o->n_sandbox_read++] = value;
		return true;
	case FLAG_IGNORED:
	case FLAG_IGNORED_BOOL:
		if (o->n_ignored < sizeof(o->ignored) / sizeof(o->ignored[0]))
			o->ignored[o->n_ignored++] = f->name;
		return true;
	}
	must(!"a flag's type");
}

static void set_defaults(struct options *o)
{
	*o = (struct options){0};
	for (size_t i = 0; i < N_FLAGS; i++) {
		struct err e;

		if (flags[i].type == FLAG_WORD)
			*(const char **)(void *)((char *)o + flags[i].offset) = "";
		else if (!is_ignored(&flags[i]) && flags[i].def[0])
			must(set_flag(o, &flags[i], flags[i].def, &e));
	}
}

static char letter_of(const struct flag *f)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strcmp(letters[i].name, f->name) == 0)
			return letters[i].letter;
	return 0;
}

static bool stands_alone(const struct flag *f)
{
	return f->type == FLAG_BOOL || f->type == FLAG_WORD || f->type == FLAG_IGNORED_BOOL;
}

/* The long name of "w"; what cannot be one if there is none. */
static const char *of_letter(const char *word, const struct options *o)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		const struct flag *f = find_flag(letters[i].name, strlen(letters[i].name));

		if (word[0] == letters[i].letter && !word[1] && f->commands & 1u << o->command)
			return letters[i].name;
	}
	return "";
}

/* argv[*i] begins with a dash. */
static bool parse_flag(int argc, char *const *argv, int *i, struct options *o, struct err *e)
{
	const char *name = argv[*i][1] == '-' ? argv[*i] + 2 : of_letter(argv[*i] + 1, o);
	size_t n = strcspn(name, "=");
	const struct flag *f = find_flag(name, n);

	if (!f && argv[*i][1] != '-')
		return err_set(e, "there is no flag %.40s; flags begin with two dashes", argv[*i]);
	if (!f)
		return unknown_flag(name, n, e);
	if (!(f->commands & 1u << o->command))
		return err_set(e, "the command does not take --%s", f->name);
	if (name[n] == '=')
		return set_flag(o, f, name + n + 1, e);
	if (stands_alone(f))
		return set_flag(o, f, f->words ? f->words[0] : "true", e);
	if (*i + 1 >= argc)
		return err_set(e, "--%s wants a value: --%s=%s", f->name, f->name,
			f->def[0] ? f->def : "VALUE");
	return set_flag(o, f, argv[++*i], e);
}

static bool takes_path(enum command c)
{
	return c == COMMAND_RUN || c == COMMAND_VALIDATE || c == COMMAND_FMT ||
	       c == COMMAND_CONVERT ||
	       c == COMMAND_COMPONENTS;
}

static bool parse_command(const char *word, struct options *o, struct err *e)
{
	const char *names[N_COMMANDS + 1];
	struct command_info c;
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0) {
			o->command = commands[i].command;
			return true;
		}
	while (options_command(n, &c))
		names[n++] = c.name;
	names[n] = NULL;
	near = options_nearest(word, names);
	if (near)
		return err_set(e, "there is no command \"%.40s\"; did you mean \"%s\"?", word,
			near);
	return err_set(e, "there is no command \"%.40s\"; \"invar help\" "
			  "lists them",
		word);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool parse_word(const char *word, struct options *o, struct err *e)
{
	const char **to = o->command == COMMAND_HELP ? &o->topic : &o->path;

	if (!takes_path(o->command) && o->command != COMMAND_HELP)
		return err_set(e, "\"%.40s\" is one word too many", word);
	if (*to)
		return err_set(e, "\"%.40s\" is one word too many: one PATH is taken, a file or a "
				  "folder of *.alloy files",
			word);
	*to = word;
	return true;
}

bool options_parse(int argc, char *const *argv, struct options *out, struct err *e)
{
	struct options o;
	bool only_words = false;

	set_defaults(&o);
	o.command = COMMAND_HELP;
	if (argc >= 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0)) {
		o.command = COMMAND_VERSION;
	} else if (argc >= 2 && !is_help(argv[1]) && !parse_command(argv[1], &o, e)) {
		return false;
	}
	for (int i = 2; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (!only_words && is_help(argv[i]))
			o.help = true;
		else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			if (!parse_flag(argc, argv, &i, &o, e))
				return false;
		} else if (!parse_word(argv[i], &o, e)) {
			return false;
		}
	}
	*out = o;
	return true;
}

int options_stability(const struct options *o)
{
	if (strcmp(o->stability, "experimental") == 0)
		return STABILITY_EXPERIMENTAL;
	if (strcmp(o->stability, "public-preview") == 0)
		return STABILITY_PUBLIC_PREVIEW;
	return STABILITY_GA;
}

enum dry_run options_dry_run(const struct options *o)
{
	if (strcmp(o->dry_run, "json") == 0)
		return DRY_RUN_JSON;
	return o->dry_run[0] ? DRY_RUN_TEXT : DRY_RUN_OFF;
}

static const char *value_of(const struct flag *f)
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
	const struct flag *f = &flags[i];

	if (i >= N_FLAGS)
		return false;
	*out = (struct flag_info){f->name, f->help, f->def, value_of(f), f->words, stands_alone(f),
		letter_of(f), f->commands};
	return true;
}

bool options_has_flags(enum command c)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (flags[i].commands & 1u << c)
			return true;
	return false;
}

void options_print_commands(struct buf *out, unsigned of)
{
	bool any = false;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!(of & 1u << commands[i].command))
			continue;
		buf_printf(out, "%s%s", any ? ", " : "", commands[i].name);
		any = true;
	}
}

static void print_name(struct buf *out, const struct flag *f)
{
	buf_printf(out, "--%s", f->name);
	if (f->type == FLAG_WORD)
		buf_printf(out, "[=%s]", f->words[1]);
	else if (value_of(f))
		buf_printf(out, "=%s", f->def[0] ? f->def : value_of(f));
}

void options_print_flags(struct buf *out, enum command c)
{
	size_t column = 0;

	for (size_t i = 0; i < N_FLAGS; i++) {
		if (!(flags[i].commands & 1u << c) || is_ignored(&flags[i]))
			continue;
		buf_printf(out, "  ");
		print_name(out, &flags[i]);
		buf_printf(out, "\n      %s\n", flags[i].help);
	}
	if (!(c == COMMAND_RUN || c == COMMAND_VALIDATE))
		return;
	buf_printf(out, "\nAlloy's flags that are taken and have no effect here:\n ");
	for (size_t i = 0; i < N_FLAGS; i++) {
		if (!(flags[i].commands & 1u << c) || !is_ignored(&flags[i]))
			continue;
		if (column + strlen(flags[i].name) > 86) {
			buf_printf(out, "\n ");
			column = 0;
		}
		buf_printf(out, " --%s", flags[i].name);
		column += strlen(flags[i].name) + 3;
	}
	buf_printf(out, "\n");
}

void options_print_markdown(struct buf *out)
{
	buf_printf(out, "| flag | of | default | what it does |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < N_FLAGS; i++) {
		const struct flag *f = &flags[i];

		if (is_ignored(f))
			continue;
		buf_printf(out, "| `--%s", f->name);
		if (f->type == FLAG_WORD)
			buf_printf(out, "[=%s]", f->words[1]);
		buf_printf(out, "` | ");
		options_print_commands(out, f->commands);
		buf_printf(out, " | ");
		if (f->def[0])
			buf_printf(out, "`%s`", f->def);
		buf_printf(out, " | %s |\n", f->help);
	}
	buf_printf(out, "\nFlags of Alloy that are taken and have no effect here, so that its "
			"manifests work unchanged:\n\n");
	for (size_t i = 0; i < N_FLAGS; i++)
		if (is_ignored(&flags[i]))
			buf_printf(out, "- `--%s`\n", flags[i].name);
}
