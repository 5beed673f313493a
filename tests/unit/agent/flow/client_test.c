#include "agent/flow/client.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static struct client *make(void)
{
	struct buf b = {0};
	struct client *c;

	client_put(&b, CLIENT_METADATA, STR("X-Tenant"), STR("one"));
	client_put(&b, CLIENT_AUTH, STR("username"), STR("me"));
	client_put(&b, CLIENT_METADATA, STR("x-empty"), STR(""));
	client_put(&b, CLIENT_METADATA, STR("x-nul"), STR("a\0b"));
	client_put(&b, CLIENT_METADATA, STR("x-bytes"), STR("\xff"));
	client_put(&b, CLIENT_METADATA, STR("x-tenant"), STR("two"));
	c = client_new(buf_str(&b));
	buf_fini(&b);
	return c;
}

static void test_join(void **state)
{
	static const struct {
		enum client_source from;
		const char *name;
		const char *want; /* NULL: there is none */
	} cases[] = {
		{CLIENT_METADATA, "x-tenant", "one;two"},
		{CLIENT_METADATA, "X-TENANT", "one;two"},
		{CLIENT_METADATA, "x-empty", ""},
		{CLIENT_METADATA, "x-nul", NULL},
		{CLIENT_METADATA, "x-bytes", NULL},
		{CLIENT_METADATA, "username", NULL},
		{CLIENT_METADATA, "x", NULL},
		{CLIENT_METADATA, "", NULL},
		{CLIENT_AUTH, "username", "me"},
		{CLIENT_AUTH, "x-tenant", NULL},
	};
	struct client *c = make();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = {0};

		assert_int_equal(client_join(c, cases[i].from, str_from(cases[i].name), &b),
			cases[i].want != NULL);
		assert_str(buf_str(&b), cases[i].want ? cases[i].want : "");
		buf_fini(&b);
	}
	client_release(c);
}

static void test_life(void **state)
{
	struct client *c = make();

	(void)state;
	assert_true(client_size(c) > client_pairs(c).n);
	assert_ptr_equal(client_hold(c), c);
	client_release(c);
	assert_true(client_size(c) > 0); /* still there */
	client_release(c);
	assert_null(client_hold(NULL));
	client_release(NULL);
	assert_int_equal(client_size(NULL), 0);
	assert_int_equal(client_pairs(NULL).n, 0);
	assert_null(client_new((struct str){"", 0}));
}

/* What was written to a disk may be anything when it is read again. */
static void test_parse(void **state)
{
	static const struct {
		struct str pairs;
		bool want;
	} cases[] = {
		{{"", 0}, true},
		{{"ma\0b", 5}, true},
		{{"m\0", 3}, true},
		{{"ma\0b\0a\0", 8}, true},
		{{"ma\0b", 4}, false},
		{{"ma", 2}, false},
		{{"ma\0", 3}, false},
		{{"xa\0b", 5}, false},
		{{"ma\0b\0m", 6}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct client *c = NULL;

		assert_int_equal(client_parse(cases[i].pairs, &c), cases[i].want);
		if (cases[i].want)
			assert_true(str_eq(client_pairs(c), cases[i].pairs));
		client_release(c);
	}
}

TESTS_RUN(cmocka_unit_test(test_join), cmocka_unit_test(test_life), cmocka_unit_test(test_parse))
