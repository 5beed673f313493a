#include "agent/component/otelcol.auth.basic/htpasswd.h"

#include "agent/base/base64.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

static struct loop *l;
static const struct in6_addr peer;

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

/* The header until it is known. */
static bool admits(struct htpasswd *h, struct str header)
{
	enum admission a;

	for (int i = 0; (a = htpasswd_admits(h, header, &peer)) == AUTH_LATER && i < 5000; i++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_true(a == AUTH_ADMITTED || a == AUTH_REFUSED);
	return a == AUTH_ADMITTED;
}

static int set_up(void **state)
{
	(void)state;
	l = loop_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(l);
	return 0;
}

static void test_headers(void **state)
{
	struct htpasswd h = {0};

	(void)state;
	htpasswd_init(&h, l, "x");
	htpasswd_set(&h, STR(USERS));
	for (int twice = 0; twice < 2; twice++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			assert_int_equal(admits(&h, str_from(cases[i].header)), cases[i].want);
	assert_false(admits(&h, (struct str){0}));
	/* What is known needs no hash, good or bad. */
	assert_int_equal(
		htpasswd_admits(&h, STR("Basic YmM6c2VjcmV0"), &peer), AUTH_ADMITTED);
	assert_int_equal(
		htpasswd_admits(&h, STR("Basic dTp3cm9uZw=="), &peer), AUTH_REFUSED);
	htpasswd_set(&h, STR("bc:other"));
	assert_false(admits(&h, STR("Basic YmM6c2VjcmV0"))); /* no longer remembered */
	htpasswd_fini(&h);
	htpasswd_fini(&h);
}

static struct str wrong(char text[64], size_t i)
{
	struct buf plain = {0};
	struct buf b = {0};

	buf_printf(&plain, "bc:wrong%02zu", i);
	buf_add_str(&b, STR("Basic "));
	base64_encode(&b, buf_str(&plain), BASE64_STANDARD);
	snprintf(text, 64, STR_FMT, STR_ARG(buf_str(&b)));
	buf_fini(&plain);
	buf_fini(&b);
	return str_from(text);
}

/* One sender has two places in the line, all together have as many as there are. */
static void test_line(void **state)
{
	struct in6_addr sender = {0};
	struct htpasswd h = {0};
	char text[64];

	(void)state;
	htpasswd_init(&h, l, "x");
	htpasswd_set(&h, STR(USERS));
	assert_int_equal(htpasswd_admits(&h, wrong(text, 0), &sender), AUTH_LATER);
	assert_int_equal(htpasswd_admits(&h, wrong(text, 0), &sender), AUTH_LATER); /* the same */
	assert_int_equal(htpasswd_admits(&h, wrong(text, 1), &sender), AUTH_LATER);
	assert_int_equal(htpasswd_admits(&h, wrong(text, 2), &sender), AUTH_BUSY);
	for (size_t i = 2; i < HTPASSWD_JOBS; i++) {
		sender.s6_addr[0]++;
		assert_int_equal(htpasswd_admits(&h, wrong(text, i), &sender), AUTH_LATER);
	}
	sender.s6_addr[0]++;
	assert_int_equal(htpasswd_admits(&h, STR("Basic YmM6c2VjcmV0"), &sender), AUTH_BUSY);
	assert_int_equal(
		htpasswd_admits(&h, STR("Basic cGxhaW46d29yZA=="), &sender), AUTH_ADMITTED);
	for (int i = 0; i < 5000 && h.n_jobs > 0; i++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_int_equal(h.n_jobs, 0);
	assert_true(admits(&h, STR("Basic YmM6c2VjcmV0")));
	htpasswd_fini(&h);
}

/* Nobody is there any more when a hash is made. */
static void test_ends_meanwhile(void **state)
{
	struct htpasswd h = {0};
	char text[64];

	(void)state;
	htpasswd_init(&h, l, "x");
	htpasswd_set(&h, STR(USERS));
	for (int twice = 0; twice < 2; twice++) {
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(
				htpasswd_admits(&h, wrong(text, i), &peer), AUTH_LATER);
		if (twice == 0)
			htpasswd_set(&h, STR(USERS));
	}
	htpasswd_fini(&h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_headers), CASE(test_line), CASE(test_ends_meanwhile))
