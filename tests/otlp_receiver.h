#pragma once

/* For the tests of otelcol.receiver.otlp: a receiver before two sinks, without a socket. */

#include "agent/component/common/auth_handler.h"
#include "agent/flow/budget.h"
#include "proto/otlp/encode.h"
#include "tests/http_server_fake.h"
#include "tests/otelcol.h"

extern const struct component_type otelcol_auth_basic;
extern const struct component_type otelcol_receiver_otlp;

#define MS INT64_C(1000000)
#define SPAN "1:{2:{2:{1:#01020304050607080102030405060708 5:\"s\"}}}"
#define SEEN \
	"traces 1 <- 10.0.0.9 " \
	"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":" \
	"\"01020304050607080102030405060708\",\"name\":\"s\"}]}]}]}\n"

static inline bool load(struct harness *h, const char *http)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"otelcol.receiver.otlp \"r\" {\n %s\n output {\n traces = [otel.sink.a.input, "
		"otel.sink.b.input]\n logs = [otel.sink.a.input]\n }\n}\n"
		"otel.sink \"a\" {}\notel.sink \"b\" {}\n"
		"otelcol.auth.basic \"who\" {\n htpasswd {\n inline = \"u:p\\nbc:"
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\"\n }\n}\n%c",
		http, 0);
	ok = harness_load(h, text.p);
	loop_turn(h->loop, 0);
	buf_fini(&text);
	return ok;
}

static inline void begin(struct harness *h, const char *http)
{
	otel_init(h, &otelcol_receiver_otlp, &otelcol_auth_basic);
	fake_server_connections_left = 0;
	assert_true(load(h, http));
}

static inline struct http_request post(const char *path, const char *type, struct str body)
{
	struct http_request r = {.method = "POST",
		.path = path,
		.headers = {"Content-Type", type, NULL},
		.body = body};

	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.9", &r.peer), 1);
	return r;
}

static inline void make_body(struct buf *out, const char *text, const char *encoding)
{
	struct buf plain = {0};
	struct encoder *c;
	struct err e;

	if (strchr("{[ ", text[0]) && text[0])
		buf_add_str(&plain, str_from(text));
	else
		proto_text(&plain, text);
	if (*encoding == '!' || str_is(str_from(encoding), "identity"))
		encoding = "";
	c = encoder_new(str_from(encoding), 0, &e);
	assert_non_null(c);
	encoder_run(c, buf_str(&plain), out);
	encoder_free(c);
	buf_fini(&plain);
}
