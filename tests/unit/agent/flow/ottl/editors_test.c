#include "tests/ottl.h"

#define A(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define AI(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"
#define AM(key, ...) \
	"{\"key\":\"" key "\",\"value\":{\"kvlistValue\":{\"values\":[" __VA_ARGS__ "]}}}"
#define AL(key, ...) \
	"{\"key\":\"" key "\",\"value\":{\"arrayValue\":{\"values\":[" __VA_ARGS__ "]}}}"
#define S(text) "{\"stringValue\":\"" text "\"}"

/* clang-format off */
static const struct {
	const char *statement;
	const char *in;   /* the attributes of a span named GET /users/17 */
	const char *want; /* the same, or the error */
} cases[] = {
	{"delete_key(attributes, \"a\")", A("a", "1") "," A("b", "2"), A("b", "2")},
	{"delete_key(attributes, \"a\") where attributes[\"a\"] == resource.attributes[\"a\"]", A(
		"a", "1"), A("a", "1")},
	{"delete_key(attributes[\"m\"], \"a\")", AM("m", A("a", "1") "," A("b", "2")), AM("m", A(
		"b", "2"))},
	{"delete_key(attributes[\"m\"], \"a\")", A("m", "1"), "! want a map, got string"},
	{"delete_matching_keys(attributes, \"^x\")", A("xa", "1") "," A("b", "2") "," A("xc", "3"),
		A("b", "2")},
	{"keep_matching_keys(attributes, \"^x\")", A("xa", "1") "," A("b", "2") "," A("xc", "3"), A(
		"xa", "1") "," A("xc", "3")},
	{"keep_keys(attributes, [\"b\"])", A("a", "1") "," A("b", "2"), A("b", "2")},
	{"limit(attributes, 2, [\"c\"])", A("a", "1") "," A("b", "2") "," A("c", "3"), A("a", "1")
		"," A("c", "3")},
	{"limit(attributes, 5)", A("a", "1"), A("a", "1")},
	{"truncate_all(attributes, 3)", A("a", "12345") "," A("b", "12") "," A("c", "12\xc3\xa9")
		"," AI("d", "12345"), A("a", "123") "," A("b", "12") "," A("c", "12") "," AI("d",
		"12345")},
	{"replace_pattern(attributes[\"a\"], \"([0-9]+)\", \"<$1>\")", A("a", "x1y22"), A("a",
		"x<1>y<22>")},
	{"replace_pattern(attributes[\"a\"], \"z\", \"q\")", A("a", "x"), A("a", "x")},
	{"replace_pattern(attributes[\"none\"], \"z\", \"q\")", A("a", "x"), A("a", "x")},
	{"replace_all_patterns(attributes, \"value\", \"\\\\d\", \"#\")", A("a", "x1") "," AI("n",
		"1"), A("a", "x#") "," AI("n", "1")},
	{"replace_all_patterns(attributes, \"key\", \"^http\\\\.\", \"web.\")", A("http.a", "1")
		"," A("b", "2"), A("b", "2") "," A("web.a", "1")},
	{"replace_match(attributes[\"a\"], \"/user/*/list/*\", \"/user/{userId}/list/{listId}\")", A
		("a", "/user/1/list/2"), A("a", "/user/{userId}/list/{listId}")},
	{"replace_match(attributes[\"a\"], \"x?[a-c]{d,e}\", \"y\")", A("a", "xzbe"), A("a", "y")},
	{"replace_match(attributes[\"a\"], \"x.z\", \"y\")", A("a", "xyz"), A("a", "xyz")},
	{"replace_all_matches(attributes, \"secret*\", \"***\")", A("a", "secret1") "," A("b", "x"),
		A("a", "***") "," A("b", "x")},
	{"merge_maps(attributes, ParseJSON(\"{\\\"a\\\":\\\"new\\\",\\\"c\\\":\\\"3\\\"}\"), \"in"
		"sert\")", A("a", "1"), A("a", "1") "," A("c", "3")},
	{"merge_maps(attributes, {\"a\": \"new\", \"c\": \"3\"}, \"update\")", A("a", "1"), A("a",
		"new")},
	{"merge_maps(attributes, {\"a\": \"new\", \"c\": \"3\"}, \"upsert\")", A("a", "1"), A("a",
		"new") "," A("c", "3")},
	{"merge_maps(attributes, \"x\", \"upsert\")", A("a", "1"),
		"! merge_maps(): want map, got string"},
	{"flatten(attributes)", AM("a", AM("b", A("c", "1")) "," AL("l", S("x") "," S("y"))) "," A(
		"d", "2"), A("a.b.c", "1") "," A("a.l.0", "x") "," A("a.l.1", "y") "," A("d", "2")},
	{"flatten(attributes, \"p\", 1)", AM("a", AM("b", A("c", "1"))), AM("p.a.b", A("c", "1"))},
	{"append(attributes[\"l\"], \"y\")", AL("l", S("x")), AL("l", S("x") "," S("y"))},
	{"append(attributes[\"l\"], values = [\"y\", \"z\"])", A("l", "x"), AL("l", S("x") "," S(
		"y") "," S("z"))},
	{"append(attributes[\"l\"], \"y\")", "", AL("l", S("y"))},
	{"set(cache[\"x\"], \"y\")", A("a", "1"), A("a", "1")},
};
/* clang-format on */

static void test_cases(void **state)
{
	struct buf in = {0};
	struct buf want = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {

		buf_clear(&in);
		buf_clear(&want);
		buf_clear(&out);
		buf_printf(&in, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"n\","
				"\"attributes\":[%s]}]}]}]}%c",
			cases[i].in, 0);
		if (cases[i].want[0] == '!')
			buf_printf(&want, "%s%c", cases[i].want, 0);
		else
			buf_printf(&want,
				"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"n\","
				"\"attributes\":[%s]}]}]}]}%c",
				cases[i].want, 0);
		ottl_test_run(OTTL_SPAN, cases[i].statement, false, in.p, &out);
		assert_str(buf_str(&out), want.p);
	}
	buf_fini(&in);
	buf_fini(&want);
	buf_fini(&out);
}

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

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_semconv))
