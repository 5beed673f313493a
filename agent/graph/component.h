#pragma once

/*
 * A component type is what one block name means. It lives in one file,
 * agent/component/<block name>.c, which exports one symbol: its struct component_type,
 * listed in agent/registry.c.
 *
 * Life of an instance, all calls on the loop's thread:
 *
 *	start() once; update() each time a reload or a changed export changed its arguments;
 *	then stop(), after which nothing is pushed into it; it calls component_stopped()
 *	once, at once or later, when it holds no data that it may still deliver.
 *
 * What feeds a component is stopped before it: sources first, then down the edges.
 */

#include "agent/graph/arg.h"

#include <stdbool.h>
#include <stddef.h>

struct agent_context;
struct component;
struct err;
struct loop;

/* One exported field. A component exports it by component_export(), in start() or later. */
struct export_field {
	const char *name;
	enum arg_type type; /* ARG_CAPSULE, ARG_TARGETS, ARG_STR, … */
	const struct capsule_type *capsule;
	const char *help;
};

/* The text of a module, as an import.* block brings it. */
struct import_text {
	struct str name; /* as messages show it */
	struct str text;
};

struct imported {
	const struct import_text *p;
	size_t n;
	struct str folder; /* module_path in it; empty: as where the import is */
	bool is_open;      /* it cannot be known yet */
};

struct component_type {
	const char *name; /* the block name: "loki.write" */
	const char *help;
	int stability;   /* enum stability; 0 is experimental, so say it always */
	bool is_config;  /* logging, http, …: at most one, no label, no exports */
	bool is_labeled; /* is_config: takes a label nevertheless, one block a label */
	const struct arg *args;
	/* Of an instance; its first member is struct component. */
	size_t size;
	/* Of the struct that args decodes to. */
	size_t args_size;
	/* name NULL at the end; NULL: none. */
	const struct export_field *exports;

	/* Checks beyond the table, at load and by `invar validate`: report into d at ranges
	 * taken with ARG_AT, every mistake, each with the names of the arguments it is about.
	 * NULL: none. No side effects.
	 *
	 * It is also asked when arguments are wrong: they then have their defaults, or what a
	 * table allows ("" for a text, a word of one_of, a required block of defaults), and what it
	 * says of them is left out, by those names. */
	bool (*check)(const void *args, struct diags *d);

	/* Blocks import.*: what they bring, by args (NULL: they are not known before the program
	 * runs), or by what an instance has got (NULL: none runs). The result is in a. What is
	 * given may change later: component_imports() says so. */
	bool (*import)(struct arena *a, struct component *c, const void *args,
		struct imported *out, struct err *e);

	/* args live until the next update() has returned, or until component_stopped(). */
	bool (*start)(struct component *c, const void *args, struct err *e);
	/* On failure the old ones stay in force. NULL: new arguments make a new instance. */
	bool (*update)(struct component *c, const void *args, struct err *e);
	void (*stop)(struct component *c);
};

enum health {
	HEALTH_UNKNOWN,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
	HEALTH_EXITED,
};

struct node;

struct component {
	const struct component_type *type;
	const char *id; /* "loki.write.default", as the log and the metrics say it */
	struct loop *loop;
	struct agent_context *agent; /* the process-wide services, agent/graph/context.h */
	struct node *node;           /* the graph's own */
};

void component_stopped(struct component *c);

/* What import() gives may be another now: it is asked, and if so the configuration is made anew,
 * at the end of this turn. */
void component_imports(struct component *c);

/* Sets an exported field; v is copied. What refers to it is evaluated again at the end of this
 * turn, if the value differs from the one before. */
void component_export(struct component *c, const char *name, struct value v);

/* Healthy is said by the graph after a start() or update() that succeeded; a component says
 * more when its work fails or recovers. reason is copied. */
void component_set_health(struct component *c, enum health h, const char *reason);
