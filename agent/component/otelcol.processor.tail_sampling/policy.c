/* The policies together: compiling them, the pass over a trace, the decision. */

#include "agent/component/otelcol.processor.tail_sampling/policy.h"

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/component/otelcol.processor.tail_sampling/kinds.h"
#include "agent/graph/component.h"

#include <stdlib.h>

#define KEEP_BUFFER ((size_t)1 << 20)

const struct policy_kind *const policy_kinds[] = {
	&policy_always_sample,
	&policy_and,
	&policy_boolean_attribute,
	&policy_bytes_limiting,
	&policy_composite,
	&policy_drop,
	&policy_latency,
	&policy_not,
	&policy_numeric_attribute,
	&policy_ottl_condition,
	&policy_probabilistic,
	&policy_rate_limiting,
	&policy_span_count,
	&policy_status_code,
	&policy_string_attribute,
	&policy_trace_flags,
	&policy_trace_state,
	NULL,
};

struct top {
	struct policy policy;
	char *name;
	struct metric *counts[DECISIONS];
};

struct policies {
	struct component *owner;
	bool first_match;
	struct top *tops; /* those of type drop first, as they overrule others */
	size_t n;
	struct {
		struct policy **p;
		size_t n, cap;
	} lookers; /* on all levels */
	struct otlp_visitor visitor;
	struct otlp_edit *edit;
	struct buf unused; /* the pass changes nothing, but wants a place to write */
	struct metric *errors;
};

static const struct metric_family count_family = {
	"otelcol_processor_tail_sampling_count_traces_sampled_total", METRIC_COUNTER,
	"Traces by what each policy said.", NULL};
static const struct metric_family errors_family = {
	"otelcol_processor_tail_sampling_sampling_policy_evaluation_error_total", METRIC_COUNTER,
	"Times that a policy could not be asked, by an error in a condition.", NULL};

/* ---- compiling ---- */

const struct policy_kind *policy_kind(struct str name)
{
	for (size_t i = 0; policy_kinds[i]; i++)
		if (str_is(name, policy_kinds[i]->name))
			return policy_kinds[i];
	return NULL;
}

bool policy_error(const struct policy *p, const struct compiling *c, const char *fmt, ...)
{
	struct buf text = {0};
	va_list ap;

	if (!c->d)
		return false;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	diag_error(c->d, p->args->at, "policy \"" STR_FMT "\": " STR_FMT, STR_ARG(p->args->name),
		STR_ARG(buf_str(&text)));
	buf_fini(&text);
	return false;
}

static bool has_block(const struct tail_policy_args *a, const struct policy_kind *k)
{
	const void *block;

	if (k->block == 0)
		return false;
	memcpy(&block, (const char *)a + k->block, sizeof(block));
	return block;
}

static void warn_of_blocks(const struct tail_policy_args *a, const struct policy_kind *kind,
	struct diags *d)
{
	for (size_t i = 0; d && policy_kinds[i]; i++)
		if (policy_kinds[i] != kind && has_block(a, policy_kinds[i]))
			diag_warning(d, a->at,
				"policy \"" STR_FMT "\" is of type %s: its block %s does nothing",
				STR_ARG(a->name), kind->name, policy_kinds[i]->name);
}

bool policy_init(struct policy *p, const struct tail_policy_args *a, enum level level,
	const struct compiling *c)
{
	const struct policy_kind *kind = policy_kind(a->type);

	p->args = a;
	if (a->name.n == 0)
		return policy_error(p, c, "a policy must have a name");
	if (!kind)
		return policy_error(
			p, c, "unknown sampling policy type \"" STR_FMT "\"", STR_ARG(a->type));
	if (!(kind->levels & level))
		return policy_error(
			p, c, "a policy of type %s cannot be inside another", kind->name);
	if (kind->block > 0 && !has_block(a, kind))
		return policy_error(p, c, "its type wants a block %s", kind->name);
	warn_of_blocks(a, kind, c->d);
	p->kind = kind;
	return !kind->init || kind->init(p, c);
}

void policy_fini(struct policy *p)
{
	if (p->kind && p->kind->fini)
		p->kind->fini(p);
	for (size_t i = 0; i < p->n_subs; i++)
		policy_fini(&p->subs[i]);
	free(p->subs);
}

static bool is_inverted(const struct tail_policy_args *a)
{
	return (a->numeric_attribute && a->numeric_attribute->invert_match) ||
	       (a->boolean_attribute && a->boolean_attribute->invert_match) ||
	       (a->string_attribute && a->string_attribute->invert_match);
}

/* It once had a veto, and configurations were written for that. */
static void warn_of_invert(const struct tail_policy_args *a, struct diags *d)
{
	if (!is_inverted(a))
		return;
	diag_warning(d, a->at,
		"policy \"" STR_FMT "\": invert_match does not keep others from taking a trace",
		STR_ARG(a->name));
	diag_hint(d, "a policy of type drop does");
}

static bool check_policy(
	const struct tail_policy_args *all, size_t i, const struct compiling *c)
{
	struct policy p = {0};
	bool ok = policy_init(&p, &all[i], LEVEL_TOP, c);

	for (size_t k = 0; k < i; k++)
		if (str_eq(all[k].name, all[i].name))
			ok = policy_error(&p, c, "another one has this name");
	policy_fini(&p);
	return ok;
}

bool policies_check(const struct tail_sampling_args *a, struct diags *d)
{
	const struct compiling c = {NULL, d};
	bool ok = true;

	for (size_t i = 0; i < a->policy.n; i++) {
		const struct tail_policy_args *all = a->policy.p;

		ok = check_policy(all, i, &c) && ok;
		if (a->policy.n > 1)
			warn_of_invert(&all[i], d);
	}
	return ok;
}

/* ---- the pass ---- */

static bool on_resource(struct otlp_visitor *v, struct otlp_place *at)
{
	struct policies *s = container_of(v, struct policies, visitor);

	for (size_t i = 0; i < s->lookers.n; i++)
		if (s->lookers.p[i]->kind->resource)
			s->lookers.p[i]->kind->resource(s->lookers.p[i], at);
	return true;
}

static bool on_span(struct otlp_visitor *v, struct otlp_place *at)
{
	struct policies *s = container_of(v, struct policies, visitor);

	for (size_t i = 0; i < s->lookers.n; i++)
		if (s->lookers.p[i]->kind->span)
			s->lookers.p[i]->kind->span(s->lookers.p[i], at);
	return true;
}

static bool on_event(struct otlp_visitor *v, struct otlp_place *at)
{
	struct policies *s = container_of(v, struct policies, visitor);

	for (size_t i = 0; i < s->lookers.n; i++)
		if (s->lookers.p[i]->kind->event)
			s->lookers.p[i]->kind->event(s->lookers.p[i], at);
	return true;
}

/* Only the levels that somebody looks at are visited. */
static void add_looker(struct policies *s, struct policy *p)
{
	if (p->kind->resource)
		s->visitor.resource = on_resource;
	if (p->kind->span)
		s->visitor.item = on_span;
	if (p->kind->event && p->args->ottl_condition->spanevent.n > 0)
		s->visitor.point = on_event;
	if (p->kind->resource || p->kind->span || p->kind->event)
		*vec_add(&s->lookers) = p;
	for (size_t i = 0; i < p->n_subs; i++)
		add_looker(s, &p->subs[i]);
}

static void look(struct policies *s, struct str bytes)
{
	if (s->lookers.n == 0)
		return;
	for (size_t i = 0; i < s->lookers.n; i++) {
		struct policy *p = s->lookers.p[i];

		p->has_matched = p->has_failed = false;
		if (p->kind->begin)
			p->kind->begin(p);
	}
	otlp_edit_run(s->edit, OTLP_TRACES, bytes, &s->visitor, &s->unused);
	buf_clear(&s->unused);
	buf_shrink(&s->unused, KEEP_BUFFER);
}

enum verdict policy_matched(struct policy *p, const struct subject *s)
{
	(void)s;
	return p->has_failed ? FAILED : p->has_matched ? SAMPLED
						       : NOT_SAMPLED;
}

/* ---- the decision ---- */

enum decision policies_decide(struct policies *s, const struct subject *what)
{
	enum decision d = DECIDED_NOT;

	look(s, what->bytes);
	for (size_t i = 0; i < s->n; i++) {
		struct top *t = &s->tops[i];

		switch (policy_decide(&t->policy, what)) {
		case FAILED:
			metric_add(s->errors, 1);
			break;
		case NOT_SAMPLED:
			metric_add(t->counts[DECIDED_NOT], 1);
			break;
		case DROPPED:
			metric_add(t->counts[DECIDED_DROPPED], 1);
			return DECIDED_DROPPED;
		case SAMPLED:
			metric_add(t->counts[DECIDED_SAMPLED], 1);
			d = DECIDED_SAMPLED;
			if (s->first_match)
				return d;
			break;
		}
	}
	return d;
}

/* ---- making them ---- */

static void make_counts(const struct policies *s, struct top *t)
{
	static const char *const names[DECISIONS] = {"not_sampled", "sampled", "dropped"};

	for (size_t i = 0; i < DECISIONS; i++) {
		const struct metric_label labels[] = {{"component_id", s->owner->id},
			{"component_path", "/"}, {"policy", t->name}, {"decision", names[i]},
			{"sampled", i == DECIDED_SAMPLED ? "true" : "false"}, {NULL, NULL}};

		t->counts[i] = metric_new(&count_family, labels);
	}
}

/* A counter goes on over a reload. */
static bool take_counts(struct top *t, struct policies *old)
{
	for (size_t i = 0; old && i < old->n; i++) {
		if (strcmp(old->tops[i].name, t->name) != 0)
			continue;
		memcpy(t->counts, old->tops[i].counts, sizeof(t->counts));
		memset(old->tops[i].counts, 0, sizeof(t->counts));
		return true;
	}
	return false;
}

static void add_tops(struct policies *s, const struct arg_blocks *blocks, bool drops,
	struct policies *old)
{
	const struct tail_policy_args *a = blocks->p;
	const struct compiling c = {s->owner, NULL};

	for (size_t i = 0; i < blocks->n; i++) {
		struct top *t = &s->tops[s->n];

		if (str_is(a[i].type, "drop") != drops)
			continue;
		must(policy_init(&t->policy, &a[i], LEVEL_TOP, &c));
		t->name = mem_text(a[i].name);
		if (!take_counts(t, old))
			make_counts(s, t);
		add_looker(s, &t->policy);
		s->n++;
	}
}

struct policies *policies_new(
	struct component *owner, const struct tail_sampling_args *a, struct policies *old)
{
	const struct metric_label labels[] = {
		{"component_id", owner->id}, {"component_path", "/"}, {NULL, NULL}};
	struct policies *s = mem_new(struct policies, 1);

	s->owner = owner;
	s->first_match = a->sample_on_first_match;
	s->edit = otlp_edit_new();
	s->tops = mem_new(struct top, a->policy.n + 1);
	add_tops(s, &a->policy, true, old);
	add_tops(s, &a->policy, false, old);
	if (old) {
		s->errors = old->errors;
		old->errors = NULL;
	} else {
		s->errors = metric_new(&errors_family, labels);
	}
	policies_free(old);
	return s;
}

void policies_free(struct policies *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		policy_fini(&s->tops[i].policy);
		free(s->tops[i].name);
		for (size_t k = 0; k < DECISIONS; k++)
			metric_free(s->tops[i].counts[k]);
	}
	free(s->tops);
	free(s->lookers.p);
	otlp_edit_free(s->edit);
	buf_fini(&s->unused);
	metric_free(s->errors);
	free(s);
}
