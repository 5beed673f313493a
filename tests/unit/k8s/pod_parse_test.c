#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "k8s/pod.h"
#include "tests/test.h"

#define META "\"metadata\":{\"uid\":\"u\",\"name\":\"p\",\"namespace\":\"n\"}"

static void add_time(struct buf *out, const char *name, int64_t ns)
{
	char text[TIMESTAMP_SIZE];

	if (ns)
		buf_printf(out, " %s=" STR_FMT, name, STR_ARG(timestamp_format(text, ns)));
}

static void add_text(struct buf *out, const char *name, struct str s)
{
	if (s.n)
		buf_printf(out, " %s=" STR_FMT, name, STR_ARG(s));
}

static void add_containers(struct buf *out, const struct pod *p)
{
	static const char *const kinds[] = {"", "init ", "ephemeral "};

	for (size_t i = 0; i < p->n_containers; i++) {
		const struct pod_container *c = &p->containers[i];

		buf_printf(out, " (%s" STR_FMT, kinds[c->kind], STR_ARG(c->name));
		add_text(out, "image", c->image);
		add_text(out, "id", c->id);
		if (c->restarts)
			buf_printf(out, " restarts=%lld", (long long)c->restarts);
		for (size_t k = 0; k < c->n_ports; k++)
			buf_printf(out, " " STR_FMT ":%lld/" STR_FMT, STR_ARG(c->ports[k].name),
				(long long)c->ports[k].number, STR_ARG(c->ports[k].protocol));
		buf_add_char(out, ')');
	}
}

static void print_pod(struct buf *out, const struct pod *p)
{
	static const char *const ready[] = {"", " ready", " not-ready"};

	buf_printf(out, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(p->namespace), STR_ARG(p->name),
		STR_ARG(p->uid));
	if (!str_eq(p->log_uid, p->uid))
		add_text(out, "log", p->log_uid);
	add_text(out, "node", p->node);
	add_text(out, "phase", p->phase);
	buf_printf(out, "%s%s", ready[p->ready], p->is_host_network ? " host-network" : "");
	add_text(out, "host", p->host_ip);
	add_text(out, "ip", p->ip);
	for (size_t i = 0; i < p->n_ips; i++)
		buf_printf(out, "+" STR_FMT, STR_ARG(p->ips[i]));
	add_time(out, "created", p->created);
	add_time(out, "started", p->started);
	add_time(out, "deleted", p->deleted);
	for (size_t i = 0; i < p->labels.n; i++)
		buf_printf(out, " l:" STR_FMT "=" STR_FMT, STR_ARG(p->labels.p[i].name),
			STR_ARG(p->labels.p[i].value));
	for (size_t i = 0; i < p->annotations.n; i++)
		buf_printf(out, " a:" STR_FMT "=" STR_FMT, STR_ARG(p->annotations.p[i].name),
			STR_ARG(p->annotations.p[i].value));
	for (size_t i = 0; i < p->n_owners; i++)
		buf_printf(out, " o:" STR_FMT "/" STR_FMT "/" STR_FMT "%s",
			STR_ARG(p->owners[i].kind), STR_ARG(p->owners[i].name),
			STR_ARG(p->owners[i].uid), p->owners[i].is_controller ? "!" : "");
	add_containers(out, p);
}

static const struct {
	const char *json;
	const char *want; /* "! " and the error */
} cases[] = {
	{"{" META "}", "n/p/u"},
	{"{\"kind\":\"Pod\",\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.7\",\"hostIP\":"
	 "\"10.1.1.1\","
	 "\"podIPs\":[{\"ip\":\"10.0.0.7\"},{\"ip\":\"fd00::7\"}],\"startTime\":\"2026-11-22T10:00:"
	 "01Z\","
	 "\"conditions\":[{\"type\":\"Initialized\",\"status\":\"True\"},{\"type\":\"Ready\","
	 "\"status\":"
	 "\"False\"}],\"containerStatuses\":[{\"name\":\"b\",\"restartCount\":2,\"containerID\":"
	 "\"containerd://bb\"},{\"name\":\"a\",\"containerID\":\"containerd://aa\"}],"
	 "\"initContainerStatuses\":[{\"name\":\"i\",\"containerID\":\"containerd://ii\"}]},"
	 "\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"a\",\"image\":\"web:1\","
	 "\"ports\":["
	 "{\"name\":\"http\",\"containerPort\":80,\"protocol\":\"TCP\"},{\"containerPort\":53,"
	 "\"protocol\":"
	 "\"UDP\"}],\"env\":[{\"name\":\"X\",\"value\":\"{[\"}]},{\"name\":\"b\",\"image\":"
	 "\"side\"}],"
	 "\"initContainers\":[{\"name\":\"i\"}],\"ephemeralContainers\":[{\"name\":\"dbg\"}]}," META
	 "}",
		"n/p/u node=n1 phase=Running not-ready host=10.1.1.1 ip=10.0.0.7+10.0.0.7+fd00::7 "
		"started=2026-11-22T10:00:01Z (init i id=containerd://ii) (a image=web:1 "
		"id=containerd://aa http:80/TCP :53/UDP) (b image=side id=containerd://bb "
		"restarts=2) "
		"(ephemeral dbg)"},
	{"{\"metadata\":{\"managedFields\":[{\"f:x\":{\"f:y\":{}}}],\"uid\":\"u\",\"name\":\"p\","
	 "\"namespace\":\"n\",\"creationTimestamp\":\"2026-11-22T10:00:00Z\",\"deletionTimestamp\":"
	 "\"2026-11-22T11:00:00Z\",\"labels\":{\"z\":\"1\",\"a\":\"\\u00e9\"},\"annotations\":{"
	 "\"n\":\"\"},"
	 "\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"rs-1\",\"uid\":\"r\","
	 "\"controller\":true}"
	 ",{\"kind\":\"X\",\"name\":\"x\",\"uid\":\"y\"}]}}",
		"n/p/u created=2026-11-22T10:00:00Z deleted=2026-11-22T11:00:00Z l:a=\xc3\xa9 "
		"l:z=1 a:n= "
		"o:ReplicaSet/rs-1/r! o:X/x/y"},
	{"{\"metadata\":{\"uid\":\"u\",\"name\":\"etcd-n1\",\"namespace\":\"kube-system\","
	 "\"annotations\":{"
	 "\"kubernetes.io/config.hash\":\"8e3a\",\"kubernetes.io/"
	 "config.mirror\":\"8e3a\"}},\"spec\":{"
	 "\"hostNetwork\":true},\"status\":{\"podIP\":\"10.1.1.1\"}}",
		"kube-system/etcd-n1/u log=8e3a host-network ip=10.1.1.1+10.1.1.1 "
		"a:kubernetes.io/config.hash=8e3a a:kubernetes.io/config.mirror=8e3a"},
	{"{\"spec\":{\"containers\":null,\"nodeName\":7},\"status\":{\"podIPs\":[{\"ip\":\"\"},3,{"
	 "\"ip\":"
	 "\"10.0.0.9\"}]}," META "}",
		"n/p/u ip=10.0.0.9+10.0.0.9"},
	{"{\"spec\":{\"containers\":[7,\"x\",[]]}," META "}", "n/p/u () () ()"},
	{"[]", "! a pod is not a JSON object"},
	{"", "! a pod is not a JSON object"},
	{"{" META, "! a pod is not valid JSON"},
	{"{" META "} x", "! a pod is not valid JSON"},
	{"{\"metadata\":{\"uid\":\"u\",\"name\":\"p\"}}", "! a pod has no uid, name or namespace"},
	{"{\"metadata\":null,\"spec\":{\"containers\":null},\"status\":{}}",
		"! a pod has no uid, name or namespace"},
};

static void test_pods(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = {0};
		struct arena a;
		struct err e;
		struct pod *p;
		struct pod *again;

		print_message("%s\n", cases[i].json);
		arena_init(&a, 0);
		p = pod_parse(&a, str_from(cases[i].json), &e);
		again = pod_parse(&a, str_from(cases[i].json), &e);
		arena_fini(&a);
		if (p) {
			print_pod(&out, p);
			assert_true(pod_eq(p, again));
		} else {
			buf_printf(&out, "! %s", e.text);
		}
		assert_str(buf_str(&out), cases[i].want);
		pod_release(p);
		pod_release(again);
		buf_fini(&out);
	}
}

static void test_long_annotation_is_left_out(void **state)
{
	static char json[POD_VALUE_MAX + 300];
	struct arena a;
	struct err e;

	(void)state;
	for (int more = 0; more <= 1; more++) {
		struct pod *p;

		snprintf(json, sizeof(json),
			"{\"metadata\":{\"uid\":\"u\",\"name\":\"p\",\"namespace\":\"n\","
			"\"annotations\":{\"big\":"
			"\"%0*d\"}}}",
			POD_VALUE_MAX + more, 0);
		arena_init(&a, 0);
		p = pod_parse(&a, str_from(json), &e);
		assert_non_null(p);
		assert_int_equal(p->annotations.p[0].value.n, more ? 0 : POD_VALUE_MAX);
		pod_release(p);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_pods), cmocka_unit_test(test_long_annotation_is_left_out))
