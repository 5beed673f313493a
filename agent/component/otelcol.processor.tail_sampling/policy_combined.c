/*
 * Policies made of others. They are asked in order, and no further than needed, so that a rate that
 * comes behind a condition counts only what the condition takes.
 *
 * In a composite the policies without a rate_allocation (or with 0 percent) have equal parts of
 * what the others leave; the Collector gives them nothing. And policy_order is the order: there it
 * is that of the blocks.
 */

#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/component/otelcol.processor.tail_sampling/kinds.h"

#include <stdlib.h>

static bool init_subs(struct policy *p, const struct arg_blocks *blocks, enum level level,
	const struct compiling *c)
{
	const struct tail_policy_args *a = blocks->p;
	bool ok = true;

	p->subs = mem_new(struct policy, blocks->n + 1);
	for (size_t i = 0; i < blocks->n; i++) {
		for (size_t k = 0; k < i; k++)
			if (str_eq(a[i].name, a[k].name))
				ok = policy_error(p, c,
					"two of its policies are named \"" STR_FMT "\"",
					STR_ARG(a[i].name));
		p->n_subs++;
		ok = policy_init(&p->subs[i], &a[i], level, c) && ok;
	}
	return ok;
}

/* ---- and, drop ---- */

/* Whether all take it. */
static enum verdict all_of(struct policy *p, const struct subject *s)
{
	for (size_t i = 0; i < p->n_subs; i++) {
		enum verdict v = policy_decide(&p->subs[i], s);

		if (v != SAMPLED)
			return v;
	}
	return SAMPLED;
}

static bool and_init(struct policy *p, const struct compiling *c)
{
	return init_subs(p, &p->args->and->policies, LEVEL_LEAF, c);
}

const struct policy_kind policy_and = {
	.name = "and",
	.block = offsetof(struct tail_policy_args, and),
	.levels = LEVEL_TOP | LEVEL_COMPOSITE,
	.init = and_init,
	.decide = all_of,
};

static bool drop_init(struct policy *p, const struct compiling *c)
{
	return init_subs(p, &p->args->drop->policies, LEVEL_LEAF, c);
}

static enum verdict drop_decide(struct policy *p, const struct subject *s)
{
	enum verdict v = all_of(p, s);

	return v == SAMPLED ? DROPPED : v;
}

const struct policy_kind policy_drop = {
	.name = "drop",
	.block = offsetof(struct tail_policy_args, drop),
	.levels = LEVEL_TOP,
	.init = drop_init,
	.decide = drop_decide,
};

/* ---- not ---- */

static bool not_init(struct policy *p, const struct compiling *c)
{
	bool ok = init_subs(p, &p->args->not ->policies, LEVEL_LEAF, c);

	if (p->n_subs > 1)
		ok = policy_error(p, c, "there may be one not_sub_policy only");
	return ok;
}

static enum verdict not_decide(struct policy *p, const struct subject *s)
{
	enum verdict v = policy_decide(&p->subs[0], s);

	return v == SAMPLED ? NOT_SAMPLED : v == NOT_SAMPLED ? SAMPLED
							     : v;
}

const struct policy_kind policy_not = {
	.name = "not",
	.block = offsetof(struct tail_policy_args, not ),
	.levels = LEVEL_TOP,
	.init = not_init,
	.decide = not_decide,
};

/* ---- composite ---- */

static struct policy *find_sub(struct policy *p, struct str name)
{
	for (size_t i = 0; i < p->n_subs; i++)
		if (str_eq(p->subs[i].args->name, name))
			return &p->subs[i];
	return NULL;
}

static bool is_ordered(const struct policy *p, size_t n, const struct policy *sub)
{
	for (size_t i = 0; i < n; i++)
		if (p->composite.order[i] == sub)
			return true;
	return false;
}

/* Those that policy_order names, then the others. */
static bool set_order(struct policy *p, const struct compiling *c)
{
	const struct arg_strs *names = &p->args->composite->policy_order;
	bool ok = true;
	size_t n = 0;

	p->composite.order = mem_new(struct policy *, p->n_subs + 1);
	for (size_t i = 0; i < names->n; i++) {
		struct policy *sub = find_sub(p, names->p[i]);

		if (!sub)
			ok = policy_error(p, c,
				"policy_order names \"" STR_FMT
				"\", which is no composite_sub_policy",
				STR_ARG(names->p[i]));
		else if (!is_ordered(p, n, sub))
			p->composite.order[n++] = sub;
	}
	for (size_t i = 0; i < p->n_subs; i++)
		if (!is_ordered(p, n, &p->subs[i]))
			p->composite.order[n++] = &p->subs[i];
	return ok;
}

/* What is allotted of the total, and to how many nothing is. */
static bool allot(struct policy *p, const struct compiling *c, double total, double *rest)
{
	const struct tail_rate_allocation *r = p->args->composite->rate_allocation.p;
	bool ok = true;

	for (size_t k = 0; k < p->args->composite->rate_allocation.n; k++) {
		struct policy *sub = find_sub(p, r[k].policy);
		double part = (double)r[k].percent / 100 * total;

		if (!sub)
			ok = policy_error(p, c,
				"a rate_allocation names \"" STR_FMT
				"\", which is no composite_sub_policy",
				STR_ARG(r[k].policy));
		if (r[k].percent < 0 || r[k].percent > 100)
			ok = policy_error(p, c, "percent must be from 0 to 100");
		for (size_t i = 0; sub && r[k].percent > 0 && i < p->n_subs; i++)
			if (p->composite.order[i] == sub)
				p->composite.rates[i].allotted = (int64_t)part;
		*rest -= part;
	}
	return ok;
}

static bool set_rates(struct policy *p, const struct compiling *c)
{
	double total = (double)p->args->composite->max_total_spans_per_second;
	double rest = total;
	size_t others = 0;
	bool ok;

	p->composite.rates = mem_new(struct allocation, p->n_subs + 1);
	for (size_t i = 0; i < p->n_subs; i++)
		p->composite.rates[i].allotted = -1;
	ok = allot(p, c, total, &rest);
	for (size_t i = 0; i < p->n_subs; i++)
		others += p->composite.rates[i].allotted < 0;
	for (size_t i = 0; i < p->n_subs; i++)
		if (p->composite.rates[i].allotted < 0)
			p->composite.rates[i].allotted =
				rest > 0 ? (int64_t)(rest / (double)others) : 0;
	return ok;
}

static bool composite_init(struct policy *p, const struct compiling *c)
{
	const struct tail_composite_args *a = p->args->composite;
	bool ok = init_subs(p, &a->composite_sub_policy, LEVEL_COMPOSITE, c);

	if (p->n_subs == 0)
		return policy_error(p, c, "there is no composite_sub_policy");
	if (a->max_total_spans_per_second <= 0)
		ok = policy_error(p, c, "max_total_spans_per_second must be greater than 0");
	ok = set_order(p, c) && ok;
	return set_rates(p, c) && ok;
}

static void composite_fini(struct policy *p)
{
	free(p->composite.order);
	free(p->composite.rates);
}

/* The first that takes the trace decides, even if it has no spans left in this second. */
static enum verdict composite_decide(struct policy *p, const struct subject *s)
{
	int64_t second = s->now / NS_PER_SEC;

	for (size_t i = 0; second != p->composite.second && i < p->n_subs; i++)
		p->composite.rates[i].taken = 0;
	p->composite.second = second;
	for (size_t i = 0; i < p->n_subs; i++) {
		enum verdict v = policy_decide(p->composite.order[i], s);
		struct allocation *r = &p->composite.rates[i];

		if (v == NOT_SAMPLED)
			continue;
		if (v != SAMPLED)
			return v;
		if (r->taken + s->spans > r->allotted ||
			r->taken + s->spans > p->args->composite->max_total_spans_per_second)
			return NOT_SAMPLED;
		r->taken += s->spans;
		return SAMPLED;
	}
	return NOT_SAMPLED;
}

const struct policy_kind policy_composite = {
	.name = "composite",
	.block = offsetof(struct tail_policy_args, composite),
	.levels = LEVEL_TOP,
	.init = composite_init,
	.fini = composite_fini,
	.decide = composite_decide,
};
