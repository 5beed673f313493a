/*
 * The command line in other forms: Markdown, manual page, completions. All of them come from
 * the tables of options.c and from the texts here, so that nothing is written twice.
 */

#include "agent/cli.h"

#include "agent/base/buf.h"
#include "agent/options.h"

static const char about[] =
	"tails the logs of a node's pods, takes OTLP from them, and forwards both";
static const char language[] = "It reads Grafana Alloy's configuration language.";

static const char examples[] =
	"  invar default-config > config.alloy        a configuration to begin with\n"
	"  invar validate config.alloy                is it right?\n"
	"  invar run --dry-run config.alloy           what would be sent? (sends nothing)\n"
	"  invar run --dry-run --once config.alloy    the same for what is there now, then exit\n"
	"  invar run config.alloy                     for good\n";

static const char without_path[] =
	"Without PATH pod logs go to LOKI_URL (LOKI_USERNAME, LOKI_PASSWORD, LOKI_TENANT_ID),\n"
	"and OTLP from ports 4317 and 4318 to OTLP_ENDPOINT (OTLP_USERNAME, OTLP_PASSWORD).\n";

static const struct {
	const char *code;
	const char *when;
} exits[] = {
	{"0", "it did what was asked"},
	{"1", "the configuration is wrong, the start failed, or `--once` could not deliver "
	      "everything"},
	{"2", "the command line is wrong"},
	{"130", "a second SIGINT or SIGTERM ended it at once"},
};

#define N_EXITS (sizeof(exits) / sizeof(exits[0]))

static void print_commands(struct buf *out)
{
	struct command_info c;

	for (size_t i = 0; options_command(i, &c); i++) {
		if (c.help)
			buf_printf(out, "  invar %-25s%s\n", c.usage, c.help);
		else
			buf_printf(out, "  invar %s\n", c.usage);
	}
}

void cli_print_overview(struct buf *out)
{
	buf_printf(out, "invar: %s.\n%s\n\n", about, language);
	print_commands(out);
	buf_printf(out, "\nTry it:\n%s\n%s", examples, without_path);
}

void cli_print_docs(struct buf *out)
{
	buf_printf(out, "# The command line\n\nMade by `invar docs-cli`; not to be edited by "
			"hand.\n\n```\n");
	cli_print_overview(out);
	buf_printf(out, "```\n\n## Exit codes\n\n| code | when |\n| --- | --- |\n");
	for (size_t i = 0; i < N_EXITS; i++)
		buf_printf(out, "| %s | %s |\n", exits[i].code, exits[i].when);
	buf_printf(out, "\n## Flags\n\n");
	options_print_markdown(out);
}

/* Text for roff: a minus is a minus, and a line does not begin with a command. */
static void add_roff(struct buf *out, const char *text)
{
	bool begins = true;

	for (const char *p = text; *p; p++) {
		if (begins && (*p == '.' || *p == '\''))
			buf_printf(out, "\\&");
		begins = *p == '\n';
		if (*p == '\\')
			buf_printf(out, "\\e");
		else if (*p == '-')
			buf_printf(out, "\\-");
		else if (*p != '`')
			buf_add_char(out, *p);
	}
}

static void add_section(struct buf *out, const char *title, const char *lines)
{
	buf_printf(out, ".SH %s\n.nf\n", title);
	add_roff(out, lines);
	buf_printf(out, ".fi\n");
}

static void add_choice(struct buf *out, const char *const *words)
{
	for (size_t w = 0; words[w]; w++) {
		buf_printf(out, "%s\\fI", w ? "|" : "=");
		add_roff(out, words[w]);
		buf_printf(out, "\\fR");
	}
}

static void add_flag(struct buf *out, const struct flag_info *f)
{
	buf_printf(out, ".TP\n\\fB");
	if (f->letter)
		buf_printf(out, "\\-%c\\fR, \\fB", f->letter);
	buf_printf(out, "\\-\\-");
	add_roff(out, f->name);
	buf_printf(out, "\\fR");
	if (f->value && f->stands_alone)
		buf_printf(out, "[=\\fI%s\\fR]", f->words ? f->words[1] : f->value);
	else if (f->words)
		add_choice(out, f->words);
	else if (f->value)
		buf_printf(out, "=\\fI%s\\fR", f->value);
	buf_printf(out, "\n");
	add_roff(out, f->help);
	if (f->def[0]) {
		buf_printf(out, " Default: ");
		add_roff(out, f->def);
		buf_printf(out, ".");
	}
	if (f->commands != 1u << COMMAND_RUN) {
		buf_printf(out, " Of ");
		options_print_commands(out, f->commands);
		buf_add_char(out, '.');
	}
	buf_printf(out, "\n");
}

void cli_print_man(struct buf *out)
{
	struct buf lines = {0};
	struct flag_info f;
	bool any = false;

	buf_printf(out, ".TH INVAR 1 \"\" \"invar %s\" \"User Commands\"\n.SH NAME\ninvar \\- ",
		INVAR_VERSION);
	add_roff(out, about);
	buf_printf(out, "\n");
	print_commands(&lines);
	buf_add_char(&lines, 0);
	add_section(out, "SYNOPSIS", lines.p);
	buf_fini(&lines);
	buf_printf(out, ".SH DESCRIPTION\n");
	add_roff(out, language);
	buf_printf(out, "\n.PP\n");
	add_roff(out, without_path);
	buf_printf(out, ".SH OPTIONS\n");
	for (size_t i = 0; options_flag(i, &f); i++)
		if (f.help)
			add_flag(out, &f);
	buf_printf(out, ".PP\nFlags of Alloy that are taken and have no effect:\n");
	for (size_t i = 0; options_flag(i, &f); i++) {
		if (f.help)
			continue;
		buf_printf(out, "%s\\-\\-", any ? ", " : "");
		add_roff(out, f.name);
		any = true;
	}
	buf_printf(out, ".\n.SH EXIT STATUS\n");
	for (size_t i = 0; i < N_EXITS; i++) {
		buf_printf(out, ".TP\n.B %s\n", exits[i].code);
		add_roff(out, exits[i].when);
		buf_printf(out, "\n");
	}
	add_section(out, "EXAMPLES", examples);
}

static void add_names(struct buf *out, enum command command)
{
	struct flag_info f;

	for (size_t i = 0; options_flag(i, &f); i++)
		if (f.help && f.commands & 1u << command)
			buf_printf(out, "--%s%s ", f.name, f.stands_alone ? "" : "=");
	buf_printf(out, "--help");
}

static void add_commands(struct buf *out)
{
	struct command_info c;

	for (size_t i = 0; options_command(i, &c); i++)
		buf_printf(out, "%s%s", i ? " " : "", c.name);
}

/* What help may be asked about. */
static void add_topics(struct buf *out)
{
	struct command_info c;

	for (size_t i = 0; options_command(i, &c); i++)
		if (options_has_flags(c.command))
			buf_printf(out, "%s ", c.name);
	buf_printf(out, "components");
}

void cli_print_bash(struct buf *out)
{
	struct command_info c;
	struct flag_info f;

	buf_printf(out, "# bash completion for invar, made by `invar docs-bash`\n"
			"_invar() {\n"
			"\tlocal word=${COMP_WORDS[COMP_CWORD]} before= flags=\n"
			"\tlocal command=${COMP_WORDS[1]}\n\tCOMPREPLY=()\n"
			"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
			"\t\tCOMPREPLY=($(compgen -W '");
	add_commands(out);
	buf_printf(out, "' -- \"$word\"))\n\t\treturn\n\tfi\n"
			"\t[ \"$word\" != = ] || word=\n"
			"\tbefore=${COMP_WORDS[COMP_CWORD-1]}\n"
			"\t[ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD-2]}\n"
			"\tcase $before in\n");
	for (size_t i = 0; options_flag(i, &f); i++) {
		if (!f.help || !f.words)
			continue;
		buf_printf(out, "\t--%s) COMPREPLY=($(compgen -W '", f.name);
		for (size_t w = 0; f.words[w]; w++)
			buf_printf(out, "%s%s", w ? " " : "", f.words[w]);
		buf_printf(out, "' -- \"$word\")); %s;;\n",
			f.stands_alone ? "[ -z \"$word\" ] || return" : "return");
	}
	buf_printf(out, "\tesac\n\tcase $command in\n");
	for (size_t i = 0; options_command(i, &c); i++) {
		if (!options_has_flags(c.command))
			continue;
		buf_printf(out, "\t%s) flags='", c.name);
		add_names(out, c.command);
		buf_printf(out, "' ;;\n");
	}
	buf_printf(out, "\thelp) flags='");
	add_topics(out);
	buf_printf(out, "' ;;\n\tesac\n"
			"\tif [ \"$command\" = help ] || [[ $word == -* ]]; then\n"
			"\t\tCOMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
			"\t\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace\n"
			"\telse\n\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
			"\t\tcompopt -o filenames\n\tfi\n"
			"}\ncomplete -F _invar invar\n");
}

/* What stands in brackets and quotes there. */
static void add_zsh(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			buf_printf(out, "'\\''");
		else if (strchr("[]:\\", *p))
			buf_printf(out, "\\%c", *p);
		else
			buf_add_char(out, *p);
	}
}

static void add_zsh_flags(struct buf *out, enum command command)
{
	struct flag_info f;

	for (size_t i = 0; options_flag(i, &f); i++) {
		if (!f.help || !(f.commands & 1u << command))
			continue;
		buf_printf(out, "\t\t'--%s%s[", f.name, f.value ? f.stands_alone ? "=-" : "=" : "");
		add_zsh(out, f.help);
		buf_printf(out, "]");
		if (f.value)
			buf_printf(out, "%s%s:", f.stands_alone ? "::" : ":", f.value);
		for (size_t w = 0; f.words && f.words[w]; w++)
			buf_printf(out, "%s%s", w ? " " : "(", f.words[w]);
		if (f.words)
			buf_add_char(out, ')');
		else if (f.value && strcmp(f.value, "PATH") == 0)
			buf_printf(out, "_files");
		buf_printf(out, "' \\\n");
	}
	buf_printf(out, "\t\t'--help[help]' '*:configuration:_files' ;;\n");
}

void cli_print_zsh(struct buf *out)
{
	struct command_info c;

	buf_printf(out, "#compdef invar\n# made by `invar docs-zsh`\n"
			"if (( CURRENT == 2 )); then\n\tlocal -a commands=(\n");
	for (size_t i = 0; options_command(i, &c); i++) {
		buf_printf(out, "\t\t'%s:", c.name);
		add_zsh(out, c.help ? c.help : c.usage);
		buf_printf(out, "'\n");
	}
	buf_printf(out, "\t)\n\t_describe command commands\n\treturn\nfi\n"
			"local command=$words[2]\nshift words\n(( CURRENT-- ))\n"
			"case $command in\n");
	for (size_t i = 0; options_command(i, &c); i++) {
		if (!options_has_flags(c.command))
			continue;
		buf_printf(out, "%s)\n\t_arguments \\\n", c.name);
		add_zsh_flags(out, c.command);
	}
	buf_printf(out, "help)\n\t_values topic ");
	add_topics(out);
	buf_printf(out, " ;;\nesac\n");
}
