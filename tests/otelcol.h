#pragma once

/*
 * For tests of otelcol.* components, beside tests/component.h: `otel.source "x" { output {...} }`
 *hands on what otel_push() gives, and `otel.sink "x" {}` writes down what it gets in harness_seen,
 *a line a request:
 *
 *	traces 2 <- 10.0.0.1 (x-tenant=a) {"resourceSpans":[...]}
 *
 * otel_sink_full makes every sink full; otel_sink_takes says which signals it takes.
 */

#include "agent/component/common/otelcol_args.h"
#include "agent/flow/ack.h"
#include "agent/flow/client.h"
#include "agent/flow/telemetry.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/walk.h"
#include "tests/component.h"
#include "tests/proto_text.h"

#include "agent/base/err.h"

#include <arpa/inet.h>

static bool otel_sink_full[2]; /* of the sinks "a" and "b" */
static bool otel_sink_quiet;   /* only counts */
static uint64_t otel_sink_items;
static struct consumers otel_to[SIGNAL_KINDS];
static struct client *otel_client; /* of what is pushed */
static struct ack *otel_ack;       /* of what is pushed; NULL: none */
static bool otel_sink_keeps;       /* the acks of what it gets, in otel_kept */
static struct ack_set otel_kept;

struct otel_sink {
	struct component base;
	struct consumer input;
};

struct otel_source_args {
	struct otelcol_output *output;
};

/* Headers as name=value, what an authenticator says as @name=value. */
static inline void otel_print_client(const struct client *c)
{
	struct str rest = client_pairs(c);

	if (rest.n > 0)
		buf_add_str(&harness_seen, STR(" ("));
	while (rest.n > 0) {
		struct str name = str_from(rest.p + 1);
		struct str value = str_from(name.p + name.n + 1);

		buf_printf(&harness_seen, "%s%s=%s", rest.p[0] == 'a' ? "@" : "", name.p, value.p);
		rest = str_from_at(rest, 1 + name.n + 1 + value.n + 1);
		buf_add_char(&harness_seen, rest.n > 0 ? ' ' : ')');
	}
}

/* The client of what is pushed from now on: "name=value name=value"; NULL: none. */
static inline void otel_set_client(const char *text)
{
	struct buf pairs = {0};
	struct str rest = str_from(text);

	while (rest.n > 0) {
		struct str one = rest;
		struct str name, value;

		if (!str_cut(rest, ' ', &one, &rest))
			rest = (struct str){0};
		if (!str_cut(one, '=', &name, &value))
			continue;
		if (str_starts(name, "@"))
			client_put(&pairs, CLIENT_AUTH, str_from_at(name, 1), value);
		else
			client_put(&pairs, CLIENT_METADATA, name, value);
	}
	client_release(otel_client);
	otel_client = client_new(buf_str(&pairs));
	buf_fini(&pairs);
}

static inline enum consumed otel_sink_consume(struct consumer *c, const struct telemetry *t)
{
	struct otlp_counts n;
	char peer[INET6_ADDRSTRLEN] = "";
	struct err e;

	if (otel_sink_full[c->id[strlen(c->id) - 1] == 'b'])
		return CONSUMER_FULL;
	assert_true(otlp_walk((enum otlp_kind)t->kind, t->bytes, &n, &e));
	assert_int_equal(n.items, t->items);
	otel_sink_items += t->items;
	if (otel_sink_keeps)
		ack_set_add(&otel_kept, t->ack);
	if (otel_sink_quiet)
		return CONSUMED;
	buf_printf(&harness_seen, "%s%s %u", c->id[strlen(c->id) - 1] == 'b' ? "b: " : "",
		signal_names[t->kind], t->items);
	if (!IN6_IS_ADDR_UNSPECIFIED(&t->peer)) {
		inet_ntop(AF_INET6, &t->peer, peer, sizeof(peer));
		buf_printf(
			&harness_seen, " <- %s", peer + (strncmp(peer, "::ffff:", 7) == 0 ? 7 : 0));
	}
	otel_print_client(t->client);
	buf_add_char(&harness_seen, ' ');
	otlp_json_print(otlp_request((enum otlp_kind)t->kind), t->bytes, &harness_seen);
	buf_add_char(&harness_seen, '\n');
	return CONSUMED;
}

static inline bool otel_sink_start(struct component *c, const void *args, struct err *e)
{
	struct otel_sink *s = container_of(c, struct otel_sink, base);

	(void)args;
	(void)e;
	s->input = (struct consumer){.consume = otel_sink_consume, .id = c->id};
	component_export(c, "input", value_capsule(&capsule_consumer, &s->input));
	return true;
}

static inline bool otel_sink_update(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	(void)e;
	return true;
}

static inline bool otel_source_update(struct component *c, const void *args, struct err *e)
{
	const struct otel_source_args *a = args;

	(void)c;
	(void)e;
	otelcol_output_consumers(a->output, otel_to);
	return true;
}

static const struct arg otel_sink_args[] = {ARGS_END};
static const struct arg otel_source_args[] = {
	ARG(otel_source_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARGS_END,
};
static const struct export_field otel_sink_exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes data."},
	{NULL, ARG_END, NULL, NULL},
};
static const struct component_type otel_sink = {
	.name = "otel.sink",
	.help = "Writes down what it gets.",
	.stability = STABILITY_GA,
	.args = otel_sink_args,
	.size = sizeof(struct otel_sink),
	.args_size = sizeof(char),
	.exports = otel_sink_exports,
	.start = otel_sink_start,
	.update = otel_sink_update,
	.stop = component_stopped,
};
static const struct component_type otel_source = {
	.name = "otel.source",
	.help = "Hands on what the test says.",
	.stability = STABILITY_GA,
	.args = otel_source_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct otel_source_args),
	.start = otel_source_update,
	.update = otel_source_update,
	.stop = component_stopped,
};

/* more: another component type that the test needs, or NULL. */
static inline void otel_init(
	struct harness *h, const struct component_type *tested, const struct component_type *more)
{
	static const struct component_type *types[5];
	size_t n = 0;

	*h = (struct harness){0};
	types[n++] = tested;
	if (more)
		types[n++] = more;
	types[n++] = &otel_sink;
	types[n++] = &otel_source;
	types[n] = NULL;
	h->loop = loop_new();
	loop_fake_clock(h->loop, HARNESS_WALL, HARNESS_WALL);
	budget_init(&h->budget, (size_t)64 << 20);
	h->agent = (struct agent_context){
		.loop = h->loop,
		.budget = &h->budget,
		.otlp_budget = &h->budget,
	};
	h->graph = graph_new(&(struct graph_settings){
		.agent = &h->agent,
		.types = {.types = types},
		.stability = STABILITY_EXPERIMENTAL,
	});
	buf_clear(&harness_seen);
	otel_sink_full[0] = otel_sink_full[1] = false;
	otel_sink_quiet = false;
	otel_sink_keeps = false;
	otel_sink_items = 0;
}

/* text: as tests/proto_text.h has it. */
static inline enum consumed otel_push(enum signal_kind kind, const char *peer, const char *text)
{
	struct telemetry t = {.kind = kind};
	struct otlp_counts n;
	struct buf bytes = {0};
	uint64_t done = 0;
	enum consumed r;
	struct err e;

	proto_text(&bytes, text);
	assert_true(otlp_walk((enum otlp_kind)kind, buf_str(&bytes), &n, &e));
	t.bytes = buf_str(&bytes);
	t.items = n.items;
	t.client = otel_client;
	t.ack = otel_ack;
	if (peer)
		assert_int_equal(inet_pton(AF_INET6, peer, &t.peer), 1);
	r = consumers_push(&otel_to[kind], &t, &done);
	buf_fini(&bytes);
	return r;
}

/* Requests of n spans each, named by a letter. */
static inline enum consumed otel_push_spans(char name, size_t n)
{
	struct buf text = {0};
	enum consumed r;

	buf_add_str(&text, STR("1:{2:{"));
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "2:{5:\"%c\"} ", name);
	buf_add_str(&text, STR("}}"));
	buf_add_char(&text, 0);
	r = otel_push(SIGNAL_TRACES, NULL, text.p);
	buf_fini(&text);
	return r;
}

/* What was seen since the last time. */
#define otel_seen(want) \
	do { \
		assert_str(buf_str(&harness_seen), (want)); \
		buf_clear(&harness_seen); \
	} while (0)
