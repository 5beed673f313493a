/*
 * stage.drop: drops entries for which every condition that is given holds. Cheap conditions
 * come first, in Alloy's order: length, age, source and expression.
 */
#include "agent/component/loki.process/stage.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/regex_arg.h"
#include "agent/flow/regex.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

struct drop_args {
	struct str source;
	struct str separator;
	struct str value;
	struct str expression;
	int64_t older_than;
	int64_t longer_than;
	struct str drop_counter_reason;
};

static const struct arg drop_args[] = {
	ARG(drop_args, source, .type = ARG_STR,
		.help = "Names of extracted values, with commas between them; the line by "
			"default."),
	ARG(drop_args, separator, .type = ARG_STR, .def = ";",
		.help = "Stands between the values of several sources."),
	ARG(drop_args, value, .type = ARG_STR, .help = "The text that the source must be."),
	ARG(drop_args, expression, .type = ARG_STR,
		.help = "RE2 regular expression that must match a part of the source."),
	ARG(drop_args, older_than, .type = ARG_DURATION,
		.help = "The entry must be older than this."),
	ARG(drop_args, longer_than, .type = ARG_SIZE, .help = "The line must be longer than this."),
	ARG(drop_args, drop_counter_reason, .type = ARG_STR, .def = "drop_stage",
		.help = "The reason under which dropped entries are counted."),
	ARGS_END,
};

struct drop {
	struct stage base;
	struct str *sources;
	size_t n_sources;
	struct str separator;
	struct str value;
	struct regex *regex;
	int64_t older_than;
	size_t longer_than;
	struct metric *dropped;
};

static bool drop_check(const void *args, struct range at, struct diags *d)
{
	const struct drop_args *a = args;
	bool ok = true;

	if (!a->source.n && !a->expression.n && !a->older_than && !a->longer_than)
		return diag_error(d, at, "drop stage config must contain at least one of `source`, "
					 "`expression`, `older_than` or `longer_than`");
	if (a->value.n && a->expression.n)
		ok = diag_error(d, at,
			"drop stage config error, `value` and `expression` cannot both "
			"be defined at the same time.");
	if (a->value.n && !a->source.n)
		ok = diag_error(d, at,
			"drop stage config must contain `source` if `value` is specified");
	return regex_arg_check("expression", a->expression, at, d) && ok;
}

static bool drop_uses_extracted(const void *args)
{
	const struct drop_args *a = args;

	return a->source.n > 0;
}

static bool drop_init(struct stage *s, const void *args, struct err *e)
{
	const struct drop_args *a = args;
	struct drop *d = container_of(s, struct drop, base);
	struct str rest = a->source;
	struct str reason = a->drop_counter_reason;

	d->separator = a->separator.n ? a->separator : STR(";");
	d->value = a->value;
	d->older_than = a->older_than;
	d->longer_than = a->longer_than > 0 ? (size_t)a->longer_than : 0;
	d->dropped = process_drop_counter(s->in->process, reason.n ? reason : STR("drop_stage"));
	d->sources = mem_new(struct str, a->source.n + 1);
	while (rest.n > 0) {
		struct str head = rest;

		if (!str_cut(rest, ',', &head, &rest))
			rest = (struct str){0};
		d->sources[d->n_sources++] = head;
	}
	if (!a->expression.n)
		return true;
	d->regex = regex_new(a->expression, 0, e);
	return d->regex != NULL;
}

/* The values of all sources that are there, joined. False: one of them is null. */
static bool join_sources(const struct drop *d, struct work *w, struct str *out)
{
	struct str *values = arena_new(w->arena, struct str, d->n_sources);
	size_t n = 0;
	size_t bytes = 0;
	char *to;

	for (size_t i = 0; i < d->n_sources; i++) {
		if (!extracted_has(&w->x, d->sources[i]))
			continue;
		if (!extracted_find(&w->x, d->sources[i], &values[n]))
			return false;
		bytes += values[n++].n + d->separator.n;
	}
	to = arena_new(w->arena, char, bytes + 1);
	bytes = 0;
	for (size_t i = 0; i < n; i++) {
		const struct str parts[] = {i ? d->separator : (struct str){0}, values[i]};

		for (size_t k = 0; k < 2; k++) {
			if (parts[k].n)
				memcpy(to + bytes, parts[k].p, parts[k].n);
			bytes += parts[k].n;
		}
	}
	*out = (struct str){to, bytes};
	return true;
}

static bool has_all_sources(const struct drop *d, const struct work *w)
{
	for (size_t i = 0; i < d->n_sources; i++) {
		if (!extracted_has(&w->x, d->sources[i]))
			return false;
	}
	return true;
}

/* Do source, value and expression hold? */
static bool source_holds(const struct drop *d, struct work *w)
{
	struct str text = w->e.line;

	if (d->n_sources && !d->regex && !d->value.n)
		return has_all_sources(d, w);
	if (d->n_sources && !join_sources(d, w, &text))
		return false;
	if (d->value.n)
		return str_eq(text, d->value);
	return !d->regex || regex_match(d->regex, text);
}

static bool drop_run(struct stage *s, struct work *w)
{
	const struct drop *d = container_of(s, struct drop, base);

	if (d->longer_than && w->e.line.n <= d->longer_than)
		return true;
	if (d->older_than && w->e.time >= loop_wall(s->in->process->loop) - d->older_than)
		return true;
	if (!source_holds(d, w))
		return true;
	metric_add(d->dropped, 1);
	return false;
}

static void drop_fini(struct stage *s)
{
	struct drop *d = container_of(s, struct drop, base);

	free(d->sources);
	regex_free(d->regex);
}

static const struct stage_ops drop_ops = {
	.size = sizeof(struct drop),
	.uses_extracted = drop_uses_extracted,
	.check = drop_check,
	.init = drop_init,
	.run = drop_run,
	.fini = drop_fini,
};

const struct arg_choice_type stage_drop = {
	.name = "stage.drop",
	.help = "Drops entries for which every condition holds.",
	.args = drop_args,
	.size = sizeof(struct drop_args),
	.ops = &drop_ops,
};
