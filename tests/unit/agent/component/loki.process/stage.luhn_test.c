#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"numbers with a right check digit",
		"stage.luhn {}",
		"a=1|card 4111111111111111, id 4111111111111112\n"
		"a=1|4539578763621486\n"
		"a=1|short 79927398713\n"
		"a=1|no number\n"
		"a=1|41111111111111110000000000000000",
		"100000000000 {a=\"1\"} card **REDACTED**, id 4111111111111112\n"
		"101000000000 {a=\"1\"} **REDACTED**\n"
		"102000000000 {a=\"1\"} short 79927398713\n"
		"103000000000 {a=\"1\"} no number\n"
		"104000000000 {a=\"1\"} 41111111111111110000000000000000\n"},
	{"length and text",
		"stage.luhn {\n min_length = 11\n replacement = \"#\"\n}",
		"a=1|79927398713x79927398710", "100000000000 {a=\"1\"} #x79927398710\n"},
	{"delimiters",
		"stage.luhn { delimiters = \" -\" }",
		"a=1|4111-1111 1111-1111 - and 4111-1111 1111-1112 end\n"
		"a=1|- 4111-1111-1111-1111",
		"100000000000 {a=\"1\"} **REDACTED** and 4111-1111 1111-1112 end\n"
		"101000000000 {a=\"1\"} - **REDACTED**\n"},
	{"no delimiters: parts are short", "stage.luhn {}", "a=1|4111-1111-1111-1111",
		"100000000000 {a=\"1\"} 4111-1111-1111-1111\n"},
	{"digits of other scripts", "stage.luhn {}",
		"a=1|4111111111111111\xd9\xa0 4111111111111111\xff",
		"100000000000 {a=\"1\"} 4111111111111111\xd9\xa0 **REDACTED**\xff\n"},
	{"a source becomes the line",
		"stage.luhn { source = \"a\" }", "a=n 4111111111111111|line\nb=1|line",
		"100000000000 {a=\"n 4111111111111111\"} n **REDACTED**\n"
		"101000000000 {b=\"1\"} line\n"},
	{"some are spared",
		"stage.luhn { skip_regex = \"id=\\\\d+\" }",
		"a=1|id=4111111111111111 4111111111111111 id=4111111111111111\n"
		"a=1|\xff id=4111111111111111 4111111111111111",
		"100000000000 {a=\"1\"} id=4111111111111111 **REDACTED** id=4111111111111111\n"
		"101000000000 {a=\"1\"} \xef\xbf\xbd id=4111111111111111 **REDACTED**\n"},
	{"bad regex", "stage.luhn { skip_regex = \"(\" }", "",
		"! skip_regex: could not compile regular expression: error parsing regexp: "
		"missing closing ): "
		"`(`\n"},
	{"empty source", "stage.luhn { source = \"\" }", "", "! empty source\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
