#include "tests/ottl.h"

#define S(text) "{\"stringValue\":\"" text "\"}"
#define I(text) "{\"intValue\":\"" text "\"}"

/* clang-format off */
static const struct ottl_test_expression cases[] = {
	{"SHA256(\"a\")",
		S("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")},
	{"SHA1(\"a\")", S("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")},
	{"MD5(\"a\")", S("0cc175b9c0f1b6a831c399e269772661")},
	{"FNV(\"a\")", I("-5808556873153909620")},
	{"Hex(\"ab\")", S("6162")},
	{"TraceID(0x00)", "21: TraceID() wants 16 bytes, as 0x and 32 hex digits"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
