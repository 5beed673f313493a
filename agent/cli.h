#pragma once

#include "agent/graph/arg.h"

/* The commands. The exit code: 0 fine; 1 the configuration is wrong, the start failed, or
 * --once could not deliver everything; 2 the command line is wrong; 130 ended at once. */
int cli_main(int argc, char **argv);

/* cli_fmt.c: `invar fmt`. path NULL or "-": standard input. */
struct options;
int cli_fmt(const struct options *o);

/* cli_components.c: writes docs/components/NAME.md for each block into the folder. */
int cli_write_components(const char *folder);
const char *cli_type_word(enum arg_type type); /* as people are told it: "list(string)" */

/* cli_docs.c: what is made from the tables of commands and flags. */
struct buf;
void cli_print_overview(struct buf *out);
void cli_print_docs(struct buf *out); /* docs/cli.md */
void cli_print_man(struct buf *out);  /* invar.1 */
void cli_print_bash(struct buf *out); /* completions */
void cli_print_zsh(struct buf *out);
