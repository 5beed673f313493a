#include "tests/ottl.h"

#define A(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define AI(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"

/* The names that the semantic conventions give. */
static void test_semconv(void **state)
{
	/* clang-format off */
	static const struct {
		int kind;
		const char *attributes;
		const char *want;
	} names[] = {
		{2, A("http.request.method", "GET") "," A("http.route", "/users/{id}"),
			"GET /users/{id}"},
		{2, A("http.method", "GET"), "GET"},
		{3, A("http.request.method", "GET") "," A("http.route", "/x"), "GET"},
		{3, A("http.request.method", "GET") "," A("url.template", "/x"), "GET /x"},
		{2, A("rpc.system", "grpc") "," A("rpc.service", "S") "," A("rpc.method", "M"),
			"S/M"},
		{2, A("rpc.system", "grpc") "," A("rpc.service", "S"), "S/*"},
		{3, A("db.system.name", "pg") "," A("db.operation.name", "SELECT") "," A(
			"db.namespace", "shop") "," A("db.collection.name", "users"),
			"SELECT shop.users"},
		{3, A("db.system", "pg") "," A("db.query.summary", "SELECT users"), "SELECT users"},
		{3, A("db.system", "pg") "," A("server.address", "db") "," AI("server.port",
			"5432"), "db:5432"},
		{4, A("messaging.system", "kafka") "," A("messaging.operation.name", "send") "," A(
			"messaging.destination.name", "t"), "send t"},
		{5, A("messaging.system", "kafka"), "kafka"},
		{1, A("http.method", "GET"), "old"},
		{2, A("a", "b"), "old"},
	};
	/* clang-format on */
	struct buf in = {0};
	struct buf out = {0};
	struct buf want = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		buf_clear(&in);
		buf_clear(&out);
		buf_clear(&want);
		buf_printf(&in,
			"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"old\","
			"\"kind\":%d,\"attributes\":[%s]}]}]}]}%c",
			names[i].kind, names[i].attributes, 0);
		buf_printf(&want, "\"name\":\"%s\",%c", names[i].want, 0);
		ottl_test_run(OTTL_SPAN, "set_semconv_span_name(\"1.37.0\", \"was\")", false, in.p,
			&out);
		if (str_find(buf_str(&out), str_from(want.p)) < 0)
			assert_str(buf_str(&out), want.p);
		assert_int_equal(str_find(buf_str(&out), STR("was")) >= 0,
			strcmp(names[i].want, "old") != 0);
	}
	buf_fini(&in);
	buf_fini(&out);
	buf_fini(&want);
}

TESTS_RUN(cmocka_unit_test(test_semconv))
