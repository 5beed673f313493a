/* The component before a sink, without a socket. */

/* clang-format off */
#include "tests/http_server_fake.h"
#include "tests/component.h"
/* clang-format on */

#include "agent/base/metric.h"
#include "proto/loki/push.h"

#include <snappy-c.h>
#include <zlib.h>

extern const struct component_type loki_source_api;

static struct harness h;
static struct buf snapped;
static struct buf zipped;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &loki_source_api);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_server_error = NULL;
	fake_server_connections_left = 0;
	harness_fini(&h);
	buf_fini(&snapped);
	buf_fini(&zipped);
	return 0;
}

static bool load(const char *args)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"loki.source.api \"a\" {\n forward_to = [test.sink.s.receiver]\n %s\n}\n"
		"test.sink \"s\" { }\n",
		args);
	return harness_load(&h, text);
}

/* What came out since the last time. */
static const char *seen(void)
{
	static char text[4096];

	snprintf(text, sizeof(text), STR_FMT, STR_ARG(buf_str(&harness_seen)));
	buf_clear(&harness_seen);
	return text;
}

static struct str snap(struct str s)
{
	size_t n = snappy_max_compressed_length(s.n);

	buf_clear(&snapped);
	assert_int_equal(snappy_compress(s.p, s.n, buf_reserve(&snapped, n), &n), SNAPPY_OK);
	snapped.n = n;
	return buf_str(&snapped);
}

static struct str zip(struct str s)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)s.p, .avail_in = (uInt)s.n};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
	buf_clear(&zipped);
	z.next_out = buf_reserve(&zipped, s.n + 100);
	z.avail_out = (uInt)s.n + 100;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	zipped.n = z.total_out;
	deflateEnd(&z);
	return buf_str(&zipped);
}

/* One stream of entries at 1 s, 2 s, …, each with the metadata m=1. */
static void put_stream(struct buf *out, const char *labels, const char *const *lines)
{
	struct push_pair meta = {STR("m"), STR("1")};
	struct push_clock clock = {0};
	struct buf entries = {0};

	for (int64_t i = 0; lines[i]; i++)
		push_encode_entry(&entries, &clock,
			&(struct push_entry){.time = (i + 1) * 1000000000,
				.line = str_from(lines[i]),
				.meta = &meta,
				.n_meta = 1});
	push_encode_stream(out, str_from(labels), buf_str(&entries));
	buf_fini(&entries);
}

static struct str sample(const char *labels)
{
	static const char *const lines[] = {"one", "two", NULL};
	static struct buf request;
	struct str s;

	buf_clear(&request);
	put_stream(&request, labels, lines);
	s = snap(buf_str(&request));
	buf_fini(&request);
	return s;
}

static struct http_request post(const char *path, const char *type, const char *encoding,
	struct str body)
{
	struct http_request r = {.method = "POST", .path = path, .body = body};
	size_t n = 0;

	if (type) {
		r.headers[n++] = "Content-Type";
		r.headers[n++] = type;
	}
	if (encoding) {
		r.headers[n++] = "Content-Encoding";
		r.headers[n++] = encoding;
	}
	fake_server_receive(&r);
	return r;
}

#define PROTO "application/x-protobuf"
#define PUSH "/loki/api/v1/push"

static void protobuf_is_taken(void **state)
{
	struct http_request r;

	(void)state;
	assert_true(load("use_incoming_timestamp = true\n labels = {env = \"x\", a = \"own\"}"));
	assert_true(str_is(fake_server->set.address, ":8080"));
	r = post(PUSH, PROTO, NULL, sample("{a=\"1\", b=\"2\"}"));
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(), "1000000000 {a=\"own\", b=\"2\", env=\"x\"} [m=1] one\n"
				    "2000000000 {a=\"own\", b=\"2\", env=\"x\"} [m=1] two\n");
	r = post("/api/v1/push", PROTO, "snappy", sample("{b=\"2\"}"));
	assert_int_equal(r.status, 204);
	seen();
	r = post(PUSH, PROTO, "gzip", zip(sample("{b=\"2\"}")));
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(), "1000000000 {a=\"own\", b=\"2\", env=\"x\"} [m=1] one\n"
				    "2000000000 {a=\"own\", b=\"2\", env=\"x\"} [m=1] two\n");
}

#define JSON_PUSH \
	"{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"5\",\"x\",{\"k\":\"v\"}]]}]}"

static void json_is_taken(void **state)
{
	struct http_request r;

	(void)state;
	assert_true(load("use_incoming_timestamp = true"));
	r = post(PUSH, "application/json; charset=utf-8", NULL, STR(JSON_PUSH));
	assert_int_equal(r.status, 204);
	r = post(PUSH, "Application/JSON", "gzip", zip(STR(JSON_PUSH)));
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(), "5 {a=\"b\"} [k=v] x\n5 {a=\"b\"} [k=v] x\n");
}

static void arrival_is_the_time(void **state)
{
	(void)state;
	assert_true(load(""));
	post(PUSH, PROTO, NULL, sample("{b=\"2\"}"));
	assert_string_equal(seen(), "1000000000000 {b=\"2\"} [m=1] one\n"
				    "1000000000001 {b=\"2\"} [m=1] two\n");
	post("/loki/api/v1/raw", NULL, NULL, STR("x\n"));
	assert_string_equal(seen(), "1000000000002 {} x\n");
}

static void raw_lines_are_taken(void **state)
{
	struct http_request r;

	(void)state;
	assert_true(load("labels = {job = \"raw\"}"));
	r = post("/api/v1/raw", NULL, NULL, STR("one\r\n\n\r\ntwo\n three"));
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(), "1000000000000 {job=\"raw\"} one\n"
				    "1000000000001 {job=\"raw\"} two\n"
				    "1000000000002 {job=\"raw\"}  three\n");
	r = post("/loki/api/v1/raw", "text/plain", "gzip", zip(STR("z")));
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(), "1000000000003 {job=\"raw\"} z\n");
	r = post("/loki/api/v1/raw", NULL, NULL, STR(""));
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(), "");
}

static struct http_request as_tenant(const char *tenant)
{
	struct http_request r = {.method = "POST",
		.path = PUSH,
		.headers = {"X-Scope-OrgID", tenant, "Content-Type", PROTO},
		.body = sample("{b=\"2\", __x=\"y\"}")};

	fake_server_receive(&r);
	return r;
}

static void the_tenant_is_a_label(void **state)
{
	struct http_request r;

	(void)state;
	assert_true(load(""));
	r = as_tenant("team-1");
	assert_int_equal(r.status, 204);
	assert_string_equal(seen(),
		"1000000000000 {__tenant_id__=\"team-1\", b=\"2\"} [m=1] one\n"
		"1000000000001 {__tenant_id__=\"team-1\", b=\"2\"} [m=1] two\n");
	r = as_tenant("a/b");
	assert_int_equal(r.status, 400);
	assert_string_equal(r.answer, "tenant ID 'a/b' contains unsupported character '/'\n");
	r = as_tenant("..");
	assert_int_equal(r.status, 400);
	assert_string_equal(r.answer, "tenant ID is '.' or '..'\n");
	assert_string_equal(seen(), "");
}

static const struct {
	const char *type;
	const char *encoding;
	struct str body;
	int status;
	const char *answer;
} refusals[] = {
	{PROTO, NULL, {"", 0}, 400, "snappy: corrupt input\n"},
	{PROTO, NULL, {"abc", 3}, 400, "snappy: corrupt input\n"},
	{"text/plain", NULL, {"abc", 3}, 400, "snappy: corrupt input\n"},
	{PROTO, "gzip", {"abc", 3}, 400, "gzip: invalid header\n"},
	{PROTO, "zstd", {"abc", 3}, 400, "Content-Encoding \"zstd\" not supported\n"},
	{NULL, NULL, {"abc", 3}, 400, "mime: no media type\n"},
	{PROTO, NULL, {"\x02\x04\x0a\x05", 4}, 400,
		"proto: the push request is malformed, or cut off\n"},
	{"application/json", NULL, {"{", 1}, 400,
		"loghttp.PushRequest.Streams: []loghttp.LogProtoStream: byte 1: want a string\n"},
	{PROTO, NULL, {"\x00", 1}, 204, ""},
	{"application/json", NULL, {"{\"streams\": []}", 15}, 204, ""},
	{PROTO, NULL, {"\xff\xff\xff\xff\x0f\x00", 6}, 413,
		"request body too large: message size too large than max (2049 vs 2048)\n"},
};

static void what_is_wrong_is_refused(void **state)
{
	(void)state;
	assert_true(load("max_send_message_size = \"2KiB\""));
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct http_request r =
			post(PUSH, refusals[i].type, refusals[i].encoding, refusals[i].body);

		assert_string_equal(r.answer, refusals[i].answer);
		assert_int_equal(r.status, refusals[i].status);
		assert_string_equal(seen(), "");
	}
}

/* 64 KiB of zeros are 3 KiB in snappy; and more are not unpacked than the limit says. */
static void bombs_do_not_go_off(void **state)
{
	static char zeros[1 << 20];
	struct http_request r;

	(void)state;
	assert_true(load("max_send_message_size = \"100KiB\""));
	r = post(PUSH, PROTO, NULL, snap((struct str){zeros, sizeof(zeros)}));
	assert_int_equal(r.status, 413);
	r = post(PUSH, PROTO, "gzip", zip((struct str){zeros, sizeof(zeros)}));
	assert_int_equal(r.status, 413);
	r = post("/loki/api/v1/raw", NULL, "gzip", zip((struct str){zeros, sizeof(zeros)}));
	assert_int_equal(r.status, 413);
	r = post(PUSH, PROTO, NULL, (struct str){zeros, 100 * 1024 + 1});
	assert_int_equal(r.status, 413);
	assert_string_equal(r.answer,
		"request body too large: message size too large than max (102401 vs 102400)\n");
}

static void the_budget_bounds_the_body(void **state)
{
	(void)state;
	assert_true(load(""));
	assert_int_equal(fake_server->set.max_body, 16 << 20);
	assert_int_equal(fake_server->set.max_bodies, 16 << 20);
}

static void one_bad_stream_does_not_spoil_the_others(void **state)
{
	static const char *const one[] = {"one", NULL};
	struct buf request = {0};
	struct http_request r;

	(void)state;
	assert_true(load(""));
	put_stream(&request, "{a=\"1\"}", one);
	put_stream(&request, "{job=ok}", one);
	put_stream(&request, "{a=\"2\"}", one);
	r = post(PUSH, PROTO, NULL, snap(buf_str(&request)));
	buf_fini(&request);
	assert_int_equal(r.status, 400);
	assert_string_equal(r.answer,
		"couldn't parse labels: 1:6: parse error: unexpected identifier "
		"\"ok\" in label set, expected string\n");
	assert_string_equal(r.answer_headers, "X-Content-Type-Options: nosniff\n");
	assert_string_equal(seen(), "1000000000000 {a=\"1\"} [m=1] one\n"
				    "1000000000001 {a=\"2\"} [m=1] one\n");
}

static void too_many_labels_or_pairs_are_refused(void **state)
{
	static const char *const one[] = {"one", NULL};
	static struct push_pair pairs[1025];
	struct push_clock clock = {0};
	struct buf request = {0};
	struct buf text = {0};
	struct http_request r;

	(void)state;
	assert_true(load(""));
	for (int i = 0; i < 129; i++)
		buf_printf(&text, "%sl%d=\"v\"", i ? "," : "{", i);
	buf_printf(&text, "}%c", 0);
	put_stream(&request, text.p, one);
	r = post(PUSH, PROTO, NULL, snap(buf_str(&request)));
	assert_int_equal(r.status, 400);
	assert_non_null(strstr(r.answer, "has 129 label names; limit 128"));

	buf_clear(&request);
	buf_clear(&text);
	for (size_t i = 0; i < 1025; i++)
		pairs[i] = (struct push_pair){STR("n"), STR("v")};
	push_encode_entry(&text, &clock, &(struct push_entry){.meta = pairs, .n_meta = 1025});
	push_encode_stream(&request, STR("{}"), buf_str(&text));
	r = post(PUSH, PROTO, NULL, snap(buf_str(&request)));
	assert_int_equal(r.status, 400);
	assert_non_null(strstr(r.answer, "too many structured metadata labels"));
	assert_string_equal(seen(), "");
	buf_fini(&request);
	buf_fini(&text);
}

static void paths_and_methods(void **state)
{
	struct http_request r = {.method = "GET", .path = "/ready"};

	(void)state;
	assert_true(load(""));
	fake_server_receive(&r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.answer, "ready");
	r = (struct http_request){.method = "GET", .path = PUSH};
	fake_server_receive(&r);
	assert_int_equal(r.status, 405);
	assert_string_equal(r.answer, "");
	r = (struct http_request){.method = "POST", .path = "/loki/api/v1/query"};
	fake_server_receive(&r);
	assert_int_equal(r.status, 404);
	assert_string_equal(r.answer, "404 page not found\n");
}

static struct http_request waiting(void)
{
	return (struct http_request){
		.method = "POST", .path = "/api/v1/raw", .body = STR("line\n")};
}

static void a_full_budget_holds_and_then_refuses(void **state)
{
	struct http_request r[3] = {waiting(), waiting(), waiting()};

	(void)state;
	assert_true(load(""));
	budget_charge(&h.budget, (size_t)64 << 20);
	fake_server_receive(&r[0]);
	harness_advance(&h, 600 * INT64_C(1000000));
	fake_server_receive(&r[1]);
	fake_server_receive(&r[2]);
	assert_false(r[0].is_answered || r[1].is_answered);
	harness_advance(&h, 400 * INT64_C(1000000));
	assert_int_equal(r[0].status, 503);
	assert_string_equal(r[0].answer_headers,
		"X-Content-Type-Options: nosniff\nRetry-After: 1\n");
	assert_false(r[1].is_answered);
	fake_server->set.gone(fake_server, &r[2]);
	budget_return(&h.budget, (size_t)64 << 20);
	assert_false(r[1].is_answered); /* not in the call that made the room */
	loop_turn(h.loop, 0);
	assert_int_equal(r[1].status, 204);
	assert_false(r[2].is_answered);
	assert_string_equal(seen(), "1001000000000 {} line\n");
}

static void a_stop_answers_what_is_held(void **state)
{
	struct http_request r = waiting();

	(void)state;
	assert_true(load(""));
	budget_charge(&h.budget, (size_t)64 << 20);
	fake_server_receive(&r);
	assert_true(harness_load(&h, "test.sink \"s\" { }\n"));
	assert_true(fake_server_quiet);
	assert_false(r.is_answered);
	harness_advance(&h, 1000 * INT64_C(1000000));
	assert_int_equal(r.status, 503);
	assert_true(r.close);
	assert_null(fake_server);
	budget_return(&h.budget, (size_t)64 << 20);
}

static void a_port_in_use_is_tried_again(void **state)
{
	(void)state;
	fake_server_error = "in use";
	assert_true(load(""));
	assert_null(fake_server);
	fake_server_error = NULL;
	harness_advance(&h, 2000 * INT64_C(1000000));
	assert_non_null(fake_server);
}

static void a_reload_keeps_the_port(void **state)
{
	struct http_server *before;

	(void)state;
	assert_true(load("http {\n listen_address = \"::1\"\n listen_port = 3100\n}"));
	before = fake_server;
	assert_true(str_is(fake_server->set.address, "[::1]:3100"));
	assert_true(load("http {\n listen_address = \"::1\"\n listen_port = 3100\n}\n"
			 "labels = {a = \"b\"}"));
	assert_ptr_equal(fake_server, before);
	assert_true(load("http {\n listen_address = \"::1\"\n listen_port = 3101\n}"));
	assert_true(str_is(fake_server->set.address, "[::1]:3101"));
}

static void wrong_arguments(void **state)
{
	static const struct {
		const char *args;
		const char *error;
	} wrong[] = {
		{"http {\n listen_port = 70000\n}", "listen_port must be from 0 to 65535, not "
						    "70000"},
		{"http {\n conn_limit = -1\n}", "conn_limit must not be negative"},
		{"http {\n server_read_timeout = \"-1s\"\n}", "server_read_timeout must not be "
							      "negative"},
		{"http {\n tls {\n cert_pem = \"a\"\n cert_file = \"b\"\n}\n}",
			"cert_pem and cert_file are mutually exclusive"},
		{"http {\n tls {\n client_ca = \"a\"\n client_ca_file = \"b\"\n}\n}",
			"client_ca, client_ca_pem and client_ca_file are mutually exclusive"},
		{"labels = {\"a-b\" = \"x\"}", "labels: \"a-b\" is not the name of a label"},
		{"max_send_message_size = \"0B\"", "max_send_message_size must be greater than 0"},
		{"graceful_shutdown_timeout = \"-1s\"",
			"graceful_shutdown_timeout must not be negative"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_false(load(wrong[i].args));
		buf_add_char(&h.errors, 0);
		assert_non_null(strstr(h.errors.p, wrong[i].error));
	}
}

static void it_is_counted(void **state)
{
	static const char *const want[] = {
		"loki_source_api_entries_written{component_id=\"loki.source.api.a\","
		"component_path=\"/\"} 2\n",
		"loki_source_api_request_duration_seconds_count{component_id=\"loki.source.api.a\","
		"component_path=\"/\",method=\"POST\",route=\"loki_api_v1_push\","
		"status_code=\"204\",ws=\"false\"} 1\n",
		"loki_source_api_tcp_connections{component_id=\"loki.source.api.a\","
		"component_path=\"/\",protocol=\"http\"} 3\n",
	};
	struct buf b = {0};

	(void)state;
	assert_true(load(""));
	post(PUSH, PROTO, NULL, sample("{b=\"2\"}"));
	fake_server_connections_left = 3;
	metric_print_all(&b);
	fake_server_connections_left = 0;
	buf_add_char(&b, 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		assert_non_null(strstr(b.p, want[i]));
	buf_fini(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(protobuf_is_taken),
		TEST(json_is_taken),
		TEST(arrival_is_the_time),
		TEST(raw_lines_are_taken),
		TEST(the_tenant_is_a_label),
		TEST(what_is_wrong_is_refused),
		TEST(bombs_do_not_go_off),
		TEST(the_budget_bounds_the_body),
		TEST(one_bad_stream_does_not_spoil_the_others),
		TEST(too_many_labels_or_pairs_are_refused),
		TEST(paths_and_methods),
		TEST(a_full_budget_holds_and_then_refuses),
		TEST(a_stop_answers_what_is_held),
		TEST(a_port_in_use_is_tried_again),
		TEST(a_reload_keeps_the_port),
		TEST(wrong_arguments),
		TEST(it_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
