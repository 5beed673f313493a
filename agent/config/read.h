#pragma once

/*
 * Reads a configuration: a file, or a folder of *.alloy files (not those below it) which form
 * one configuration. Done at start-up and reload only, so it blocks.
 */

#include "agent/config/ast.h"

struct config {
	struct file **files; /* sorted by name */
	size_t n;
};

/* Everything is in a; the sources too. False if an error was added to d: what could be read and
 * parsed is in *out all the same. */
bool config_read(struct arena *a, const char *path, struct config *out, struct diags *d);

/* The same for a text that is no file (a built-in configuration). */
bool config_parse(struct arena *a, struct str name, struct str text, struct config *out,
	struct diags *d);

/* Is this a text that the parser may have: UTF-8, and not too long? Reports why not. */
bool source_check(const struct source *src, struct diags *d);
