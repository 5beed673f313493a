#pragma once

/* The commands. The exit code: 0 fine; 1 the configuration is wrong, the start failed, or
 * --once could not deliver everything; 2 the command line is wrong; 130 ended at once. */
int cli_main(int argc, char **argv);

struct buf;
void cli_print_docs(struct buf *out); /* docs/cli.md */
