#pragma once

/*
 * The blocks include and exclude: which spans, log records and metrics a processor looks at
 * (Collector: internal/coreinternal/filter…; Alloy: otelcol.processor.attributes, .span). All that
 * a block says must hold; of a list one must.
 */

#include "agent/flow/telemetry.h"
#include "agent/graph/arg.h"
#include "proto/otlp/edit.h"

struct arena;
struct err;

struct otelcol_match_args {
	struct range at;
	struct str match_type;
	struct arg_strs log_bodies;
	struct arg_strs log_severity_texts;
	struct arg_strs metric_names;
	struct arg_strs services;
	struct arg_strs span_kinds;
	struct arg_strs span_names;
	struct arg_blocks attribute; /* struct otelcol_match_attribute */
	struct arg_blocks resource;
	struct arg_blocks library;
	struct otelcol_match_severity *log_severity;
	struct otelcol_match_regexp *regexp;
};
extern const struct arg otelcol_match_args[];
#define OTELCOL_MATCH \
	.type = ARG_BLOCK, .block = otelcol_match_args, .size = sizeof(struct otelcol_match_args)

/* Checked for the signals that the processor's output has. a NULL is fine. */
bool otelcol_match_check(
	const struct otelcol_match_args *a, const bool has[SIGNAL_KINDS], struct diags *d);

struct otelcol_match;

/* NULL, with e filled, if a pattern is bad. args are borrowed. */
struct otelcol_match *otelcol_match_new(const struct otelcol_match_args *args, struct err *e);
void otelcol_match_free(struct otelcol_match *m);

/* Of the item (span, log record, metric) that is loaded in p. */
bool otelcol_match_item(const struct otelcol_match *m, struct otlp_place *p);

/* Included, and not excluded; either may be NULL. */
bool otelcol_match_takes(const struct otelcol_match *include, const struct otelcol_match *exclude,
	struct otlp_place *p);

/* A value of the configuration as the body of an AnyValue. False: it has no such form (a
 * function, a capsule). */
struct value;
bool otelcol_any_of_value(struct arena *a, const struct value *v, struct str *any);
