#include "k8s/pod.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "tests/test.h"

static struct pod *make(const char *json)
{
	struct arena a;
	struct err e;
	struct pod *p;

	arena_init(&a, 0);
	p = pod_parse(&a, str_from(json), &e);
	arena_fini(&a);
	assert_non_null(p);
	return p;
}

#define BASE(labels, status) \
	"{\"metadata\":{\"uid\":\"u\",\"name\":\"p\",\"namespace\":\"n\",\"labels\":{" labels \
	"}}," \
	"\"status\":{" status "},\"spec\":{\"containers\":[{\"name\":\"c\",\"ports\":[{" \
	"\"containerPort\":80}]}]}}"

static void test_eq(void **state)
{
	static const struct {
		const char *json;
		bool eq;
	} cases[] = {
		{BASE("\"a\":\"1\"", "\"phase\":\"Running\""), true},
		{BASE("\"a\":\"1\"", "\"phase\":\"Running\",\"qosClass\":\"Burstable\""), true},
		{BASE("\"a\":\"2\"", "\"phase\":\"Running\""), false},
		{BASE("\"b\":\"1\"", "\"phase\":\"Running\""), false},
		{BASE("\"a\":\"1\"", "\"phase\":\"Pending\""), false},
		{BASE("\"a\":\"1\"", "\"phase\":\"Running\",\"podIP\":\"1.2.3.4\""), false},
		{BASE("\"a\":\"1\"",
			 "\"phase\":\"Running\",\"startTime\":\"2026-11-22T10:00:01Z\""),
			false},
	};
	struct pod *first = make(cases[0].json);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pod *p = make(cases[i].json);

		assert_int_equal(pod_eq(first, p), cases[i].eq);
		pod_release(p);
	}
	pod_release(first);
}

static void test_look_ups(void **state)
{
	struct pod *p =
		make("{\"metadata\":{\"uid\":\"u\",\"name\":\"p\",\"namespace\":\"n\",\"labels\":{"
		     "\"b\":\"2\",\"a\":\"1\",\"c\":\"\"},\"ownerReferences\":[{\"name\":\"x\"},"
		     "{\"name\":\"y\",\"controller\":true}]},\"spec\":{\"containers\":[{\"name\":"
		     "\"one\"},{\"name\":\"two\"}]},\"status\":{\"phase\":\"Failed\"}}");

	(void)state;
	assert_str(pod_pairs_find(&p->labels, STR("a")), "1");
	assert_str(pod_pairs_find(&p->labels, STR("b")), "2");
	assert_non_null(pod_pairs_find(&p->labels, STR("c")).p);
	assert_null(pod_pairs_find(&p->labels, STR("d")).p);
	assert_null(pod_pairs_find(&p->annotations, STR("a")).p);
	assert_str(pod_find_container(p, STR("two"))->name, "two");
	assert_null(pod_find_container(p, STR("three")));
	assert_str(pod_find_controller(p)->name, "y");
	assert_true(pod_is_finished(p));
	assert_ptr_equal(pod_hold(p), p);
	pod_release(p);
	pod_release(p);
	pod_release(NULL);
}

TESTS_RUN(cmocka_unit_test(test_eq), cmocka_unit_test(test_look_ups))
