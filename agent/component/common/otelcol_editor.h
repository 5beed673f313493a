#pragma once

/*
 * What the processors that look inside requests have in common: take a request, make passes
 * over it (proto/otlp/edit.h), hand on what is left. A processor embeds it and says what run()
 * does; it keeps nothing of the data itself.
 *
 * Nothing is lost silently: what goes in and what comes out is counted, items that are dropped
 * are the difference.
 */

#include "agent/component/common/otelcol_fanout.h"
#include "proto/otlp/edit.h"

struct metric;

struct otelcol_editor {
	struct component *owner;
	struct consumer input;
	struct fanout out;
	struct otlp_edit *edit;
	struct buf made[2]; /* what the last passes wrote, in turns */
	unsigned turn;
	bool is_stopping;
	/* Makes its passes by otelcol_editor_pass(). False: the request is refused for now, as when
	 * what follows is full. */
	bool (*run)(struct otelcol_editor *e, struct telemetry *t);
	/* After a request was handed on, or had nothing left: counts what run() did. NULL:
	 * nothing. */
	void (*done)(struct otelcol_editor *e, enum signal_kind kind);
	void (*fini)(struct otelcol_editor *e);
	/* frees what is the processor's own; NULL: nothing */
	struct metric *incoming[SIGNAL_KINDS];
	struct metric *outgoing[SIGNAL_KINDS];
};

/* In start(): exports `input`. processor is what the metrics call it: "filter". */
void otelcol_editor_start(
	struct otelcol_editor *e, struct component *owner, const char *processor);
/* When start() fails after that. */
void otelcol_editor_fini(struct otelcol_editor *e);
/* In stop(): calls fini() and component_stopped(), at once or when what is kept is gone. */
void otelcol_editor_stop(struct otelcol_editor *e);
/* In start() and update(). */
void otelcol_editor_set_output(struct otelcol_editor *e, const struct otelcol_output *o);

/* One pass over what t has now; afterwards t has what came of it. */
void otelcol_editor_pass(
	struct otelcol_editor *e, struct telemetry *t, struct otlp_visitor *v);

/* Which signals lead anywhere by an output block, for check(). */
bool otelcol_output_has(const struct otelcol_output *o, enum signal_kind kind);

extern const struct export_field otelcol_editor_exports[];
