#include "tests/processor.h"

#include <stdlib.h>

extern const struct component_type otelcol_processor_resourcedetection;

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

#define NO_UID "resource_attributes {\nk8s.node.uid {\nenabled = false\n}\n}\n"
#define NODE(...) \
	"detectors = [\"kubernetes_node\", \"env\"]\n" \
	"kubernetes_node {\nnode_from_env_var = \"TEST_NODE\"\n" NO_UID "}\n" __VA_ARGS__

/* clang-format off */
static const struct processor_case cases[] = {
	{SIGNAL_TRACES, "", SPANS("{\"name\":\"s\"}"), SPANS_R(ATTRS(AS("cluster", "c 1") "," AS(
		"k8s.node.name", "from-env")), "{\"name\":\"s\"}")},
	/* the first detector wins; what is there is replaced, or not */
	{SIGNAL_LOGS, NODE(), LOGS_R(ATTRS(AS("cluster", "mine")), "{}"),
		LOGS_R(ATTRS(AS("cluster", "c 1") "," AS("k8s.node.name", "node-1")), "{}")},
	{SIGNAL_TRACES, NODE("override = false"), SPANS_R(ATTRS(AS("cluster", "mine")),
		"{\"name\":\"s\"}"),
		SPANS_R(ATTRS(AS("cluster", "mine") "," AS("k8s.node.name", "node-1")),
			"{\"name\":\"s\"}")},
	{SIGNAL_TRACES, "detectors = [\"system\"]\nsystem {\nhostname_sources = [\"os\"]\nresourc"
			"e_attributes {\nhost.name {\nenabled = false\n}\n}\n}",
		SPANS("{\"name\":\"s\"}"), SPANS_R(ATTRS(AS("os.type", "linux")),
			"{\"name\":\"s\"}")},
	{SIGNAL_TRACES, "detectors = [\"ec2\"]", NULL, "1:1: detectors: \"ec2\" is not supported, o"
						       "nly env, system and kubernetes_node are"},
	{SIGNAL_TRACES, "detectors = []", NULL, "1:1: at least one detector must be specified: "
		"detectors is empty"},
	{SIGNAL_TRACES, "system {\nhostname_sources = [\"cname\"]\n}", NULL,
		"2:1: hostname_sources: \"cname\" is not supported, only os and dns are"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	setenv("OTEL_RESOURCE_ATTRIBUTES", "cluster=c%201,k8s.node.name=from-env", 1);
	setenv("TEST_NODE", "node-1", 1);
	processor_test(&otelcol_processor_resourcedetection, cases,
		sizeof(cases) / sizeof(*cases), signals);
}

TESTS_RUN(cmocka_unit_test(test_cases))
