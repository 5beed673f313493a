/* Whose data it is, by the sources of one association; the store holds the pods below. */

#include "agent/component/otelcol.processor.k8sattributes/associate.h"

#include "agent/base/err.h"
#include "agent/loop/loop.h"
#include "k8s/pod.h"
#include "k8s/pod_store.h"
#include "tests/test.h"

#define POD(uid, name, host_network, ip) \
	"{\"metadata\":{\"uid\":\"" uid "\",\"name\":\"" name "\",\"namespace\":\"n\"}," \
	"\"spec\":{\"hostNetwork\":" host_network ",\"containers\":[{\"name\":\"c\"}]}," \
	"\"status\":{\"phase\":\"Running\",\"podIP\":\"" ip "\",\"containerStatuses\":[{\"" \
	"name\":\"c\",\"containerID\":\"containerd://id-" uid "\"}]}}"

static const char *const pods[] = {
	POD("u-web", "web", "false", "10.0.0.1"),
	POD("u-web2", "web2", "false", "10.0.0.2"),
	POD("u-proxy", "proxy", "true", "192.168.0.1"), /* the node's address */
	POD("u-cni", "cni", "true", "192.168.0.1"),
};

/* The request says "key=value,…"; a source is an attribute's name, or "peer". */
static const struct {
	const char *sources;
	const char *attrs;
	const char *peer;
	const char *want; /* "-": no pod; "": not even the sources */
} cases[] = {
	/* no association: the default order */
	{NULL, "", "10.0.0.1", "web"},
	{NULL, "k8s.pod.ip=10.0.0.2", "10.0.0.1", "web2"},
	{NULL, "ip=10.0.0.2", "10.0.0.1", "web2"},
	{NULL, "host.name=10.0.0.2", "10.0.0.1", "web"},
	{NULL, "host.name=10.0.0.2", NULL, "web2"},
	{NULL, "host.name=web", NULL, ""},
	{NULL, "k8s.pod.ip=10.9.9.9", "10.0.0.1", "-"},
	{NULL, "", NULL, ""},

	/* one key, and others that have to agree */
	{"k8s.pod.uid", "k8s.pod.uid=u-web", NULL, "web"},
	{"k8s.pod.uid", "k8s.pod.uid=u-none", "10.0.0.1", "-"},
	{"k8s.pod.uid", "", "10.0.0.1", ""},
	{"k8s.pod.uid peer", "k8s.pod.uid=u-web", "10.0.0.1", "web"},
	{"k8s.pod.uid peer", "k8s.pod.uid=u-web", "10.0.0.2", "-"},
	{"k8s.pod.uid peer", "k8s.pod.uid=u-web", NULL, ""},
	{"k8s.pod.name k8s.namespace.name", "k8s.pod.name=web,k8s.namespace.name=n", NULL, "web"},
	{"k8s.pod.name k8s.namespace.name", "k8s.pod.name=web,k8s.namespace.name=x", NULL, "-"},
	{"k8s.pod.name peer", "k8s.pod.name=web", "10.0.0.1", "web"},
	{"k8s.pod.name peer", "k8s.pod.name=web", "10.0.0.2", "-"},
	{"container.id", "container.id=id-u-web", NULL, "web"},
	{"k8s.namespace.name", "k8s.namespace.name=n", NULL, "-"}, /* of several pods */

	/*
	 * An address with hostNetwork is the node's: whoever runs there has it, so it proves
	 * nothing, whichever key has found the pod. Without an address the pod is found.
	 */
	{NULL, "", "192.168.0.1", "-"},
	{"peer", "", "192.168.0.1", "-"},
	{"k8s.pod.uid", "k8s.pod.uid=u-proxy", "192.168.0.1", "proxy"},
	{"k8s.pod.uid peer", "k8s.pod.uid=u-proxy", "192.168.0.1", "-"},
	{"peer k8s.pod.uid", "k8s.pod.uid=u-proxy", "192.168.0.1", "-"},
	{"k8s.pod.uid k8s.pod.ip", "k8s.pod.uid=u-proxy,k8s.pod.ip=192.168.0.1", NULL, "-"},
	{"k8s.pod.name k8s.namespace.name peer", "k8s.pod.name=proxy,k8s.namespace.name=n",
		"192.168.0.1", "-"},
	{"container.id", "container.id=id-u-proxy", NULL, "proxy"},
};

static struct arena arena;
static struct pod_store *store;

static void add_pods(void)
{
	pod_store_begin(store, &store);
	for (size_t i = 0; i < sizeof(pods) / sizeof(*pods); i++) {
		struct err e;
		struct pod *p = pod_parse(&arena, str_from(pods[i]), &e);

		assert_non_null(p);
		pod_store_set(store, &store, p);
	}
	pod_store_complete(store, &store);
}

/* What is before c, or all; the rest is what is behind. */
static struct str take(struct str *rest, char c)
{
	struct str head = *rest;
	struct str tail = {0};

	str_cut(*rest, c, &head, &tail);
	*rest = tail;
	return head;
}

static struct k8sattributes_args make_args(const char *sources)
{
	struct k8sattributes_args args = {.wait_for_metadata = false};
	struct k8s_association_args *block;
	struct k8s_source_args *s = arena_new(&arena, struct k8s_source_args, 8);
	struct str rest = str_from(sources);
	size_t n = 0;

	if (!sources)
		return args;
	while (rest.n > 0) {
		struct str name = take(&rest, ' ');
		bool is_peer = str_is(name, "peer");

		s[n++] = (struct k8s_source_args){
			.from = is_peer ? STR("connection") : STR("resource_attribute"),
			.name = is_peer ? STR("") : name,
		};
	}
	block = arena_new(&arena, struct k8s_association_args, 1);
	block->source.p = s;
	block->source.n = n;
	args.pod_association.p = block;
	args.pod_association.n = 1;
	return args;
}

/* A ResourceSpans with these attributes; lengths are below 128. */
static struct otlp_part make_part(const char *attrs)
{
	struct otlp_part part = {.is_resource = true};
	struct str rest = str_from(attrs);
	struct buf resource = {0};
	struct buf body = {0};

	while (rest.n > 0) {
		struct str value = take(&rest, ',');
		struct str key = take(&value, '=');

		buf_printf(&resource, "\x0a%c\x0a%c" STR_FMT "\x12%c\x0a%c" STR_FMT,
			(int)(key.n + value.n + 6), (int)key.n, STR_ARG(key), (int)value.n + 2,
			(int)value.n, STR_ARG(value));
	}
	buf_printf(&body, "\x0a%c", (int)resource.n);
	buf_add_str(&body, buf_str(&resource));
	buf_fini(&resource);
	part.body = arena_str(&arena, buf_str(&body));
	buf_fini(&body);
	return part;
}

static struct str name_of(const struct association *got)
{
	if (got->pod)
		return got->pod->name;
	return got->is_known ? STR("-") : STR("");
}

static void run_case(size_t i)
{
	struct k8sattributes_args args = make_args(cases[i].sources);
	struct otlp_part part = make_part(cases[i].attrs);
	struct in6_addr peer = {0};
	struct association got;

	if (cases[i].peer)
		assert_true(pod_store_parse_ip(str_from(cases[i].peer), &peer));
	got = associate(&args, store, &part, &peer, &arena);
	print_message("%s | %s | %s\n", cases[i].sources ? cases[i].sources : "default",
		cases[i].attrs, cases[i].peer ? cases[i].peer : "");
	assert_str(name_of(&got), cases[i].want);
}

static void test_cases(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	arena_init(&arena, 0);
	store = pod_store_new(l);
	add_pods();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run_case(i);
	pod_store_free(store);
	loop_free(l);
	arena_fini(&arena);
}

/* strangers.c looks an address up only when nothing but the connection has decided. */
static void test_what_decided(void **state)
{
	static const struct {
		const char *sources;
		const char *attrs;
		const char *want;
	} decided[] = {
		{NULL, "", "connection only"},
		{NULL, "k8s.pod.ip=10.0.0.2", ""},
		{"peer", "", "connection only"},
		{"peer k8s.pod.name", "k8s.pod.name=x", "connection"},
		{"k8s.pod.uid", "k8s.pod.uid=x", ""},
	};
	struct in6_addr peer;

	(void)state;
	arena_init(&arena, 0);
	assert_true(pod_store_parse_ip(STR("10.0.0.9"), &peer));
	for (size_t i = 0; i < sizeof(decided) / sizeof(*decided); i++) {
		struct k8sattributes_args args = make_args(decided[i].sources);
		struct otlp_part part = make_part(decided[i].attrs);
		struct association got = associate(&args, NULL, &part, &peer, &arena);

		assert_true(got.is_known);
		assert_null(got.pod); /* there is no store yet */
		if (got.is_only_peer)
			assert_string_equal(decided[i].want, "connection only");
		else
			assert_string_equal(decided[i].want, got.by_connection ? "connection" : "");
	}
	arena_fini(&arena);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_what_decided))
