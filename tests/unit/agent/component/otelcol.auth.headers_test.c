#include "agent/flow/client.h"
#include "tests/auth.h"

extern const struct component_type otelcol_auth_headers;

#define HEADER(k, more) " header {\n  key = \"" k "\"\n" more " }\n"
#define CONTEXT(v) "  from_context = \"" v "\"\n"
#define ATTRIBUTE(v) "  from_attribute = \"" v "\"\n"
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
	{HEADER("Y", "") HEADER("x", ACTION("upsert")), "X: 1\n"}, /* with a warning */
	{HEADER("", VALUE("1")), NULL},
	{HEADER("a b", VALUE("1")), NULL},
	{HEADER("Y", VALUE("1\\nZ: 2")), NULL},
	{HEADER("Y", VALUE("1") ACTION("add")), NULL},
	/* without a value: the exporter asks for it */
	{HEADER("Y", CONTEXT("tenant")), "X: 1\nY: \n"},
	{HEADER("Y", ATTRIBUTE("user")) HEADER("Z", CONTEXT("user")), "X: 1\nY: \nZ: \n"},
	{HEADER("X", CONTEXT("tenant") ACTION("insert")), "X: 1\n"},
	{HEADER("Y", CONTEXT("tenant")) HEADER("y", ACTION("delete")), "X: 1\n"},
	{HEADER("Y", CONTEXT("tenant")) HEADER("y", VALUE("2") ACTION("insert")), "X: 1\nY: \n"},
	{HEADER("Y", CONTEXT("tenant") VALUE("1")), NULL},
	{HEADER("Y", CONTEXT("tenant") ATTRIBUTE("user")), NULL},
	{HEADER("Y", CONTEXT("")), "X: 1\n"},
	{HEADER("Y", CONTEXT("a")) HEADER("y", CONTEXT("b") ACTION("insert")), NULL},
};

/* Headers of the request, "=" what authenticated it; want: what is kept, and the value
 * of Y; or, with "!", why it is not sent. */
static const struct {
	const char *blocks;
	const char *pairs;
	const char *want;
} clients[] = {
	{HEADER("Y", CONTEXT("Tenant")), "tenant:a other:b", "tenant:a Y a"},
	{HEADER("Y", CONTEXT("tenant")), "", "Y "},
	{HEADER("Y", CONTEXT("tenant")), "=tenant:a", "Y "},
	{HEADER("Y", CONTEXT("tenant")), "tenant:", "Y "},
	{HEADER("Y", ATTRIBUTE("user")), "user:x =user:me", "=user:me Y me"},
	{HEADER("Z", CONTEXT("tenant")) HEADER("Y", CONTEXT("TENANT")), "tenant:a", "tenant:a Y a"},
	{HEADER("Y", CONTEXT("tenant")), "tenant:a tenant:b",
		"! its request has several values for \"tenant\""},
	{HEADER("Y", CONTEXT("tenant")), "tenant:a tenant:a",
		"! its request has several values for \"tenant\""},
	{HEADER("Y", CONTEXT("tenant")), "tenant:a\r\nX-Scope-OrgID:other",
		"! the value of \"tenant\" holds a control character"},
	{HEADER("Y", CONTEXT("tenant")), "tenant:a\x7f",
		"! the value of \"tenant\" holds a control character"},
	{HEADER("Y", CONTEXT("tenant")), "tenant:a\tb", "tenant:a\tb Y a\tb"},
};

static struct client *client_from(const char *text)
{
	struct buf pairs = {0};
	struct client *c;

	while (*text) {
		bool is_auth = *text == '=';
		size_t n = strcspn(text, " "), colon = strcspn(text, ":");

		client_put(&pairs, is_auth ? CLIENT_AUTH : CLIENT_METADATA,
			(struct str){text + is_auth, colon - is_auth},
			(struct str){text + colon + 1, n - colon - 1});
		text += n + (text[n] == ' ');
	}
	c = client_new(buf_str(&pairs));
	buf_fini(&pairs);
	return c;
}

/* What the exporter does: it keeps what is needed, and asks for the value later. */
static void show(const struct client *c, struct buf *out)
{
	struct buf pairs = {0};
	struct client *kept = NULL;
	struct str value;
	struct err e;

	buf_clear(out);
	if (!auth_seen->keep(auth_seen, c, &pairs, &e)) {
		buf_printf(out, "! %s", e.text);
		return;
	}
	for (size_t i = 0; i < pairs.n; i++)
		assert_true(pairs.p[i] != '\n');
	assert_true(client_parse(buf_str(&pairs), &kept));
	for (size_t i = 0; i < pairs.n;) {
		struct str name = str_from(pairs.p + i + 1);
		struct str text = str_from(name.p + name.n + 1);

		buf_printf(out, "%s" STR_FMT ":" STR_FMT " ", pairs.p[i] == 'a' ? "=" : "",
			STR_ARG(name), STR_ARG(text));
		i += 1 + name.n + 1 + text.n + 1;
	}
	assert_true(auth_seen->value(auth_seen, kept, STR("y"), &value, &e));
	buf_printf(out, "Y " STR_FMT, STR_ARG(value));
	assert_true(auth_seen->value(auth_seen, kept, STR("none"), &value, &e));
	assert_null(value.p);
	client_release(kept);
	buf_fini(&pairs);
}

static void test_clients(void **state)
{
	struct buf got = {0};
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(*clients); i++) {
		struct client *c = client_from(clients[i].pairs);
		struct harness h;

		otel_init(&h, &otelcol_auth_headers, &auth_user);
		buf_clear(&text);
		buf_printf(&text, "otelcol.auth.headers \"a\" {\n%s}%c", clients[i].blocks, 0);
		assert_true(auth_load(&h, text.p));
		show(c, &got);
		assert_str(buf_str(&got), clients[i].want);
		client_release(c);
		harness_fini(&h);
	}
	buf_fini(&got);
	buf_fini(&text);
}

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
			assert_int_equal(auth_seen->keep != NULL,
				strstr(cases[i].blocks, "from_") &&
					!strstr(cases[i].blocks, CONTEXT("")));
		}
		harness_fini(&h);
	}
	buf_fini(&got);
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_clients))
