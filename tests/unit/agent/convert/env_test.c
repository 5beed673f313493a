#include "tests/convert.h"

#define URL(x) "client: {url: \"" x "\"}\nscrape_configs: []\n"

static const struct {
	const char *yaml;
	const char *want;
} cases[] = {
	{URL("${A}"), "url = sys.env(\"A\")\n"},
	{URL("http://${HOST}:${PORT}/x"),
		"url = \"http://\" + sys.env(\"HOST\") + \":\" + sys.env(\"PORT\") + \"/x\"\n"},
	{URL("${A:-b c}"), "url = coalesce(sys.env(\"A\"), \"b c\")\n"},
	{URL("${A-b}"), "url = coalesce(sys.env(\"A\"), \"b\")\n"},
	{URL("${A:=b}"), "url = coalesce(sys.env(\"A\"), \"b\")\n"},
	{URL("${A:-}"), "url = coalesce(sys.env(\"A\"), \"\")\n"},
	{URL("$A $1 $"), "url = \"$A $1 $\"\n"},
	{URL("$$1 $${A}"), "url = \"$1 ${A}\"\n"},
	{"client: {url: 'a\\\\d'}\nscrape_configs: []\n", "url = \"a\\\\d\"\n"},
	{"client:\n  url: a\n  batchwait: ${A}\n",
		"(Error) p:3:14: batchwait is a variable of the environment and wants a duration"},
	{"client: {url: a, proxy_connect_header: {\"${A}\": [b]}}\n",
		"(Error) p:1:41: a variable of the environment in a name\n"},
	{"client: {url: a, external_labels: {\"${A}\": b}}\n",
		"(Error) p:1:36: a variable of the environment in a name\n"},
	{"client: {url: a}\nserver: {log_level: \"${L:-x}\"}\n",
		"log_level is a variable of the environment and wants a word"},
	{"client: {url: a}\n\"${A:-b}\": c\n", "\"${A:-b}\" is not a key of"},
	{"client: {url: a, headers: {\"${A}\": b}}\n",
		"(Error) p:1:28: a variable of the environment in a name\n"},
	{"", "(Critical) the configuration is empty\n"},
	{URL("${A/b/c}"), "(Critical) p:1:16: a variable that is more than ${NAME}"},
	{URL("${A^^}"), "(Critical) p:1:16: a variable that is more than"},
	{URL("${}"), "(Critical) p:1:16: a variable that is more than"},
	{URL("${A:-${B}}"), "(Critical) p:1:16: a variable that is more than"},
	{"client: {url: x}\na: ${A", "(Critical) p:2:4: a variable that is more than"},
	{URL("\xee\x80\x80"), "(Critical) p:1:16: a character of Unicode's private use\n"},
};

static void test_expanded(void **state)
{
	static const struct convert_flags flags = {.expand_env = true};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		convert_check(cases[i].yaml, &flags, cases[i].want);
}

static void test_not_expanded(void **state)
{
	static const struct convert_flags flags = {0};

	(void)state;
	convert_check(URL("${A}$$"), &flags, "url = \"${A}$$\"\n");
	convert_check(URL("${HOST}"), &flags,
		"(Warning) p:1:16: it looks as if Promtail ran with -config.expand-env");
	convert_check(URL("\xee\x80\x80"), &flags, "url = \"\xee\x80\x80\"\n");
}

TESTS_RUN(cmocka_unit_test(test_expanded), cmocka_unit_test(test_not_expanded))
