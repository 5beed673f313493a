#pragma once

#include "agent/graph/arg.h"

/* The commands. The exit code: 0 fine; 1 the configuration is wrong, the start failed, or
 * --once could not deliver everything; 2 the command line is wrong; 130 ended at once. */
int cli_main(int argc, char **argv);

/* cli_fmt.c: `invar fmt`. path NULL or "-": standard input. */
struct options;
int cli_fmt(const struct options *o);

/* cli_convert.c: `invar convert`. The same for path, and for output. */
int cli_convert(const struct options *o);

/* cli_file.c: whole files. All say on stderr what failed. */
struct buf;
struct str;
/* path NULL or "-": standard input. Stops a little beyond max. mode: its rights. */
bool cli_read_file(const char *path, size_t max, struct buf *out, unsigned *mode);
bool cli_is_folder(const char *path);
/* By a rename, so that who reads it meanwhile (a running agent does) never finds half of it.
 * The file need not be there. */
bool cli_replace_file(const char *path, struct str text, unsigned mode);
bool cli_print(struct str text);

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
