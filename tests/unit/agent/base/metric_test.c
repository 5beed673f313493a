#include "agent/base/metric.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static const struct metric_family b = {"b_total", METRIC_COUNTER, "B.", NULL};
static const struct metric_family a = {"a", METRIC_GAUGE, "A.", NULL};
static const struct metric_family again = {"b_total", METRIC_COUNTER, "B again.", NULL};

static void want(const char *text)
{
	struct buf out = {0};

	metric_print_all(&out);
	assert_str(buf_str(&out), text);
	buf_fini(&out);
}

/* Families by name, series as they were made, whoever's they are. */
static void test_shown(void **state)
{
	struct metric *v[4];

	(void)state;
	v[0] = metric_new(&b, (struct metric_label[]){{"x", "2\"\n\\"}, {"y", "3"}, {0}});
	v[1] = metric_new(&a, NULL);
	v[2] = metric_new(&again, (struct metric_label[]){{"x", "1"}, {0}});
	v[3] = metric_new(&b, (struct metric_label[]){{"component_id", "m.x/n.y/loki.write.w"},
				      {"component_path", "/"}, {0}});
	metric_add(v[0], 2);
	metric_set(v[1], 0.5);
	want("# HELP a A.\n# TYPE a gauge\na 0.5\n"
	     "# HELP b_total B.\n# TYPE b_total counter\n"
	     "b_total{x=\"2\\\"\\n\\\\\",y=\"3\"} 2\n"
	     "b_total{x=\"1\"} 0\n"
	     "b_total{component_id=\"loki.write.w\",component_path=\"/m.x/n.y\"} 0\n");
	metric_free(v[0]);
	metric_free(v[1]);
	metric_free(v[3]);
	want("# HELP b_total B again.\n# TYPE b_total counter\nb_total{x=\"1\"} 0\n");
	metric_free(v[2]);
	want("");
	metric_free(metric_new(&b, NULL));
	want("");
}

static void test_histogram(void **state)
{
	static const double bounds[] = {0.5, 1, 0};
	static const struct metric_family f = {"h", METRIC_HISTOGRAM, "H.", bounds};
	struct metric *m = metric_new(&f, (struct metric_label[]){{"x", "1"}, {0}});

	(void)state;
	metric_observe(m, 0.5);
	metric_observe_many(m, 2, 3);
	want("# HELP h H.\n# TYPE h histogram\n"
	     "h_bucket{x=\"1\",le=\"0.5\"} 1\nh_bucket{x=\"1\",le=\"1\"} 1\n"
	     "h_bucket{x=\"1\",le=\"+Inf\"} 4\nh_sum{x=\"1\"} 6.5\nh_count{x=\"1\"} 4\n");
	metric_free(m);
}

TESTS_RUN(cmocka_unit_test(test_shown), cmocka_unit_test(test_histogram))
