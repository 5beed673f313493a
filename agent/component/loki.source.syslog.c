/*
 * loki.source.syslog: syslog messages that programs and devices send, as log lines.
 *
 * Differences from Alloy, on purpose: no name is looked up for a sender's address (there is no
 * __syslog_connection_hostname); times without a year are of the nearest year, and may always
 * have fractions. A protocol without answers cannot tell its sender that a line was delivered, so
 * what is in memory when the agent is killed is lost.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/rule_labels.h"
#include "agent/component/common/tls_server_args.h"
#include "agent/component/loki.source.syslog/args.h"
#include "agent/component/loki.source.syslog/listener.h"
#include "agent/flow/entry.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/tls_server.h"
#include "proto/syslog/message.h"

#include <stdlib.h>

enum counter {
	ENTRIES,
	PARSING_ERRORS,
	EMPTY,
	TOO_LONG,
	DROPPED,
	COUNTERS,
};

#define CLOSED_HELP "Connections closed by us: others needed the room, or TLS was not understood."

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

static const struct metric_family closed_family = {
	"invar_syslog_connections_closed_total", METRIC_COUNTER, CLOSED_HELP, NULL};
static const char *const closed_reasons[SYSLOG_ENDS] = {
	[SYSLOG_NO_ROOM] = "no_room", [SYSLOG_WRONG_TLS] = "tls"};

#define KEYS_AGE (60 * NS_PER_SEC) /* then a new connection has the files read again */

struct input {
	struct syslog_listener listener;
	struct syslog_sink sink;
	struct syslog_source *source;
	const struct syslog_listener_args *args;
	struct tls_keys *keys; /* NULL: plain text */
	int64_t keys_read;     /* when */
	/* Each is said once; more are only counted. */
	bool has_said_bad, has_said_too_long, has_said_keys, has_said_closed[SYSLOG_ENDS];
};

struct syslog_source {
	struct component base;
	const struct syslog_source_args *args;
	struct rule_labels rules;
	struct arena message; /* of the one that is read */
	struct input *inputs;
	size_t n;
	struct metric *metrics[COUNTERS], *closed[SYSLOG_ENDS];
};

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
		arena_new(&s->message, struct label, more->n + PARAMS_MAX + 11), 0};

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
		add(&set, "__syslog_message_msg_counter", m->counter);
		add(&set, "__syslog_message_sequence", m->sequence);
	}
	if (in->args->label_structured_data)
		add_data(&set, &s->message, m->data);
	return rule_labels_make(&s->rules, set.p, set.n, &s->message);
}

static const struct syslog_cisco *cisco_of(const struct syslog_listener_args *a,
	struct syslog_cisco *out)
{
	const struct syslog_cisco_args *c = a->rfc3164_cisco_components;

	if (!c)
		return NULL;
	*out = (struct syslog_cisco){
		.counter = c->enable_all || c->message_counter,
		.sequence = c->enable_all || c->sequence_number,
		.host = c->enable_all || c->hostname,
	};
	return out;
}

static bool parse(struct input *in, struct str text, struct syslog_message *m)
{
	struct syslog_cisco cisco;
	int64_t now = loop_wall(in->source->base.loop);
	struct err e = {""};
	bool ok = true;

	*m = (struct syslog_message){0};
	if (str_is(in->args->syslog_format, "rfc5424"))
		ok = syslog_parse_5424(text, m, &e);
	else if (str_is(in->args->syslog_format, "rfc3164"))
		ok = syslog_parse_3164(text, now, cisco_of(in->args, &cisco), m, &e);
	if (ok)
		return true;
	metric_add(in->source->metrics[PARSING_ERRORS], 1);
	if (!in->has_said_bad)
		log_warn(in->source->base.id,
			"a message is not of the format and was dropped; more are only counted",
			KV("err", (const char *)e.text), KV("message", str_head(text, 200)),
			KV("hint", "syslog_format says what is expected; raw takes any line"));
	in->has_said_bad = true;
	return false;
}

static void forward(struct input *in, struct str text, const struct syslog_message *m,
	const char *from)
{
	struct syslog_source *s = in->source;
	const struct receivers to = {(struct receiver *const *)(const void *)s->args->forward_to.p,
		s->args->forward_to.n};
	bool is_5424 = str_is(in->args->syslog_format, "rfc5424");
	bool is_whole = in->listener.is_raw || (is_5424 && in->args->use_rfc5424_message);
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

	if (text.n > 0 && !parse(in, text, &m))
		return;
	if (text.n == 0 || (!in->listener.is_raw && m.text.n == 0 &&
				   !in->args->rfc5424_allow_empty_msg))
		metric_add(in->source->metrics[EMPTY], 1);
	else
		forward(in, text, &m, from);
	arena_clear(&in->source->message);
}

static void on_too_long(struct syslog_sink *sink, uint64_t n)
{
	struct input *in = container_of(sink, struct input, sink);

	metric_add(in->source->metrics[TOO_LONG], (double)n);
	if (!in->has_said_too_long)
		log_warn(in->source->base.id,
			"a message is too long and was dropped; more are only counted",
			KV("limit", in->args->max_message_length),
			KV("hint", "raise max_message_length"));
	in->has_said_too_long = true;
}

static void on_dropped(struct syslog_sink *sink, uint64_t n)
{
	struct input *in = container_of(sink, struct input, sink);

	metric_add(in->source->metrics[DROPPED], (double)n);
}

static bool is_udp(const struct syslog_listener_args *a)
{
	return str_is(a->protocol, "udp");
}

static bool is_null_terminated(const struct syslog_listener_args *l)
{
	return l->raw_format_options && l->raw_format_options->use_null_terminator_delimiter;
}

static const char *hint_of(const struct input *in, enum syslog_end why)
{
	if (why == SYSLOG_NO_ROOM)
		return "there are too many connections, or too long messages without an end";
	return in->keys ? "does the sender speak TLS, trust the certificate, and have one of its "
			  "own if tls_config has a CA?"
			: "the sender speaks TLS: it needs a listener with tls_config";
}

static void on_closed(struct syslog_sink *sink, enum syslog_end why, const char *from)
{
	struct input *in = container_of(sink, struct input, sink);

	metric_add(in->source->closed[why], 1);
	if (!in->has_said_closed[why])
		log_warn(in->source->base.id,
			"a sender's connection was closed; more are only counted",
			KV("peer", from), KV("reason", closed_reasons[why]),
			KV("hint", hint_of(in, why)));
	in->has_said_closed[why] = true;
}

/* out is NULL if TLS is not wanted. */
static bool read_keys(const struct http_tls_args *t, struct tls_keys **out, struct err *e)
{
	struct str cert, key, ca;
	struct arena files;
	bool ok;

	*out = NULL;
	if (!t || !syslog_tls_is_wanted(t))
		return true;
	arena_init(&files, 0);
	ok = tls_read_pem(&files, t->cert_pem, t->cert_file, &cert, e) &&
	     tls_read_pem(&files, t->key_pem, t->key_file, &key, e) &&
	     tls_read_pem(&files, t->ca_pem, t->ca_file, &ca, e);
	if (ok)
		*out = tls_keys_new(cert, key, ca, e);
	arena_fini(&files);
	return *out || err_wrap(e, "tls_config");
}

/* Certificates that cannot be read now change nothing: they may just be written. */
static void renew_keys(struct input *in)
{
	struct tls_keys *keys;
	struct err e;

	in->keys_read = loop_now(in->source->base.loop);
	if (read_keys(in->args->tls_config, &keys, &e)) {
		tls_keys_release(in->keys);
		in->keys = keys;
		in->has_said_keys = false;
		return;
	}
	if (!in->has_said_keys)
		log_warn(in->source->base.id,
			"certificates cannot be read again; the old ones stay",
			KV("err", (const char *)e.text));
	in->has_said_keys = true;
}

static struct tls_keys *on_keys(struct syslog_sink *sink)
{
	struct input *in = container_of(sink, struct input, sink);

	if (loop_now(in->source->base.loop) - in->keys_read > KEYS_AGE)
		renew_keys(in);
	return in->keys;
}

static bool start_input(struct syslog_source *s, struct input *in,
	const struct syslog_listener_args *a, struct err *e)
{
	in->source = s;
	in->args = a;
	in->sink = (struct syslog_sink){on_message, on_too_long, on_dropped, on_closed, on_keys};
	if (!is_udp(a) && !read_keys(a->tls_config, &in->keys, e))
		return false;
	in->keys_read = loop_now(s->base.loop);
	in->listener = (struct syslog_listener){
		.sink = &in->sink,
		.budget = s->base.agent->budget,
		.max = (size_t)a->max_message_length,
		.is_raw = str_is(a->syslog_format, "raw"),
		.is_udp = is_udp(a),
		.is_tls = in->keys != NULL,
		.idle_timeout = a->idle_timeout,
		.delimiter = is_null_terminated(a) ? '\0' : '\n',
	};
	if (syslog_listener_start(&in->listener, s->base.loop, a->address, e))
		return true;
	tls_keys_release(in->keys);
	return false;
}

static void stop_inputs(struct syslog_source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		syslog_listener_stop(&s->inputs[i].listener);
		tls_keys_release(s->inputs[i].keys);
	}
	free(s->inputs);
	s->inputs = NULL;
	s->n = 0;
}

static bool start_inputs(struct syslog_source *s, const struct syslog_source_args *a, struct err *e)
{
	const struct syslog_listener_args *blocks = a->listener.p;

	s->inputs = mem_new(struct input, a->listener.n + 1);
	for (; s->n < a->listener.n; s->n++)
		if (!start_input(s, &s->inputs[s->n], &blocks[s->n], e)) {
			stop_inputs(s);
			return false;
		}
	return true;
}

/* Can b's messages come by a's socket? */
static bool is_alike(const struct syslog_listener_args *a, const struct syslog_listener_args *b)
{
	return str_eq(a->address, b->address) && str_eq(a->protocol, b->protocol) &&
	       str_eq(a->syslog_format, b->syslog_format) && a->idle_timeout == b->idle_timeout &&
	       a->max_message_length == b->max_message_length &&
	       syslog_tls_is_wanted(a->tls_config) == syslog_tls_is_wanted(b->tls_config) &&
	       is_null_terminated(a) == is_null_terminated(b);
}

/* The connections stay as they are. */
static bool take_over(struct syslog_source *s, const struct syslog_source_args *a)
{
	const struct syslog_listener_args *blocks = a->listener.p;

	if (s->n != a->listener.n)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!is_alike(s->inputs[i].args, &blocks[i]))
			return false;
	for (size_t i = 0; i < s->n; i++) {
		s->inputs[i].args = &blocks[i];
		if (s->inputs[i].keys)
			renew_keys(&s->inputs[i]);
	}
	return true;
}

static bool syslog_update(struct component *c, const void *args, struct err *e)
{
	struct syslog_source *s = container_of(c, struct syslog_source, base);
	const struct syslog_source_args *a = args, *before = s->args;
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
	for (size_t i = 0; i < SYSLOG_ENDS; i++)
		metric_free(s->closed[i]);
}

static void make_metrics(struct syslog_source *s)
{
	struct metric_label labels[] = {{"component_id", s->base.id}, {"component_path", "/"},
		{NULL, NULL}, {NULL, NULL}};

	for (size_t i = 0; i < COUNTERS; i++)
		s->metrics[i] = metric_new(&families[i], labels);
	for (size_t i = 0; i < SYSLOG_ENDS; i++) {
		labels[2] = (struct metric_label){"reason", closed_reasons[i]};
		s->closed[i] = metric_new(&closed_family, labels);
	}
}

static bool syslog_start(struct component *c, const void *args, struct err *e)
{
	struct syslog_source *s = container_of(c, struct syslog_source, base);

	arena_init(&s->message, 0);
	make_metrics(s);
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
	.args = syslog_source_args,
	.size = sizeof(struct syslog_source),
	.args_size = sizeof(struct syslog_source_args),
	.check = syslog_source_check,
	.start = syslog_start,
	.update = syslog_update,
	.stop = syslog_stop,
};
