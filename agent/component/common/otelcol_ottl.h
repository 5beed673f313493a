#pragma once

/*
 * What processors with OTTL (agent/flow/ottl.h) share: lists of statements or conditions of one
 * context, compiled; errors with the place in the configuration; what happens when one fails while
 * it runs (error_mode).
 */

#include "agent/flow/ottl.h"
#include "agent/flow/telemetry.h"
#include "agent/graph/arg.h"

struct component;

enum ottl_mode {
	OTTL_IGNORE,    /* said in the log, and on with the next */
	OTTL_SILENT,    /* on with the next */
	OTTL_PROPAGATE, /* the request is dropped */
};

extern const char *const otelcol_ottl_modes[]; /* for .one_of */
enum ottl_mode otelcol_ottl_mode(struct str name);

/* One block: its statements run on what its context shows, if one of its conditions holds (or there
 * is none). For conditions alone, `conditions` has them. */
struct ottl_group {
	enum ottl_context context;
	enum ottl_mode mode;
	struct ottl **conditions;
	size_t n_conditions;
	struct ottl **statements;
	size_t n_statements;
};

struct ottl_groups {
	struct ottl_group *p;
	size_t n;
	size_t cap;
};

void otelcol_ottl_free(struct ottl_groups groups[SIGNAL_KINDS]);

/*
 * Compiles and adds. context empty: each text's own, by the prefixes of its paths. With d, what is
 * wrong is reported there, at its place in the block `at`; without, it must not be wrong. False:
 * something was.
 */
struct ottl_source {
	struct range at;
	enum signal_kind kind;
	struct str context;
	enum ottl_mode mode;
	struct arg_strs conditions;
	struct arg_strs statements;
};
bool otelcol_ottl_add(struct ottl_groups *g, const struct ottl_source *s, struct diags *d);

/* Runs groups; one of a processor. */
struct ottl_runner {
	struct component *owner;
	struct otlp_message cache;
	bool has_failed; /* by OTTL_PROPAGATE: the request is to be dropped */
	int64_t said_at; /* on the loop's clock; 0: never */
	uint64_t unsaid; /* errors since then */
};

void otelcol_ottl_runner_fini(struct ottl_runner *r);
/* The statements, on what p shows. */
void otelcol_ottl_run(struct ottl_runner *r, const struct ottl_group *g, struct otlp_place *p);
/* Whether one of the conditions holds. */
bool otelcol_ottl_holds(struct ottl_runner *r, const struct ottl_group *g, struct otlp_place *p);
