#include "agent/component/otelcol.receiver.otlp/cors.h"

#include "agent/base/arena.h"
#include "tests/http_server_fake.h"

#define ALLOW "Access-Control-Allow-"

static const struct {
	const char *origins[3];
	const char *method;
	const char *origin;
	const char *asked; /* headers; NULL: no preflight */
	const char *want;
} cases[] = {
	{{"https://a.example"}, "POST", "https://a.example", NULL,
		"Vary: Origin\n" ALLOW "Origin: https://a.example\n" ALLOW
		"Credentials: true\nAccess-Control-Expose-Headers: X-A, X-B\n"},
	{{"https://a.example"}, "POST", "https://b.example", NULL, "Vary: Origin\n"},
	{{"https://*.example", "http://x"}, "POST", "https://web.example", NULL,
		"Vary: Origin\n" ALLOW "Origin: https://web.example\n" ALLOW
		"Credentials: true\nAccess-Control-Expose-Headers: X-A, X-B\n"},
	{{"*"}, "POST", NULL, NULL, "Vary: Origin\n"},
	{{NULL}, "POST", "https://a.example", NULL, ""},
	{{"*"}, "OPTIONS", "https://a.example", "content-type, x-requested-with",
		"Vary: Origin, Access-Control-Request-Method, "
		"Access-Control-Request-Headers\n" ALLOW "Origin: https://a.example\n" ALLOW
		"Methods: POST\n" ALLOW "Headers: content-type, x-requested-with\n" ALLOW
		"Credentials: true\nAccess-Control-Max-Age: 60\n"},
	{{"*"}, "OPTIONS", "https://a.example", "x-other",
		"Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\n"},
	{{"http://b"}, "OPTIONS", "https://a.example", "",
		"Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\n"},
};

/* Duty 72. */
static void test_cases(void **state)
{
	static const struct str exposed[] = {{"X-A", 3}, {"X-B", 3}};
	static const struct str headers[] = {{"X-Requested-With", 16}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_reply_header out[CORS_HEADERS + 1] = {{0}};
		struct http_request r = {.method = cases[i].method, .path = "/"};
		struct str origins[3];
		struct otlp_cors c = {
			.allowed_origins = {origins, 0},
			.allowed_headers = {headers, 1},
			.exposed_headers = {exposed, 2},
			.max_age = 60,
		};
		char got[1024] = "";
		struct arena a;
		size_t n = 0;

		arena_init(&a, 0);
		for (; c.allowed_origins.n < 3 && cases[i].origins[c.allowed_origins.n];
			c.allowed_origins.n++)
			origins[c.allowed_origins.n] = str_from(
				cases[i].origins[c.allowed_origins.n]);
		if (cases[i].origin) {
			r.headers[n++] = "origin";
			r.headers[n++] = cases[i].origin;
		}
		if (cases[i].asked) {
			r.headers[n++] = "Access-Control-Request-Method";
			r.headers[n++] = "POST";
			r.headers[n++] = "Access-Control-Request-Headers";
			r.headers[n++] = cases[i].asked;
		}
		assert_int_equal(cors_is_preflight(&c, &r), cases[i].asked != NULL);
		n = cases[i].asked ? cors_preflight(&c, &r, &a, out) : cors_answer(&c, &r, &a, out);
		assert_true(n <= CORS_HEADERS);
		for (size_t k = 0; k < n; k++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s: %s\n",
				out[k].name, out[k].value);
		assert_str(str_from(got), cases[i].want);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
