#include "tests/auth.h"

extern const struct component_type otelcol_auth_headers;

#define HEADER(k, more) " header {\n  key = \"" k "\"\n" more " }\n"
#define VALUE(v) "  value = \"" v "\"\n"
#define ACTION(v) "  action = \"" v "\"\n"

/* The client has `X: 1` already. */
static const struct {
	const char *blocks;
	const char *want; /* headers; NULL: refused */
} cases[] = {
	{HEADER("X-Scope-OrgID", VALUE("t")), "X: 1\nX-Scope-OrgID: t\n"},
	{HEADER("x", VALUE("2")), "x: 2\n"},
	{HEADER("x", VALUE("2") ACTION("insert")), "X: 1\n"},
	{HEADER("Y", VALUE("2") ACTION("insert")), "X: 1\nY: 2\n"},
	{HEADER("x", VALUE("2") ACTION("update")), "x: 2\n"},
	{HEADER("Y", VALUE("2") ACTION("update")), "X: 1\n"},
	{HEADER("x", ACTION("delete")), ""},
	{HEADER("Y", ACTION("delete")) HEADER("Z", VALUE("")), "X: 1\nZ: \n"},
	{HEADER("Y", VALUE("1")) HEADER("Y", VALUE("2")), "X: 1\nY: 2\n"},
	{"", NULL},
	{HEADER("Y", ""), NULL},
	{HEADER("", VALUE("1")), NULL},
	{HEADER("a b", VALUE("1")), NULL},
	{HEADER("Y", VALUE("1\\nZ: 2")), NULL},
	{HEADER("Y", VALUE("1") ACTION("add")), NULL},
	{HEADER("Y", "  from_context = \"tenant\"\n"), NULL},
	{HEADER("Y", "  from_attribute = \"auth.user\"\n"), NULL},
};

static void test_cases(void **state)
{
	struct buf got = {0};
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;

		otel_init(&h, &otelcol_auth_headers, &auth_user);
		buf_clear(&text);
		buf_printf(&text, "otelcol.auth.headers \"a\" {\n%s}%c", cases[i].blocks, 0);
		assert_int_equal(auth_load(&h, text.p), cases[i].want != NULL);
		if (cases[i].want) {
			auth_settings(&got);
			assert_str(got.n ? buf_str(&got) : STR(""), cases[i].want);
			assert_null(auth_seen->admits);
		}
		harness_fini(&h);
	}
	buf_fini(&got);
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_cases))
