#include "agent/component/otelcol.auth.basic/htpasswd.h"

#include "tests/test.h"

/* The hashes are crypt(3)'s of "secret". */
#define USERS \
	"plain:word\n" \
	" bc:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW \n" \
	"\nempty:\nsha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n" \
	"u:$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/" \
	"Zok96Hr8Q13LEv0DRY/" \
	"x8v0/crpIjl8NJSAqXV/"

static const struct {
	const char *header;
	bool want;
} cases[] = {
	{"Basic cGxhaW46d29yZA==", true},  /* plain:word */
	{"basic cGxhaW46d29yZA", true},    /* without padding */
	{"Basic cGxhaW46d29yZDI=", false}, /* plain:word2 */
	{"Basic cGxhaW46", false},         /* plain: */
	{"Basic ZW1wdHk6", false},         /* empty: */
	{"Basic b3RoZXI6d29yZA==", false}, /* other:word */
	{"Basic cGxhaW4=", false},         /* plain, no colon */
	{"Basic c2hhOnNlY3JldA==", false}, /* sha:secret: a hash that is not known */
	{"Basic YmM6c2VjcmV0", true},      /* bc:secret */
	{"Basic dTpzZWNyZXQ=", true},      /* u:secret */
	{"Basic dTp3cm9uZw==", false},     /* u:wrong */
	{"Basic ", false},
	{"Basic ***", false},
	{"Bearer cGxhaW46d29yZA==", false},
	{"", false},
};

static void test_plain(void **state)
{
	struct htpasswd h = {0};

	(void)state;
	htpasswd_set(&h, STR(USERS));
	for (int twice = 0; twice < 2; twice++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			assert_int_equal(
				htpasswd_admits(&h, str_from(cases[i].header)), cases[i].want);
	assert_false(htpasswd_admits(&h, (struct str){0}));
	htpasswd_set(&h, STR("plain:other"));
	assert_false(htpasswd_admits(&h, STR("Basic cGxhaW46d29yZA=="))); /* no longer remembered */
	htpasswd_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_plain))
