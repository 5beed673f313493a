#include "k8s/watch_url.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static const struct watch_settings all = {
	.server = STR("https://h:6443"),
	.path = STR("/api/v1/pods"),
	.field_selector = STR("spec.nodeName=node 1"),
	.label_selector = STR("app in (a,b)"),
};
static const struct watch_settings plain = {
	.server = STR("http://h"), .path = STR("/api/v1/nodes")};

static const struct {
	const struct watch_settings *set;
	struct watch_question q;
	const char *want;
} cases[] = {
	{&plain, {WATCH_LIST, STR("0"), 300}, "http://h/api/v1/nodes?resourceVersion=0"},
	{&plain, {WATCH_ON, STR("17"), 301},
		"http://h/api/v1/nodes?resourceVersion=17&watch=true&allowWatchBookmarks=true"
		"&timeoutSeconds=301"},
	{&plain, {WATCH_FROM_START, STR("0"), 599},
		"http://h/api/v1/nodes?resourceVersion=0&watch=true&allowWatchBookmarks=true"
		"&timeoutSeconds=599&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"},
	{&all, {WATCH_LIST, STR("0"), 300},
		"https://h:6443/api/v1/pods?fieldSelector=spec.nodeName%3Dnode%201"
		"&labelSelector=app%20in%20%28a%2Cb%29&resourceVersion=0"},
};

static void test_urls(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		watch_url(&out, cases[i].set, &cases[i].q);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_urls))
