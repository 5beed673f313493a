#pragma once

/*
 * For tests of OTTL: runs a statement (or a condition) on the first thing of its context in a
 * request in OTLP/JSON, and shows the request afterwards, or the error.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/flow/ottl.h"
#include "proto/otlp/json_parse.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/walk.h"
#include "tests/test.h"

#define OTTL_NOW INT64_C(1700000000123456789)

struct ottl_test {
	struct otlp_visitor v;
	struct ottl *o;
	enum ottl_result result;
	struct err e;
};

static inline bool ottl_test_visit(struct otlp_visitor *v, struct otlp_place *p)
{
	struct ottl_test *t = container_of(v, struct ottl_test, v);
	struct otlp_message cache = {0};
	struct ottl_state s = {p, &cache, OTTL_NOW};

	otlp_message_load(&cache, p->scratch, 1, STR(""));
	t->result = ottl_run(t->o, &s, &t->e);
	otlp_message_fini(&cache);
	return true;
}

static inline enum otlp_kind ottl_test_kind(enum ottl_context c)
{
	return c == OTTL_LOG                             ? OTLP_LOGS
	       : c == OTTL_METRIC || c == OTTL_DATAPOINT ? OTLP_METRICS
							 : OTLP_TRACES;
}

/* Appends to out: the request, "! error", or for a condition true or false. */
static inline void ottl_test_run(
	enum ottl_context c, const char *text, bool is_condition, const char *json, struct buf *out)
{
	enum otlp_kind kind = ottl_test_kind(c);
	struct ottl_test t = {.result = OTTL_FALSE};
	struct otlp_edit *edit;
	struct otlp_counts n;
	struct buf in = {0};
	struct buf made = {0};
	size_t at = 0;

	t.o = is_condition ? ottl_condition(c, str_from(text), &at, &t.e)
			   : ottl_statement(c, str_from(text), &at, &t.e);
	if (!t.o) {
		buf_printf(out, "%zu: %s", at, t.e.text);
		return;
	}
	if (c == OTTL_RESOURCE)
		t.v.resource = ottl_test_visit;
	else if (c == OTTL_SCOPE)
		t.v.scope = ottl_test_visit;
	else if (c == OTTL_SPANEVENT || c == OTTL_DATAPOINT)
		t.v.point = ottl_test_visit;
	else
		t.v.item = ottl_test_visit;
	assert_true(otlp_json_parse(otlp_request(kind), str_from(json), &in, &t.e));
	assert_true(otlp_walk(kind, buf_str(&in), &n, &t.e));
	edit = otlp_edit_new();
	if (!otlp_edit_run(edit, kind, buf_str(&in), &t.v, &made))
		buf_add_str(&made, buf_str(&in));
	if (!otlp_walk(kind, buf_str(&made), &n, &t.e))
		assert_str(str_from(t.e.text), "");
	if (t.result == OTTL_FAILED)
		buf_printf(out, "! %s", t.e.text);
	else if (is_condition)
		buf_printf(out, t.result == OTTL_TRUE ? "true" : "false");
	else
		otlp_json_print(otlp_request(kind), buf_str(&made), out);
	otlp_edit_free(edit);
	ottl_free(t.o);
	buf_fini(&in);
	buf_fini(&made);
}

/* The request of which the tests are about one part. */
#define OTTL_SPAN_IN(...) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" __VA_ARGS__ "}]}]}]}"
#define OTTL_LOG_IN(...) \
	"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{" __VA_ARGS__ "}]}]}]}"
#define OTTL_METRIC_IN(...) \
	"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{" __VA_ARGS__ "}]}]}]}"

/* What an expression is, by set(attributes["r"], EXPR) on an empty span: the JSON of its value. */
static inline void ottl_test_value(const char *expression, struct buf *out)
{
	struct buf text = {0};
	struct buf all = {0};
	struct str s;
	ptrdiff_t at;

	buf_printf(&text, "set(attributes[\"r\"], %s)%c", expression, 0);
	ottl_test_run(OTTL_SPAN, text.p, false,
		OTTL_SPAN_IN("\"name\":\"GET /x\",\"traceId\":\"000102030405060708090a0b0c0d0e0f\","
			     "\"startTimeUnixNano\":\"1700000000000000000\",\"attributes\":["
			     "{\"key\":\"s\",\"value\":{\"stringValue\":\"Hello World\"}},"
			     "{\"key\":\"i\",\"value\":{\"intValue\":\"42\"}},"
			     "{\"key\":\"m\","
			     "\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"a\","
			     "\"value\":{\"intValue\":\"1\"}}]}}},"
			     "{\"key\":\"l\",\"value\":{\"arrayValue\":{\"values\":["
			     "{\"stringValue\":\"x\"},{\"boolValue\":true}]}}}]"),
		&all);
	s = buf_str(&all);
	at = str_find(s, STR("{\"key\":\"r\",\"value\":"));
	if (at >= 0) {
		s = str_from_at(s, (size_t)at + 19);
		s = str_head(s, s.n - strlen("}]}]}]}]}"));
	} else if (s.n > 0 && s.p[0] == '{') {
		s = STR("nil");
	}
	buf_add_str(out, s);
	buf_fini(&text);
	buf_fini(&all);
}

/* What a statement's compiler says. */
struct ottl_test_compiled {
	enum ottl_context context;
	const char *text; /* a statement */
	const char *want; /* where: what; NULL: fine */
};

static inline void ottl_test_compiles(const struct ottl_test_compiled *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err e = {""};
		size_t at = 0;
		struct ottl *o =
			ottl_statement(cases[i].context, str_from(cases[i].text), &at, &e);
		char got[sizeof(e.text) + 32] = "";

		if (!o)
			snprintf(got, sizeof(got), "%zu: %s", at, e.text);
		assert_str(str_from(got), cases[i].want ? cases[i].want : "");
		ottl_free(o);
	}
}

/* An editor at work on the attributes of a span. */
struct ottl_test_edit {
	const char *statement;
	const char *in;   /* the attributes of a span */
	const char *want; /* the same, or the error */
};

static inline void ottl_test_edits(const struct ottl_test_edit *cases, size_t n)
{
	static const char form[] = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":["
				   "{\"name\":\"n\",\"attributes\":[%s]}]}]}]}%c";
	struct buf in = {0};
	struct buf want = {0};
	struct buf out = {0};

	for (size_t i = 0; i < n; i++) {
		buf_clear(&in);
		buf_clear(&want);
		buf_clear(&out);
		buf_printf(&in, form, cases[i].in, 0);
		if (cases[i].want[0] == '!')
			buf_printf(&want, "%s%c", cases[i].want, 0);
		else
			buf_printf(&want, form, cases[i].want, 0);
		ottl_test_run(OTTL_SPAN, cases[i].statement, false, in.p, &out);
		assert_str(buf_str(&out), want.p);
	}
	buf_fini(&in);
	buf_fini(&want);
	buf_fini(&out);
}

/* What expressions are. */
struct ottl_test_expression {
	const char *expression;
	const char *want; /* its JSON, or the error */
};

static inline void ottl_test_values(const struct ottl_test_expression *cases, size_t n)
{
	struct buf out = {0};

	for (size_t i = 0; i < n; i++) {
		buf_clear(&out);
		ottl_test_value(cases[i].expression, &out);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}
