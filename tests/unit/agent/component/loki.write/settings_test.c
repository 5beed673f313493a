#include "agent/component/loki.write/settings.h"

#include "tests/test.h"

static const struct {
	const char *url;
	const char *host; /* NULL: no URL for a push */
} urls[] = {
	{"http://loki:3100/loki/api/v1/push", "loki:3100"},
	{"https://logs.example", "logs.example"},
	{"HTTPS://logs.example?x=/", "logs.example"},
	{"http://user:p%40ss@loki/push", "loki"},
	{"http://[::1]:3100/push", "[::1]:3100"},
	{"http://", NULL},
	{"http:///push", NULL},
	{"http://user@/push", NULL},
	{"loki:3100/push", NULL},
	{"ftp://loki/push", NULL},
	{"", NULL},
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct str host = {0};

		print_message("%s\n", urls[i].url);
		assert_int_equal(loki_settings_host(str_from(urls[i].url), &host), !!urls[i].host);
		if (urls[i].host)
			assert_str(host, urls[i].host);
	}
}

/* The same for equal arguments, another one for any that differs. */
static void test_names(void **state)
{
	struct loki_endpoint_args base = {.url = STR("http://a"), .batch_size = 5};
	struct loki_endpoint_args other[6];
	struct arg_pair header = {STR("a"), STR("b")};
	struct str name;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	name = loki_settings_name(&a, &base);
	assert_int_equal(name.n, 6);
	assert_true(str_eq(name, loki_settings_name(&a, &base)));
	for (size_t i = 0; i < 6; i++)
		other[i] = base;
	other[0].url = STR("http://b");
	other[1].tenant_id = STR("t");
	other[2].batch_size = 6;
	other[3].headers = (struct arg_map){&header, 1};
	other[4].http.bearer_token = STR("x");
	other[5].http.bearer_token_file = STR("x");
	for (size_t i = 0; i < 6; i++) {
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(loki_settings_name(&a, &other[i]),
				loki_settings_name(&a, &other[k])));
		assert_false(str_eq(loki_settings_name(&a, &other[i]), name));
	}
	base.name = STR("mine");
	assert_str(loki_settings_name(&a, &base), "mine");
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_hosts), cmocka_unit_test(test_names))
