#pragma once

/*
 * One kind of policy is a row of functions. A pass over the trace shows resources, spans and events
 * to those that look at them; then each top policy is asked in turn. What has a state of its own
 * (a rate) changes it only when it is asked, so that it counts what the Collector's would.
 */

#include "agent/component/common/otelcol_ottl.h"
#include "agent/component/otelcol.processor.tail_sampling/policy.h"
#include "proto/otlp/edit.h"

struct policy;
struct regex;

enum verdict {
	NOT_SAMPLED,
	SAMPLED,
	DROPPED,
	FAILED, /* it has no say */
};

/* Where a policy stands: which kinds may be there. */
enum level {
	LEVEL_TOP = 1,
	LEVEL_COMPOSITE = 2,
	LEVEL_LEAF = 4,
	LEVEL_ANY = 7,
};

/* What is needed to compile. d NULL: it was checked before, and is sound. */
struct compiling {
	struct component *owner;
	struct diags *d;
};

struct policy_kind {
	const char *name;
	size_t block; /* where struct tail_policy_args has its block; 0: it has none */
	unsigned levels;
	/* False: the block is wrong, and d says so; fini() follows nevertheless. */
	bool (*init)(struct policy *p, const struct compiling *c);
	void (*fini)(struct policy *p);
	/* Before a trace, and what is seen of it; NULL: it does not look. */
	void (*begin)(struct policy *p);
	void (*resource)(struct policy *p, struct otlp_place *at);
	void (*span)(struct policy *p, struct otlp_place *at);
	void (*event)(struct policy *p, struct otlp_place *at);
	enum verdict (*decide)(struct policy *p, const struct subject *s);
};

/* Of a composite: what one of its policies may take. */
struct allocation {
	int64_t allotted; /* spans a second */
	int64_t taken;    /* in this second */
};

struct policy {
	const struct policy_kind *kind;
	const struct tail_policy_args *args;
	bool has_matched; /* something of the trace under way */
	bool has_failed;
	struct policy *subs;
	size_t n_subs;
	union {
		uint64_t threshold; /* probabilistic */
		unsigned statuses;  /* bit n: code n */
		struct {
			uint64_t first; /* Unix ns; 0: not known */
			uint64_t last;
		} time;
		struct {
			double tokens;
			int64_t at;
			bool has_begun;
		} rate;
		struct {
			struct regex **p;
			size_t n;
		} patterns;
		struct {
			struct ottl_groups groups[SIGNAL_KINDS];
			struct ottl_runner runner;
		} ottl;
		struct {
			struct policy **order;
			struct allocation *rates; /* of each in order */
			int64_t second;
		} composite;
	};
};

/* NULL: there is none of that name. */
const struct policy_kind *policy_kind(struct str name);
extern const struct policy_kind *const policy_kinds[]; /* NULL at the end */

/* p is zeroed. False: d says what is wrong; policy_fini() may and must follow. */
bool policy_init(struct policy *p, const struct tail_policy_args *a, enum level level,
	const struct compiling *c);
void policy_fini(struct policy *p);
static inline enum verdict policy_decide(struct policy *p, const struct subject *s)
{
	return p->kind->decide(p, s);
}

/* An error at a policy, for init(): false. */
bool policy_error(const struct policy *p, const struct compiling *c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* decide() of those that only look. */
enum verdict policy_matched(struct policy *p, const struct subject *s);

/* A share of 2^64 - 1, as the Collector rounds it. */
uint64_t policy_threshold(double ratio);
