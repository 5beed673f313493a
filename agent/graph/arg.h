#pragma once

/*
 * What a block accepts, one line an argument. The same table decodes the configuration,
 * checks it, and writes docs/components/<block>.md; nothing else knows the names.
 *
 * Decoding fills a struct: defaults first, then what is written, then "missing required".
 * All memory is in the arena given to args_decode().
 */

#include "agent/config/diag.h"
#include "agent/config/eval.h"
#include "agent/config/value.h"

#include <stddef.h>

enum arg_type {
	ARG_END = 0,
	ARG_BOOL,     /* bool */
	ARG_INT,      /* int64_t */
	ARG_UINT,     /* uint64_t */
	ARG_FLOAT,    /* double */
	ARG_DURATION, /* int64_t, nanoseconds */
	ARG_SIZE,     /* int64_t, bytes */
	ARG_STR,      /* struct str; NUL after the end */
	ARG_SECRET,   /* struct str, never printed; plain strings are taken too */
	ARG_STRS,     /* struct arg_strs: list(string) */
	ARG_MAP,      /* struct arg_map: map(string), sorted by key; secrets are taken */
	ARG_MAP_STRS, /* struct arg_map_strs: map(list(secret)), for http_headers */
	ARG_TARGETS,  /* struct arg_targets: list(map(string)) */
	ARG_CAPSULE,  /* void *; .capsule says of which type; NULL: not given or null */
	ARG_CAPSULES, /* struct arg_capsules: list of that type */
	ARG_ANY,      /* struct value */
	ARG_BLOCK,    /* pointer to the decoded struct, NULL when the block is not written;
	                  ARG_REPEATED: struct arg_blocks; ARG_ALWAYS: never NULL */
	ARG_CHOICE,   /* struct arg_choices: blocks of several names in the order written
	                  (stage.json, stage.cri, …); .choices lists them */
	ARG_AT,       /* struct range: where this block is written (name is NULL) */
};

enum arg_flag {
	ARG_REQUIRED = 1 << 0,
	ARG_REPEATED = 1 << 1,  /* ARG_BLOCK: any number of times */
	ARG_ALWAYS = 1 << 2,    /* ARG_BLOCK: when not written, decoded from its defaults */
	ARG_NO_EFFECT = 1 << 3, /* accepted; a warning says once that it does nothing here */
	ARG_NOT_YET = 1 << 4,   /* accepted only in Alloy; an error says so */
	ARG_LABELED = 1 << 5,   /* ARG_BLOCK: takes a label: the first member, struct str */
};

struct arg_strs {
	const struct str *p;
	size_t n;
};
struct arg_pair {
	struct str name;
	struct str value;
};
struct arg_map {
	const struct arg_pair *p;
	size_t n;
};
struct arg_map_strs {
	const struct arg_map_strs_item *p;
	size_t n;
};
struct arg_map_strs_item {
	struct str name;
	struct arg_strs values;
};
struct arg_targets {
	const struct arg_map *p; /* each sorted by name */
	size_t n;
};
struct arg_capsules {
	void *const *p;
	size_t n;
};
struct arg_blocks {
	const void *p; /* n structs of .size bytes */
	size_t n;
};

/* One kind of block for ARG_CHOICE. */
struct arg_choice_type {
	const char *name; /* "stage.json" */
	const char *help;
	const struct arg *args;
	size_t size;
	const void *ops; /* whatever the owner attaches, e.g. the stage's functions */
};
struct arg_choice {
	const struct arg_choice_type *type;
	const void *args; /* type->size bytes */
	struct range at;  /* its name in the source */
};
struct arg_choices {
	const struct arg_choice *p;
	size_t n;
};

struct arg {
	const char *name;
	enum arg_type type;
	unsigned flags;
	/* Into the struct this block is decoded to. */
	size_t offset;
	/* Default, in configuration syntax: "10", "[\"a\"]"; for ARG_STR, ARG_DURATION and
	 * ARG_SIZE the plain text; NULL: zero. */
	const char *def;
	/* ARG_BLOCK: NULL: what is in it is not looked at; size: of what it decodes to. */
	const struct arg *block;
	size_t size;
	/* ARG_CHOICE: NULL at the end. */
	const struct arg_choice_type *const *choices;
	/* ARG_CAPSULE, ARG_CAPSULES. */
	const struct capsule_type *capsule;
	/* ARG_STR: the words it may be, NULL at the end. */
	const char *const *one_of;
	/* One sentence. */
	const char *help;
};

/* clang-format off */
#define ARG(owner, field, ...) \
	{ .name = #field, .offset = offsetof(struct owner, field), __VA_ARGS__ }
/* for a name that is no C identifier, or is a keyword */
#define ARG_NAMED(owner, text, field, ...) \
	{ .name = text, .offset = offsetof(struct owner, field), __VA_ARGS__ }
#define ARG_PLACE(owner, field) \
	{ .type = ARG_AT, .offset = offsetof(struct owner, field) }
#define ARGS_END { .type = ARG_END }
/* clang-format on */

/* The capsules of the language, by what they point to: struct receiver (agent/flow/entry.h),
 * struct consumer (agent/flow/telemetry.h), struct auth_handler (agent/component/common), struct
 * relabel_rules (agent/flow/relabel.h). */
extern const struct capsule_type capsule_logs_receiver;
extern const struct capsule_type capsule_consumer;
extern const struct capsule_type capsule_handler;
extern const struct capsule_type capsule_relabel_rules;

/*
 * A body whose attributes have been evaluated, but not yet decoded: comparing two of them
 * tells whether a component's arguments changed. Lives in the arena it was made in.
 */
struct evaluated;

/* NULL, with errors in d, if an expression has no value. */
struct evaluated *body_evaluate(struct arena *a, const struct stmt *block, struct scope *scope,
	struct diags *d);
bool evaluated_eq(const struct evaluated *a, const struct evaluated *b);

/* Fills out (size bytes, zeroed by the caller or not) from the table. Every mistake is
 * reported, with Alloy's words (Alloy: syntax/vm, syntax/typecheck), not only the first. False
 * if there was one. */
bool args_decode(struct arena *a, const struct evaluated *e, const struct arg *table, void *out,
	size_t size, struct diags *d);

/* Only the defaults. */
void args_default(struct arena *a, const struct arg *table, void *out, size_t size);
