#pragma once

/*
 * A request span by span, each with its trace's id and what it is in. Nothing is copied but the
 * heads (see traces.h), once each, and only when a span of theirs is kept; one that is the same as
 * the one before, as in requests that were put together, is that one. What holds no span, and
 * unknown fields of the request itself, belong to no trace and end here.
 */

#include "agent/component/otelcol.processor.tail_sampling/traces.h"

struct cut_span {
	uint8_t id[TRACE_ID]; /* zeros when it has none */
	bool is_root;
	struct str raw; /* with tag and length */
};

struct cut {
	struct traces *traces; /* whose heads they are */
	void (*span)(struct cut *c, const struct cut_span *s);
	struct str part; /* the rest is the cut's own */
	struct str scopes;
	bool is_new_part; /* its head was not made, nor compared, yet */
	bool is_new_scope;
	struct head *resource; /* the last ones */
	struct head *scope;
	struct buf text;
};

/* Shows each span to c->span(). The request has passed otlp_walk(). */
void cut_run(struct cut *c, struct str request);
void cut_fini(struct cut *c);

/* Inside span(): it belongs to x. */
void cut_keep(struct cut *c, const struct cut_span *s, struct trace *x);
