#include "tests/convert.h"

#define CLIENT(x) "client:\n  url: http://l\n  " x "\nscrape_configs: []\n"
#define STAGE(x) \
	"client: {url: u}\n" \
	"scrape_configs:\n" \
	"- job_name: j\n" \
	"  static_configs: [{}]\n" \
	"  pipeline_stages:\n" \
	"  - " x "\n"

static const struct {
	const char *yaml;
	const char *want; /* a part of it */
} cases[] = {
	/* texts: what YAML takes for a number or a bool is a text where one is wanted */
	{CLIENT("tenant_id: 007"), "tenant_id = \"007\"\n"},
	{CLIENT("tenant_id: yes"), "tenant_id = \"yes\"\n"},
	{CLIENT("tenant_id: \"a\\\"b\\\\c\\td\\u20ac\""),
		"tenant_id = \"a\\\"b\\\\c\\td\xe2\x82\xac\"\n"},
	{CLIENT("tenant_id: |\n    two\n    lines"), "tenant_id = \"two\\nlines\\n\"\n"},
	{CLIENT("tenant_id: ~"), "\turl = \"http://l\"\n\t}\n"},
	{CLIENT("tenant_id: ''"), "tenant_id = \"\"\n"},
	{CLIENT("tenant_id: [a]"), "(Error) p:3:14: tenant_id wants a text, not a list\n"},
	/* bools, as YAML 1.1 has them */
	{CLIENT("follow_redirects: True"), "follow_redirects = true\n"},
	{CLIENT("follow_redirects: off"), "follow_redirects = false\n"},
	{CLIENT("follow_redirects: 1"),
		"(Error) p:3:21: follow_redirects is \"1\"; it wants true or false\n"},
	{CLIENT("drop_rate_limited_batches: false"), "retry_on_http_429 = true\n"},
	/* durations: Go's, Prometheus', and nanoseconds */
	{CLIENT("batchwait: 1m30s"), "batch_wait = \"1m30s\"\n"},
	{CLIENT("batchwait: 1500000000"), "batch_wait = \"1.5s\"\n"},
	{CLIENT("batchwait: 0"), "batch_wait = \"0s\"\n"},
	{CLIENT("batchwait: 2d"), "batch_wait = \"48h\"\n"},
	{CLIENT("batchwait: 1w"), "batch_wait = \"168h\"\n"},
	{CLIENT("batchwait: 99999999999d"), "batchwait is \"99999999999d\"; it wants a duration\n"},
	{CLIENT("batchwait: d"), "batchwait is \"d\"; it wants a duration\n"},
	{CLIENT("batchwait: {}"), "batchwait wants a duration\n"},
	/* sizes */
	{CLIENT("batchsize: 1048576"), "batch_size = \"1MiB\"\n"},
	{CLIENT("batchsize: 1000"), "batch_size = \"1000B\"\n"},
	{CLIENT("batchsize: 4 KB"), "batch_size = \"4KiB\"\n"},
	{CLIENT("batchsize: 3mib"), "batch_size = \"3MiB\"\n"},
	{CLIENT("batchsize: 5g"), "batch_size = \"5GiB\"\n"},
	{CLIENT("batchsize: 7b"), "batch_size = \"7B\"\n"},
	{CLIENT("batchsize: 0"), "batch_size = \"0B\"\n"},
	{CLIENT("batchsize: 7bb"), "it wants a number of bytes\n"},
	{CLIENT("batchsize: 7kbb"), "it wants a number of bytes\n"},
	{CLIENT("batchsize: 9223372036854775807k"), "it wants a number of bytes\n"},
	{CLIENT("batchsize: -1"), "it wants a number of bytes\n"},
	{CLIENT("batchsize: ''"), "it wants a number of bytes\n"},
	/* numbers */
	{STAGE("limit: {rate: 1e3, burst: \"5\"}"), "rate  = 1000\n\t\tburst = 5\n"},
	{STAGE("limit: {rate: .5, burst: 1}"), "rate  = 0.5\n"},
	{STAGE("limit: {rate: .inf, burst: 1}"), "rate is \".inf\"; it wants a number\n"},
	{STAGE("limit: {rate: 1, burst: 1.0}"), "burst is \"1.0\"; it wants a whole number\n"},
	{STAGE("limit: {rate: 1}"), "(Error) p:6:12: limit wants burst\n"},
	{STAGE("cri: {max_partial_lines: 0}"), "stage.cri { }\n"},
	{STAGE("cri: {max_partial_lines: 7}"), "max_partial_lines = 7\n"},
	/* lists and maps */
	{STAGE("labeldrop: [a, 1, ~]"), "values = [\"a\", \"1\", \"~\"]\n"},
	{STAGE("labeldrop: []"), "values = []\n"},
	{STAGE("labeldrop: a"), "labeldrop wants a list, not a text\n"},
	{STAGE("labeldrop:"), "pipeline_stages wants labeldrop\n"},
	{STAGE("labels: {}"), "values = {}\n"},
	{STAGE("labels: {if: , true: , \"a b\": c, 1: d}"),
		"if     = \"\",\n\t\t\t\"true\" = \"\",\n"
		"\t\t\t\"a b\"  = \"c\",\n\t\t\t\"1\"    = \"d\",\n"},
	{STAGE("labels: {a: {b: c}}"), "labels wants a text, not a map\n"},
	/* what is not known */
	{STAGE("json: {expresions: {}}"),
		"(Warning) p:6:12: \"expresions\" is not a key of json; Promtail ignores it"},
	{STAGE("Json: {}"), "(Error) p:6:5: there is no stage \"Json\"\n"},
	{STAGE("docker"), "(Error) p:6:5: a stage is a map with one key"},
	{"a: 1", "(Error) p:1:1: \"a\" is not a key of the configuration\n"},
	/* what is no configuration at all */
	{"", "(Critical) the configuration is empty\n"},
	{"~", "(Critical) the configuration is empty\n"},
	{"a", "(Error) p:1:1: the configuration wants a map, not a text\n"},
	{"[a]", "(Error) p:1:1: the configuration wants a map, not a list\n"},
	{"a: [", "(Critical) failed to parse Promtail config: yaml: line 2: "},
	{"a: b\na: c", "(Critical) failed to parse Promtail config: yaml: line 1: a key of this "
		       "mapping is defined twice\n"},
	{"client: {url: a}",
		"(Warning) p:1:1: there are no scrape_configs: nothing would be read\n"},
	{"scrape_configs: []", "(Error) p:1:1: there are no clients: nothing would be sent\n"},
};

static void test_keys(void **state)
{
	static const struct convert_flags none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		convert_check(cases[i].yaml, &none, cases[i].want);
}

TESTS_RUN(cmocka_unit_test(test_keys))
