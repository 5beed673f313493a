#pragma once

/*
 * OTTL, the language of otelcol.processor.transform and .filter (Collector: pkg/ottl,
 * LANGUAGE.md; functions: pkg/ottl/ottlfuncs). A statement is `editor(…) where condition`; it is
 * compiled once, for one context, and run on each resource, span, … that a pass over a request
 * shows (proto/otlp/edit.h). It reads and writes the bytes of the messages; no tree is made.
 *
 * What is not known, a function, a path, an enum, is an error when it is compiled, with the
 * place in the text.
 */

#include "proto/otlp/edit.h"

struct err;
struct ottl;

enum ottl_context {
	OTTL_RESOURCE,
	OTTL_SCOPE,
	OTTL_SPAN,
	OTTL_SPANEVENT,
	OTTL_LOG,
	OTTL_METRIC,
	OTTL_DATAPOINT,
	OTTL_CONTEXTS,
};

extern const char *const ottl_context_names[OTTL_CONTEXTS]; /* "resource", "scope", … */

enum {
	OTTL_TEXT_MAX = 64 * 1024,
	OTTL_DEPTH = 64,          /* parentheses, calls and lists inside each other */
	OTTL_VALUE_MAX = 1 << 20, /* bytes that one value may have when it is written */
};

/* A statement, or a condition alone. The text is copied. NULL, with e saying what is wrong and
 * *at where in the text. */
struct ottl *ottl_statement(enum ottl_context c, struct str text, size_t *at, struct err *e);
struct ottl *ottl_condition(enum ottl_context c, struct str text, size_t *at, struct err *e);
void ottl_free(struct ottl *o); /* NULL is nothing */

/* The context that the paths of a text ask for, by their prefixes (`span.name`); the innermost of
 * them. False: no path has one. */
bool ottl_infer(struct str text, enum ottl_context *out);

/* Where it runs. cache is what the paths `cache` mean: emptied by the owner for each item. */
struct ottl_state {
	struct otlp_place *place;
	struct otlp_message *cache;
	int64_t now; /* Unix ns */
};

enum ottl_result {
	OTTL_FALSE,  /* the condition does not hold: the statement did nothing */
	OTTL_TRUE,   /* it does, and the statement was run */
	OTTL_FAILED, /* e says why; nothing was changed */
};

enum ottl_result ottl_run(struct ottl *o, const struct ottl_state *s, struct err *e);
