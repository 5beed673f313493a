#pragma once

/* Where configurations come from: a file, a folder of *.alloy files, or the built-in text. */

#include "agent/base/buf.h"
#include "agent/config/read.h"

#include <stdbool.h>
#include <stdio.h>

struct source_set {
	struct arena *arena; /* made by mem_new(); has the texts, the trees, everything */
	struct config config;
	uint64_t hash;   /* of names and texts */
	char sha256[65]; /* of the texts, in hex */
};

/* Reads and parses path, NULL for the built-in one (of which the OTLP part may be left out).
 * False: errors are in d. */
bool source_read(struct source_set *s, const char *path, bool with_otlp, struct diags *d);
void source_fini(struct source_set *s); /* arena NULL: it was given away */

/* `invar validate`: prints what is wrong to out, and what is left out. True: nothing is wrong
 * (there may be warnings). */
struct plan_settings;
bool source_validate(const char *path, const struct plan_settings *set, FILE *out);
/* The same for a text that is no file. */
bool source_validate_text(struct str name, struct str text, const struct plan_settings *set,
	FILE *out);

/* The built-in configuration as one text, as the environment makes it. */
void source_print_default(struct buf *out, bool with_otlp);

/* Diagnostics for people, in colour on a terminal. */
void source_print(FILE *out, const struct diags *d);
