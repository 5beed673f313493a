#pragma once

/*
 * For tests of the exporters' channel.c and sender.c: an exporter without a graph, of a protocol
 * whose bodies are the requests themselves, and whose server says with the status what it means:
 *
 *	200 delivered    206 delivered, but for one item    503, 0 again later
 *	400 malformed    403 refused                        401 refused, and credentials may be old
 */

#include "agent/base/err.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_export/channel_private.h"
#include "agent/component/common/otelcol_export/sender.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"
#include "agent/graph/context.h"
#include "proto/otlp/walk.h"
#include "tests/http_client_fake.h"
#include "tests/proto_text.h"

#define MS INT64_C(1000000)
#define SEC (1000 * MS)

static struct loop *loop;
static struct budget budget;
static struct agent_context agent;
static struct otelcol_retry retry_args;
static struct otelcol_queue queue_args;
static struct export_protocol protocol;
static struct exporter *exporter; /* gone when it has stopped */
static struct channel *channel;   /* of its traces */
static const char *world_format;
static struct buf handed_over; /* names of spans */
static bool other_is_full;

static inline struct str world_url(const struct exporter *x, enum signal_kind kind, struct arena *a)
{
	(void)x;
	(void)kind;
	(void)a;
	return STR("http://up");
}

static inline const char *world_format_of(const struct exporter *x)
{
	(void)x;
	return world_format;
}

static inline void world_pack(
	struct exporter *x, enum otlp_kind kind, struct str request, struct buf *out)
{
	(void)x;
	(void)kind;
	buf_add_str(out, request);
}

static inline bool world_unpack(struct exporter *x, const char *format, enum otlp_kind kind,
	struct str body, struct buf *out)
{
	(void)x;
	(void)kind;
	if (strcmp(format, "strange/") == 0)
		return false;
	buf_add_str(out, body);
	return true;
}

static inline size_t world_headers(
	const struct exporter *x, struct http_header headers[EXPORT_HEADERS])
{
	headers[0] = (struct http_header){STR("Content-Type"), str_from(x->protocol->name)};
	return 1;
}

static inline void world_judge(const struct http_call *call, enum http_outcome outcome,
	struct verdict *v, struct buf *why)
{
	v->retry_after = call->retry_after;
	v->answer = ANSWER_REFUSED;
	if (outcome == HTTP_FAILED || call->status == 503)
		v->answer = ANSWER_RETRY;
	else if (call->status < 300)
		v->answer = ANSWER_DELIVERED;
	v->is_malformed = call->status == 400;
	v->is_unauthorized = call->status == 401;
	buf_printf(why, "status %d%c", call->status, 0);
}

static inline uint32_t world_partial(
	const struct http_call *call, enum otlp_kind kind, uint32_t items, struct buf *message)
{
	(void)kind;
	(void)items;
	(void)message;
	return call->status == 206;
}

static inline bool world_settings(
	const struct exporter *x, struct arena *a, struct http_settings *s, struct err *e)
{
	(void)x;
	(void)a;
	(void)e;
	*s = (struct http_settings){0};
	return true;
}

static inline void world_free(struct exporter *x)
{
	free(x);
	exporter = NULL;
	channel = NULL;
}

/* The names of the spans in a request: one letter each. */
static inline void world_names(struct str request, struct buf *out)
{
	static const char tag[] = {0x2a, 1}; /* Span.name, one byte long */
	ptrdiff_t at;

	while ((at = str_find(request, (struct str){tag, 2})) != -1) {
		buf_add_char(out, request.p[at + 2]);
		request = str_from_at(request, (size_t)at + 3);
	}
}

static inline enum consumed world_take_over(struct exporter *x, const struct telemetry *t)
{
	(void)x;
	if (other_is_full)
		return CONSUMER_FULL;
	world_names(t->bytes, &handed_over);
	return CONSUMED;
}

/* Settings as a test wants them first; it changes them and calls world_start(). */
static inline void world_init(void)
{
	loop = loop_new();
	loop_fake_clock(loop, 1000 * SEC, 1000 * SEC);
	budget_init(&budget, (size_t)64 << 20);
	agent = (struct agent_context){.loop = loop, .budget = &budget, .otlp_budget = &budget};
	retry_args = (struct otelcol_retry){.enabled = true,
		.initial_interval = 5 * SEC,
		.multiplier = 2,
		.max_interval = 30 * SEC,
		.max_elapsed_time = 60 * SEC};
	queue_args = (struct otelcol_queue){
		.enabled = true, .num_consumers = 1, .queue_size = 10, .sizer = STR("requests")};
	protocol = (struct export_protocol){
		.name = "test",
		.max_request = 1 << 20,
		.url = world_url,
		.format = world_format_of,
		.pack = world_pack,
		.unpack = world_unpack,
		.headers = world_headers,
		.judge = world_judge,
		.partial = world_partial,
		.settings = world_settings,
	};
	world_format = "same/";
	other_is_full = false;
	buf_clear(&handed_over);
}

static inline void world_start(void)
{
	const struct export_settings set = {.retry = &retry_args, .queue = &queue_args};
	struct err e;

	exporter = mem_new(struct exporter, 1);
	exporter->base = (struct component){.id = "test.up", .loop = loop, .agent = &agent};
	exporter->stopped = world_free;
	exporter->take_over = world_take_over;
	assert_true(export_start(exporter, &protocol, &set, &e));
	channel = exporter->channels[SIGNAL_TRACES];
}

/* Waits only for what the exporter waits for at its end. */
static inline void world_end(void)
{
	if (exporter && !exporter->is_stopping)
		export_stop(exporter);
	loop_turn(loop, 0);
	loop_advance(loop, 10 * SEC);
	loop_turn(loop, 0);
	assert_null(exporter);
	assert_int_equal(fake_calls_n, 0);
	assert_int_equal(fake_targets, 0);
	assert_int_equal(budget.used, 0);
	loop_free(loop);
	buf_fini(&handed_over);
}

/* A request of a resource for each group of letters, a span for each letter: "ab c". */
static inline enum consumed world_push_for(const char *spans, struct client *c, struct ack *a)
{
	struct telemetry t = {.kind = SIGNAL_TRACES, .client = c, .ack = a};
	struct buf text = {0};
	struct buf bytes = {0};
	enum consumed r;

	buf_add_str(&text, STR("1:{2:{"));
	for (; *spans; spans++) {
		if (*spans == ' ') {
			buf_add_str(&text, STR("}} 1:{2:{"));
			continue;
		}
		buf_printf(&text, "2:{5:\"%c\"} ", *spans);
		t.items++;
	}
	buf_printf(&text, "}}%c", 0);
	proto_text(&bytes, text.p);
	t.bytes = buf_str(&bytes);
	r = channel_push(channel, &t);
	buf_fini(&text);
	buf_fini(&bytes);
	return r;
}

static inline enum consumed world_push(const char *spans)
{
	return world_push_for(spans, NULL, NULL);
}

static inline void world_advance(int64_t ns)
{
	loop_advance(loop, ns);
	loop_turn(loop, 0);
}

/* The requests under way, by their spans: "ab c". */
#define ASSERT_OUT(want) \
	do { \
		struct buf out_ = {0}; \
		for (size_t i_ = 0; i_ < fake_calls_n; i_++) { \
			if (i_ > 0) \
				buf_add_char(&out_, ' '); \
			world_names(buf_str(&fake_calls[i_].body), &out_); \
		} \
		assert_str(buf_str(&out_), (want)); \
		buf_fini(&out_); \
	} while (0)

static inline void world_answer(int status)
{
	fake_answer(0, status, "", STR(""), -1);
}

#define ASSERT_COUNTS(want_sent, want_failed) \
	do { \
		assert_int_equal((int)metric_value(channel->sent), (want_sent)); \
		assert_int_equal((int)metric_value(channel->failed), (want_failed)); \
	} while (0)
