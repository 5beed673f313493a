#include "proto/loki/push_json.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "proto/loki/push_read.h"
#include "tests/test.h"

#define STREAMS(x) "{\"streams\": [" x "]}"
#define BAD "! loghttp.PushRequest.Streams: []loghttp.LogProtoStream: "

static const struct {
	const char *text;
	/* labels|time line name=value;…| each stream on a line, or "! " and why */
	const char *want;
} cases[] = {
	{"{}", ""},
	{STREAMS(""), ""},
	{STREAMS("{}"), "{}|\n"},
	{STREAMS("{\"stream\": {\"job\": \"a\"}, \"values\": [[\"1\", \"one\"], [\"2\", \"\"]]}"),
		"{job=\"a\"}|1 one|2 |\n"},
	{STREAMS("{\"values\": [[\"1\", \"one\"]], \"stream\": {\"b\": \"\\u00e9\\n\", \"a\": "
		 "\"\"}}"),
		"{b=\"\u00e9\\n\", a=\"\"}|1 one|\n"},
	{STREAMS("{\"stream\": {}, \"values\": [[\"1\", \"one\", {\"t\": \"x\", \"u\": \"\"}, 7]], "
		 "\"x\": [{}]}, {\"stream\": {\"a\": \"b\"}}"),
		"{}|1 one t=x;u=;|\n{a=\"b\"}|\n"},
	{"{\"x\": null, \"streams\": [{\"values\": [[\"-1\", \"a\\\"b\"]]}]}", "{}|-1 a\"b|\n"},
	{STREAMS("{\"values\": [[\"1\", \"\xff\t\"]]}"), "{}|1 \xff\t|\n"},
	{STREAMS("{\"stream\": {\"a-b\": \"1\"}}"), "{a-b=\"1\"}|\n"},
	{"", BAD "byte 0: want an object"},
	{"[]", BAD "byte 0: want an object"},
	{"{} x", BAD "byte 3: text after the end"},
	{"{\"streams\": {}}", BAD "byte 12: want an array"},
	{STREAMS("{\"values\": [[1, \"a\"]]}"), BAD "byte 26: want a string"},
	{STREAMS("{\"values\": [[\"1.5\", \"a\"]]}"),
		BAD "byte 31: the time is not a whole number"},
	{STREAMS("{\"values\": [[\"1\", 2]]}"), BAD "byte 31: want a string"},
	{STREAMS("{\"values\": [[\"1\"]]}"), BAD "byte 30: want a time and a line"},
	{STREAMS("{\"values\": [[\"1\", \"a\", []]]}"), BAD "byte 36: want an object"},
	{STREAMS("{\"values\": [[\"1\", \"a\", {\"b\": 1}]]}"), BAD "byte 42: want a string"},
	{STREAMS("{\"stream\": {\"a\": 1}}"), BAD "byte 30: want a string"},
	{STREAMS("{\"stream\": []}"), BAD "byte 24: want an object"},
	{STREAMS("{\"values\": [[\"1\", \"a\"]"), BAD "byte 37: want ',' or ']'"},
};

static void print_stream(struct str stream, struct buf *b)
{
	struct push_cursor c = push_read(stream);
	struct push_cursor pairs;
	struct push_entry e;
	struct push_pair p;
	struct str labels;

	assert_true(push_read_labels(stream, &labels));
	buf_printf(b, STR_FMT "|", STR_ARG(labels));
	while (push_read_entry(&c, NULL, &e, &pairs) == PUSH_ITEM) {
		buf_printf(b, "%lld " STR_FMT, (long long)e.time, STR_ARG(e.line));
		for (bool first = true; push_read_pair(&pairs, &p) == PUSH_ITEM; first = false)
			buf_printf(b, "%s" STR_FMT "=" STR_FMT ";", first ? " " : "",
				STR_ARG(p.name), STR_ARG(p.value));
		buf_add_char(b, '|');
	}
	buf_add_char(b, '\n');
}

static void requests_are_read(void **state)
{
	struct buf request = {0};
	struct buf b = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct push_cursor c;
		struct str stream;

		buf_clear(&request);
		buf_clear(&b);
		if (push_json_parse(str_from(cases[i].text), &request, &e)) {
			c = push_read(buf_str(&request));
			while (push_read_stream(&c, &stream) == PUSH_ITEM)
				print_stream(stream, &b);
		} else {
			assert_int_equal(request.n, 0);
			buf_printf(&b, "! %s", e.text);
		}
		buf_add_char(&b, 0);
		assert_string_equal(b.p, cases[i].want);
	}
	buf_fini(&request);
	buf_fini(&b);
}

static void metadata_are_bounded(void **state)
{
	(void)state;
	for (size_t n = PUSH_JSON_META_MAX; n <= PUSH_JSON_META_MAX + 1; n++) {
		struct buf text = {0}, request = {0};
		struct err e;
		bool ok;

		buf_add_str(&text, STR("{\"streams\": [{\"values\": [[\"1\", \"a\", {"));
		for (size_t i = 0; i < n; i++)
			buf_add_str(&text, i ? STR(",\"\":\"\"") : STR("\"\":\"\""));
		buf_add_str(&text, STR("}]]}]}"));
		ok = push_json_parse(buf_str(&text), &request, &e);
		assert_int_equal(ok, n <= PUSH_JSON_META_MAX);
		if (!ok)
			assert_non_null(strstr(e.text, "too many structured metadata labels"));
		buf_fini(&text);
		buf_fini(&request);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read), cmocka_unit_test(metadata_are_bounded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
