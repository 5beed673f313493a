#pragma once

/* For tests of remote.kubernetes.*: what the API server answers, and what comes of it. */

/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

struct remote_object_case {
	const char *answer;
	const char *seen;
	const char *reason; /* of the component's health */
};

static inline void remote_object_answers(const struct component_type *type, const char *config,
	const char *url, const struct remote_object_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct harness h;

		harness_init(&h, type);
		assert_true(harness_load(&h, config));
		assert_int_equal(fake_calls_n, 1);
		assert_string_equal(fake_calls[0].url, url);
		fake_answer(0, 200, "application/json", str_from(cases[i].answer), -1);
		loop_turn(h.loop, 0);
		assert_str(buf_str(&harness_seen), cases[i].seen);
		if (cases[i].reason[0])
			assert_string_equal(graph_node(h.graph, 0).reason, cases[i].reason);
		harness_fini(&h);
	}
}

/* A changed object is taken; what is no answer leaves the value as it was. */
static inline void remote_object_follows(const struct component_type *type, const char *config,
	const struct remote_object_case *first, const struct remote_object_case *second)
{
	static const struct {
		int status;
		const char *answer;
	} bad[] = {
		{0, "connection refused"},
		{404, "{}"},
		{403, "{}"},
		{500, ""},
		{200, ""},
		{200, "\xff\xfe"},
		{200, "{\"data\":7}"},
		{200, "{\"data\":{\"u\":7}}"},
		{200, "{\"data\":{\"u\":{}}}"},
		{200, "{\"data\":{\"u\":\"eA==\""},
	};
	struct harness h;

	harness_init(&h, type);
	assert_true(harness_load(&h, config));
	fake_answer(0, 200, "application/json", str_from(first->answer), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), first->seen);
	buf_clear(&harness_seen);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		harness_advance(&h, INT64_C(70) * 1000000000);
		assert_int_equal(fake_calls_n, 1);
		fake_answer(0, bad[i].status, "application/json", str_from(bad[i].answer), -1);
		loop_turn(h.loop, 0);
		assert_str(buf_str(&harness_seen), "");
		assert_int_equal(graph_node(h.graph, 0).health, HEALTH_UNHEALTHY);
	}
	harness_advance(&h, INT64_C(70) * 1000000000);
	fake_answer(0, 200, "application/json", str_from(second->answer), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), second->seen);
	assert_int_equal(graph_node(h.graph, 0).health, HEALTH_HEALTHY);
	harness_fini(&h);
}

static const struct harness_mistake remote_object_mistakes[] = {
	{"namespace = \"a/b\"\n name = \"c\"", "1:1: namespace \"a/b\" is not the name of a "
					       "namespace\n"},
	{"namespace = \"a\"\n name = \"\"", "1:1: name \"\" is not the name of an object\n"},
	{"namespace = \"a\"\n name = \"b\"\n poll_frequency = \"1ms\"",
		"1:1: poll_frequency must be at least 1s\n"},
	{"namespace = \"a\"\n name = \"b\"\n poll_timeout = \"0s\"",
		"1:1: poll_timeout must be greater than 0\n"},
};
