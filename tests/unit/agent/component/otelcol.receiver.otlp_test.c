#include "proto/grpc/message.h"
#include "tests/otlp_receiver.h"

#include <unistd.h>

/* Duties 5, 6, 10, 19 to 22, 30 to 34, 56 and 61. What is answered, in
 * order: status, body (protobuf: without what is not text), headers. */
static const struct {
	const char *method;
	const char *path;
	const char *type;
	const char *encoding; /* also how the body is encoded; '!' before it: it is not */
	const char *body;     /* JSON if it begins with {, [ or space; else as proto_text */
	const char *want;
	const char *seen; /* after the peer; NULL: nothing */
} cases[] = {
	{"POST", "/v1/traces", "application/x-protobuf", "", SPAN, "200  ", SEEN},
	{"POST", "/v1/traces", "Application/X-Protobuf", "identity", SPAN, "200  ", SEEN},
	{"POST", "/v1/traces", "application/x-protobuf", "gzip", SPAN, "200  ", SEEN},
	{"POST", "/v1/traces", "application/x-protobuf", "zstd", SPAN, "200  ", SEEN},
	{"POST", "/v1/traces", "application/json; charset=utf-8", "gzip",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		"\"01020304050607080102030405060708\",\"name\":\"s\"}]}]}]}",
		"200 {} ", SEEN},
	{"POST", "/v1/traces", "application/x-protobuf", "", "", "200  ", NULL},
	{"POST", "/v1/traces", "application/x-protobuf", "!gzip", "", "200  ", NULL},
	{"POST", "/v1/traces", "application/x-protobuf", "", "1:{}", "200  ", NULL},
	{"POST", "/v1/traces", "application/json", "",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		"\"00000000000000000000000000000000\"}]}]}]}",
		"200 {\"partialSuccess\":{\"errorMessage\":\"accepted, but 1 trace or span ids are "
		"empty or zero\"}} ",
		"traces 1 <- 10.0.0.9 "
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		"\"00000000000000000000000000000000\"}]}]}]}\n"},
	{"POST", "/v1/traces", "application/x-protobuf", "", "!0a05",
		"400 byte 0: ExportTraceServiceRequest.resource_spans: runs past the end of its "
		"message ",
		NULL},
	{"POST", "/v1/traces", "application/json", "", "{]",
		"400 {\"code\":3,\"message\":\"byte 1: want a string\"} ", NULL},
	{"POST", "/v1/traces", "application/json", "!gzip", "{}",
		"400 {\"code\":3,\"message\":\"not gzip, or cut off, or a wrong checksum\"} ",
		NULL},
	{"POST", "/v1/traces", "application/json", "!br", "{}",
		"400 {\"code\":3,\"message\":\"unsupported Content-Encoding; known are gzip, "
		"deflate, zlib, zstd, snappy, lz4, identity\"} ",
		NULL},
	{"POST", "/v1/traces", "text/plain", "", SPAN,
		"415 unsupported Content-Type; OTLP is application/x-protobuf or application/json ",
		NULL},
	{"GET", "/v1/traces", "application/json", "", "",
		"405 {\"code\":12,\"message\":\"OTLP is sent with POST\"} Allow: POST\n", NULL},
	{"POST", "/v1/metrics", "application/json", "", "{}",
		"404 {\"code\":5,\"message\":\"this signal is not received here: no output takes "
		"it\"} ",
		NULL},
	{"POST", "/", "application/json", "", "{}",
		"404 {\"code\":5,\"message\":\"nothing is served at this path; OTLP goes to "
		"/v1/traces, /v1/logs, /v1/metrics\"} ",
		NULL},
};

static void check_answer(const struct http_request *r, const char *want)
{
	struct buf got = {0};

	assert_true(r->is_answered);
	buf_printf(&got, "%d ", r->status);
	if (r->answer[0] == '{' || r->answer_n < 4)
		buf_add(&got, r->answer, r->answer_n);
	else
		buf_add(&got, r->answer + 4, r->answer_n - 4); /* code, tag, length */
	buf_printf(&got, " %s", r->answer_headers);
	assert_str(buf_str(&got), want);
	buf_fini(&got);
}

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		struct buf body = {0};
		struct http_request r;
		struct buf want = {0};

		begin(&h, "http {}");
		make_body(&body, cases[i].body, cases[i].encoding);
		r = post(cases[i].path, cases[i].type, buf_str(&body));
		r.method = cases[i].method;
		r.headers[2] = "Content-Encoding";
		r.headers[3] = cases[i].encoding + (*cases[i].encoding == '!');
		fake_server_receive(&r);
		check_answer(&r, cases[i].want);
		if (cases[i].seen)
			buf_printf(&want, "%sb: %s", cases[i].seen, cases[i].seen);
		buf_add_char(&want, 0);
		otel_seen(want.p);
		buf_fini(&want);
		buf_fini(&body);
		harness_fini(&h);
	}
}

static void test_too_large(void **state)
{
	struct harness h;
	struct buf zeros = {0};
	struct buf body = {0};
	struct http_request r;

	(void)state;
	begin(&h, "http {\n max_request_body_size = \"1KiB\"\n }");
	memset(buf_reserve(&zeros, 100000), 0, 100000);
	zeros.n = 100000;
	r = post("/v1/traces", "application/json", buf_str(&zeros));
	fake_server_receive(&r);
	check_answer(&r,
		"413 {\"code\":3,\"message\":\"the body is larger than max_request_body_size\"} ");
	{
		struct err e;
		struct encoder *c = encoder_new(STR("gzip"), 0, &e);

		encoder_run(c, buf_str(&zeros), &body);
		encoder_free(c);
	}
	r = post("/v1/traces", "application/json", buf_str(&body));
	r.headers[2] = "content-encoding";
	r.headers[3] = "gzip";
	assert_true(body.n < 1024);
	fake_server_receive(&r);
	check_answer(
		&r, "413 {\"code\":3,\"message\":\"the body is too large when it is decoded\"} ");
	buf_fini(&zeros);
	buf_fini(&body);
	harness_fini(&h);
}

/* Full: the answer waits; then there is room, or a second has passed. */
/* Duty 55. */
static void test_hold(void **state)
{
	for (int gzip = 0; gzip < 2; gzip++) {
		struct harness h;
		struct buf body = {0};
		struct http_request r;
		struct http_request late;

		(void)state;
		begin(&h, "http {}");
		make_body(&body, SPAN, gzip ? "gzip" : "");
		otel_sink_full[1] = true;
		r = post("/v1/traces", "application/x-protobuf", buf_str(&body));
		r.headers[2] = "Content-Encoding";
		r.headers[3] = gzip ? "gzip" : "";
		late = r;
		fake_server_receive(&r);
		otel_seen(SEEN); /* the first sink has it */
		harness_advance(&h, 500 * MS);
		assert_false(r.is_answered);
		assert_true(h.budget.used > 0);
		otel_sink_full[1] = false;
		harness_advance(&h, 25 * MS);
		check_answer(&r, "200  ");
		otel_seen("b: " SEEN); /* and gets it once */
		otel_sink_full[0] = otel_sink_full[1] = true;
		fake_server_receive(&late);
		for (int i = 0; i < 41; i++)
			harness_advance(&h, 25 * MS);
		check_answer(
			&late, "503 the queues are full; send it again later Retry-After: 1\n");
		otel_seen("");
		assert_int_equal(h.budget.used, 0);
		buf_fini(&body);
		harness_fini(&h);
	}
}

static void test_budget(void **state)
{
	struct harness h;
	struct buf body = {0};
	struct http_request r, gone;

	(void)state;
	begin(&h, "http {}");
	make_body(&body, SPAN, "");
	budget_charge(&h.budget, h.budget.limit);
	r = gone = post("/v1/traces", "application/x-protobuf", buf_str(&body));
	fake_server_receive(&r);
	fake_server_receive(&gone);
	fake_server->set.gone(fake_server, &gone);
	harness_advance(&h, 25 * MS);
	assert_false(r.is_answered);
	budget_return(&h.budget, h.budget.limit);
	harness_advance(&h, 25 * MS);
	check_answer(&r, "200  ");
	assert_false(gone.is_answered);
	otel_seen(SEEN "b: " SEEN);
	buf_fini(&body);
	harness_fini(&h);
}

static void test_auth(void **state)
{
	struct harness h;
	struct http_request r;

	(void)state;
	begin(&h, "http {\n auth = otelcol.auth.basic.who.handler\n }");
	r = post("/v1/traces", "application/json", STR("{}"));
	fake_server_receive(&r);
	check_answer(&r, "401 {\"code\":16,\"message\":\"the credentials are missing or wrong\"} "
			 "WWW-Authenticate: Basic realm=\"otlp\"\n");
	r = post("/v1/traces", "application/json", STR("{}"));
	r.headers[2] = "authorization";
	r.headers[3] = "Basic dTpw";
	fake_server_receive(&r);
	check_answer(&r, "200 {} ");
	harness_fini(&h);
}

/* A slow hash holds the answer, not the loop; who goes away meanwhile is forgotten. */
static void test_slow_auth(void **state)
{
	static const char *const headers[] = {"Basic YmM6c2VjcmV0", "Basic YmM6d3Jvbmc="};
	struct http_request r[2], gone;
	struct harness h;

	(void)state;
	begin(&h, "http {\n auth = otelcol.auth.basic.who.handler\n }");
	for (size_t i = 0; i < 2; i++) {
		r[i] = post("/v1/traces", "application/json", STR("{}"));
		r[i].headers[2] = "authorization";
		r[i].headers[3] = headers[i];
		fake_server_receive(&r[i]);
		assert_false(r[i].is_answered);
	}
	gone = r[0];
	fake_server_receive(&gone);
	fake_server->set.gone(fake_server, &gone);
	for (int i = 0; i < 39 && !(r[0].is_answered && r[1].is_answered); i++) {
		usleep(100000); /* for the thread: the loop's clock stands still */
		harness_advance(&h, 25 * MS);
	}
	check_answer(&r[0], "200 {} ");
	check_answer(&r[1], "401 {\"code\":16,\"message\":\"the credentials are missing or "
			    "wrong\"} WWW-Authenticate: Basic realm=\"otlp\"\n");
	assert_false(gone.is_answered);
	assert_int_equal(h.budget.used, 0);
	harness_fini(&h);
}

/* What the sink has before the request itself. */
static void check_seen(const char *want)
{
	assert_true(str_starts(buf_str(&harness_seen), want));
	buf_clear(&harness_seen);
}

/* Headers are carried with the data where the block of the port says so; who it was is said by the
 * authenticator. */
static void test_metadata(void **state)
{
	static const struct {
		const char *http;
		const char *want;
	} ports[] = {
		{"http {}", "traces 1 <- 10.0.0.9 {"},
		{"grpc {\n include_metadata = true\n }\n http {}", "traces 1 <- 10.0.0.9 {"},
		{"http {\n include_metadata = true\n }",
			"traces 1 <- 10.0.0.9 (content-type=application/x-protobuf x-tenant=a "
			"authorization=Basic dTpw) {"},
		{"http {\n auth = otelcol.auth.basic.who.handler\n }",
			"traces 1 <- 10.0.0.9 (@username=u @raw=dTpw) {"},
		{"http {\n include_metadata = true\n auth = otelcol.auth.basic.who.handler\n }",
			"traces 1 <- 10.0.0.9 (content-type=application/x-protobuf x-tenant=a "
			"authorization=Basic dTpw @username=u @raw=dTpw) {"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		struct harness h;
		struct http_request r;
		struct buf body = {0};

		begin(&h, ports[i].http);
		make_body(&body, SPAN, "");
		r = post("/v1/traces", "application/x-protobuf", buf_str(&body));
		r.headers[2] = "X-Tenant";
		r.headers[3] = "a";
		r.headers[4] = "Authorization";
		r.headers[5] = "Basic dTpw";
		fake_server_receive(&r);
		check_answer(&r, "200  ");
		check_seen(ports[i].want);
		if (strstr(ports[i].want, "x-tenant")) { /* held: it is kept with the request */
			otel_sink_full[0] = true;
			r.is_answered = false;
			fake_server_receive(&r);
			assert_false(r.is_answered);
			otel_sink_full[0] = false;
			buf_clear(&harness_seen);
			harness_advance(&h, 25 * MS);
			check_answer(&r, "200  ");
			check_seen(ports[i].want);
		}
		buf_fini(&body);
		harness_fini(&h);
	}
}

static enum health health_of(const struct harness *h, const char *id)
{
	for (size_t i = 0; i < graph_count(h->graph); i++)
		if (strcmp(graph_node(h->graph, i).id, id) == 0)
			return graph_node(h->graph, i).health;
	return HEALTH_UNKNOWN;
}

static void test_port_in_use(void **state)
{
	struct harness h;
	struct http_request r;

	(void)state;
	fake_server_error = "listen on 0.0.0.0:4318: the port is in use";
	begin(&h, "http {}");
	assert_null(fake_server);
	assert_int_equal(health_of(&h, "otelcol.receiver.otlp.r"), HEALTH_UNHEALTHY);
	fake_server_error = NULL;
	harness_advance(&h, 2000 * MS);
	assert_non_null(fake_server);
	assert_int_equal(health_of(&h, "otelcol.receiver.otlp.r"), HEALTH_HEALTHY);
	r = post("/v1/traces", "application/json", STR("{}"));
	fake_server_receive(&r);
	check_answer(&r, "200 {} ");
	harness_fini(&h);
}

/* Duty 25, and: a reload keeps the server unless what it listens with has changed. */
static void test_reload(void **state)
{
	struct harness h;
	struct http_server *first;

	(void)state;
	begin(&h, "http {}");
	first = fake_server;
	assert_int_equal(first->set.idle_timeout, 60000 * MS); /* duty 71 */
	assert_int_equal(first->set.header_timeout, 60000 * MS);
	assert_int_equal(first->set.write_timeout, 30000 * MS);
	assert_int_equal(first->set.read_timeout, 0);
	assert_int_equal(first->set.max_body, (20 << 20) + GRPC_PREFIX);
	assert_true(load(&h, "http {\n traces_url_path = \"/x\"\n }"));
	assert_ptr_equal(fake_server, first);
	assert_true(load(&h, "http {\n endpoint = \"127.0.0.1:1\"\n }"));
	assert_non_null(fake_server);
	assert_true(str_is(fake_server->set.address, "127.0.0.1:1"));
	assert_true(load(&h, ""));
	assert_null(fake_server);
	harness_fini(&h);
}

/* Duty 73. Who is still being served keeps the component for a while. */
static void test_stop(void **state)
{
	struct harness h;
	struct http_request r;

	(void)state;
	begin(&h, "http {}");
	fake_server_connections_left = 1;
	graph_stop(h.graph, harness_stopped, &h.stopped);
	harness_advance(&h, 100 * MS);
	assert_false(h.stopped);
	assert_true(fake_server_quiet);
	r = post("/v1/traces", "application/json", STR("{}"));
	fake_server_receive(&r);
	check_answer(&r, "200 {} ");
	assert_true(r.close);
	for (int i = 0; i < 90 && !h.stopped; i++)
		harness_advance(&h, 25 * MS);
	assert_true(h.stopped);
	graph_free(h.graph);
	loop_free(h.loop);
	buf_fini(&h.errors);
}

static const struct {
	const char *http;
	const char *want;
} checks[] = {
	{"http {\n traces_url_path = \"x\"\n }",
		"2:2: traces_url_path \"x\" must begin with \"/\"\n"},
	{"http {\n compression_algorithms = [\"rot13\"]\n }",
		"2:2: compression_algorithms: unsupported compression algorithm \"rot13\"\n"},
	{"grpc {\n max_recv_msg_size = \"0B\"\n }",
		"2:2: max_recv_msg_size must be positive, and below 2 GiB\n"},
	{"grpc {\n transport = \"unix\"\n }", "3:14: *"},
	{"grpc {\n endpoint = \":1\"\n }\nhttp {\n endpoint = \":1\"\n }",
		"2:2: the grpc and the http block have the same endpoint; one of the blocks is "
		"enough, for each port serves both protocols\n"},
	{"grpc {\n read_buffer_size = \"1MiB\"\n }",
		"3:2: attribute \"read_buffer_size\" of otelcol.receiver.otlp.r is accepted, but "
		"has no effect here\n"},
};

static void test_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		struct harness h;

		otel_init(&h, &otelcol_receiver_otlp, &otelcol_auth_basic);
		fake_server_connections_left = 0;
		load(&h, checks[i].http);
		if (strchr(checks[i].want, '*'))
			assert_true(str_starts(buf_str(&h.errors), "3:14: "));
		else
			assert_str(buf_str(&h.errors), checks[i].want);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_requests), cmocka_unit_test(test_too_large),
	cmocka_unit_test(test_hold), cmocka_unit_test(test_budget), cmocka_unit_test(test_auth),
	cmocka_unit_test(test_slow_auth),
	cmocka_unit_test(test_metadata), cmocka_unit_test(test_port_in_use),
	cmocka_unit_test(test_reload), cmocka_unit_test(test_stop), cmocka_unit_test(test_checks))
