#include "agent/component/loki.source.podlogs/spec.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "tests/test.h"

#define RULES(x) "{\"spec\":{\"selector\":{},\"relabelings\":[" x "]}}"

static const struct {
	const char *json;
	const char *want; /* selector|namespaces|labels after the rules, or the log's line */
} cases[] = {
	{"{}", "||app=web;"},
	{"{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"namespaceSelector\":"
	 "{\"matchLabels\":{\"c\":\"d\"}}}}",
		"a in (b)|c in (d)|app=web;"},
	{RULES("{\"sourceLabels\":[\"app\"],\"targetLabel\":\"job\"}"), "||app=web;job=web;"},
	{RULES("{\"sourceLabels\":[\"app\",\"app\"],\"separator\":\"-\",\"targetLabel\":\"job\","
	       "\"regex\":\"(.)eb-(.*)\",\"replacement\":\"$1/$2\",\"action\":\"Replace\"},"
	       "{\"action\":\"LabelDrop\",\"regex\":\"app\"}"),
		"||job=w/web;"},
	{RULES("{\"action\":\"drop\",\"sourceLabels\":[\"app\"],\"regex\":\"web\"}"), "||dropped"},
	{RULES("{\"action\":\"hashmod\",\"modulus\":1,\"sourceLabels\":[\"app\"],\"targetLabel\":"
	       "\"m\"}"),
		"||app=web;m=0;"},
	{RULES("{\"action\":\"\",\"sourceLabels\":[\"app\"],\"separator\":null,"
	       "\"targetLabel\":\"b\","
	       "\"regex\":\"\",\"replacement\":\"\"}"),
		"||app=web;b=web;"},
	{RULES("{\"sourceLabels\":[\"__meta_kubernetes_namespace\"]},"
	       "{\"action\":\"labelmap\",\"regex\":\"__meta_kubernetes_pod_label_(.+)\"}"),
		"! relabelings: "},
	{RULES("{\"sourceLabels\":[\"__meta_kubernetes_namespace\"],\"targetLabel\":\"n\"},"
	       "{\"action\":\"labelmap\",\"regex\":\"__meta_kubernetes_pod_label_(.+)\"}"),
		"||app=web;"},
	{RULES("{\"sourceLabels\":[\"__meta_kubernetes_namespace_label_a\"],"
	       "\"targetLabel\":\"n\"}"),
		"||app=web;with namespaces"},
	{RULES("{\"action\":\"labelmap\",\"regex\":\"__meta_kubernetes_(.+)\"}"),
		"||app=web;with namespaces"},
	{"{\"spec\":null}", "||app=web;"},
	{"{\"spec\":{\"selector\":null,\"namespaceSelector\":null,\"relabelings\":null}}",
		"||app=web;"},
	{"{\"spec\":[]}", "! spec: not an object"},
	{"{\"spec\":{\"selector\":[]}}", "! selector: not an object"},
	{"{\"spec\":{\"namespaceSelector\":\"a\"}}", "! namespaceSelector: not an object"},
	{"{\"spec\":{\"relabelings\":{}}}", "! relabelings: not an array"},
	{"{\"spec\":{\"selector\":{}", "! it is not well-formed JSON"},
	{RULES("{\"action\":\"hashmod\",\"modulus\":-1,\"targetLabel\":\"m\"}"),
		"! relabelings: modulus must not be negative, got -1"},
	{RULES("{\"action\":\"jump\"}"),
		"! relabelings: unknown relabel action \\\"jump\\\""},
	{RULES("{\"regex\":\"(\"}"), "! relabelings: "},
	{"{\"spec\":{\"selector\":{\"matchExpressions\":[{\"key\":\"a\"}]}}}",
		"! selector: \\\"\\\" is not a valid label selector operator"},
};

static struct buf said;

static void take_line(struct str line)
{
	buf_clear(&said);
	buf_add_str(&said, line);
	buf_add_char(&said, 0);
}

static void print_spec(struct arena *a, const struct podlogs_spec *s, struct buf *b)
{
	static const struct label app = {{"app", 3}, {"web", 3}};
	struct label_list l = {0};

	label_selector_print(b, &s->pods);
	buf_add_char(b, '|');
	label_selector_print(b, &s->namespaces);
	buf_add_char(b, '|');
	label_list_init(&l, &app, 1);
	if (s->rules && !relabel_apply(s->rules, &l, a))
		buf_add_str(b, STR("dropped"));
	else
		for (size_t i = 0; i < l.n; i++)
			buf_printf(b, STR_FMT "=" STR_FMT ";", STR_ARG(l.p[i].name),
				STR_ARG(l.p[i].value));
	if (s->reads_namespaces)
		buf_add_str(b, STR("with namespaces"));
	label_list_fini(&l);
}

static void specs_are_read(void **state)
{
	const struct object_head head = {.namespace = STR("ns"), .name = STR("x")};
	struct buf b = {0};
	struct arena a;

	(void)state;
	log_set_writer(take_line);
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pod_targets t = {0};
		void *extra = NULL;

		if (!podlogs_reader.read(&a, &head, str_from(cases[i].json), &t, &extra)) {
			assert_null(extra);
			assert_int_equal(cases[i].want[0], '!');
			assert_non_null(strstr(said.p, cases[i].want + 2));
			continue;
		}
		buf_clear(&b);
		print_spec(&a, extra, &b);
		assert_str(buf_str(&b), cases[i].want);
		podlogs_reader.drop(extra);
	}
	arena_fini(&a);
	buf_fini(&b);
	buf_fini(&said);
}

static void labels_of_the_object(void **state)
{
	static const struct pod_pair label = {{"a/b", 3}, {"c", 1}};
	const struct object_head head = {
		.namespace = STR("ns"), .name = STR("x"), .labels = {&label, 1}};
	struct pod_targets t = {0};
	struct arena a;
	void *extra = NULL;

	(void)state;
	arena_init(&a, 0);
	assert_true(podlogs_reader.read(&a, &head, STR("{}"), &t, &extra));
	assert_int_equal(t.n, 1);
	assert_int_equal(t.p[0].n, 4);
	assert_str(t.p[0].v[0].name, "__meta_kubernetes_podlogs_namespace");
	assert_str(t.p[0].v[1].value, "x");
	assert_str(t.p[0].v[2].name, "__meta_kubernetes_podlogs_label_a_b");
	assert_str(t.p[0].v[3].name, "__meta_kubernetes_podlogs_labelpresent_a_b");
	podlogs_reader.drop(extra);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(specs_are_read), cmocka_unit_test(labels_of_the_object))
