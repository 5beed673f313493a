/*
 * stage.truncate: cuts what is too long: the line, labels, structured metadata, extracted
 * values. The limit is in bytes; unlike in Alloy no character is cut in two, since Loki
 * refuses labels that are not UTF-8.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/arena.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"

#include <stdlib.h>

enum cut_field { /* in the order of their names */
	EXTRACTED,
	LABEL,
	LINE,
	METADATA,
	FIELDS,
};

static const char *const field_names[] = {
	"extracted", "label", "line", "structured_metadata", NULL};

static const struct metric_family truncated_fields = {
	"loki_process_truncated_fields_total", METRIC_COUNTER,
	"Lines, labels, extracted values and structured metadata that were cut.", NULL};

struct rule_args {
	struct range at;
	int64_t limit;
	struct str source_type;
	struct arg_strs sources;
	struct str suffix;
};

static const struct arg rule_args[] = {
	ARG_PLACE(rule_args, at),
	ARG(rule_args, limit, .type = ARG_SIZE, .flags = ARG_REQUIRED,
		.help = "Longest that it may be, the suffix included."),
	ARG(rule_args, source_type, .type = ARG_STR, .def = "line", .one_of = field_names,
		.help = "What is cut."),
	ARG(rule_args, sources, .type = ARG_STRS, .help = "Names of what is cut; all by default."),
	ARG(rule_args, suffix, .type = ARG_STR, .help = "Put behind what was cut."),
	ARGS_END,
};

struct truncate_args {
	struct arg_blocks rule;
};

static const struct arg truncate_args[] = {
	ARG(truncate_args, rule, .type = ARG_BLOCK, .flags = ARG_REPEATED | ARG_REQUIRED,
		.block = rule_args, .size = sizeof(struct rule_args),
		.help = "What is cut, and to what length."),
	ARGS_END,
};

struct rule {
	const struct rule_args *args;
	enum cut_field field;
	size_t keep; /* bytes, without the suffix */
};

struct truncate {
	struct stage base;
	struct rule *rules;
	size_t n_rules;
	struct metric *counts[FIELDS];
	struct memo memo;
};

static bool check_rule(const struct rule_args *r, struct diags *d)
{
	bool ok = true;

	if (r->limit <= 0)
		ok = diag_error(d, r->at, "limit must be greater than zero");
	if (str_is(r->source_type, "line") && r->sources.n > 0)
		ok = diag_error(d, r->at, "sources cannot be set when source_type is 'line'");
	if (r->limit > 0 && r->suffix.n >= (size_t)r->limit)
		ok = diag_error(
			d, r->at, "suffix length cannot be greater than or equal to limit");
	return ok;
}

static bool truncate_check(const void *args, struct range at, struct diags *d)
{
	const struct truncate_args *a = args;
	const struct rule_args *r = a->rule.p;
	bool ok = true;

	(void)at;
	for (size_t i = 0; i < a->rule.n; i++)
		ok &= check_rule(&r[i], d);
	return ok;
}

static bool truncate_uses_extracted(const void *args)
{
	const struct truncate_args *a = args;
	const struct rule_args *r = a->rule.p;

	for (size_t i = 0; i < a->rule.n; i++) {
		if (str_is(r[i].source_type, "extracted"))
			return true;
	}
	return false;
}

static bool truncate_init(struct stage *s, const void *args, struct err *e)
{
	const struct truncate_args *a = args;
	struct truncate *t = container_of(s, struct truncate, base);

	(void)e;
	t->rules = mem_new(struct rule, a->rule.n + 1);
	for (; t->n_rules < a->rule.n; t->n_rules++) {
		struct rule *r = &t->rules[t->n_rules];

		r->args = (const struct rule_args *)a->rule.p + t->n_rules;
		r->keep = (size_t)r->args->limit - r->args->suffix.n;
		while (!str_is(r->args->source_type, field_names[r->field]))
			r->field++;
	}
	for (int i = 0; i < FIELDS; i++)
		t->counts[i] = process_counter(s->in->process, &truncated_fields, "field",
			str_from(field_names[i]));
	return true;
}

static bool is_named(const struct rule *r, struct str name)
{
	for (size_t i = 0; i < r->args->sources.n; i++) {
		if (str_eq(r->args->sources.p[i], name))
			return true;
	}
	return r->args->sources.n == 0;
}

/* False: it is short enough. */
static bool cut(struct truncate *t, const struct rule *r, struct work *w, struct str *text)
{
	size_t n = r->keep;
	char *to;

	if (text->n <= n)
		return false;
	while (n > 0 && ((unsigned char)text->p[n] & 0xc0) == 0x80 && r->keep - n < 3)
		n--;
	to = arena_new(w->arena, char, n + r->args->suffix.n + 1);
	memcpy(to, text->p, n);
	if (r->args->suffix.n)
		memcpy(to + n, r->args->suffix.p, r->args->suffix.n);
	*text = (struct str){to, n + r->args->suffix.n};
	metric_add(t->counts[r->field], 1);
	return true;
}

static bool cut_labels(struct truncate *t, const struct rule *r, struct work *w)
{
	struct label change[64];
	uint64_t which = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->e.labels->n && i < 64; i++) {
		change[n] = w->e.labels->v[i];
		if (!is_named(r, change[n].name) || !cut(t, r, w, &change[n].value))
			continue;
		which |= UINT64_C(1) << i;
		n++;
	}
	if (n > 0)
		w->e.labels = memo_change(&t->memo, w->e.labels, which, change, n);
	return n > 0;
}

static bool cut_metadata(struct truncate *t, const struct rule *r, struct work *w)
{
	bool any = false;

	for (size_t i = 0; i < w->e.n_meta; i++) {
		struct label l = w->e.meta[i];

		if (!is_named(r, l.name) || !cut(t, r, w, &l.value))
			continue;
		work_set_meta(w, l.name, l.value);
		any = true;
	}
	return any;
}

static bool cut_extracted(struct truncate *t, const struct rule *r, struct work *w)
{
	struct extracted_item *items = arena_new(w->arena, struct extracted_item,
		w->x.n + w->x.base->n + 1);
	size_t n = 0;
	bool any = false;

	for (size_t i = 0; extracted_each(&w->x, &i, &items[n]);)
		n++;
	for (size_t i = 0; i < n; i++) {
		if (items[i].is_null || !is_named(r, items[i].name) ||
			!cut(t, r, w, &items[i].text))
			continue;
		extracted_set(&w->x, items[i].name, items[i].text);
		any = true;
	}
	return any;
}

static bool apply(struct truncate *t, const struct rule *r, struct work *w)
{
	switch (r->field) {
	case LINE:
		return cut(t, r, w, &w->e.line);
	case LABEL:
		return cut_labels(t, r, w);
	case METADATA:
		return cut_metadata(t, r, w);
	case EXTRACTED:
		return cut_extracted(t, r, w);
	case FIELDS:
		break;
	}
	return false;
}

/* The extracted value `truncated` lists what was cut, by this stage and those before it. */
static void note(struct work *w, const bool *fields)
{
	struct str before = STR("");
	struct str one;
	char *to = arena_new(w->arena, char, 64);
	bool all[FIELDS];
	size_t n = 0;

	memcpy(all, fields, sizeof(all));
	extracted_find(&w->x, STR("truncated"), &before);
	while (before.n > 0) {
		if (!str_cut(before, ',', &one, &before)) {
			one = before;
			before.n = 0;
		}
		for (int i = 0; i < FIELDS; i++)
			all[i] = all[i] || str_is(one, field_names[i]);
	}
	for (int i = 0; i < FIELDS; i++) {
		if (!all[i])
			continue;
		if (n > 0)
			to[n++] = ',';
		memcpy(to + n, field_names[i], strlen(field_names[i]));
		n += strlen(field_names[i]);
	}
	extracted_set(&w->x, STR("truncated"), (struct str){to, n});
}

static bool truncate_run(struct stage *s, struct work *w)
{
	struct truncate *t = container_of(s, struct truncate, base);
	bool fields[FIELDS] = {false};
	bool any = false;

	for (size_t i = 0; i < t->n_rules; i++) {
		if (!apply(t, &t->rules[i], w))
			continue;
		fields[t->rules[i].field] = true;
		any = true;
	}
	if (any && s->in->process->uses_extracted)
		note(w, fields);
	return true;
}

static void truncate_fini(struct stage *s)
{
	struct truncate *t = container_of(s, struct truncate, base);

	memo_clear(&t->memo);
	free(t->rules);
}

static const struct stage_ops truncate_ops = {
	.size = sizeof(struct truncate),
	.uses_extracted = truncate_uses_extracted,
	.check = truncate_check,
	.init = truncate_init,
	.run = truncate_run,
	.fini = truncate_fini,
};

const struct arg_choice_type stage_truncate = {
	.name = "stage.truncate",
	.help = "Cuts long lines, labels, structured metadata and extracted values.",
	.args = truncate_args,
	.size = sizeof(struct truncate_args),
	.ops = &truncate_ops,
};
