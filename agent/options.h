#pragma once

/*
 * The command line: one table of flags with a sentence each, from which come parsing,
 * --help, docs/cli.md and the suggestion for a name that is misspelt. Alloy's flags are all
 * known; those that mean nothing here are taken and ignored.
 */

#include "agent/base/str.h"
#include "agent/graph/context.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

enum command {
	COMMAND_RUN,
	COMMAND_VALIDATE,
	COMMAND_FMT,
	COMMAND_CONVERT,
	COMMAND_DEFAULT_CONFIG,
	COMMAND_VERSION,
	COMMAND_HELP,
	COMMAND_DOCS,       /* hidden: prints docs/cli.md */
	COMMAND_COMPONENTS, /* hidden: writes docs/components */
	COMMAND_MAN,        /* hidden, for the package: invar.1 */
	COMMAND_BASH,       /* … completion for bash */
	COMMAND_ZSH,        /* … and zsh */
};

struct options {
	enum command command;
	const char *topic; /* of help; NULL: none */
	const char *path;  /* NULL: the built-in configuration */

	const char *dry_run; /* "", "text", "json" */
	bool once;
	const char *listen_addr;
	const char *ui_prefix;
	const char *storage_path;
	const char *stability;
	const char *config_format;
	bool ignore_unsupported;
	int64_t memory_budget; /* bytes; 0: from the cgroup */
	int64_t held_limit;    /* bytes; 0: none */
	int64_t backlog_limit; /* bytes; 0: nothing is kept */
	const char *pod_logs;
	bool pod_annotations;
	int64_t shutdown_deadline;    /* ns */
	const char *sandbox;          /* "on", "off" */
	const char *sandbox_read[32]; /* each a path, or several with commas */
	size_t n_sandbox_read;
	const char *source_format; /* convert */
	const char *output;
	const char *report;
	const char *extra_args;
	bool bypass_errors;
	bool write; /* fmt */
	bool test;
	bool help;

	const char *ignored[64]; /* flags given that have no effect, for one log line */
	size_t n_ignored;
};

/* False, with what was wrong and what may have been meant in e: exit code 2. */
bool options_parse(int argc, char *const *argv, struct options *out, struct err *e);

int options_stability(const struct options *o); /* enum stability */
enum dry_run options_dry_run(const struct options *o);

/* The flags of a command, two lines a flag; those without effect as one paragraph. */
void options_print_flags(struct buf *out, enum command c);
void options_print_markdown(struct buf *out); /* docs/cli.md */

/* A command that people see, in the order of help. False: there is no i-th. */
struct command_info {
	enum command command;
	const char *name;
	const char *usage; /* name and what goes with it */
	const char *help;  /* NULL: the name says it */
};
bool options_command(size_t i, struct command_info *out);

/* The flags, for manual and completions. False: there is no i-th. */
struct flag_info {
	const char *name;
	const char *help;         /* NULL: Alloy's, without effect */
	const char *def;          /* empty: none */
	const char *value;        /* what it takes, for people ("SIZE", "[=json]"); NULL: nothing */
	const char *const *words; /* the values it may have, or NULL */
	bool stands_alone;
	char letter;       /* -w; 0: none */
	unsigned commands; /* that take it: 1 << COMMAND_RUN | … */
};
bool options_flag(size_t i, struct flag_info *out);
bool options_has_flags(enum command c);
/* The names of these commands, with commas; run alone: "run". */
void options_print_commands(struct buf *out, unsigned commands);
