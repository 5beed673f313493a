/* Calls of gRPC; those over HTTP/1 are in otelcol.receiver.otlp_test.c. */

#include "proto/grpc/message.h"
#include "proto/grpc/status.h"
#include "tests/otlp_receiver.h"

#define TRACES "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
#define LOGS "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
#define METRICS "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
#define OK "grpc-status: 0\n"
#define KNOWN "grpc-accept-encoding: identity,gzip,deflate,zstd,snappy,lz4\n"

/* How a call ends, by its trailers, or the headers if these are all. */
static const struct {
	int duty;
	const char *path;
	const char *type;
	const char *encoding; /* how the message is encoded and said to be; '!': only said */
	const char *message;  /* proto_text; "=" before it: the whole body, with its prefix */
	const char *want;
	const char *seen;
} calls[] = {
	{101, TRACES, "application/grpc", "", SPAN, OK, SEEN},
	{101, LOGS, "application/grpc", "", "1:{2:{2:{5:{1:\"l\"}}}}", OK,
		"logs 1 <- 10.0.0.9 {\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":"
		"{\"stringValue\":\"l\"}}]}]}]}\n"},
	{102, TRACES, "application/grpc", "", "", OK, NULL},
	{103, TRACES, "application/grpc", "gzip", SPAN, OK, SEEN},
	{103, TRACES, "application/grpc", "!gzip", SPAN, OK, SEEN}, /* flag 0: as it is */
	{104, TRACES, "application/grpc", "deflate", SPAN, OK, SEEN},
	{104, TRACES, "application/grpc", "zstd", SPAN, OK, SEEN},
	{104, TRACES, "application/grpc", "snappy", SPAN, OK, SEEN},
	{104, TRACES, "application/grpc", "!br", SPAN,
		"grpc-status: 12\ngrpc-message: unsupported grpc-encoding; known are gzip, "
		"deflate, zlib, zstd, snappy, lz4, identity\n" KNOWN,
		NULL},
	{105, METRICS, "application/grpc", "", "",
		"grpc-status: 12\ngrpc-message: this signal is not received here: no output takes "
		"it\n" KNOWN,
		NULL},
	{106, "/x.Y/Export", "application/grpc", "", "",
		"grpc-status: 12\ngrpc-message: no such method; OTLP's are Export of TraceService, "
		"LogsService and MetricsService\n" KNOWN,
		NULL},
	{106, "/opentelemetry.proto.collector.trace.v1.TraceService/Import", "application/grpc", "",
		"", "grpc-status: 12\ngrpc-message: no such method; *", NULL},
	{107, TRACES, "application/grpc", "", "!0a05",
		"grpc-status: 3\ngrpc-message: byte 0: ExportTraceServiceRequest.resource_spans: "
		"runs past the end of its message\n",
		NULL},
	{108, TRACES, "application/grpc", "", "1:{2:{2:{1:#010203040506070801020304050607}}}",
		"grpc-status: 3\ngrpc-message: *", NULL},
	{116, TRACES, "application/grpc+proto", "", SPAN, OK, SEEN},
	{117, TRACES, "application/grpc;x=y", "", SPAN, OK, SEEN},
	{118, TRACES, "application/grpc", "", "=!0100000000",
		"grpc-status: 3\ngrpc-message: the message is said to be compressed, but there is "
		"no grpc-encoding\n",
		NULL},
	{119, TRACES, "application/grpc", "!nonsense", "", "grpc-status: 12\n*", NULL},
	{120, TRACES, "application/grpc", "", "=!00000000050a03",
		"grpc-status: 3\ngrpc-message: the message is cut off\n", NULL},
	{121, TRACES, "application/grpc", "", "=",
		"grpc-status: 3\ngrpc-message: the call has no message\n", NULL},
	{121, TRACES, "application/grpc", "", "=!00000000000000000000",
		"grpc-status: 3\ngrpc-message: the call has more than one message\n", NULL},
};

static void make_call_body(struct buf *out, const char *message, const char *encoding)
{
	struct buf inside = {0};

	if (*message == '=') {
		proto_text(out, message + 1);
		return;
	}
	make_body(&inside, message, encoding);
	grpc_prefix_put(out, *encoding && *encoding != '!', (uint32_t)inside.n);
	if (inside.n)
		buf_add_str(out, buf_str(&inside));
	buf_fini(&inside);
}

static struct http_request call(const char *path, const char *type, struct str body)
{
	struct http_request r = post(path, type, body);

	r.is_http2 = true;
	return r;
}

/* want may end with "*". */
static void check_call(const struct http_request *r, const char *want)
{
	struct str got = str_from(r->trailers[0] ? r->trailers : r->answer_headers);
	size_t n = strlen(want);

	assert_true(r->is_answered);
	assert_int_equal(r->status, 200);
	assert_string_equal(r->content_type, "application/grpc");
	if (n == 0 || want[n - 1] != '*')
		assert_str(got, want);
	else if (got.n < n - 1 || memcmp(got.p, want, n - 1) != 0)
		assert_str(got, want);
	/* a message on success, none otherwise */
	assert_int_equal(r->answer_n >= GRPC_PREFIX, strcmp(want, OK) == 0);
}

static void test_duties_101_to_121_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct harness h;
		struct buf body = {0};
		struct buf want = {0};
		struct http_request r;

		print_message("duty %d: %s\n", calls[i].duty, calls[i].want);
		begin(&h, "grpc {}");
		make_call_body(&body, calls[i].message, calls[i].encoding);
		r = call(calls[i].path, calls[i].type, buf_str(&body));
		r.headers[2] = "grpc-encoding";
		r.headers[3] = calls[i].encoding + (*calls[i].encoding == '!');
		fake_server_receive(&r);
		check_call(&r, calls[i].want);
		if (calls[i].seen)
			buf_printf(&want, strcmp(calls[i].path, LOGS) == 0 ? "%s" : "%sb: %s",
				calls[i].seen, calls[i].seen);
		buf_add_char(&want, 0);
		otel_seen(want.p);
		buf_fini(&want);
		buf_fini(&body);
		harness_fini(&h);
	}
}

/* Media types that are no gRPC, over HTTP/2, and gRPC over HTTP/1. */
static void test_duty_117_other_types(void **state)
{
	static const struct {
		const char *type;
		bool is_http2;
	} cases[] = {
		{"text/plain", true},
		{"application/grpc-web", true},
		{"application/grpc+json", true},
		{"application/grpc", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		struct http_request r;

		begin(&h, "grpc {}");
		r = post(TRACES, cases[i].type, (struct str){"\0\0\0\0\0", 5});
		r.is_http2 = cases[i].is_http2;
		fake_server_receive(&r);
		assert_int_equal(r.status, 415);
		harness_fini(&h);
	}
}

/* Both ports take both protocols, by their own limits. */
static void test_duty_125_both_ports(void **state)
{
	struct buf body = {0};
	struct buf framed = {0};
	struct harness h;

	(void)state;
	make_body(&body, SPAN, "");
	make_call_body(&framed, SPAN, "");
	begin(&h, "grpc {}\nhttp {}");
	for (size_t i = 0; i < 2; i++) {
		struct http_request r = call(TRACES, "application/grpc", buf_str(&framed));

		fake_server = fake_servers[i];
		assert_non_null(fake_server);
		fake_server_receive(&r);
		check_call(&r, OK);
		for (int http2 = 0; http2 < 2; http2++) {
			r = post("/v1/traces", "application/x-protobuf", buf_str(&body));
			r.is_http2 = http2;
			fake_server_receive(&r);
			assert_int_equal(r.status, 200);
		}
	}
	buf_clear(&harness_seen);
	assert_int_equal(otel_sink_items, 12);
	harness_fini(&h);
	buf_fini(&body);
	buf_fini(&framed);
}

/* Final: without RetryInfo. Also when it is too large only after it was decompressed. */
static void test_duty_110_too_large(void **state)
{
	struct buf zeros = {0};
	struct buf body = {0};
	struct harness h;
	struct http_request r;
	struct encoder *c;
	struct err e;

	(void)state;
	memset(buf_reserve(&zeros, 100000), 0, 100000);
	zeros.n = 100000;
	begin(&h, "grpc {\n max_recv_msg_size = \"1KiB\"\n }");
	r = call(TRACES, "application/grpc", buf_str(&zeros));
	fake_server_receive(&r);
	check_call(&r, "grpc-status: 8\ngrpc-message: the message is larger than "
		       "max_recv_msg_size\n");
	c = encoder_new(STR("gzip"), 0, &e);
	buf_add(&body, "\1\0\0\0\0", 5);
	encoder_run(c, buf_str(&zeros), &body);
	encoder_free(c);
	body.p[4] = (char)(body.n - 5);
	body.p[3] = (char)((body.n - 5) >> 8);
	r = call(TRACES, "application/grpc", buf_str(&body));
	r.headers[2] = "grpc-encoding";
	r.headers[3] = "gzip";
	fake_server_receive(&r);
	check_call(&r, "grpc-status: 8\ngrpc-message: the body is too large when it is decoded\n");
	harness_fini(&h);
	buf_fini(&zeros);
	buf_fini(&body);
}

/* Duties 122 and 124. Held for eight seconds, or for three quarters of its deadline; then
 * RetryInfo says when. */
static void test_duty_124_overload(void **state)
{
	static const struct {
		const char *timeout;
		int64_t ms;
	} cases[] = {{"10S", 7500}, {"9551m", 7163}, {"1m", 0}, {"1H", 8000}, {"", 8000}};
	struct buf work = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf body = {0};
		struct harness h;
		struct http_request r;
		const char *details;

		begin(&h, "grpc {}");
		make_call_body(&body, SPAN, "");
		otel_sink_full[0] = otel_sink_full[1] = true;
		r = call(TRACES, "application/grpc", buf_str(&body));
		r.headers[2] = "grpc-timeout";
		r.headers[3] = cases[i].timeout;
		fake_server_receive(&r);
		for (int64_t ms = 0; ms + 50 < cases[i].ms; ms += 25)
			harness_advance(&h, 25 * MS);
		assert_false(r.is_answered);
		for (int k = 0; k < 4; k++)
			harness_advance(&h, 25 * MS);
		check_call(&r, "grpc-status: 14\ngrpc-message: the queues are full; send it again "
			       "later\ngrpc-status-details-bin: *");
		details = strstr(r.answer_headers, "-bin: ") + 6;
		assert_int_equal(
			grpc_details_retry((struct str){details, strlen(details) - 1}, &work),
			1000 * MS);
		assert_int_equal(h.budget.used, 0);
		harness_fini(&h);
		buf_fini(&body);
	}
	buf_fini(&work);
}

/* Bodies that there is no room for. */
static void test_duty_124_busy(void **state)
{
	struct harness h;
	struct http_request r;

	(void)state;
	begin(&h, "grpc {}");
	assert_true(fake_server->set.max_bodies >= 2 * fake_server->set.max_body);
	r = call(TRACES, "application/grpc", STR(""));
	fake_server->set.busy(fake_server, &r);
	check_call(&r, "grpc-status: 14\ngrpc-message: too many requests are coming in; send it "
		       "again later\ngrpc-status-details-bin: *");
	r = post("/v1/traces", "application/json", STR(""));
	fake_server->set.busy(fake_server, &r);
	assert_int_equal(r.status, 503);
	assert_string_equal(r.answer_headers, "Retry-After: 1\n");
	harness_fini(&h);
}

static void test_auth(void **state)
{
	struct harness h;
	struct http_request r;

	(void)state;
	begin(&h, "grpc {\n auth = otelcol.auth.basic.who.handler\n }");
	r = call(TRACES, "application/grpc", (struct str){"\0\0\0\0\0", 5});
	fake_server_receive(&r);
	check_call(&r, "grpc-status: 16\ngrpc-message: the credentials are missing or wrong\n*");
	r = call(TRACES, "application/grpc", (struct str){"\0\0\0\0\0", 5});
	r.headers[2] = "authorization";
	r.headers[3] = "Basic dTpw";
	fake_server_receive(&r);
	check_call(&r, OK);
	harness_fini(&h);
}

static void test_settings(void **state)
{
	const struct http2_settings *set;
	struct harness h;

	(void)state;
	begin(&h, "grpc {}");
	assert_int_equal(fake_server->set.max_body, (4 << 20) + GRPC_PREFIX);
	set = fake_server->set.http2;
	assert_int_equal(set->ping_min_time, 300000 * MS); /* duty 115 */
	assert_int_equal(set->ping_after, 7200000 * MS);
	assert_int_equal(set->ping_timeout, 20000 * MS);
	assert_int_equal(set->max_idle, 0);
	harness_fini(&h);
	begin(&h, "grpc {\n max_concurrent_streams = 7\n keepalive {\n enforcement_policy {\n "
		  "min_time = \"1s\"\n permit_without_stream = true\n }\n server_parameters {\n "
		  "max_connection_age = \"1h\"\n max_connection_age_grace = \"2s\"\n "
		  "max_connection_idle = \"3s\"\n time = \"4s\"\n timeout = \"5s\"\n }\n }\n }");
	set = fake_server->set.http2;
	assert_int_equal(set->max_streams, 7);
	assert_int_equal(set->ping_min_time, 1000 * MS);
	assert_true(set->ping_without_stream);
	assert_int_equal(set->max_age, 3600000 * MS);
	assert_int_equal(set->max_age_grace, 2000 * MS);
	assert_int_equal(set->max_idle, 3000 * MS);
	assert_int_equal(set->ping_after, 4000 * MS);
	assert_int_equal(set->ping_timeout, 5000 * MS);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_duties_101_to_121_calls),
	cmocka_unit_test(test_duty_117_other_types), cmocka_unit_test(test_duty_125_both_ports),
	cmocka_unit_test(test_duty_110_too_large), cmocka_unit_test(test_duty_124_overload),
	cmocka_unit_test(test_duty_124_busy), cmocka_unit_test(test_auth),
	cmocka_unit_test(test_settings))
