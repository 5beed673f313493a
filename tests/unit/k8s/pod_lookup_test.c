#include "k8s/pod_lookup.h"

#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "k8s/config.h"
#include "k8s/pod.h"
#include "tests/http_client_fake.h"

#include <arpa/inet.h>

#define POD(name, more) \
	"{\"metadata\":{\"uid\":\"u-" name "\",\"name\":\"" name "\",\"namespace\":\"n\"}" more "}"
#define LIST(items) "{\"kind\":\"PodList\",\"metadata\":{},\"items\":[" items "]}"

static struct loop *l;
static struct pod_lookup *s;

static int set_up(void **state)
{
	struct k8s_config config;
	struct http_settings http = {0};
	struct err e;

	(void)state;
	l = loop_new();
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	assert_true(k8s_config_server(&config, STR("http://api:1"), &http, &e));
	s = pod_lookup_new(l, NULL, &config, &e);
	assert_non_null(s);
	k8s_config_fini(&config);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pod_lookup_free(s);
	assert_int_equal(fake_targets, 0);
	loop_free(l);
	return 0;
}

/* The pod's name, "?" not known, "-" nobody's. */
static const char *ask(const char *address)
{
	static char name[64];
	struct in6_addr a;
	bool is_nobodys;
	const struct pod *p;

	assert_int_equal(inet_pton(AF_INET6, address, &a), 1);
	p = pod_lookup_find(s, &a, &is_nobodys);
	snprintf(name, sizeof(name), STR_FMT, p ? (int)p->name.n : 1,
		p ? p->name.p : is_nobodys ? "-"
					   : "?");
	return name;
}

static void later(int64_t ns)
{
	loop_advance(l, ns);
	loop_turn(l, 0);
}

static void answer(int status, const char *body)
{
	fake_answer(0, status, "application/json", str_from(body), -1);
}

static void test_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_string_equal(ask("::ffff:10.1.2.3"), "?");
	assert_int_equal(fake_calls_n, 1);
	assert_string_equal(fake_calls[0].url,
		"http://api:1/api/v1/pods?limit=10&resourceVersion=0&fieldSelector="
		"status.podIP%3D10.1.2.3");
	answer(200, LIST(POD("web", "")));
	for (int i = 0; i < 3; i++)
		assert_string_equal(ask("::ffff:10.1.2.3"), "web");
	assert_string_equal(ask("fd00::7"), "?"); /* a second later */
	assert_int_equal(fake_calls_n, 0);
	later(NS_PER_SEC);
	assert_int_equal(fake_calls_n, 1);
	assert_non_null(strstr(fake_calls[0].url, "%3Dfd00::7"));
	answer(200, LIST(""));
	assert_string_equal(ask("fd00::7"), "-");
	later(299 * NS_PER_SEC);
	assert_string_equal(ask("fd00::7"), "-");
	assert_int_equal(fake_calls_n, 0);
	later(2 * NS_PER_SEC); /* what was said is old: it is asked again, and used meanwhile */
	assert_string_equal(ask("::ffff:10.1.2.3"), "web");
	assert_int_equal(fake_calls_n, 1);
	answer(200, LIST(POD("other", "")));
	assert_string_equal(ask("::ffff:10.1.2.3"), "other");
}

static const struct {
	int status;
	const char *body;
	const char *want;
} cases[] = {
	{200, LIST(POD("a", "") "," POD("b", "")), "-"},
	{200, LIST(POD("a", ",\"status\":{\"phase\":\"Failed\"}") "," POD("b", "")), "b"},
	{200, LIST(POD("a", ",\"spec\":{\"hostNetwork\":true}")), "-"},
	{200, LIST("{\"no\":\"pod\"}"), "-"},
	{200, "{\"kind\":", "?"},
	{200, "nonsense", "?"},
	{403, "{}", "?"},
	{0, "connection refused", "?"},
};

static void test_answers(void **state)
{
	char address[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(address, sizeof(address), "::ffff:10.0.0.%zu", i);
		ask(address);
		assert_int_equal(fake_calls_n, 1);
		answer(cases[i].status, cases[i].body);
		assert_string_equal(ask(address), cases[i].want);
		later(59 * NS_PER_SEC);
		ask(address);
		assert_int_equal(fake_calls_n, 0);
		later(2 * NS_PER_SEC);
		ask(address); /* what failed is tried again */
		assert_int_equal(fake_calls_n, cases[i].want[0] == '?');
		if (fake_calls_n)
			answer(200, LIST(""));
		later(NS_PER_SEC);
	}
}

/* More addresses than there is room for: nothing grows, and the newest are known. */
static void test_many(void **state)
{
	char address[64];

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "fd00::%zx", i + 1);
		ask(address);
		assert_true(fake_calls_n <= 1);
		if (fake_calls_n)
			answer(200, LIST(POD("p", "")));
		later(NS_PER_SEC);
	}
	assert_string_equal(ask(address), "p");
	assert_string_equal(ask("fd00::1"), "?");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_once), CASE(test_answers), CASE(test_many))
