/*
 * otelcol.processor.span: names spans by their attributes, takes attributes out of their
 * names, sets their status. In this order, as in the Collector (processor/spanprocessor).
 */

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/common/otelcol_match.h"
#include "agent/flow/regex.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

struct span_args {
	struct range at;
	struct name_args *name;
	struct status_args *status;
	struct otelcol_match_args *include;
	struct otelcol_match_args *exclude;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

struct name_args {
	struct arg_strs from_attributes;
	struct str separator;
	struct to_attributes_args *to_attributes;
};

struct to_attributes_args {
	struct range at;
	struct arg_strs rules;
	bool break_after_match;
	bool keep_original_name;
};

struct status_args {
	struct range at;
	struct str code;
	struct str description;
};

/* What the arguments are compiled to. */
struct plan {
	struct regex **rules;
	size_t n;
	struct otelcol_match *include;
	struct otelcol_match *exclude;
};

struct span_processor {
	struct component base;
	struct otelcol_editor editor;
	struct otlp_visitor visitor;
	const struct span_args *args;
	struct plan plan;
	struct buf text;
};

static const struct arg to_attributes_args[] = {
	ARG_PLACE(to_attributes_args, at),
	ARG(to_attributes_args, rules, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Regular expressions; named groups become attributes, and {name} in the "
			"span's name."),
	ARG(to_attributes_args, break_after_match, .type = ARG_BOOL,
		.help = "Whether the rules after the first that matches are left out."),
	ARG(to_attributes_args, keep_original_name, .type = ARG_BOOL,
		.help = "Whether the span keeps its name."),
	ARGS_END,
};

static const struct arg name_args[] = {
	ARG(name_args, from_attributes, .type = ARG_STRS,
		.help = "The name becomes the values of these attributes, if all are there."),
	ARG(name_args, separator, .type = ARG_STR, .help = "What is between them."),
	ARG(name_args, to_attributes, .type = ARG_BLOCK, .block = to_attributes_args,
		.size = sizeof(struct to_attributes_args),
		.help = "Takes attributes out of the name."),
	ARGS_END,
};

static const struct arg status_args[] = {
	ARG_PLACE(status_args, at),
	ARG(status_args, code, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Ok, Error or Unset."),
	ARG(status_args, description, .type = ARG_STR, .help = "With Error: why."),
	ARGS_END,
};

static const struct arg span_args[] = {
	ARG_PLACE(span_args, at),
	ARG(span_args, name, .type = ARG_BLOCK, .block = name_args,
		.size = sizeof(struct name_args), .help = "How the name changes."),
	ARG(span_args, status, .type = ARG_BLOCK, .block = status_args,
		.size = sizeof(struct status_args), .help = "The status that spans get."),
	ARG(span_args, include, OTELCOL_MATCH, .help = "Only spans that match are changed."),
	ARG(span_args, exclude, OTELCOL_MATCH, .help = "Spans that match are not changed."),
	ARG(span_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(span_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static void from_attributes(struct span_processor *x, struct otlp_message *span)
{
	const struct name_args *a = x->args->name;

	if (!a || a->from_attributes.n == 0)
		return;
	buf_clear(&x->text);
	for (size_t i = 0; i < a->from_attributes.n; i++) {
		const struct otlp_slot *s = otlp_message_attr(span, a->from_attributes.p[i]);
		enum otlp_any_kind kind;

		if (!s)
			return;
		if (i > 0)
			buf_add_str(&x->text, a->separator);
		kind = otlp_any_read(s->any).kind;
		if (kind == OTLP_ANY_STRING || kind == OTLP_ANY_BOOL || kind == OTLP_ANY_INT ||
			kind == OTLP_ANY_DOUBLE)
			otlp_any_text(&x->text, s->any);
		else
			buf_add_str(&x->text, STR("<unknown-attribute-type>"));
	}
	otlp_message_set_bytes(span, OTLP_SPAN_NAME, buf_str(&x->text));
}

/* One rule that has matched: the groups become attributes, and {their name} in the span's. A
 * group inside another, or one that took no part, stays as it is in the name. */
static void apply_rule(struct span_processor *x, const struct regex *re, struct str name,
	struct otlp_message *span, struct arena *scratch)
{
	size_t at = 0;

	buf_clear(&x->text);
	for (size_t i = 1; i < re->n_groups; i++) {
		struct str group = re->groups[i];
		size_t start;

		if (re->names[i].n == 0)
			continue;
		otlp_message_set_attr(span, re->names[i],
			otlp_any_string(scratch, group.p ? group : STR("")));
		if (!group.p)
			continue;
		start = (size_t)(group.p - name.p);
		if (start < at)
			continue;
		buf_add(&x->text, name.p + at, start - at);
		buf_add_char(&x->text, '{');
		buf_add_str(&x->text, re->names[i]);
		buf_add_char(&x->text, '}');
		at = start + group.n;
	}
	buf_add_str(&x->text, str_from_at(name, at));
	if (!x->args->name->to_attributes->keep_original_name)
		otlp_message_set_bytes(span, OTLP_SPAN_NAME, buf_str(&x->text));
}

static void to_attributes(
	struct span_processor *x, struct otlp_message *span, struct arena *scratch)
{
	for (size_t i = 0; i < x->plan.n; i++) {
		struct str name = otlp_message_bytes(span, OTLP_SPAN_NAME);

		if (name.n == 0)
			return;
		if (!regex_match(x->plan.rules[i], name))
			continue;
		apply_rule(x, x->plan.rules[i], name, span, scratch);
		if (x->args->name->to_attributes->break_after_match)
			return;
	}
}

static uint64_t status_code(struct str name)
{
	return str_is(name, "Ok") ? 1 : str_is(name, "Error") ? 2
							      : 0;
}

static void set_status(struct span_processor *x, struct otlp_message *span)
{
	const struct status_args *a = x->args->status;
	uint64_t code = a ? status_code(a->code) : 0;

	if (!a)
		return;
	buf_clear(&x->text);
	if (code == 2 && a->description.n > 0)
		wire_put_bytes(&x->text, OTLP_STATUS_MESSAGE, a->description);
	if (code != 0) {
		wire_put_tag(&x->text, OTLP_STATUS_CODE, WIRE_VARINT);
		wire_put_varint(&x->text, code);
	}
	otlp_message_set_bytes(span, OTLP_SPAN_STATUS, buf_str(&x->text));
}

static bool on_item(struct otlp_visitor *v, struct otlp_place *p)
{
	struct span_processor *x = container_of(v, struct span_processor, visitor);

	if (!otelcol_match_takes(x->plan.include, x->plan.exclude, p))
		return true;
	from_attributes(x, &p->item);
	to_attributes(x, &p->item, p->scratch);
	set_status(x, &p->item);
	return true;
}

static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct span_processor *x = container_of(e, struct span_processor, editor);

	if (t->kind == SIGNAL_TRACES)
		otelcol_editor_pass(e, t, &x->visitor);
	return true;
}

static void plan_fini(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		regex_free(p->rules[i]);
	free(p->rules);
	otelcol_match_free(p->include);
	otelcol_match_free(p->exclude);
	*p = (struct plan){0};
}

static bool plan_init(struct plan *p, const struct span_args *a, struct err *e)
{
	const struct to_attributes_args *to = a->name ? a->name->to_attributes : NULL;
	size_t n = to ? to->rules.n : 0;
	bool ok = true;

	*p = (struct plan){.rules = mem_new(struct regex *, n + 1)};
	for (size_t i = 0; ok && i < n; i++) {
		ok = (p->rules[i] = regex_new(to->rules.p[i], 0, e)) != NULL;
		p->n += ok;
	}
	if (ok && a->include)
		ok = (p->include = otelcol_match_new(a->include, e)) != NULL;
	if (ok && a->exclude)
		ok = (p->exclude = otelcol_match_new(a->exclude, e)) != NULL;
	if (!ok)
		plan_fini(p);
	return ok;
}

static bool otelcol_processor_span_update(struct component *c, const void *args, struct err *e)
{
	struct span_processor *x = container_of(c, struct span_processor, base);
	struct plan plan;

	if (!plan_init(&plan, args, e))
		return false;
	plan_fini(&x->plan);
	x->plan = plan;
	x->args = args;
	otelcol_editor_set_output(&x->editor, x->args->output);
	return true;
}

static void fini(struct otelcol_editor *e)
{
	struct span_processor *x = container_of(e, struct span_processor, editor);

	plan_fini(&x->plan);
	buf_fini(&x->text);
}

static bool otelcol_processor_span_start(struct component *c, const void *args, struct err *e)
{
	struct span_processor *x = container_of(c, struct span_processor, base);

	if (!plan_init(&x->plan, args, e))
		return false;
	x->args = args;
	x->visitor.item = on_item;
	x->editor.run = run;
	x->editor.fini = fini;
	otelcol_editor_start(&x->editor, c, "span");
	otelcol_editor_set_output(&x->editor, x->args->output);
	return true;
}

static void otelcol_processor_span_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct span_processor, base)->editor);
}

static bool check_status(const struct status_args *a, struct diags *d)
{
	if (!a)
		return true;
	if (!str_is(a->code, "Ok") && !str_is(a->code, "Error") && !str_is(a->code, "Unset"))
		return diag_error(d, a->at,
			"status code must be \"Ok\", \"Error\" or \"Unset\", not \"" STR_FMT "\"",
			STR_ARG(a->code));
	if (a->description.n > 0 && !str_is(a->code, "Error"))
		return diag_error(d, a->at,
			"status description can only be set with the status code \"Error\"");
	return true;
}

static bool span_check(const void *args, struct diags *d)
{
	static const bool has[SIGNAL_KINDS] = {[SIGNAL_TRACES] = true};
	const struct span_args *a = args;
	const struct to_attributes_args *to = a->name ? a->name->to_attributes : NULL;
	bool ok = otelcol_output_check(a->output, d);
	struct plan plan;
	struct err e;

	ok = check_status(a->status, d) && ok;
	if (!a->status && (!a->name || (a->name->from_attributes.n == 0 && !to)))
		ok = diag_error(d, a->at,
			"either name with from_attributes or to_attributes, or status is wanted");
	if (to && to->rules.n == 0)
		ok = diag_error(d, to->at, "rules must not be empty");
	if (otelcol_output_has(a->output, SIGNAL_LOGS) ||
		otelcol_output_has(a->output, SIGNAL_METRICS))
		ok = diag_error(d, a->at, "this processor is for traces only");
	ok = otelcol_match_check(a->include, has, d) && ok;
	ok = otelcol_match_check(a->exclude, has, d) && ok;
	if (!ok)
		return false;
	if (!plan_init(&plan, a, &e))
		return diag_error(d, to ? to->at : a->at, "%s%s", to ? "rules: " : "", e.text);
	plan_fini(&plan);
	return true;
}

const struct component_type otelcol_processor_span = {
	.name = "otelcol.processor.span",
	.help = "Changes the names and the status of spans.",
	.stability = STABILITY_GA,
	.args = span_args,
	.size = sizeof(struct span_processor),
	.args_size = sizeof(struct span_args),
	.exports = otelcol_editor_exports,
	.check = span_check,
	.start = otelcol_processor_span_start,
	.update = otelcol_processor_span_update,
	.stop = otelcol_processor_span_stop,
};
