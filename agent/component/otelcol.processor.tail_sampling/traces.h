#pragma once

/*
 * The traces that wait for their decision. A trace is the bytes of its spans, one behind the other,
 * and of each run of them which resource and scope they are in; these, being shared by many traces
 * of a request, are kept once and counted. What is held is charged to the process' budget.
 *
 * A trace is in one of three lists: the time of decision is the same in each list's order, so the
 * next one to be decided is the first of a list.
 */

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/component/otelcol.processor.tail_sampling/policy.h"

struct ack;
struct budget;

/* What is around spans: the fields of a ResourceSpans without its scopes, or of a ScopeSpans
 * without its spans. */
struct head {
	size_t refs;
	size_t n;
	char bytes[];
};

enum stage {
	STAGE_LATE,   /* it was sampled before; these spans came later */
	STAGE_ROOTED, /* its root span came */
	STAGE_WAITING,
	STAGES,
};

struct trace {
	uint8_t id[TRACE_ID];
	enum stage stage;
	struct trace *chain; /* of the same hash */
	struct list link;    /* of its stage */
	int64_t arrived;     /* on the loop's clock */
	int64_t rooted;
	uint32_t spans;
	size_t request; /* the last one that something of it came with */
	size_t size;    /* as a request */
	size_t charged;
	struct buf bytes; /* of its spans, with tag and length */
	struct run *runs;
	uint32_t n_runs;
	uint32_t cap_runs;
	struct ack *ack; /* NULL: nobody asks */
};

/* Spans in the same resource and scope: those before `end` that no run before has. */
struct run {
	struct head *resource;
	struct head *scope;
	size_t end;
};

struct traces {
	struct budget *budget;
	uint64_t seed; /* ids are chosen by senders */
	struct trace **slots;
	size_t n_slots; /* 0 or a power of two */
	size_t n;
	size_t held; /* bytes charged */
	struct list stages[STAGES];
};

void traces_init(struct traces *t, struct budget *b, uint64_t seed);
void traces_fini(struct traces *t); /* it is empty */

struct trace *traces_find(const struct traces *t, const uint8_t id[TRACE_ID]);
struct trace *traces_add(struct traces *t, const uint8_t id[TRACE_ID], int64_t now);
/* Gives back what it held, its ack too. */
void traces_remove(struct traces *t, struct trace *x);
void traces_move(struct traces *t, struct trace *x, enum stage to); /* to the end of the list */
/* The first of a list; NULL: it is empty. */
struct trace *traces_first(const struct traces *t, enum stage s);

/* One span more, as it stands in its scope. The heads are held. */
void trace_add(struct traces *t, struct trace *x, struct head *resource, struct head *scope,
	struct str span);
/* Appends it as a request. */
void trace_write(const struct trace *x, struct buf *out);

/* refs is 1. */
struct head *head_new(struct traces *t, struct str bytes);
void head_release(struct traces *t, struct head *h); /* NULL is nothing */

/* For tables by the id. */
uint64_t trace_hash(const uint8_t id[TRACE_ID], uint64_t seed);
