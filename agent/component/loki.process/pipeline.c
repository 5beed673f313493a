/* Entries on their way, the counters of a process, and pipelines. */
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"
#include "agent/component/loki.process/stage.h"

#include <stdlib.h>

/* --- entries --- */

void work_init(struct work *w, const struct entry *e, struct arena *a)
{
	w->e = *e;
	w->arena = a;
	w->meta.n = 0;
	extracted_init(&w->x, e->labels);
}

void work_fini(struct work *w)
{
	extracted_fini(&w->x);
	free(w->meta.p);
	*w = (struct work){0};
}

/* The entry's own are borrowed, so they are copied before the first change. */
static void own_meta(struct work *w)
{
	if (w->meta.n > 0)
		return;
	for (size_t i = 0; i < w->e.n_meta; i++)
		*vec_add(&w->meta) = w->e.meta[i];
}

void work_set_meta(struct work *w, struct str name, struct str value)
{
	size_t i = 0;

	own_meta(w);
	while (i < w->meta.n && !str_eq(w->meta.p[i].name, name))
		i++;
	if (i == w->meta.n)
		(void)vec_add(&w->meta);
	w->meta.p[i] = (struct label){name, value};
	w->e.meta = w->meta.p;
	w->e.n_meta = w->meta.n;
}

void work_drop_meta(struct work *w, size_t i)
{
	own_meta(w);
	vec_remove(&w->meta, i);
	w->e.meta = w->meta.p;
	w->e.n_meta = w->meta.n;
}

/* --- counters --- */

static const struct metric_family dropped_lines = {
	"loki_process_dropped_lines_total", METRIC_COUNTER,
	"Lines that a stage dropped, by the reason that the configuration gives.", NULL};

struct metric *process_counter(struct process *p, const struct metric_family *f, const char *label,
	struct str value)
{
	struct process_counter *c;

	for (size_t i = 0; i < p->counters.n; i++) {
		c = &p->counters.p[i];
		if (c->family == f && str_is(value, c->value))
			return c->count;
	}
	c = vec_add(&p->counters);
	c->family = f;
	c->value = mem_new(char, value.n + 1);
	memcpy(c->value, value.p, value.n);
	c->count = metric_new(f, (const struct metric_label[]){{"component_id", p->id},
					 {"component_path", "/"}, {label, c->value}, {NULL, NULL}});
	return c->count;
}

struct metric *process_drop_counter(struct process *p, struct str reason)
{
	return process_counter(p, &dropped_lines, "reason", reason);
}

/* --- pipelines --- */

static const struct stage_ops *ops_of(const struct arg_choice *c)
{
	return c->type->ops;
}

bool pipeline_check(const struct arg_choices *stages, struct diags *d)
{
	bool ok = true;

	for (size_t i = 0; i < stages->n; i++) {
		const struct arg_choice *c = &stages->p[i];

		if (ops_of(c)->check)
			ok &= ops_of(c)->check(c->args, c->at, d);
	}
	return ok;
}

bool stage_always(const void *args)
{
	(void)args;
	return true;
}

bool pipeline_uses_extracted(const struct arg_choices *stages)
{
	for (size_t i = 0; i < stages->n; i++) {
		const struct arg_choice *c = &stages->p[i];

		if (ops_of(c)->uses_extracted && ops_of(c)->uses_extracted(c->args))
			return true;
	}
	return false;
}

struct pipeline *pipeline_new(struct process *process, const struct arg_choices *stages,
	struct stage *outer, struct err *e)
{
	struct pipeline *p = mem_new(struct pipeline, 1);

	p->process = process;
	p->outer = outer;
	p->stages = mem_new(struct stage *, stages->n + 1);
	for (; p->n < stages->n; p->n++) {
		const struct stage_ops *ops = ops_of(&stages->p[p->n]);
		struct stage *s = mem_alloc(ops->size, 1);

		p->stages[p->n] = s;
		*s = (struct stage){ops, p, p->n};
		if (!ops->init || ops->init(s, stages->p[p->n].args, e))
			continue;
		err_wrap(e, "%s", stages->p[p->n].type->name);
		p->n++;
		pipeline_free(p);
		return NULL;
	}
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (p->stages[i]->ops->fini)
			p->stages[i]->ops->fini(p->stages[i]);
		free(p->stages[i]);
	}
	free(p->stages);
	free(p);
}

/* Upstream first: what one gives up, the next may hold. */
void pipeline_leave(struct pipeline *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->stages[i]->ops->leave)
			p->stages[i]->ops->leave(p->stages[i]);
	}
}

void pipeline_take_over(struct pipeline *p, struct pipeline *old)
{
	if (p->n == 0 || old->n == 0 || p->stages[0]->ops != old->stages[0]->ops)
		return;
	if (p->stages[0]->ops->take_over)
		p->stages[0]->ops->take_over(p->stages[0], old->stages[0]);
}

static bool run_from(struct pipeline *p, size_t at, struct work *w)
{
	for (; at < p->n; at++) {
		if (!p->stages[at]->ops->run(p->stages[at], w))
			return false;
	}
	return true;
}

bool pipeline_run(struct pipeline *p, struct work *w)
{
	return run_from(p, 0, w);
}

void pipeline_emit(struct stage *s, struct work *w)
{
	for (; s; s = s->in->outer) {
		if (!run_from(s->in, s->at + 1, w))
			return;
		if (!s->in->outer)
			receivers_push(&s->in->process->to, &w->e);
	}
}
