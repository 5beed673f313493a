#include "k8s/object_roles.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "tests/test.h"

#define M "__meta_kubernetes_"
#define PORT(number) \
	M "service_port_name=;" M "service_port_number=" number ";" M "service_port_protocol=TCP;"

static const struct {
	const char *role;
	const char *json; /* beside its metadata */
	const char *want; /* a target a line */
} cases[] = {
	{"node", "{}", ""},
	{"node", "{\"status\":{\"addresses\":[{\"type\":\"ExternalIP\",\"address\":\"1.2.3.4\"},"
		 "{\"type\":\"InternalIP\",\"address\":\"fd00::1\"}]}}",
		"__address__=[fd00::1]:0;" M "node_address_ExternalIP=1.2.3.4;" M
		"node_address_InternalIP=fd00::1;" M "node_annotation_n_1=;" M
		"node_annotationpresent_n_1=true;" M "node_label_a_b=c;" M
		"node_labelpresent_a_b=true;" M "node_name=x;" M "node_provider_id=;instance=x;\n"},
	{"service", "{\"spec\":{}}", ""},
	{"service",
		"{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"e.org\",\"ports\":["
		"{\"port\":80,\"protocol\":\"TCP\"},{\"port\":81,\"protocol\":\"TCP\"}]}}",
		"__address__=x.ns.svc:80;" M "namespace=ns;" M "service_annotation_n_1=;" M
		"service_annotationpresent_n_1=true;" M "service_external_name=e.org;" M
		"service_label_a_b=c;" M "service_labelpresent_a_b=true;" M "service_name=x;" PORT(
			"80") M "service_type=ExternalName;\n"
				"__address__=x.ns.svc:81;" M "namespace=ns;" M
				"service_annotation_n_1=;" M "service_annotationpresent_n_1=true;" M
				"service_external_name=e.org;" M "service_label_a_b=c;" M
				"service_labelpresent_a_b=true;" M "service_name=x;" PORT("81") M
		"service_type=ExternalName;\n"},
};

static void objects_become_targets(void **state)
{
	static const struct pod_pair label = {{"a.b", 3}, {"c", 1}};
	static const struct pod_pair annotation = {{"n/1", 3}, {"", 0}};
	const struct object_head head = {
		.namespace = STR("ns"),
		.name = STR("x"),
		.labels = {&label, 1},
		.annotations = {&annotation, 1},
	};
	struct buf b = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct object_role *role = object_role_find(str_from(cases[i].role));
		struct pod_targets t = {0};
		void *extra = NULL;

		buf_clear(&b);
		assert_true(role->reader.read(&a, &head, str_from(cases[i].json), &t, &extra));
		assert_null(extra);
		for (size_t k = 0; k < t.n; k++) {
			for (size_t m = 0; m < t.p[k].n; m++)
				buf_printf(&b, STR_FMT "=" STR_FMT ";",
					STR_ARG(t.p[k].v[m].name), STR_ARG(t.p[k].v[m].value));
			buf_add_char(&b, '\n');
		}
		assert_str(buf_str(&b), cases[i].want);
	}
	buf_fini(&b);
	arena_fini(&a);
	assert_null(object_role_find(STR("endpoints")));
}

TESTS_RUN(cmocka_unit_test(objects_become_targets))
