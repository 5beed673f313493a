/*
 * otelcol.processor.attributes: changes the attributes of spans, log records and data points by
 * a list of actions, done in their order.
 *
 * hash is SHA-256, as in the Collector since its feature gate coreinternal.attraction.hash.sha256
 * became the only way; its documentation still speaks of SHA-1.
 */

#include "agent/base/address.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/common/otelcol_match.h"
#include "agent/component/common/regex_arg.h"
#include "agent/config/number.h"
#include "agent/flow/client.h"
#include "agent/flow/regex.h"
#include "agent/loop/loop.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <stdlib.h>

enum {
	SHA256_SIZE = 32,
};

struct attributes_args {
	struct range at;
	struct arg_blocks action; /* struct action_args */
	struct otelcol_match_args *include;
	struct otelcol_match_args *exclude;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

struct action_args {
	struct range at;
	struct str key;
	struct str action;
	struct value value;
	struct str pattern;
	struct str from_attribute;
	struct str from_context;
	struct str converted_type;
};

enum action_kind {
	INSERT,
	UPDATE,
	UPSERT,
	DELETE,
	HASH,
	EXTRACT,
	CONVERT,
	ACTIONS,
};

static const char *const action_names[] = {
	"insert", "update", "upsert", "delete", "hash", "extract", "convert"};

struct action {
	enum action_kind kind;
	const struct action_args *args;
	struct str any; /* the body of `value` */
	struct regex *re;
};

/* What the arguments are compiled to. */
struct plan {
	struct arena arena;
	struct action *actions;
	size_t n;
	struct otelcol_match *include;
	struct otelcol_match *exclude;
};

struct attributes {
	struct component base;
	struct otelcol_editor editor;
	struct otlp_visitor visitor;
	const struct attributes_args *args;
	struct plan plan;
	const struct telemetry *now; /* the request that is being looked at */
	bool takes_metric;           /* the metric whose points are being looked at */
};

static const struct arg action_args[] = {
	ARG_PLACE(action_args, at),
	ARG(action_args, key, .type = ARG_STR, .help = "The attribute that is changed."),
	ARG(action_args, action, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "insert, update, upsert, delete, hash, extract or convert."),
	ARG(action_args, value, .type = ARG_ANY, .help = "The value that it gets."),
	ARG(action_args, pattern, .type = ARG_STR,
		.help = "extract: its named groups become attributes; delete and hash: of all keys "
			"that match."),
	ARG(action_args, from_attribute, .type = ARG_STR,
		.help = "It gets this attribute's value, if there is one."),
	ARG(action_args, from_context, .type = ARG_STR,
		.help = "It gets what is known of the sender: client.address, auth.X, or "
			"metadata.X, a header (where the receiver has include_metadata)."),
	ARG(action_args, converted_type, .type = ARG_STR, .help = "string, int or double."),
	ARGS_END,
};

static const struct arg attributes_args[] = {
	ARG_PLACE(attributes_args, at),
	ARG(attributes_args, action, .type = ARG_BLOCK, .flags = ARG_REPEATED, .block = action_args,
		.size = sizeof(struct action_args), .help = "What is done, in this order."),
	ARG(attributes_args, include, OTELCOL_MATCH, .help = "Only what matches is changed."),
	ARG(attributes_args, exclude, OTELCOL_MATCH, .help = "What matches is not changed."),
	ARG(attributes_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(attributes_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static enum action_kind action_kind(struct str name)
{
	for (int i = 0; i < ACTIONS; i++)
		if (str_eq_nocase(name, str_from(action_names[i])))
			return (enum action_kind)i;
	return ACTIONS;
}

/* As the Collector gives client.address. p NULL: it is not known. */
static struct str address_of(const struct telemetry *t, struct arena *a)
{
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_UNSPECIFIED(&t->peer))
		return (struct str){0};
	return otlp_any_string(a, arena_str(a, str_from(address_print(text, &t->peer))));
}

/* What is known of the sender: `client.address`, `auth.X`, and `metadata.X`, a header, as is any
 * other name. p NULL: it is not known. */
static struct str sender(const struct attributes *x, struct str key, struct arena *a)
{
	enum client_source from = CLIENT_METADATA;
	struct buf text = {0};
	struct str out = {0};

	if (str_is(key, "client.address"))
		return address_of(x->now, a);
	if (str_starts(key, "auth.")) {
		from = CLIENT_AUTH;
		key = str_from_at(key, strlen("auth."));
	} else if (str_starts(key, "metadata.")) {
		key = str_from_at(key, strlen("metadata."));
	}
	if (client_join(x->now->client, from, key, &text))
		out = otlp_any_string(a, buf_str(&text));
	buf_fini(&text);
	return out;
}

/* The value that an action puts; p NULL: there is none, and nothing is done. */
static struct str source_of(const struct attributes *x, const struct action *a,
	const struct otlp_message *m, struct arena *scratch)
{
	const struct otlp_slot *s;

	if (a->args->from_attribute.n > 0) {
		s = otlp_message_attr(m, a->args->from_attribute);
		return s ? s->any : (struct str){0};
	}
	return a->args->from_context.n > 0 ? sender(x, a->args->from_context, scratch) : a->any;
}

/* Strings as they are, numbers as 8 bytes little-endian, booleans as one; of what has no such
 * bytes the hash is empty. */
static struct str hash_of(struct str any, struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	struct otlp_any v = otlp_any_read(any);
	char *text = arena_new(a, char, 2 * SHA256_SIZE);
	unsigned char sum[SHA256_SIZE];
	char number[8];
	struct str in = {number, 8};

	if (v.kind == OTLP_ANY_STRING)
		in = v.bytes;
	else if (v.kind == OTLP_ANY_BOOL)
		in = v.boolean ? STR("\x01") : (struct str){"", 1};
	else if (v.kind == OTLP_ANY_INT)
		memcpy(number, &v.integer, 8);
	else if (v.kind == OTLP_ANY_DOUBLE)
		memcpy(number, &v.number, 8);
	else
		in.n = 0;
	if (in.n == 0 || gnutls_hash_fast(GNUTLS_DIG_SHA256, in.p, in.n, sum) != 0)
		return otlp_any_string(a, STR(""));
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		text[2 * i] = digits[sum[i] >> 4];
		text[2 * i + 1] = digits[sum[i] & 15];
	}
	return otlp_any_string(a, (struct str){text, 2 * SHA256_SIZE});
}

static void delete_or_hash(const struct action *a, struct otlp_message *m, struct arena *scratch)
{
	for (size_t i = 0; i < m->n; i++) {
		struct str key = m->p[i].key;

		if (!otlp_slot_is_attr(m, &m->p[i]) ||
			!((a->args->key.n > 0 && str_eq(key, a->args->key)) ||
				(a->re && regex_match(a->re, key))))
			continue;
		if (a->kind == DELETE)
			otlp_message_remove_at(m, i);
		else
			otlp_message_set_attr(m, key, hash_of(m->p[i].any, scratch));
	}
}

static void extract(const struct action *a, struct otlp_message *m, struct arena *scratch)
{
	const struct otlp_slot *s = otlp_message_attr(m, a->args->key);
	struct otlp_any v = otlp_any_read(s ? s->any : STR(""));

	if (v.kind != OTLP_ANY_STRING || !regex_match(a->re, v.bytes))
		return;
	for (size_t i = 1; i < a->re->n_groups; i++) {
		struct str group = a->re->groups[i];

		otlp_message_set_attr(
			m, a->re->names[i], otlp_any_string(scratch, group.p ? group : STR("")));
	}
}

/* False: the value cannot be converted and stays as it is. */
static bool convert_value(struct otlp_any *v, struct str to, struct str text)
{
	bool is_int = str_is(to, "int");
	bool range;
	double f;

	if (v->kind == OTLP_ANY_BOOL)
		v->integer = v->boolean;
	else if (v->kind == OTLP_ANY_DOUBLE)
		v->integer = float_to_int(v->number);
	else if (v->kind == OTLP_ANY_STRING && is_int) {
		if (!str_to_int(text, &v->integer))
			return false;
	} else if (v->kind == OTLP_ANY_STRING) {
		if (!float_parse(text, &f, &range))
			return false;
		v->number = f;
	} else if (v->kind != OTLP_ANY_INT)
		return false;
	if (v->kind == OTLP_ANY_BOOL || v->kind == OTLP_ANY_INT)
		v->number = (double)v->integer;
	v->kind = is_int ? OTLP_ANY_INT : OTLP_ANY_DOUBLE;
	return true;
}

static void convert(const struct action *a, struct otlp_message *m, struct arena *scratch)
{
	const struct otlp_slot *s = otlp_message_attr(m, a->args->key);
	struct buf text = {0};
	struct otlp_any v;

	if (!s)
		return;
	v = otlp_any_read(s->any);
	if (str_is(a->args->converted_type, "string")) {
		if (v.kind == OTLP_ANY_STRING)
			return;
		otlp_any_text(&text, s->any);
		v = (struct otlp_any){.kind = OTLP_ANY_STRING,
			.bytes = arena_str(scratch, buf_str(&text))};
		buf_fini(&text);
	} else if (!convert_value(&v, a->args->converted_type, v.bytes)) {
		return;
	}
	otlp_message_set_attr(m, a->args->key, otlp_any_make(scratch, &v));
}

static void put(const struct attributes *x, const struct action *a, struct otlp_message *m,
	struct arena *scratch)
{
	struct str any = source_of(x, a, m, scratch);
	bool found = otlp_message_attr(m, a->args->key) != NULL;

	if (!any.p || (a->kind == INSERT && found) || (a->kind == UPDATE && !found))
		return;
	otlp_message_set_attr(m, a->args->key, any);
}

static void act(const struct attributes *x, struct otlp_message *m, struct arena *scratch)
{
	for (size_t i = 0; i < x->plan.n; i++) {
		const struct action *a = &x->plan.actions[i];

		switch (a->kind) {
		case INSERT:
		case UPDATE:
		case UPSERT:
			put(x, a, m, scratch);
			break;
		case DELETE:
		case HASH:
			delete_or_hash(a, m, scratch);
			break;
		case EXTRACT:
			extract(a, m, scratch);
			break;
		case CONVERT:
			convert(a, m, scratch);
			break;
		case ACTIONS:
			break;
		}
	}
}

static bool on_item(struct otlp_visitor *v, struct otlp_place *p)
{
	struct attributes *x = container_of(v, struct attributes, visitor);
	bool takes = otelcol_match_takes(x->plan.include, x->plan.exclude, p);

	if (p->kind == OTLP_METRICS)
		x->takes_metric = takes;
	else if (takes)
		act(x, &p->item, p->scratch);
	return true;
}

static bool on_point(struct otlp_visitor *v, struct otlp_place *p)
{
	struct attributes *x = container_of(v, struct attributes, visitor);

	if (x->takes_metric)
		act(x, &p->point, p->scratch);
	return true;
}

static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct attributes *x = container_of(e, struct attributes, editor);

	x->now = t;
	x->visitor = (struct otlp_visitor){
		.item = on_item, .point = t->kind == SIGNAL_METRICS ? on_point : NULL};
	otelcol_editor_pass(e, t, &x->visitor);
	return true;
}

static void plan_fini(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		regex_free(p->actions[i].re);
	otelcol_match_free(p->include);
	otelcol_match_free(p->exclude);
	arena_fini(&p->arena);
	*p = (struct plan){0};
}

static bool action_init(struct plan *p, const struct action_args *args, struct err *e)
{
	struct action *a = &p->actions[p->n++];

	a->kind = action_kind(args->action);
	a->args = args;
	if (args->value.type != VALUE_NULL &&
		!otelcol_any_of_value(&p->arena, &args->value, &a->any))
		return err_set(e, "the value of \"" STR_FMT "\" cannot be that of an attribute",
			STR_ARG(args->key));
	if (args->pattern.n > 0)
		a->re = regex_new(args->pattern, 0, e);
	return args->pattern.n == 0 || a->re;
}

static bool plan_init(struct plan *p, const struct attributes_args *args, struct err *e)
{
	const struct action_args *b = args->action.p;
	bool ok = true;

	*p = (struct plan){0};
	arena_init(&p->arena, 0);
	p->actions = arena_new(&p->arena, struct action, args->action.n + 1);
	for (size_t i = 0; ok && i < args->action.n; i++)
		ok = action_init(p, &b[i], e);
	if (ok && args->include)
		ok = (p->include = otelcol_match_new(args->include, e)) != NULL;
	if (ok && args->exclude)
		ok = (p->exclude = otelcol_match_new(args->exclude, e)) != NULL;
	if (!ok)
		plan_fini(p);
	return ok;
}

static bool otelcol_processor_attributes_update(
	struct component *c, const void *args, struct err *e)
{
	struct attributes *x = container_of(c, struct attributes, base);
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
	plan_fini(&container_of(e, struct attributes, editor)->plan);
}

static bool otelcol_processor_attributes_start(
	struct component *c, const void *args, struct err *e)
{
	struct attributes *x = container_of(c, struct attributes, base);

	if (!plan_init(&x->plan, args, e))
		return false;
	x->args = args;
	x->editor.run = run;
	x->editor.fini = fini;
	otelcol_editor_start(&x->editor, c, "attributes");
	otelcol_editor_set_output(&x->editor, x->args->output);
	return true;
}

static void otelcol_processor_attributes_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct attributes, base)->editor);
}

static bool check_source(const struct action_args *a, struct diags *d)
{
	size_t sources = (a->value.type != VALUE_NULL) + (a->from_attribute.n > 0) +
			 (a->from_context.n > 0);

	if (sources != 1)
		return diag_error(d, a->at,
			"action \"" STR_FMT "\" wants exactly one of value, from_attribute and "
			"from_context",
			STR_ARG(a->action));
	if (a->pattern.n > 0 || a->converted_type.n > 0)
		return diag_error(d, a->at,
			"action \"" STR_FMT "\" does not use pattern or converted_type",
			STR_ARG(a->action));
	if (a->value.type == VALUE_FUNCTION || a->value.type == VALUE_CAPSULE)
		return diag_error(d, a->at, "a %s is no value of an attribute",
			value_type_name(&a->value));
	return true;
}

static bool check_pattern(const struct action_args *a, struct diags *d)
{
	struct regex *re;
	struct err e;
	bool ok = true;

	if (a->pattern.n == 0)
		return true;
	if (!regex_arg_check("pattern", a->pattern, a->at, d))
		return false;
	re = regex_new(a->pattern, 0, &e);
	must(re);
	if (str_eq_nocase(a->action, STR("extract")))
		ok = re->n_groups > 1;
	for (size_t i = 1; ok && i < re->n_groups; i++)
		ok = !str_eq_nocase(a->action, STR("extract")) || re->names[i].n > 0;
	regex_free(re);
	return ok || diag_error(d, a->at,
			     "the pattern of action \"extract\" wants groups, and each with a "
			     "name: (?P<name>...)");
}

static bool check_action(const struct action_args *a, struct diags *d)
{
	enum action_kind kind = action_kind(a->action);
	bool sources = a->value.type != VALUE_NULL || a->from_attribute.n || a->from_context.n;

	if (kind == ACTIONS)
		return diag_error(
			d, a->at, "unsupported action \"" STR_FMT "\"", STR_ARG(a->action));
	if (a->key.n == 0 && ((kind != DELETE && kind != HASH) || a->pattern.n == 0))
		return diag_error(d, a->at, "action \"" STR_FMT "\" wants a key",
			STR_ARG(a->action));
	if (kind == INSERT || kind == UPDATE || kind == UPSERT)
		return check_source(a, d);
	if (sources)
		return diag_error(d, a->at,
			"action \"" STR_FMT
			"\" does not use value, from_attribute or from_context",
			STR_ARG(a->action));
	if (kind == CONVERT)
		return (a->pattern.n == 0 && (str_is(a->converted_type, "string") ||
						     str_is(a->converted_type, "int") ||
						     str_is(a->converted_type, "double"))) ||
		       diag_error(d, a->at,
			       "action \"convert\" wants a converted_type of string, int or "
			       "double, and no pattern");
	if (a->converted_type.n > 0)
		return diag_error(d, a->at, "action \"" STR_FMT "\" does not use converted_type",
			STR_ARG(a->action));
	if (kind == EXTRACT && a->pattern.n == 0)
		return diag_error(d, a->at, "action \"extract\" wants a pattern");
	return check_pattern(a, d);
}

static bool attributes_check(const void *args, struct diags *d)
{
	const struct attributes_args *a = args;
	const struct action_args *b = a->action.p;
	bool ok = otelcol_output_check(a->output, d);
	bool has[SIGNAL_KINDS];

	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		has[i] = otelcol_output_has(a->output, (enum signal_kind)i);
	if (a->action.n == 0) {
		diag_warning(d, a->at, "there is no action: all goes through as it came");
		diag_hint(d, "add action { ... }, or leave the processor out");
	}
	for (size_t i = 0; i < a->action.n; i++)
		ok = check_action(&b[i], d) && ok;
	ok = otelcol_match_check(a->include, has, d) && ok;
	return otelcol_match_check(a->exclude, has, d) && ok;
}

const struct component_type otelcol_processor_attributes = {
	.name = "otelcol.processor.attributes",
	.help = "Changes attributes of spans, log records and data points.",
	.stability = STABILITY_GA,
	.args = attributes_args,
	.size = sizeof(struct attributes),
	.args_size = sizeof(struct attributes_args),
	.exports = otelcol_editor_exports,
	.check = attributes_check,
	.start = otelcol_processor_attributes_start,
	.update = otelcol_processor_attributes_update,
	.stop = otelcol_processor_attributes_stop,
};
