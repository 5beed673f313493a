/*
 * stage.json: values of a JSON object become extracted values.
 *
 * The object is checked whole, then its members are walked once, and each is given to the
 * expressions that begin with its key; no tree is made.
 */
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/input.h"
#include "agent/component/loki.process/jmespath.h"
#include "agent/component/loki.process/json.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

struct json_args {
	struct arg_map expressions;
	struct str regex;
	struct str source;
	bool drop_malformed;
};

static const struct arg json_args[] = {
	ARG(json_args, expressions, .type = ARG_MAP,
		.help = "Names and JMESPath expressions; an empty expression is the name itself."),
	ARG(json_args, regex, .type = ARG_STR,
		.help = "RE2 regular expression; members with a name that matches are extracted."),
	ARG(json_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is parsed; the line by default."),
	ARG(json_args, drop_malformed, .type = ARG_BOOL,
		.help = "Whether an entry that is no JSON object is dropped."),
	ARGS_END,
};

struct expression {
	struct str name;
	struct jmespath path;
	struct str found; /* of the entry in work: the member it begins with; p NULL: none */
};

struct json_stage {
	struct stage base;
	struct arena arena;
	struct expression *p;
	size_t n;
	struct regex *regex; /* NULL: none */
	struct str source;
	struct metric *malformed; /* NULL: they are passed on */
};

static struct str expression_of(const struct arg_pair *p)
{
	return p->value.n ? p->value : p->name;
}

static bool json_check(const void *args, struct range at, struct diags *d)
{
	const struct json_args *a = args;
	struct jmespath path;
	struct err e;
	bool ok = input_check(a->source, at, d);

	if (a->expressions.n == 0 && a->regex.n == 0)
		ok = diag_error(d, at, "JMES expressions or regex is required");
	for (size_t i = 0; i < a->expressions.n; i++) {
		if (jmespath_parse(d->arena, expression_of(&a->expressions.p[i]), &path, &e))
			continue;
		ok = diag_error(d, at, "expressions: " STR_FMT ": %s",
			STR_ARG(str_head(a->expressions.p[i].name, 200)), e.text);
		diag_hint(d, "the expression is " STR_FMT,
			STR_ARG(str_head(expression_of(&a->expressions.p[i]), 200)));
	}
	return regex_arg_check("regex", a->regex, at, d) && ok;
}

static bool json_uses_extracted(const void *args)
{
	const struct json_args *a = args;

	return a->source.n > 0;
}

static bool json_init(struct stage *s, const void *args, struct err *e)
{
	const struct json_args *a = args;
	struct json_stage *j = container_of(s, struct json_stage, base);

	arena_init(&j->arena, 0);
	j->source = a->source;
	j->p = arena_new(&j->arena, struct expression, a->expressions.n + 1);
	for (; j->n < a->expressions.n; j->n++) {
		const struct arg_pair *p = &a->expressions.p[j->n];

		j->p[j->n].name = p->name;
		if (!jmespath_parse(&j->arena, expression_of(p), &j->p[j->n].path, e))
			return false;
	}
	if (a->drop_malformed)
		j->malformed = process_drop_counter(s->in->process, STR("malformed_json"));
	if (!a->regex.n)
		return true;
	j->regex = regex_new(a->regex, 0, e);
	return j->regex != NULL;
}

static void put(struct work *w, struct str name, struct str value)
{
	struct str text;

	if (json_to_text(value, w->arena, &text))
		extracted_set(&w->x, name, text);
	else
		extracted_set_null(&w->x, name);
}

/* Notes each member where an expression begins with it. */
static void walk(struct json_stage *j, struct work *w, struct str object)
{
	struct str key;
	struct str value;

	for (size_t i = 0; i < j->n; i++)
		j->p[i].found = (struct str){0};
	while (json_next(&object, &key, &value)) {
		struct str name = json_unquote(key, w->arena);

		for (size_t i = 0; i < j->n; i++) {
			const struct jmespath *path = &j->p[i].path;

			if (path->n > 0 && path->p[0].key.p && str_eq(path->p[0].key, name))
				j->p[i].found = value;
		}
	}
}

/* A search that fails sets nothing, as in Alloy. */
static void extract(struct json_stage *j, struct work *w, struct str object)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct expression *x = &j->p[i];
		struct str value;

		if (x->path.n == 0) {
			if (jmespath_search(&x->path, object, w->arena, &value))
				put(w, x->name, value);
		} else if (x->found.p && jmespath_find(&x->path, 1, x->found, w->arena, &value))
			put(w, x->name, value);
		else
			extracted_set_null(&w->x, x->name);
	}
}

/* After the expressions, as in Alloy. */
static void extract_matching(struct json_stage *j, struct work *w, struct str object)
{
	struct str key;
	struct str value;

	while (json_next(&object, &key, &value)) {
		struct str name = json_unquote(key, w->arena);

		if (regex_match(j->regex, name))
			put(w, name, value);
	}
}

static bool json_run(struct stage *s, struct work *w)
{
	struct json_stage *j = container_of(s, struct json_stage, base);
	struct str text;
	enum json_kind kind;

	if (!s->in->process->uses_extracted && !j->malformed)
		return true;
	if (!input_find(w, j->source, &text))
		return true;
	kind = json_is_valid(text) ? json_kind(text) : JSON_STRING;
	if (kind == JSON_NULL) /* Go reads it as an object without members */
		text = STR("{}");
	else if (kind != JSON_OBJECT) {
		if (j->malformed)
			metric_add(j->malformed, 1);
		return !j->malformed;
	}
	if (!s->in->process->uses_extracted)
		return true;
	walk(j, w, text);
	extract(j, w, text);
	if (j->regex)
		extract_matching(j, w, text);
	return true;
}

static void json_fini(struct stage *s)
{
	struct json_stage *j = container_of(s, struct json_stage, base);

	regex_free(j->regex);
	arena_fini(&j->arena);
}

static const struct stage_ops json_ops = {
	.size = sizeof(struct json_stage),
	.uses_extracted = json_uses_extracted,
	.check = json_check,
	.init = json_init,
	.run = json_run,
	.fini = json_fini,
};

const struct arg_choice_type stage_json = {
	.name = "stage.json",
	.help = "Extracts values of a JSON object.",
	.args = json_args,
	.size = sizeof(struct json_args),
	.ops = &json_ops,
};
