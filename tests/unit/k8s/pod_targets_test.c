#include "k8s/pod_targets.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "k8s/pod.h"
#include "k8s/pod_dirs.h"
#include "tests/test.h"

#define META "\"uid\":\"u1\",\"name\":\"p\",\"namespace\":\"n\""

/* Without "__meta_kubernetes_", a line a target. */
static void print(struct buf *out, const struct pod_targets *t)
{
	static const char prefix[] = "__meta_kubernetes_";

	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->p[i].n; k++) {
			struct str name = t->p[i].v[k].name;

			if (k > 0)
				assert_true(str_cmp(t->p[i].v[k - 1].name, name) < 0);
			if (str_starts(name, prefix))
				name = str_from_at(name, sizeof(prefix) - 1);
			buf_printf(out, "%s" STR_FMT "=" STR_FMT, k ? " " : "", STR_ARG(name),
				STR_ARG(t->p[i].v[k].value));
		}
		buf_add_char(out, '\n');
	}
}

static const struct {
	const char *json;
	const char *want;
} cases[] = {
	{"{\"metadata\":{" META ",\"labels\":{\"app.kubernetes.io/name\":\"web\",\"app\":\"\"},"
	 "\"annotations\":{\"a-b\":\"c\"},\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":"
	 "\"rs\","
	 "\"controller\":true}]},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"c\","
	 "\"image\":"
	 "\"i:1\",\"ports\":[{\"name\":\"http\",\"containerPort\":80},{\"containerPort\":53,"
	 "\"protocol\":"
	 "\"UDP\"}]}]},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.1\",\"hostIP\":\"10.1."
	 "1.1\","
	 "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],\"containerStatuses\":[{"
	 "\"name\":"
	 "\"c\",\"containerID\":\"containerd://x\"}]}}",
#define COMMON \
	"namespace=n pod_annotation_a_b=c pod_annotationpresent_a_b=true " \
	"pod_container_id=containerd://x " \
	"pod_container_image=i:1 pod_container_init=false pod_container_name=c "
#define AFTER \
	" pod_controller_kind=ReplicaSet pod_controller_name=rs pod_host_ip=10.1.1.1 " \
	"pod_ip=10.0.0.1 " \
	"pod_label_app= pod_label_app_kubernetes_io_name=web pod_labelpresent_app=true " \
	"pod_labelpresent_app_kubernetes_io_name=true pod_name=p pod_node_name=n1 " \
	"pod_phase=Running " \
	"pod_ready=true pod_uid=u1\n"
		"__address__=10.0.0.1:80 " COMMON "pod_container_port_name=http "
		"pod_container_port_number=80 pod_container_port_protocol=TCP" AFTER
		"__address__=10.0.0.1:53 " COMMON "pod_container_port_name= "
		"pod_container_port_number=53 pod_container_port_protocol=UDP" AFTER},
	{"{\"metadata\":{" META
	 "},\"spec\":{\"initContainers\":[{\"name\":\"i\"}],\"containers\":[{\"name\":"
	 "\"c\",\"ports\":[{\"containerPort\":1}]}],\"ephemeralContainers\":[{\"name\":\"e\"}]},"
	 "\"status\":{\"podIP\":\"fd00::1\"}}",
		"__address__=fd00::1 namespace=n pod_container_id= pod_container_image= "
		"pod_container_init=true pod_container_name=i pod_host_ip= pod_ip=fd00::1 "
		"pod_name=p "
		"pod_node_name= pod_phase= pod_ready=unknown pod_uid=u1\n"
		"__address__=[fd00::1]:1 namespace=n pod_container_id= pod_container_image= "
		"pod_container_init=false pod_container_name=c pod_container_port_name= "
		"pod_container_port_number=1 pod_container_port_protocol=TCP pod_host_ip= "
		"pod_ip=fd00::1 pod_name=p pod_node_name= pod_phase= pod_ready=unknown "
		"pod_uid=u1\n"},
	{"{\"metadata\":{" META ",\"labels\":{\"a.b\":\"1\",\"a/b\":\"2\"},\"annotations\":{"
	 "\"kubernetes.io/config.mirror\":\"h\"}},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}",
		"namespace=n pod_annotation_kubernetes_io_config_mirror=h "
		"pod_annotationpresent_kubernetes_io_config_mirror=true pod_container_id= "
		"pod_container_image= pod_container_init=false pod_container_name=c pod_host_ip= "
		"pod_ip= "
		"pod_label_a_b=2 pod_labelpresent_a_b=true pod_name=p pod_node_name= pod_phase= "
		"pod_ready=unknown pod_uid=h\n"},
};

static void test_pods(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pod_targets t = {0};
		struct buf out = {0};
		struct arena a;
		struct err e;
		struct pod *p;

		arena_init(&a, 0);
		p = pod_parse(&a, str_from(cases[i].json), &e);
		assert_non_null(p);
		for (size_t k = 0; k < p->n_containers; k++) {
			if (p->containers[k].kind != POD_CONTAINER_EPHEMERAL)
				pod_targets_add(&a, &t, p, &p->containers[k]);
		}
		print(&out, &t);
		assert_str(buf_str(&out), cases[i].want);
		pod_release(p);
		buf_fini(&out);
		arena_fini(&a);
	}
}

static void test_folder(void **state)
{
	struct pod_dir d = {.namespace = STR("n"), .pod = STR("p"), .uid = STR("u")};
	struct pod_targets t = {0};
	struct buf out = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 100; i++)
		pod_targets_add_dir(&a, &t, &d, STR("c"), STR("n1"));
	assert_int_equal(t.n, 100);
	t.n = 1;
	print(&out, &t);
	assert_str(buf_str(&out),
		"namespace=n pod_container_name=c pod_name=p pod_node_name=n1 pod_uid=u\n");
	buf_fini(&out);
	arena_fini(&a);
}

/* What annotations wish counts only when it is asked for. */
static void test_wishes(void **state)
{
	static const char json[] =
		"{\"metadata\":{" META ",\"annotations\":{\"invar.dev/exclude-containers\":\"b\","
		"\"invar.dev/tenant\":\"t\",\"invar.dev/multiline-firstline\":\"^x\"}},"
		"\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}";

	(void)state;
	for (int heeds = 0; heeds < 2; heeds++) {
		struct pod_targets t = {.heeds_wishes = heeds};
		struct buf out = {0};
		struct arena a;
		struct err e;
		struct pod *p;

		arena_init(&a, 0);
		p = pod_parse(&a, STR(json), &e);
		assert_non_null(p);
		for (size_t i = 0; i < 2; i++)
			pod_targets_add(&a, &t, p, &p->containers[i]);
		print(&out, &t);
		assert_int_equal(t.n, heeds ? 1 : 2);
		assert_int_equal(
			str_find(buf_str(&out), STR("__pod_multiline__=^x "
						    "__pod_tenant__=t\n")) >= 0,
			heeds);
		pod_release(p);
		buf_fini(&out);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_pods), cmocka_unit_test(test_folder),
	cmocka_unit_test(test_wishes))
