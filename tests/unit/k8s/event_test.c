#include "k8s/event.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "tests/test.h"

#define OBJECT \
	"\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":\"shop\",\"name\":\"web-0\"," \
	"\"apiVersion\":\"v1\",\"resourceVersion\":\"7\",\"fieldPath\":\"x\"}"

static const struct {
	const char *text;
	int64_t time;
	const char *logfmt; /* NULL: no event */
	const char *json;
} cases[] = {
	{"{\"metadata\":{\"resourceVersion\":\"12\"}," OBJECT ",\"reason\":\"Started\","
	 "\"message\":\"a \\\"b\\\"\\n\",\"source\":{\"component\":\"kubelet\",\"host\":\"n1\"},"
	 "\"lastTimestamp\":\"2026-11-22T10:00:00Z\",\"eventTime\":\"2026-11-22T09:00:00.5Z\","
	 "\"count\":2,\"type\":\"Normal\",\"action\":\"Do\",\"reportingComponent\":\"c\","
	 "\"reportingInstance\":\"i\"}",
		INT64_C(1795341600000000000),
		"name=web-0 kind=Pod action=Do objectAPIversion=v1 objectRV=7 eventRV=12 "
		"reportinginstance=i reportingcontroller=c sourcecomponent=kubelet sourcehost=n1 "
		"reason=Started type=Normal count=2 msg=\"a \\\"b\\\"\\n\" ",
		"{\"action\":\"Do\",\"count\":2,\"eventRV\":\"12\",\"kind\":\"Pod\","
		"\"msg\":\"a \\\"b\\\"\\n\",\"name\":\"web-0\",\"objectAPIversion\":\"v1\","
		"\"objectRV\":\"7\",\"reason\":\"Started\",\"reportingcontroller\":\"c\","
		"\"reportinginstance\":\"i\",\"sourcecomponent\":\"kubelet\",\"sourcehost\":\"n1\","
		"\"type\":\"Normal\"}"},
	/* events.k8s.io has eventTime alone */
	{"{\"metadata\":{\"resourceVersion\":\"1\",\"creationTimestamp\":\"2026-11-22T10:00:01Z\"},"
	 "\"lastTimestamp\":null,\"eventTime\":\"2026-11-22T10:00:00.000001Z\","
	 "\"count\":null," OBJECT
	 "}",
		INT64_C(1795341600000001000),
		"name=web-0 kind=Pod objectAPIversion=v1 objectRV=7 eventRV=1 msg=\"\" ",
		"{\"eventRV\":\"1\",\"kind\":\"Pod\",\"msg\":\"\",\"name\":\"web-0\","
		"\"objectAPIversion\":\"v1\",\"objectRV\":\"7\"}"},
	{"{\"metadata\":{\"resourceVersion\":\"1\",\"creationTimestamp\":\"2026-11-22T10:00:00Z\"},"
	 "\"eventTime\":null,\"involvedObject\":{\"name\":\"n\"}}",
		INT64_C(1795341600000000000), "name=n eventRV=1 msg=\"\" ",
		"{\"eventRV\":\"1\",\"msg\":\"\",\"name\":\"n\"}"},
	{"{\"metadata\":{\"resourceVersion\":\"1\"},\"involvedObject\":{}}", 0, NULL, NULL},
	{"{\"metadata\":{}," OBJECT "}", 0, NULL, NULL},
	{"{\"metadata\":{\"resourceVersion\":\"x\"}," OBJECT "}", 0, NULL, NULL},
	{"{\"metadata\":{\"resourceVersion\":\"1\"}," OBJECT, 0, NULL, NULL},
	{"[]", 0, NULL, NULL},
	{"", 0, NULL, NULL},
};

static void test_cases(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct k8s_event e;
		struct arena a;

		arena_init(&a, 0);
		assert_int_equal(k8s_event_parse(&a, str_from(cases[i].text), &e),
			cases[i].logfmt != NULL);
		if (cases[i].logfmt) {
			buf_clear(&b);
			k8s_event_print_logfmt(&b, &e);
			assert_str(buf_str(&b), cases[i].logfmt);
			buf_clear(&b);
			k8s_event_print_json(&b, &e);
			assert_str(buf_str(&b), cases[i].json);
			assert_int_equal(e.time, cases[i].time);
		}
		arena_fini(&a);
	}
	buf_fini(&b);
}

TESTS_RUN(cmocka_unit_test(test_cases))
