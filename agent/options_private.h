#pragma once

/* The table of the flags, for who reads them from a command line and who prints them. */

#include "agent/options.h"

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

struct flag {
	const char *name;
	enum flag_type type;
	unsigned commands;
	size_t offset;
	const char *def;          /* as it is shown; empty: none */
	const char *const *words; /* the values it may have */
	const char *help;
};

struct flag_letter {
	char letter;
	const char *name;
};

extern const struct flag options_flags[];
extern const size_t options_n_flags;
extern const struct flag_letter options_letters[]; /* one letter for a flag, as Alloy has them */
extern const size_t options_n_letters;
extern const struct command_info options_commands[];
extern const size_t options_n_commands;

bool options_is_ignored(const struct flag *f);
bool options_stands_alone(const struct flag *f);    /* needs no value */
char options_letter_of(const struct flag *f);       /* 0: none */
const char *options_value_of(const struct flag *f); /* what its value is called; NULL: none */
