/*
 * Commands and what they say. Help teaches: it begins with what a person does first, and
 * each error says what to do next.
 */

#include "agent/cli.h"

#include "agent/agent.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/nearest.h"
#include "agent/options.h"
#include "agent/registry.h"
#include "agent/source.h"

#include <stdio.h>
#include <unistd.h>

static const char run_help[] =
	"invar run [FLAGS] [PATH]\n"
	"\n"
	"Runs the configuration in PATH (a file, or a folder of *.alloy files that form one),\n"
	"or the built-in one (\"invar default-config\" prints it). It is loaded again when it\n"
	"changes, on SIGHUP, and on GET or POST /-/reload; a broken new one leaves the old one\n"
	"running. SIGINT and SIGTERM end it: sources stop, what is held is delivered, positions\n"
	"are saved. A second one ends it at once.\n"
	"\n"
	"  invar run /etc/alloy/config.alloy --storage.path=/var/lib/alloy\n"
	"  invar run --dry-run=json --once config.alloy | jq .line\n"
	"  LOKI_URL=http://localhost:3100/loki/api/v1/push invar run\n"
	"\n"
	"Flags (also as --name VALUE):\n";

static const char validate_help[] =
	"invar validate [FLAGS] PATH\n"
	"\n"
	"Checks the configuration as `run` would, without starting anything: every block,\n"
	"attribute, type and reference. Exit code 0: it is right; 1: it is not, and stderr\n"
	"says where.\n"
	"\n"
	"Flags:\n";

static const char fmt_help[] =
	"invar fmt [FLAGS] [PATH]\n"
	"\n"
	"Prints the configuration in PATH, or standard input, in the one form that all of them\n"
	"should have: the same as Alloy's. Comments stay, and nothing changes its meaning.\n"
	"\n"
	"  invar fmt -w config.alloy\n"
	"  invar fmt -t config.alloy || echo 'run invar fmt -w'\n"
	"\n"
	"Flags:\n";

static const char convert_help[] =
	"invar convert [FLAGS] [PATH]\n"
	"\n"
	"Makes a configuration of Promtail's (PATH, or standard input) and prints it, with the\n"
	"names that `alloy convert` gives. What one should know is said on stderr, by levels:\n"
	"Info (with --report only), Warning, Error (a part is left out; there is a result with\n"
	"--bypass-errors only), Critical. Exit code 0: there is a result, and it is right.\n"
	"\n"
	"  invar convert --source-format=promtail promtail.yaml -o config.alloy\n"
	"  invar convert -e '-config.expand-env=true' promtail.yaml | less\n"
	"\n"
	"Flags:\n";

static void print(struct buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
	fflush(stdout);
	buf_fini(b);
}

static int usage_error(const struct err *e)
{
	fprintf(stderr, "invar: %s\n", e->text);
	return 2;
}

static void help_components(struct buf *b)
{
	buf_printf(b, "Blocks of a configuration (\"invar help NAME\" shows what one takes):\n\n");
	for (const struct component_type *const *t = registry; *t; t++)
		buf_printf(b, "  %-34s %s\n", (*t)->name, (*t)->help);
}

const char *cli_type_word(enum arg_type type)
{
	switch (type) {
	case ARG_BOOL:
		return "bool";
	case ARG_INT:
	case ARG_UINT:
	case ARG_FLOAT:
		return "number";
	case ARG_DURATION:
		return "duration";
	case ARG_SIZE:
		return "size";
	case ARG_STR:
		return "string";
	case ARG_SECRET:
		return "secret";
	case ARG_STRS:
		return "list(string)";
	case ARG_MAP:
		return "map(string)";
	case ARG_MAP_STRS:
		return "map(list(secret))";
	case ARG_TARGETS:
		return "list(map(string))";
	case ARG_CAPSULE:
		return "capsule";
	case ARG_CAPSULES:
		return "list(capsule)";
	case ARG_ANY:
		return "any";
	case ARG_BLOCK:
	case ARG_CHOICE:
	case ARG_AT:
	case ARG_END:
		break;
	}
	return "block";
}

static void help_args(struct buf *b, const struct arg *args, int depth);

static void help_choices(struct buf *b, const struct arg *a, int depth)
{
	for (size_t i = 0; a->choices[i]; i++) {
		buf_printf(b, "%*s%s { … }  %s\n", depth, "", a->choices[i]->name,
			a->choices[i]->help ? a->choices[i]->help : "");
		if (depth < 8) /* some hold themselves: stage.match */
			help_args(b, a->choices[i]->args, depth + 4);
	}
}

static void help_args(struct buf *b, const struct arg *args, int depth)
{
	for (const struct arg *a = args; a && a->type != ARG_END; a++) {
		if (a->type == ARG_AT)
			continue;
		if (a->type == ARG_CHOICE) {
			help_choices(b, a, depth);
			continue;
		}
		buf_printf(b, "%*s%s", depth, "", a->name);
		if (a->type == ARG_BLOCK)
			buf_printf(b, "%s { … }", a->flags & ARG_LABELED ? " \"LABEL\"" : "");
		else
			buf_printf(b, " = %s", cli_type_word(a->type));
		if (a->def)
			buf_printf(b, " (default %s)", a->def);
		buf_printf(b, "%s%s%s\n", a->flags & ARG_REQUIRED ? " (required)" : "",
			a->flags & ARG_NO_EFFECT ? " (no effect here)" : "",
			a->flags & ARG_NOT_YET ? " (not supported yet)" : "");
		if (a->help)
			buf_printf(b, "%*s%s\n", depth + 6, "", a->help);
		if (a->type == ARG_BLOCK && depth < 24)
			help_args(b, a->block, depth + 4);
	}
}

static bool help_component(struct buf *b, const char *name)
{
	for (const struct component_type *const *t = registry; *t; t++) {
		if (strcmp((*t)->name, name) != 0)
			continue;
		buf_printf(b, "%s%s { … }\n  %s\n\n", name, (*t)->is_config ? "" : " \"LABEL\"",
			(*t)->help);
		help_args(b, (*t)->args, 2);
		for (const struct export_field *f = (*t)->exports; f && f->name; f++)
			buf_printf(b, "%s  %s.LABEL.%s  %s\n",
				f == (*t)->exports ? "\nExports:\n" : "", name, f->name,
				f->help ? f->help : "");
		return true;
	}
	return false;
}

static int unknown_topic(const char *topic)
{
	struct nearest near;

	nearest_init(&near, str_from(topic));
	for (const struct component_type *const *t = registry; *t; t++)
		nearest_try(&near, (*t)->name);
	fprintf(stderr, "invar: there is no help on \"%s\"%s%s%s; \"invar help components\" lists "
			"all blocks\n",
		topic, near.best ? "; did you mean \"" : "", near.best ? near.best : "",
		near.best ? "\"?" : "");
	return 2;
}

static int help(const char *topic)
{
	struct buf b = {0};

	if (!topic) {
		cli_print_overview(&b);
	} else if (strcmp(topic, "run") == 0) {
		buf_printf(&b, "%s", run_help);
		options_print_flags(&b, COMMAND_RUN);
	} else if (strcmp(topic, "validate") == 0) {
		buf_printf(&b, "%s", validate_help);
		options_print_flags(&b, COMMAND_VALIDATE);
	} else if (strcmp(topic, "fmt") == 0) {
		buf_printf(&b, "%s", fmt_help);
		options_print_flags(&b, COMMAND_FMT);
	} else if (strcmp(topic, "convert") == 0) {
		buf_printf(&b, "%s", convert_help);
		options_print_flags(&b, COMMAND_CONVERT);
	} else if (strcmp(topic, "components") == 0) {
		help_components(&b);
	} else if (!help_component(&b, topic)) {
		return unknown_topic(topic);
	}
	print(&b);
	return 0;
}

static int print_with(void (*printer)(struct buf *out))
{
	struct buf b = {0};

	printer(&b);
	print(&b);
	return 0;
}

static int validate(const struct options *o)
{
	struct err e;

	if (!o->path) {
		err_set(&e, "validate wants a PATH: invar validate config.alloy");
		return usage_error(&e);
	}
	return source_validate(o->path,
		       &(struct plan_settings){.types = registry_types(),
			       .stability = options_stability(o),
			       .terse = true,
			       .ignore_unsupported = o->ignore_unsupported},
		       stderr)
		       ? 0
		       : 1;
}

static const char *topic_of(const struct options *o)
{
	if (o->command == COMMAND_RUN)
		return "run";
	if (o->command == COMMAND_VALIDATE)
		return "validate";
	if (o->command == COMMAND_FMT)
		return "fmt";
	if (o->command == COMMAND_CONVERT)
		return "convert";
	return o->topic;
}

int cli_main(int argc, char **argv)
{
	struct buf text = {0};
	struct options o;
	struct err e;

	if (!options_parse(argc, argv, &o, &e))
		return usage_error(&e);
	if (o.help)
		return help(topic_of(&o));
	switch (o.command) {
	case COMMAND_RUN:
		return agent_run(&o);
	case COMMAND_VALIDATE:
		return validate(&o);
	case COMMAND_FMT:
		return cli_fmt(&o);
	case COMMAND_CONVERT:
		return cli_convert(&o);
	case COMMAND_DEFAULT_CONFIG:
		source_print_default(&text, true);
		print(&text);
		return 0;
	case COMMAND_VERSION:
		printf("invar, version v%s\n", INVAR_VERSION);
		return 0;
	case COMMAND_HELP:
		return help(o.topic);
	case COMMAND_DOCS:
		return print_with(cli_print_docs);
	case COMMAND_COMPONENTS:
		return cli_write_components(o.path ? o.path : "docs/components");
	case COMMAND_MAN:
		return print_with(cli_print_man);
	case COMMAND_BASH:
		return print_with(cli_print_bash);
	case COMMAND_ZSH:
		return print_with(cli_print_zsh);
	}
	return 2;
}
