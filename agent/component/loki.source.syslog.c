/*
 * loki.source.syslog: syslog messages that programs and devices send, as log lines.
 *
 * Differences from Alloy, on purpose: no name is looked up for a sender's address (there is no
 * __syslog_connection_hostname); times without a year are of the nearest year. A protocol without
 * answers cannot tell its sender that a line was delivered, so what is in memory when the
 * agent is killed is lost.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/rule_labels.h"
#include "agent/component/loki.source.syslog/listener.h"
#include "agent/flow/entry.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "proto/syslog/message.h"

#include <stdlib.h>

struct raw_options_block {
	bool use_null_terminator_delimiter;
};

static const struct arg raw_options_args[] = {
	ARG(raw_options_block, use_null_terminator_delimiter, .type = ARG_BOOL, .def = "false",
		.help = "Whether messages end with a zero byte, not with a newline."),
	ARGS_END,
};

struct listener_block {
	struct range at;
	struct str address;
	struct str protocol;
	int64_t idle_timeout;
	bool label_structured_data;
	struct arg_map labels;
	bool use_incoming_timestamp;
	bool use_rfc5424_message;
	int64_t max_message_length;
	struct str syslog_format;
	bool rfc3164_default_to_current_year;
	bool rfc5424_allow_empty_msg;
	int64_t udp_host_cache_size;
	int64_t udp_queue_size;
	const struct raw_options_block *raw_format_options;
};

static const char *const protocols[] = {"tcp", "udp", NULL};
static const char *const formats[] = {"rfc5424", "rfc3164", "raw", NULL};

static const struct arg listener_args[] = {
	ARG_PLACE(listener_block, at),
	ARG(listener_block, address, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "HOST:PORT to listen on."),
	ARG(listener_block, protocol, .type = ARG_STR, .def = "tcp", .one_of = protocols,
		.help = "tcp or udp."),
	ARG(listener_block, idle_timeout, .type = ARG_DURATION, .def = "120s",
		.help = "A connection that says nothing for so long is closed."),
	ARG(listener_block, label_structured_data, .type = ARG_BOOL, .def = "false",
		.help = "Whether structured data are labels for the rules, "
			"__syslog_message_sd_ID_NAME."),
	ARG(listener_block, labels, .type = ARG_MAP, .help = "Labels of every entry."),
	ARG(listener_block, use_incoming_timestamp, .type = ARG_BOOL, .def = "false",
		.help = "Whether the message's time is the entry's, not that of arrival."),
	ARG(listener_block, use_rfc5424_message, .type = ARG_BOOL, .def = "false",
		.help = "Whether the line is the whole message, header included."),
	ARG(listener_block, max_message_length, .type = ARG_INT, .def = "8192",
		.help = "Bytes of a message; a longer one is dropped and counted."),
	ARG(listener_block, syslog_format, .type = ARG_STR, .def = "rfc5424", .one_of = formats,
		.help = "rfc5424, rfc3164, or raw: a message is a line."),
	ARG(listener_block, rfc3164_default_to_current_year, .type = ARG_BOOL, .def = "false",
		.flags = ARG_NO_EFFECT,
		.help = "A time without a year is always of the nearest one."),
	ARG(listener_block, rfc5424_allow_empty_msg, .type = ARG_BOOL, .def = "false",
		.help = "Whether a message without text is forwarded."),
	ARG(listener_block, udp_host_cache_size, .type = ARG_INT, .def = "128",
		.flags = ARG_NO_EFFECT, .help = "Names of senders are not looked up."),
	ARG(listener_block, udp_queue_size, .type = ARG_INT, .def = "10", .flags = ARG_NO_EFFECT,
		.help = "Datagrams wait in the kernel's buffer."),
	ARG(listener_block, raw_format_options, .type = ARG_BLOCK, .block = raw_options_args,
		.size = sizeof(struct raw_options_block),
		.help = "How messages of the format raw end."),
	{.name = "rfc3164_cisco_components",
		.type = ARG_BLOCK,
		.flags = ARG_NOT_YET,
		.help = "Fields that Cisco's devices add."},
	{.name = "tls_config",
		.type = ARG_BLOCK,
		.flags = ARG_NOT_YET,
		.help = "TLS; put a proxy before the listener."},
	ARGS_END,
};

struct syslog_args {
	struct range at;
	struct arg_capsules forward_to;
	struct relabel_rules *relabel_rules;
	struct arg_blocks listener;
};

static const struct arg syslog_args[] = {
	ARG_PLACE(syslog_args, at),
	ARG(syslog_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(syslog_args, relabel_rules, .type = ARG_CAPSULE, .capsule = &capsule_relabel_rules,
		.help = "Rules that make labels of the fields, __syslog_message_NAME."),
	ARG(syslog_args, listener, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = listener_args, .size = sizeof(struct listener_block),
		.help = "An address to listen on."),
	ARGS_END,
};

enum counter {
	ENTRIES,
	PARSING_ERRORS,
	EMPTY,
	TOO_LONG,
	DROPPED,
	COUNTERS,
};

static const struct metric_family families[COUNTERS] = {
	[ENTRIES] = {"loki_source_syslog_entries_total", METRIC_COUNTER,
		"Messages that were forwarded.", NULL},
	[PARSING_ERRORS] = {"loki_source_syslog_parsing_errors_total", METRIC_COUNTER,
		"Messages that are not of the format, and were dropped.", NULL},
	[EMPTY] = {"loki_source_syslog_empty_messages_total", METRIC_COUNTER,
		"Messages without a text, which were dropped.", NULL},
	[TOO_LONG] = {"invar_syslog_too_long_total", METRIC_COUNTER,
		"Messages longer than max_message_length, which were dropped.", NULL},
	[DROPPED] = {"invar_syslog_udp_dropped_total", METRIC_COUNTER,
		"Datagrams that the kernel had no room for.", NULL},
};

struct input {
	struct syslog_listener listener;
	struct syslog_sink sink;
	struct syslog_source *source;
	const struct listener_block *args;
	bool has_complained; /* of a message that is not of the format */
};

struct syslog_source {
	struct component base;
	const struct syslog_args *args;
	struct rule_labels rules;
	struct arena message; /* of the one that is read */
	struct input *inputs;
	size_t n;
	struct metric *metrics[COUNTERS];
};

static bool syslog_check(const void *args, struct diags *d)
{
	const struct syslog_args *a = args;
	const struct listener_block *l = a->listener.p;
	struct listen_address address;
	bool ok = true;
	struct err e;

	for (size_t i = 0; i < a->listener.n; i++) {
		if (!listen_parse(l[i].address, &address, &e))
			ok = diag_error(d, l[i].at, "address \"" STR_FMT "\": %s",
				STR_ARG(l[i].address), e.text);
		if (l[i].max_message_length < 1 || l[i].max_message_length > 1 << 20)
			ok = diag_error(d, l[i].at,
				"max_message_length must be from 1 to 1048576");
		if (l[i].idle_timeout <= 0)
			ok = diag_error(d, l[i].at, "idle_timeout must be greater than 0");
		for (size_t k = 0; k < l[i].labels.n; k++)
			if (!label_name_is_valid(l[i].labels.p[k].name))
				ok = diag_error(d, l[i].at,
					"\"" STR_FMT "\" is not the name of a label",
					STR_ARG(l[i].labels.p[k].name));
	}
	return ok;
}

struct label_set {
	struct label *p;
	size_t n;
};

static void add(struct label_set *s, const char *name, struct str value)
{
	if (value.n)
		s->p[s->n++] = (struct label){str_from(name), value};
}

#define PARAMS_MAX 64

/* [a@1 b="c"] is __syslog_message_sd_a_1_b. Signs that no label's name has become _. */
static void add_data(struct label_set *s, struct arena *a, struct str data)
{
	struct syslog_param p = {0};
	struct str name;
	char *text;

	for (size_t n = 0; n < PARAMS_MAX && syslog_next_param(&data, a, &p); n++) {
		name = arena_printf(a, "__syslog_message_sd_" STR_FMT "_" STR_FMT, STR_ARG(p.id),
			STR_ARG(p.name));
		text = arena_new(a, char, name.n + 1);
		for (size_t i = 0; i < name.n; i++)
			text[i] = strchr("@.-:/", name.p[i]) ? '_' : name.p[i];
		name.p = text;
		if (p.value.n && label_name_is_valid(name))
			s->p[s->n++] = (struct label){name, p.value};
	}
}

static const struct labels *make_labels(const struct input *in, const struct syslog_message *m,
	const char *from)
{
	struct syslog_source *s = in->source;
	const struct arg_map *more = &in->args->labels;
	struct label_set set = {
		arena_new(&s->message, struct label, more->n + PARAMS_MAX + 9), 0};

	add(&set, "job", str_from(s->base.id));
	for (size_t i = 0; i < more->n; i++) {
		if (str_is(more->p[i].name, "job"))
			set.p[0].value = more->p[i].value;
		else
			add(&set, more->p[i].name.p, more->p[i].value);
	}
	add(&set, "__syslog_connection_ip_address", str_from(from));
	if (!in->listener.is_raw) {
		add(&set, "__syslog_message_severity", str_from(syslog_severity_name(m->severity)));
		add(&set, "__syslog_message_facility", str_from(syslog_facility_name(m->facility)));
		add(&set, "__syslog_message_hostname", m->host);
		add(&set, "__syslog_message_app_name", m->app);
		add(&set, "__syslog_message_proc_id", m->proc_id);
		add(&set, "__syslog_message_msg_id", m->msg_id);
	}
	if (in->args->label_structured_data)
		add_data(&set, &s->message, m->data);
	return rule_labels_make(&s->rules, set.p, set.n, &s->message);
}

static bool parse(struct input *in, struct str text, struct syslog_message *m)
{
	int64_t now = loop_wall(in->source->base.loop);
	struct err e = {""};
	bool ok = true;

	*m = (struct syslog_message){0};
	if (str_is(in->args->syslog_format, "rfc5424"))
		ok = syslog_parse_5424(text, m, &e);
	else if (str_is(in->args->syslog_format, "rfc3164"))
		ok = syslog_parse_3164(text, now, m, &e);
	if (ok)
		return true;
	metric_add(in->source->metrics[PARSING_ERRORS], 1);
	if (!in->has_complained)
		log_warn(in->source->base.id,
			"a message is not of the format and was dropped; more are only counted",
			KV("err", (const char *)e.text), KV("message", str_head(text, 200)),
			KV("hint", "syslog_format says what is expected; raw takes any line"));
	in->has_complained = true;
	return false;
}

static void forward(struct input *in, struct str text, const struct syslog_message *m,
	const char *from)
{
	struct syslog_source *s = in->source;
	const struct receivers to = {(struct receiver *const *)(const void *)s->args->forward_to.p,
		s->args->forward_to.n};
	bool is_whole = in->args->use_rfc5424_message || in->listener.is_raw;
	struct entry e = {.time = loop_wall(s->base.loop), .line = is_whole ? text : m->text};

	e.labels = make_labels(in, m, from);
	if (!e.labels) /* a rule drops it */
		return;
	if (m->has_time && in->args->use_incoming_timestamp)
		e.time = m->time;
	metric_add(s->metrics[ENTRIES], 1);
	receivers_push(&to, &e);
	labels_release(e.labels);
}

static void on_message(struct syslog_sink *sink, struct str text, const char *from)
{
	struct input *in = container_of(sink, struct input, sink);
	struct syslog_message m;

	if (!parse(in, text, &m))
		return;
	if (!in->listener.is_raw && m.text.n == 0 && !in->args->rfc5424_allow_empty_msg)
		metric_add(in->source->metrics[EMPTY], 1);
	else
		forward(in, text, &m, from);
	arena_clear(&in->source->message);
}

static void on_too_long(struct syslog_sink *sink, uint64_t n)
{
	struct input *in = container_of(sink, struct input, sink);

	metric_add(in->source->metrics[TOO_LONG], (double)n);
	if (!in->has_complained)
		log_warn(in->source->base.id, "a message is too long and was dropped",
			KV("limit", in->args->max_message_length),
			KV("hint", "raise max_message_length"));
	in->has_complained = true;
}

static void on_dropped(struct syslog_sink *sink, uint64_t n)
{
	struct input *in = container_of(sink, struct input, sink);

	metric_add(in->source->metrics[DROPPED], (double)n);
}

static bool is_null_terminated(const struct listener_block *l)
{
	return l->raw_format_options && l->raw_format_options->use_null_terminator_delimiter;
}

static bool start_input(struct syslog_source *s, struct input *in, const struct listener_block *a,
	struct err *e)
{
	in->source = s;
	in->args = a;
	in->sink = (struct syslog_sink){on_message, on_too_long, on_dropped};
	in->listener = (struct syslog_listener){
		.sink = &in->sink,
		.id = s->base.id,
		.budget = s->base.agent->budget,
		.max = (size_t)a->max_message_length,
		.is_raw = str_is(a->syslog_format, "raw"),
		.is_udp = str_is(a->protocol, "udp"),
		.idle_timeout = a->idle_timeout,
		.delimiter = is_null_terminated(a) ? '\0' : '\n',
	};
	return syslog_listener_start(&in->listener, s->base.loop, a->address, e);
}

static void stop_inputs(struct syslog_source *s)
{
	for (size_t i = 0; i < s->n; i++)
		syslog_listener_stop(&s->inputs[i].listener);
	free(s->inputs);
	s->inputs = NULL;
	s->n = 0;
}

static bool start_inputs(struct syslog_source *s, const struct syslog_args *a, struct err *e)
{
	const struct listener_block *blocks = a->listener.p;

	s->inputs = mem_new(struct input, a->listener.n + 1);
	for (; s->n < a->listener.n; s->n++)
		if (!start_input(s, &s->inputs[s->n], &blocks[s->n], e)) {
			stop_inputs(s);
			return false;
		}
	return true;
}

/* Can b's messages come by a's socket? */
static bool is_alike(const struct listener_block *a, const struct listener_block *b)
{
	return str_eq(a->address, b->address) && str_eq(a->protocol, b->protocol) &&
	       str_eq(a->syslog_format, b->syslog_format) && a->idle_timeout == b->idle_timeout &&
	       a->max_message_length == b->max_message_length &&
	       is_null_terminated(a) == is_null_terminated(b);
}

/* The connections stay as they are. */
static bool take_over(struct syslog_source *s, const struct syslog_args *a)
{
	const struct listener_block *blocks = a->listener.p;

	if (s->n != a->listener.n)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!is_alike(s->inputs[i].args, &blocks[i]))
			return false;
	for (size_t i = 0; i < s->n; i++)
		s->inputs[i].args = &blocks[i];
	return true;
}

static bool syslog_update(struct component *c, const void *args, struct err *e)
{
	struct syslog_source *s = container_of(c, struct syslog_source, base);
	const struct syslog_args *a = args, *before = s->args;
	struct err again;

	if (!take_over(s, a)) {
		stop_inputs(s);
		if (!start_inputs(s, a, e)) {
			if (before)
				start_inputs(s, before, &again);
			return false;
		}
	}
	s->args = a;
	rule_labels_set(&s->rules, a->relabel_rules);
	return true;
}

static void clear(struct syslog_source *s)
{
	stop_inputs(s);
	rule_labels_fini(&s->rules);
	arena_fini(&s->message);
	for (size_t i = 0; i < COUNTERS; i++)
		metric_free(s->metrics[i]);
}

static bool syslog_start(struct component *c, const void *args, struct err *e)
{
	struct syslog_source *s = container_of(c, struct syslog_source, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};

	arena_init(&s->message, 0);
	for (size_t i = 0; i < COUNTERS; i++)
		s->metrics[i] = metric_new(&families[i], labels);
	if (syslog_update(c, args, e))
		return true;
	clear(s);
	return false;
}

static void syslog_stop(struct component *c)
{
	clear(container_of(c, struct syslog_source, base));
	component_stopped(c);
}

const struct component_type loki_source_syslog = {
	.name = "loki.source.syslog",
	.help = "Forwards syslog messages that come by TCP or UDP.",
	.stability = STABILITY_GA,
	.args = syslog_args,
	.size = sizeof(struct syslog_source),
	.args_size = sizeof(struct syslog_args),
	.check = syslog_check,
	.start = syslog_start,
	.update = syslog_update,
	.stop = syslog_stop,
};
