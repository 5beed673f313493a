/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

extern const struct component_type discovery_kubelet;

#define CONFIG(args) \
	"discovery.kubelet \"k\" {\n " args "\n}\n" \
	"test.sink \"s\" {\n targets = discovery.kubelet.k.targets\n}\n"

/* name, namespace, phase, container's id, address */
#define POD(name, ns, phase, id, ip) \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\",\"uid\":\"u-" name \
	"\"},\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"ports\":" \
	"[{\"containerPort\":80}]}]},\"status\":{\"phase\":\"" phase "\",\"podIP\":\"" ip \
	"\",\"containerStatuses\":[{\"name\":\"c\",\"containerID\":\"" id "\"}]}}"

#define A_B POD("b", "x", "Running", "c://1", "10.0.0.1") "," POD("a", "x", "Running", "c://2", "")
#define LIST(items) "{\"kind\":\"PodList\",\"metadata\":{},\"items\":[" items "]}"

static const struct {
	const char *args;
	const char *answer;
	const char *want; /* names of the pods of the targets */
} cases[] = {
	{"", LIST(""), ""},
	{"", "{\"items\":null}", ""},
	{"", LIST(A_B), "a b "},
	{"", LIST(POD("a", "x", "Pending", "", "") "," POD("b", "x", "Pending", "c://1", "")),
		"b "},
	{"", LIST("7,{\"metadata\":{}}," POD("a", "x", "Running", "c://1", "")), "a "},
	{"namespaces = [\"y\", \"z\"]",
		LIST(A_B "," POD("c", "z", "Running", "c://1", "")), "c "},
	{"", "Unauthorized", ""},
	{"", "{\"kind\":\"Status\"}", ""},
	{"", "{\"items\":[{}", ""},
};

/* The names of the pods of the targets seen last. */
static void read_names(char *out, size_t size)
{
	const char *at = harness_seen.p;

	out[0] = 0;
	buf_add_char(&harness_seen, 0);
	while ((at = strstr(harness_seen.n > 1 ? at : "", "pod_name="))) {
		at += strlen("pod_name=");
		snprintf(out + strlen(out), size - strlen(out), "%.*s ", (int)strcspn(at, ";"), at);
	}
	buf_clear(&harness_seen);
}

static void answers_become_targets(void **state)
{
	char names[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		char text[512];

		harness_init(&h, &discovery_kubelet);
		snprintf(text, sizeof(text), CONFIG("%s"), cases[i].args);
		assert_true(harness_load(&h, text));
		assert_string_equal(fake_calls[0].url, "https://localhost:10250/pods");
		fake_answer(0, 200, "application/json", str_from(cases[i].answer), -1);
		loop_turn(h.loop, 0);
		read_names(names, sizeof(names));
		assert_string_equal(names, cases[i].want);
		harness_fini(&h);
	}
}

static void labels_are_those_of_role_pod(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &discovery_kubelet);
	assert_true(harness_load(&h, CONFIG("url = \"http://k:10255/\"")));
	assert_string_equal(fake_calls[0].url, "http://k:10255/pods");
	fake_answer(0, 200, "application/json",
		STR(LIST(POD("a", "x", "Running", "c://1", "10.0.0.1"))), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen),
		"target __address__=10.0.0.1:80;__meta_kubernetes_namespace=x;"
		"__meta_kubernetes_pod_container_id=c://1;"
		"__meta_kubernetes_pod_container_image=;"
		"__meta_kubernetes_pod_container_init=false;"
		"__meta_kubernetes_pod_container_name=c;"
		"__meta_kubernetes_pod_container_port_name=;"
		"__meta_kubernetes_pod_container_port_number=80;"
		"__meta_kubernetes_pod_container_port_protocol=TCP;"
		"__meta_kubernetes_pod_host_ip=;__meta_kubernetes_pod_ip=10.0.0.1;"
		"__meta_kubernetes_pod_name=a;__meta_kubernetes_pod_node_name=n;"
		"__meta_kubernetes_pod_phase=Running;__meta_kubernetes_pod_ready=unknown;"
		"__meta_kubernetes_pod_uid=u-a;\n");
	harness_fini(&h);
}

/* What was there stays while the kubelet does not answer; it is asked again. */
static void a_kubelet_that_is_away(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &discovery_kubelet);
	assert_true(harness_load(&h, CONFIG("")));
	fake_answer(0, 200, "", STR(LIST(POD("a", "x", "Running", "c://1", ""))), -1);
	loop_turn(h.loop, 0);
	buf_clear(&harness_seen);
	harness_advance(&h, 6 * INT64_C(1000000000));
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, 401, "", STR("Unauthorized"), -1);
	loop_turn(h.loop, 0);
	harness_advance(&h, 2 * INT64_C(1000000000));
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, 200, "", STR(LIST(POD("a", "x", "Running", "c://1", ""))), -1);
	loop_turn(h.loop, 0);
	assert_int_equal(harness_seen.n, 0);
	harness_fini(&h);
}

/* … and while what answers is no kubelet, or a broken one. */
static void hostile_answers_change_nothing(void **state)
{
	static const struct {
		int status;
		const char *answer;
	} hostile[] = {
		{0, "connection reset"},
		{403, LIST("")},
		{500, ""},
		{200, ""},
		{200, "null"},
		{200, "[]"},
		{200, "{}"},
		{200, "{\"kind\":\"Status\"}"},
		{200, "{\"items\":7}"},
		{200, "{\"items\":{}}"},
		{200, "{\"items\":[" POD("z", "x", "Running", "c://1", "")},
		{200, "\xff\xfe"},
		{200, "<html>"},
	};
	struct harness h;
	char names[64], *deep = mem_new(char, 1000001);

	(void)state;
	harness_init(&h, &discovery_kubelet);
	assert_true(harness_load(&h, CONFIG("")));
	fake_answer(0, 200, "", STR(LIST(POD("a", "x", "Running", "c://1", ""))), -1);
	loop_turn(h.loop, 0);
	read_names(names, sizeof(names));
	assert_string_equal(names, "a ");
	memset(deep, '[', 1000000);
	memcpy(deep, "{\"items\":", 9);
	for (size_t i = 0; i <= sizeof(hostile) / sizeof(*hostile); i++) {
		bool is_last = i == sizeof(hostile) / sizeof(*hostile);

		harness_advance(&h, 6 * INT64_C(1000000000));
		fake_answer(0, is_last ? 200 : hostile[i].status, "",
			str_from(is_last ? deep : hostile[i].answer), -1);
		loop_turn(h.loop, 0);
		assert_int_equal(harness_seen.n, 0);
		assert_int_equal(graph_node(h.graph, 0).health, HEALTH_UNHEALTHY);
	}
	free(deep);
	harness_advance(&h, 6 * INT64_C(1000000000));
	fake_answer(0, 200, "", STR(LIST(A_B)), -1);
	loop_turn(h.loop, 0);
	read_names(names, sizeof(names));
	assert_string_equal(names, "a b ");
	harness_fini(&h);
}

static void wrong_arguments(void **state)
{
	static const struct {
		const char *args;
		const char *error;
	} wrong[] = {
		{"url = \"localhost:10250\"", "1:1: url \"localhost:10250\" is not an address\n"},
		{"refresh_interval = \"1ms\"", "1:1: refresh_interval must be at least 1s\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct harness h;
		char text[512];

		harness_init(&h, &discovery_kubelet);
		snprintf(text, sizeof(text), CONFIG("%s"), wrong[i].args);
		assert_false(harness_load(&h, text));
		assert_str(buf_str(&h.errors), wrong[i].error);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(answers_become_targets),
	cmocka_unit_test(labels_are_those_of_role_pod), cmocka_unit_test(a_kubelet_that_is_away),
	cmocka_unit_test(hostile_answers_change_nothing), cmocka_unit_test(wrong_arguments))
