#pragma once

/*
 * For tests of otelcol.processor.*: a table of cases, each with arguments, a request in OTLP/JSON
 * and what comes out of it (or the error at load). The parts of a request that tests are not about
 * are left out of both: spans(...) is the inside of one span, and so on.
 */

#include "proto/otlp/json_parse.h"
#include "tests/otelcol.h"

struct processor_case {
	enum signal_kind kind;
	const char *args;
	const char *in;   /* OTLP/JSON; NULL: the arguments are refused */
	const char *want; /* "": nothing is handed on; or the error */
};

#define SPANS_R(resource, ...) \
	"{\"resourceSpans\":[{\"resource\":{" resource \
	"},\"scopeSpans\":[{\"spans\":[" __VA_ARGS__ "]}]}]}"
#define SPANS(...) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" __VA_ARGS__ "]}]}]}"
#define LOGS_R(resource, ...) \
	"{\"resourceLogs\":[{\"resource\":{" resource \
	"},\"scopeLogs\":[{\"logRecords\":[" __VA_ARGS__ "]}]}]}"
#define LOGS(...) "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" __VA_ARGS__ "]}]}]}"
#define METRICS(...) \
	"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[" __VA_ARGS__ "]}]}]}"
#define ATTRS(...) "\"attributes\":[" __VA_ARGS__ "]"
#define AS(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define AI(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"
#define AD(key, value) "{\"key\":\"" key "\",\"value\":{\"doubleValue\":" value "}}"
#define AB(key, value) "{\"key\":\"" key "\",\"value\":{\"boolValue\":" value "}}"

/* The processor "p" between a source and a sink, for signals: "traces logs ". */
static inline bool processor_load(
	struct harness *h, const char *name, const char *args, const char *signals)
{
	struct buf text = {0};
	char with_label[128];
	bool ok;

	snprintf(with_label, sizeof(with_label), "%s.p", name);
	buf_printf(&text, "%s \"p\" {\n%s\noutput {\n", name, args);
	for (int pass = 0; pass < 2; pass++) {
		struct str rest = str_from(signals);
		struct str signal;

		if (pass)
			buf_printf(&text,
				"}\n}\notel.sink \"a\" {}\notel.source \"s\" {\noutput {\n");
		while (str_cut(rest, ' ', &signal, &rest))
			buf_printf(&text, STR_FMT " = [%s.input]\n", STR_ARG(signal),
				pass ? with_label : "otel.sink.a");
	}
	buf_printf(&text, "}\n}\n%c", 0);
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}

static inline enum consumed processor_push(
	enum signal_kind kind, const char *peer, const char *json)
{
	struct telemetry t = {.kind = kind};
	struct otlp_counts n;
	struct buf bytes = {0};
	uint64_t done = 0;
	enum consumed r;
	struct err e;

	assert_true(otlp_json_parse(
		otlp_request((enum otlp_kind)kind), str_from(json), &bytes, &e));
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

/* Of harness_seen, what stands behind "traces 2 " and before the newline. */
static inline struct str processor_seen(void)
{
	struct str s = str_trim(buf_str(&harness_seen));
	struct str head;

	for (int i = 0; i < 2 && s.n > 0; i++)
		assert_true(str_cut(s, ' ', &head, &s));
	return s;
}

static inline void processor_test(const struct component_type *type,
	const struct processor_case *cases, size_t n, const char *const signals[SIGNAL_KINDS])
{
	for (size_t i = 0; i < n; i++) {
		struct harness h;

		otel_init(&h, type, NULL);
		if (!cases[i].in) {
			assert_false(processor_load(
				&h, type->name, cases[i].args, signals[cases[i].kind]));
			assert_str(str_trim(buf_str(&h.errors)), cases[i].want);
		} else {
			if (!processor_load(
				    &h, type->name, cases[i].args, signals[cases[i].kind]))
				assert_str(buf_str(&h.errors), "");
			assert_int_equal(
				processor_push(cases[i].kind, NULL, cases[i].in), CONSUMED);
			assert_str(processor_seen(), cases[i].want);
		}
		harness_fini(&h);
	}
}
