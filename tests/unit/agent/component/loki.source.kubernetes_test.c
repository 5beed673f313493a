/* clang-format off */
#include "tests/component.h"
#include "tests/log_dir.h"
/* clang-format on */

extern const struct component_type loki_source_kubernetes;

#define CRI "2026-11-22T10:00:00Z stdout "
#define SINK "test.sink \"s\" { }\n"
#define META(ns, pod, uid, container) \
	"__meta_kubernetes_namespace = \"" ns "\", __meta_kubernetes_pod_name = \"" pod "\"," \
	"__meta_kubernetes_pod_uid = \"" uid \
	"\", __meta_kubernetes_pod_container_name = \"" container "\""

static struct harness h;
static struct log_dir d;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &loki_source_kubernetes);
	log_dir_init(&d, &h);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_dir_fini(&d);
	return 0;
}

static bool load(const char *targets)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text, SINK "loki.source.kubernetes \"k\" {\n targets = [%s]\n"
			       " forward_to = [test.sink.s.receiver]\n}\n%c",
		targets, 0);
	ok = log_dir_load(&d, text.p);
	buf_fini(&text);
	return ok;
}

/* Labels as Alloy sets them: those of the target without __, job and instance unless a
 * rule has set them, and no filename. The container's earlier instance is read, too. */
static void test_labels(void **state)
{
	(void)state;
	log_dir_append(&d, "shop_web-1_u1/app/0.log", CRI "F one\n");
	log_dir_append(&d, "shop_web-1_u1/app/1.log", CRI "P tw\n" CRI "F o\n");
	log_dir_append(&d, "shop_web-1_u1/other/0.log", CRI "F not asked for\n");
	assert_true(load("{" META("shop", "web-1", "u1", "app") ", app = \"web\"}"));
	log_dir_want(&d,
		"{app=\"web\", instance=\"shop/web-1:app\", job=\"loki.source.kubernetes.k\"} one\n"
		"{app=\"web\", instance=\"shop/web-1:app\", job=\"loki.source.kubernetes.k\"} "
		"two\n");
	assert_true(
		load("{" META("shop", "web-1", "u1", "app") ", job = \"j\", instance = \"i\"}"));
	log_dir_append(&d, "shop_web-1_u1/app/1.log", CRI "F three\n");
	log_dir_settle(&d);
	log_dir_want(&d, "{instance=\"i\", job=\"j\"} three\n");
}

/* The log folder of a static pod has its config hash for a name, the API another uid. */
static void test_static_pod(void **state)
{
	(void)state;
	log_dir_append(&d, "kube-system_etcd-n1_abc123/etcd/0.log", CRI "F one\n");
	assert_true(load("{" META("kube-system", "etcd-n1", "u9",
		"etcd") ", __meta_kubernetes_pod_annotation_kubernetes_io_config_hash = \"abc123\","
			" job = \"j\", instance = \"i\"}"));
	log_dir_want(&d, "{instance=\"i\", job=\"j\"} one\n");
}

static void test_overrides_and_two_ports(void **state)
{
	(void)state;
	log_dir_append(&d, "a_b_u1/c/0.log", CRI "F one\n");
	assert_true(load("{__pod_namespace__ = \"a\", __pod_name__ = \"b\", __pod_uid__ = \"u1\","
			 " __pod_container_name__ = \"c\", __meta_port = \"1\"},"
			 "{__pod_namespace__ = \"a\", __pod_name__ = \"b\", __pod_uid__ = \"u1\","
			 " __pod_container_name__ = \"c\", __meta_port = \"2\"}"));
	log_dir_want(&d, "{instance=\"a/b:c\", job=\"loki.source.kubernetes.k\"} one\n");
}

/* Names that would be patterns, or lead out of the folder, find nothing. */
static void test_hostile_names(void **state)
{
	(void)state;
	log_dir_append(&d, "a_b_u1/c/0.log", CRI "F one\n");
	assert_true(load("{" META("a", "*", "u1", "c") "}, {" META(
		"a", "b", "u1", "../c") "},"
					"{" META("a", "b", "", "c") "}"));
	log_dir_want(&d, "");
}

/* A container that starts later: its folder and its file are seen at once. */
static void test_late_container(void **state)
{
	(void)state;
	assert_true(load("{" META("a", "b", "u1", "c") ", job = \"j\", instance = \"i\"}"));
	log_dir_append(&d, "a_b_u1/c/0.log", CRI "F one\n");
	log_dir_settle(&d);
	log_dir_want(&d, "{instance=\"i\", job=\"j\"} one\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_labels), T(test_static_pod), T(test_overrides_and_two_ports),
	T(test_hostile_names), T(test_late_container))
