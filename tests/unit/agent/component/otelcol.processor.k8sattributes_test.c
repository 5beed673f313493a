#include "tests/otelcol.h"
#include "k8s/cluster.h"
#include "k8s/config.h"
#include "k8s/pod_lookup.h"
#include "k8s/pod_store.h"

extern const struct component_type otelcol_processor_k8sattributes;

/* In place of k8s/cluster.c and k8s/config.c: a store that the test fills. */
static struct pod_store *store;
static char selectors[256];
static bool no_cluster;

struct cluster *cluster_hold(
	struct loop *l, struct http_client *h, const struct cluster_settings *set, struct err *e)
{
	(void)l;
	(void)h;
	(void)e;
	snprintf(selectors, sizeof(selectors), STR_FMT "|" STR_FMT "|" STR_FMT,
		STR_ARG(set->field_selector), STR_ARG(set->label_selector),
		STR_ARG(set->n_namespaces ? set->namespaces[0] : STR("")));
	return (struct cluster *)store;
}
void cluster_release(struct cluster *c)
{
	(void)c;
}
struct pod_store *cluster_pods(struct cluster *c)
{
	return (struct pod_store *)c;
}
const char *cluster_problem(const struct cluster *c)
{
	(void)c;
	return NULL;
}
void cluster_node_selector(struct buf *out, struct str node)
{
	(void)out;
	(void)node;
}
bool cluster_selector_node(struct str field_selector, struct str *node)
{
	(void)field_selector;
	(void)node;
	return false;
}
bool k8s_config_in_cluster(struct k8s_config *c, const char *dir, struct err *e)
{
	(void)dir;
	*c = (struct k8s_config){0};
	return !no_cluster || err_set(e, "not in a cluster");
}
bool k8s_config_kubeconfig(struct k8s_config *c, const char *path, struct err *e)
{
	(void)c;
	(void)path;
	return err_set(e, "no kubeconfig");
}
bool k8s_config_server(
	struct k8s_config *c, struct str url, const struct http_settings *http, struct err *e)
{
	(void)c;
	(void)url;
	(void)http;
	return err_set(e, "no server");
}
void k8s_config_fini(struct k8s_config *c)
{
	(void)c;
}
/* In place of k8s/pod_lookup.c: it knows the pod of one address. */
static const char *stranger_ip;
static struct pod *stranger;
static size_t looked_up;

struct pod_lookup *pod_lookup_new(
	struct loop *l, struct http_client *h, const struct k8s_config *config, struct err *e)
{
	(void)l;
	(void)h;
	(void)config;
	(void)e;
	return (struct pod_lookup *)&looked_up;
}
void pod_lookup_free(struct pod_lookup *s)
{
	(void)s;
}
const struct pod *pod_lookup_find(
	struct pod_lookup *s, const struct in6_addr *address, bool *is_nobodys)
{
	struct in6_addr ip;

	(void)s;
	looked_up++;
	*is_nobodys = !stranger_ip || !pod_store_parse_ip(str_from(stranger_ip), &ip) ||
		      !IN6_ARE_ADDR_EQUAL(&ip, address);
	return *is_nobodys ? NULL : stranger;
}

struct http_settings k8s_config_copy_http(struct arena *a, const struct http_settings *from)
{
	(void)a;
	return *from;
}

#define WEB \
	"{\"metadata\":{\"uid\":\"u-web\",\"name\":\"web-5d4f8c7b9d-x2x4z\",\"namespace\":" \
	"\"shop\"," \
	"\"creationTimestamp\":\"2026-01-02T03:04:05Z\"," \
	"\"labels\":{\"app\":\"web\",\"app.kubernetes.io/name\":\"web-name\",\"tier\":\"front\"}," \
	"\"annotations\":{\"team\":\"a\",\"resource.opentelemetry.io/env\":\"prod\"}," \
	"\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"web-5d4f8c7b9d\",\"uid\":\"u-" \
	"rs\",\"controller\":true}]}," \
	"\"spec\":{\"nodeName\":\"node-1\",\"containers\":[{\"name\":\"main\",\"image\":" \
	"\"registry:5000/shop/web:1.2@sha256:00\"}]}," \
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.1\",\"podIPs\":[{\"ip\":\"10.0.0." \
	"1\"},{\"ip\":\"fd00::1\"}]," \
	"\"containerStatuses\":[{\"name\":\"main\",\"containerID\":\"containerd://abc123\"}]}}"
#define CRON \
	"{\"metadata\":{\"uid\":\"u-job\",\"name\":\"clean-28123-abcde\",\"namespace\":\"shop\"," \
	"\"ownerReferences\":[{\"kind\":\"Job\",\"name\":\"clean-28123\",\"uid\":\"u-j\"," \
	"\"controller\":true}]}," \
	"\"spec\":{\"nodeName\":\"node-1\",\"containers\":[{\"name\":\"a\",\"image\":\"busybox\"}" \
	",{\"name\":\"b\",\"image\":\"nginx:1\"}]}," \
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.2\"}}"
#define HOST \
	"{\"metadata\":{\"uid\":\"u-host\",\"name\":\"host\",\"namespace\":\"kube-system\"}," \
	"\"spec\":{\"nodeName\":\"node-1\",\"hostNetwork\":true,\"containers\":[{\"name\":\"a\"," \
	"\"image\":\"x\"}]}," \
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"192.168.0.1\"}}"
#define JAEGER \
	"{\"metadata\":{\"uid\":\"u-jg\",\"name\":\"jaeger-agent-1\",\"namespace\":\"o\"}," \
	"\"spec\":{\"containers\":[]}," \
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.3\"}}"

static void add_pod(struct harness *h, const char *json)
{
	struct err e;
	struct pod *p = pod_parse(loop_scratch(h->loop), str_from(json), &e);

	assert_non_null(p);
	pod_store_set(store, &store, p);
}

static void begin(struct harness *h, const char *args)
{
	struct buf text = {0};

	otel_init(h, &otelcol_processor_k8sattributes, NULL);
	h->agent.node_name = STR("node-1");
	store = pod_store_new(h->loop);
	pod_store_begin(store, &store);
	add_pod(h, WEB);
	add_pod(h, CRON);
	add_pod(h, HOST);
	add_pod(h, JAEGER);
	pod_store_complete(store, &store);
	pod_store_set_synced(store);
	buf_printf(&text,
		"otelcol.processor.k8sattributes \"k\" {\n %s\n output {\n traces = "
		"[otel.sink.a.input]\n }\n}\n"
		"otel.sink \"a\" {}\notel.source \"s\" {\n output {\n"
		" traces = [otelcol.processor.k8sattributes.k.input]\n logs = "
		"[otelcol.processor.k8sattributes.k.input]\n }\n}\n%c",
		args, 0);
	if (!harness_load(h, text.p))
		assert_str(buf_str(&h->errors), "");
	buf_fini(&text);
}

static void end(struct harness *h)
{
	graph_stop(h->graph, harness_stopped, &h->stopped);
	loop_turn(h->loop, 0);
	loop_turn(h->loop, 0);
	assert_true(h->stopped);
	graph_free(h->graph);
	pod_store_free(store);
	loop_free(h->loop);
	buf_fini(&h->errors);
}

/* The attributes of each resource as key=value, in the order they are in. */
static void print_attrs(struct buf *out)
{
	const char *p = harness_seen.p;
	const char *last = harness_seen.p + harness_seen.n;
	char key[128], value[128];
	int n;

	while (p < last) {
		if (sscanf(p, "{\"key\":\"%127[^\"]\",\"value\":{\"stringValue\":\"%127[^\"]\"}}%n",
			    key, value, &n) == 2) {
			buf_printf(out, "%s=%s ", key, value);
			p += n;
		} else {
			p++;
		}
	}
	if (out->n > 0)
		out->n--;
}

#define SPAN "2:{2:{5:\"s\"}}"
#define RES(...) "1:{1:{" __VA_ARGS__ "}" SPAN "}"
#define ATTR(key, value) "1:{1:\"" key "\" 2:{1:\"" value "\"}}"

static const struct {
	const char *args;
	const char *peer;
	const char *request;
	const char *want;
} cases[] = {
	/* the default: by the connection, Alloy's set */
	{"", "::ffff:10.0.0.1", "1:{" SPAN "}",
		"k8s.namespace.name=shop k8s.pod.name=web-5d4f8c7b9d-x2x4z k8s.pod.uid=u-web "
		"k8s.pod.start_time=2026-01-02T03:04:05Z "
		"k8s.deployment.name=web k8s.node.name=node-1 "
		"container.image.name=registry:5000/shop/web container.image.tag=1.2 "
		"k8s.pod.ip=10.0.0.1"},
	{"extract {\n metadata = [\"k8s.pod.name\"]\n}", "fd00::1", "1:{" SPAN "}",
		"k8s.pod.name=web-5d4f8c7b9d-x2x4z k8s.pod.ip=fd00::1"},
	{"", NULL, "1:{" SPAN "}", ""},
	{"", "::ffff:10.9.9.9", "1:{" SPAN "}", ""},
	{"", "::ffff:192.168.0.1", "1:{" SPAN "}", ""}, /* hostNetwork: nobody's address */
	{"", "::ffff:10.0.0.3", "1:{" SPAN "}", ""},    /* excluded */
	/* attributes before the connection; only added, never changed */
	{"extract {\n metadata = [\"k8s.pod.name\", \"k8s.namespace.name\"]\n}", "::ffff:10.0.0.1",
		RES(ATTR("k8s.pod.ip", "10.0.0.2") ATTR("k8s.namespace.name", "mine")),
		"k8s.pod.ip=10.0.0.2 k8s.namespace.name=mine k8s.pod.name=clean-28123-abcde"},
	/* each resource by itself */
	{"extract {\n metadata = [\"k8s.pod.uid\"]\n}", "::ffff:10.9.9.9",
		RES(ATTR("ip", "10.0.0.1")) RES(ATTR("host.name", "10.0.0.2"))
			RES(ATTR("host.name", "web")),
		"ip=10.0.0.1 k8s.pod.uid=u-web host.name=10.0.0.2 host.name=web"},
	/* associations: the first that has all its sources decides */
	{"extract {\n metadata = [\"k8s.pod.name\"]\n}\npod_association {\n source {\n from = "
	 "\"resource_attribute\"\n name = \"k8s.pod.uid\"\n }\n}\n"
	 "pod_association {\n source {\n from = \"connection\"\n }\n}",
		"::ffff:10.0.0.1",
		RES(ATTR("k8s.pod.uid", "u-job")) RES(ATTR("k8s.pod.uid", "nobody"))
			RES(ATTR("a", "b")),
		"k8s.pod.uid=u-job k8s.pod.name=clean-28123-abcde k8s.pod.uid=nobody a=b "
		"k8s.pod.name=web-5d4f8c7b9d-x2x4z k8s.pod.ip=10.0.0.1"},
	{"extract {\n metadata = [\"k8s.pod.uid\"]\n}\npod_association {\n source {\n from = "
	 "\"resource_attribute\"\n name = \"k8s.pod.name\"\n }\n"
	 " source {\n from = \"resource_attribute\"\n name = \"k8s.namespace.name\"\n }\n}",
		NULL,
		RES(ATTR("k8s.pod.name", "host") ATTR("k8s.namespace.name", "kube-system"))
			RES(ATTR("k8s.pod.name", "host") ATTR("k8s.namespace.name", "other")),
		"k8s.pod.name=host k8s.namespace.name=kube-system k8s.pod.uid=u-host "
		"k8s.pod.name=host k8s.namespace.name=other"},
	{"extract {\n metadata = [\"k8s.pod.uid\"]\n}\npod_association {\n source {\n from = "
	 "\"resource_attribute\"\n name = \"container.id\"\n }\n}",
		NULL, RES(ATTR("container.id", "abc123")), "container.id=abc123 k8s.pod.uid=u-web"},
	/* owners, containers, service names */
	{"extract {\n metadata = [\"k8s.cronjob.name\", \"k8s.job.name\", \"k8s.job.uid\", "
	 "\"container.image.name\", \"container.image.tag\", \"service.name\"]\n}",
		"::ffff:10.0.0.2", RES(ATTR("k8s.container.name", "b")),
		"k8s.container.name=b k8s.cronjob.name=clean k8s.job.name=clean-28123 "
		"k8s.job.uid=u-j container.image.name=nginx container.image.tag=1 "
		"service.name=clean k8s.pod.ip=10.0.0.2"},
	{"extract {\n metadata = [\"service.name\", \"service.version\", \"service.namespace\", "
	 "\"service.instance.id\", \"k8s.replicaset.name\", \"container.id\"]\n}",
		"::ffff:10.0.0.1", "1:{" SPAN "}",
		"service.name=web-name service.version=1.2 service.namespace=shop "
		"service.instance.id=shop.web-5d4f8c7b9d-x2x4z.main "
		"k8s.replicaset.name=web-5d4f8c7b9d container.id=abc123 k8s.pod.ip=10.0.0.1"},
	/* labels and annotations */
	{"extract {\n metadata = []\n otel_annotations = true\n label {\n key = \"app\"\n }\n "
	 "label {\n tag_name = \"t_$1\"\n key_regex = \"(ti).*\"\n }\n"
	 " annotation {\n key = \"team\"\n tag_name = \"team\"\n }\n annotation {\n key = "
	 "\"none\"\n }\n}",
		"::ffff:10.0.0.1", "1:{" SPAN "}",
		"env=prod k8s.pod.labels.app=web t_ti=front team=a k8s.pod.ip=10.0.0.1"},
	{"passthrough = true", "::ffff:10.0.0.1", RES(ATTR("a", "b")), "a=b k8s.pod.ip=10.0.0.1"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		struct buf got = {0};

		begin(&h, cases[i].args);
		assert_int_equal(
			otel_push(SIGNAL_TRACES, cases[i].peer, cases[i].request), CONSUMED);
		assert_int_equal(otel_push(SIGNAL_LOGS, NULL, "1:{2:{2:{}}}"), CONSUMER_NONE);
		print_attrs(&got);
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		end(&h);
	}
}

/* An address of no watched pod is looked up, if it is the connection's and nothing filters. */
static void test_strangers(void **state)
{
	static const struct {
		const char *args;
		const char *peer;
		const char *request;
		size_t looked_up;
		const char *want;
	} strangers[] = {
		{"", "::ffff:10.7.7.7", "1:{" SPAN "}", 1,
			"k8s.pod.name=far k8s.pod.ip=10.7.7.7"},
		{"", "::ffff:10.7.7.8", "1:{" SPAN "}", 1, ""},
		{"", "::ffff:10.0.0.1", "1:{" SPAN "}", 0,
			"k8s.pod.name=web-5d4f8c7b9d-x2x4z k8s.pod.ip=10.0.0.1"},
		{"", "::ffff:10.7.7.8", RES(ATTR("k8s.pod.ip", "10.7.7.7")), 0,
			"k8s.pod.ip=10.7.7.7"},
		{"filter {\n namespace = \"shop\"\n}", "::ffff:10.7.7.7", "1:{" SPAN "}", 0, ""},
		{"filter {\n node = \"node-1\"\n}", "::ffff:10.7.7.7", "1:{" SPAN "}", 1,
			"k8s.pod.name=far k8s.pod.ip=10.7.7.7"},
	};
	struct arena scratch;
	struct err e;

	(void)state;
	arena_init(&scratch, 0);
	stranger_ip = "10.7.7.7";
	stranger = pod_parse(&scratch,
		STR("{\"metadata\":{\"uid\":\"u\",\"name\":\"far\",\"namespace\":\"n\"}}"), &e);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		struct buf args = {0};
		struct buf got = {0};
		struct harness h;

		buf_printf(&args, "%s\nextract {\n metadata = [\"k8s.pod.name\"]\n}%c",
			strangers[i].args, 0);
		looked_up = 0;
		begin(&h, args.p);
		otel_push(SIGNAL_TRACES, strangers[i].peer, strangers[i].request);
		print_attrs(&got);
		assert_str(got.n ? buf_str(&got) : STR(""), strangers[i].want);
		assert_int_equal(looked_up, strangers[i].looked_up);
		buf_fini(&args);
		buf_fini(&got);
		end(&h);
	}
	stranger_ip = NULL;
	pod_release(stranger);
	arena_fini(&scratch);
}

static void test_selectors(void **state)
{
	struct harness h;

	(void)state;
	begin(&h, "");
	assert_string_equal(selectors, "spec.nodeName=node-1||");
	end(&h);
	begin(&h, "filter {\n node = \"n2\"\n namespace = \"x\"\n field {\n key = "
		  "\"status.phase\"\n value = \"Failed\"\n op = \"not-equals\"\n }\n"
		  " label {\n key = \"a\"\n value = \"b\"\n }\n label {\n key = \"c\"\n value = "
		  "\"\"\n op = \"does-not-exist\"\n }\n}");
	assert_string_equal(selectors, "spec.nodeName=n2,status.phase!=Failed|a=b,!c|x");
	end(&h);
}

/* Without a cluster data goes on as it is, and the component says so. */
static void test_no_cluster(void **state)
{
	struct harness h;

	(void)state;
	no_cluster = true;
	begin(&h, "");
	no_cluster = false;
	loop_turn(h.loop, 0);
	for (size_t i = 0; i < graph_count(h.graph); i++)
		if (strcmp(graph_node(h.graph, i).id, "otelcol.processor.k8sattributes.k") == 0) {
			assert_int_equal(graph_node(h.graph, i).health, HEALTH_UNHEALTHY);
			assert_string_equal(graph_node(h.graph, i).reason, "not in a cluster");
		}
	assert_int_equal(otel_push(SIGNAL_TRACES, "::ffff:10.0.0.1", "1:{" SPAN "}"), CONSUMED);
	otel_seen("traces 1 <- 10.0.0.1 "
		  "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"s\"}]}]}]}\n");
	end(&h);
}

static const struct {
	const char *args;
	const char *want;
} bad[] = {
	{"extract {\n metadata = [\"k8s.nope\"]\n}",
		"2:1: metadata: \"k8s.nope\" is not a supported metadata field\n"},
	{"extract {\n label {\n key_regex = \"(\"\n }\n}",
		"3:2: key_regex: could not compile regular expression: error parsing regexp: "
		"missing closing ): `(`\n"},
	{"pod_association {\n source {\n from = \"connection\"\n name = \"x\"\n }\n}",
		"3:2: a source from the connection has no name\n"},
	{"pod_association {\n}", "2:1: missing required block \"source\"\n"},
	{"auth_type = \"tls\"",
		"1:1: auth_type \"tls\" is not supported; use serviceAccount or kubeConfig\n"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct harness h;
		struct buf text = {0};

		otel_init(&h, &otelcol_processor_k8sattributes, NULL);
		store = NULL;
		buf_printf(&text, "otelcol.processor.k8sattributes \"k\" {\n%s\noutput {}\n}\n%c",
			bad[i].args, 0);
		assert_false(harness_load(&h, text.p));
		assert_str(buf_str(&h.errors), bad[i].want);
		buf_fini(&text);
		end(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_strangers),
	cmocka_unit_test(test_selectors),
	cmocka_unit_test(test_no_cluster), cmocka_unit_test(test_bad))
