#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{Replace .app \"o\" \"0\" -1}} {{Replace \"aaa\" \"a\" \"b\" 2}} {{Replace \"ab\" \"\" "
	 "\"-\" -1}}",
		"Sh0p bba -a-b-"},
	{"{{Trim \" xax \" \" x\"}}|{{TrimLeft \"xxa\" \"x\"}}|{{TrimRight \"axx\" \"x\"}}|"
	 "{{TrimSpace \"\\t a\\u00a0\"}}|{{TrimSuffix \"a.log\" \".log\"}}",
		"a|a|a|a|a"},
	{"{{Hash \"salt\" .Value}}",
		"c25afe845adc73fc77b2c25bc0be40cf7d82c46657d13b385aa58955b59bcbd4"},
	{"{{Sha2Hash \"salt\" .Value}}",
		"c301861463d4b518e54028a68a9d77e44f36f680b4686a0cb06e199dcda4c0d8"},
	{"{{ToLower .none}}", "!"},
	{"{{ToLower 1}}", "!"},
	{"{{ToLower}}", "!"},
	{"{{ToLower .app .n}}", "!"},
	{"{{ToUpper \"stra\xc3\x9f"
	 "e \xc3\xa9\"}}",
		"STRA\xc3\x9f"
		"E \xc3\x89"},
	{"{{substr 0 2 .app}}|{{substr -1 2 .app}}|{{substr 1 -1 .app}}|{{trunc 2 .app}}|{{trunc "
	 "-2 "
	 ".app}}",
		"Sh|Sh|hop|Sh|op"},
	{"{{upper \"a\"}}{{lower \"B\"}}{{title \"ab cd\"}}{{untitle \"Ab\"}}{{swapcase \"aB\"}}",
		"AbAb CdabAb"},
	{"{{trim \" a \"}}|{{trimAll \"-\" \"-a-\"}}|{{trimPrefix \"a\" \"ab\"}}|{{trimSuffix "
	 "\"b\" "
	 "\"ab\"}}|{{nospace \"a b\"}}",
		"a|a|b|a|ab"},
	{"{{contains \"ho\" .app}} {{hasPrefix \"S\" .app}} {{hasSuffix \"x\" .app}}",
		"true true false"},
	{"{{quote \"a\" 1}} {{squote \"a\"}} {{cat 1 \"b\"}} {{repeat 3 \"ab\"}}",
		"\"a\" \"1\" 'a' 1 b ababab"},
	{"{{indent 2 \"a\\nb\"}}|{{nindent 1 \"a\"}}|{{replace \"a\" \"b\" \"aa\"}}",
		"  a\n  b|\n a|bb"},
	{"{{b64enc \"hi\"}} {{b64dec \"aGk=\"}} {{b64dec \"?\"}} {{sha256sum \"a\"}} {{adler32sum "
	 "\"a\"}}",
		"aGk= hi illegal base64 data "
		"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb 6422626"},
	{"{{trimall \"-\" \"-a-\"}} {{toString 1.5}}", "a 1.5"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
