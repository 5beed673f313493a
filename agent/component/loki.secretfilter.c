/*
 * loki.secretfilter: redacts keys and tokens in lines.
 *
 * Alloy looks for secrets by the rules of gitleaks, most of them regular expressions. Here the
 * rules are our own, made of what vendors publish about their tokens: each begins with a text of
 * its own, so that one pass over a line finds them all and no line can take long. Rules that go by
 * a word nearby ("password=") are not among them: stage.replace of loki.process is for these.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/map.h"
#include "agent/base/metric.h"
#include "agent/component/loki.secretfilter/scan.h"
#include "agent/flow/entry.h"
#include "agent/flow/sha256.h"
#include "agent/graph/component.h"
#include "agent/loop/loop.h"

enum {
	MAX_SERIES = 1000, /* of rules and origins; beyond them an origin is not told */
	KEEP_BUFFER = 64 << 10,
	PERCENT = 100,
};

struct filter_args {
	struct range at;
	struct arg_capsules forward_to;
	struct str redact_with;
	uint64_t redact_percent;
	struct str origin_label;
	double rate;
	struct str gitleaks_config;
	int64_t processing_timeout;
	bool drop_on_timeout;
	bool label_timed_out;
};

static const struct arg filter_args[] = {
	ARG_PLACE(filter_args, at),
	ARG(filter_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(filter_args, redact_with, .type = ARG_STR, .def = "",
		.help = "What is put in a secret's place; $SECRET_NAME is its rule, $SECRET_HASH "
			"its SHA-256. Empty: redact_percent counts."),
	ARG(filter_args, redact_percent, .type = ARG_UINT, .def = "80",
		.help = "How much of a secret is cut off at its end; 100: REDACTED is put in its "
			"place."),
	ARG(filter_args, origin_label, .type = ARG_STR, .def = "",
		.help = "Label of the entries by which redactions are counted."),
	ARG(filter_args, rate, .type = ARG_FLOAT, .def = "1.0",
		.help = "Share of the entries that are looked at, from 0 to 1; the others pass."),
	ARG(filter_args, gitleaks_config, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "Rules of gitleaks; the rules here are fixed."),
	ARG(filter_args, processing_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.help = "A line takes time by its length alone."),
	ARG(filter_args, drop_on_timeout, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "There is no timeout."),
	ARG(filter_args, label_timed_out, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "There is no timeout."),
	ARGS_END,
};

static const struct metric_family redacted_family = {"loki_secretfilter_secrets_redacted_total",
	METRIC_COUNTER, "Number of secrets redacted.", NULL};
static const struct metric_family category_family = {
	"loki_secretfilter_secrets_redacted_by_category_total", METRIC_COUNTER,
	"Number of secrets redacted, by rule and origin.", NULL};
static const struct metric_family bypassed_family = {"loki_secretfilter_entries_bypassed_total",
	METRIC_COUNTER, "Number of entries that were not looked at, because of the rate.", NULL};

struct filter {
	struct component base;
	const struct filter_args *args;
	struct receiver receiver;
	struct receivers to;
	struct buf line;  /* a line that is made anew */
	struct map kinds; /* by "rule origin": struct metric */
	struct metric *redacted;
	struct metric *bypassed;
};

static bool filter_check(const void *args, struct diags *d)
{
	const struct filter_args *a = args;
	bool ok = true;

	if (!(a->rate >= 0 && a->rate <= 1))
		ok = diag_error(d, a->at, "rate must be between 0 and 1");
	if (a->redact_percent > PERCENT)
		ok = diag_error(d, a->at, "redact_percent must be between 0 and 100");
	if (a->origin_label.n > 0 && !label_name_is_valid(a->origin_label))
		ok = diag_error(d, a->at,
			"origin_label \"" STR_FMT "\" is not the name of a label",
			STR_ARG(a->origin_label));
	return ok;
}

/* ---- counting: only where there was a secret ---- */

static struct metric *new_kind(const struct filter *f, const char *rule, struct str origin)
{
	struct arena *a = loop_scratch(f->base.loop);
	const struct metric_label labels[] = {
		{"component_id", f->base.id},
		{"component_path", "/"},
		{"rule", rule},
		{f->args->origin_label.n ? "origin" : NULL, arena_str(a, origin).p},
		{NULL, NULL},
	};

	return metric_new(&category_family, labels);
}

static void count(struct filter *f, const struct entry *e, const char *rule)
{
	struct str origin = {0};
	struct metric *kind;
	struct str key;

	metric_add(f->redacted, 1);
	if (f->args->origin_label.n > 0 && f->kinds.n < MAX_SERIES)
		origin = labels_find(e->labels, f->args->origin_label);
	key = arena_printf(loop_scratch(f->base.loop), "%s " STR_FMT, rule, STR_ARG(origin));
	kind = map_find(&f->kinds, key);
	if (!kind) {
		kind = new_kind(f, rule, origin);
		map_set(&f->kinds, key, kind);
	}
	metric_add(kind, 1);
}

/* ---- redacting ---- */

static void put_hash(struct buf *out, struct str s)
{
	char hex[65];

	sha256_hex(s, hex);
	buf_add_str(out, str_from(hex));
}

static void put_template(struct buf *out, struct str with, const char *rule, struct str secret)
{
	while (with.n > 0) {
		if (str_starts(with, "$SECRET_NAME")) {
			buf_add_str(out, str_from(rule));
			with = str_from_at(with, strlen("$SECRET_NAME"));
		} else if (str_starts(with, "$SECRET_HASH")) {
			put_hash(out, secret);
			with = str_from_at(with, strlen("$SECRET_HASH"));
		} else {
			buf_add_char(out, with.p[0]);
			with = str_from_at(with, 1);
		}
	}
}

/* As gitleaks masks: of the beginning what is left, and dots. */
static void put_masked(struct buf *out, uint64_t percent, struct str secret)
{
	size_t n = (secret.n * (PERCENT - (size_t)percent) + PERCENT / 2) / PERCENT;

	if (percent == PERCENT) {
		buf_add_str(out, STR("REDACTED"));
		return;
	}
	buf_add_str(out, str_head(secret, n));
	buf_add_str(out, STR("..."));
}

static void redact(struct filter *f, const struct entry *e, size_t at, struct secret s)
{
	size_t from = 0;

	buf_clear(&f->line);
	do {
		struct str secret = str_head(str_from_at(e->line, s.at), s.n);

		buf_add_str(&f->line, str_head(str_from_at(e->line, from), s.at - from));
		if (f->args->redact_with.n > 0)
			put_template(&f->line, f->args->redact_with, s.rule, secret);
		else
			put_masked(&f->line, f->args->redact_percent, secret);
		count(f, e, s.rule);
		from = at;
	} while (secret_scan(e->line, &at, &s));
	buf_add_str(&f->line, str_from_at(e->line, from));
}

static bool is_looked_at(struct filter *f)
{
	double rate = f->args->rate;

	if (rate >= 1)
		return true;
	return (double)loop_random(f->base.loop, 1 << 30) < rate * (1 << 30);
}

static void on_push(struct receiver *r, const struct entry *e)
{
	struct filter *f = container_of(r, struct filter, receiver);
	struct secret found;
	struct entry to = *e;
	size_t at = 0;

	if (!is_looked_at(f)) {
		metric_add(f->bypassed, 1);
	} else if (secret_scan(e->line, &at, &found)) {
		redact(f, e, at, found);
		to.line = buf_str(&f->line);
	}
	receivers_push(&f->to, &to);
	if (to.line.p == f->line.p && f->line.p) {
		buf_clear(&f->line);
		buf_shrink(&f->line, KEEP_BUFFER);
	}
}

/* ---- life ---- */

static void forget_kinds(struct filter *f)
{
	MAP_EACH(slot, &f->kinds)
	metric_free(slot->value);
	map_fini(&f->kinds);
	f->kinds = (struct map){0};
}

static bool filter_update(struct component *c, const void *args, struct err *e)
{
	struct filter *f = container_of(c, struct filter, base);
	const struct filter_args *a = args;

	(void)e;
	if (f->args && !str_eq(f->args->origin_label, a->origin_label))
		forget_kinds(f);
	f->args = a;
	f->to = (struct receivers){(struct receiver *const *)(const void *)a->forward_to.p,
		a->forward_to.n};
	return true;
}

static bool filter_start(struct component *c, const void *args, struct err *e)
{
	struct filter *f = container_of(c, struct filter, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};

	f->redacted = metric_new(&redacted_family, labels);
	f->bypassed = metric_new(&bypassed_family, labels);
	f->receiver = (struct receiver){on_push, c->id};
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &f->receiver));
	return filter_update(c, args, e);
}

static void filter_stop(struct component *c)
{
	struct filter *f = container_of(c, struct filter, base);

	forget_kinds(f);
	buf_fini(&f->line);
	metric_free(f->redacted);
	metric_free(f->bypassed);
	component_stopped(c);
}

static const struct export_field filter_exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Takes entries."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type loki_secretfilter = {
	.name = "loki.secretfilter",
	.help = "Redacts keys and tokens in lines.",
	.stability = STABILITY_PUBLIC_PREVIEW,
	.args = filter_args,
	.size = sizeof(struct filter),
	.args_size = sizeof(struct filter_args),
	.exports = filter_exports,
	.check = filter_check,
	.start = filter_start,
	.update = filter_update,
	.stop = filter_stop,
};
