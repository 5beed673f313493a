#include "agent/flow/sha3.h"
#include "tests/test.h"

/* As `openssl dgst -sha3-256` and Python's hashlib say. */
static const struct {
	const char *a;
	const char *b;
	const char *want;
} cases[] = {
	{"", "", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
	{"salt", "value", "519e18e6887a4252ee07882c73b3918e86bb502cd040e122579f257ca1748196"},
	{"abc", "", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
};

static void test_cases(void **state)
{
	char out[65];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sha3_256_hex(str_from(cases[i].a), str_from(cases[i].b), out);
		assert_string_equal(out, cases[i].want);
	}
}

/* Around the edge of a block. */
static void test_lengths(void **state)
{
	static const char *const want[] = {
		"c150125edc74b56fb5cbfdd024fabe20ea5a99bd3c97305bbf7cb55885c106fe",
		"5bc276bac9c582508b8fa9b3949e7ed9b6e584ee4d2925b29a426b9931ba1486",
		"2f25a6351abe05e289a0a3e65fef42db7d5fc314936bdee4f6d54d04fb20a609",
		"f0759f9d5c3f598bcb2a85480f30bec337e407bc659d9427363a8810718b29ae",
	};
	char text[300];
	char out[65];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < 4; i++) {
		sha3_256_hex((struct str){text, (const size_t[]){135, 136, 137, 272}[i]},
			(struct str){0}, out);
		assert_string_equal(out, want[i]);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_lengths))
