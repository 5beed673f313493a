#include "proto/otlp/status.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "proto/otlp/status.pb-c.h"
#include "tests/test.h"

#include <stdlib.h>

static const struct {
	int64_t rejected;
	const char *message;
	const char *proto; /* hex */
	const char *json;
} partials[] = {
	{0, "", "", "{}"},
	{3, "", "0a020803", "{\"partialSuccess\":{\"rejectedSpans\":\"3\"}}"},
	{0, "hm", "0a041202686d", "{\"partialSuccess\":{\"errorMessage\":\"hm\"}}"},
};

/* Duty 56. */
static void test_partial(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(partials) / sizeof(*partials); i++) {
		struct buf proto = {0};
		struct buf hex = {0};
		struct buf json = {0};
		struct str message;
		int64_t rejected;

		otlp_partial_encode(&proto, OTLP_PROTO, OTLP_TRACES, partials[i].rejected,
			str_from(partials[i].message));
		for (size_t b = 0; b < proto.n; b++)
			buf_printf(&hex, "%02x", (uint8_t)proto.p[b]);
		assert_str(buf_str(&hex), partials[i].proto);
		otlp_partial_encode(&json, OTLP_JSON, OTLP_TRACES, partials[i].rejected,
			str_from(partials[i].message));
		assert_str(buf_str(&json), partials[i].json);
		assert_true(otlp_partial_read(buf_str(&proto), &rejected, &message));
		assert_int_equal(rejected, partials[i].rejected);
		assert_str(message, partials[i].message);
		buf_fini(&proto);
		buf_fini(&hex);
		buf_fini(&json);
	}
	assert_false(otlp_partial_read(STR("\x0a\x05x"), &(int64_t){0}, &(struct str){0}));
	assert_false(otlp_partial_read(STR("\x0a\x01\xff"), &(int64_t){0}, &(struct str){0}));
}

/* Duty 39: no answer is long. */
static void test_status(void **state)
{
	Google__Rpc__Status *m;
	struct buf out = {0};
	struct str message;
	int64_t code;

	(void)state;
	otlp_status_encode(&out, OTLP_PROTO, OTLP_INVALID_ARGUMENT, STR("no \"good\""));
	m = google__rpc__status__unpack(NULL, out.n, (uint8_t *)out.p);
	assert_non_null(m);
	assert_int_equal(m->code, 3);
	assert_string_equal(m->message, "no \"good\"");
	google__rpc__status__free_unpacked(m, NULL);
	assert_true(otlp_status_read(buf_str(&out), &code, &message));
	assert_int_equal(code, 3);
	assert_str(message, "no \"good\"");
	buf_clear(&out);
	otlp_status_encode(&out, OTLP_JSON, OTLP_INVALID_ARGUMENT, STR("no \"good\" \xff"));
	assert_str(buf_str(&out), "{\"code\":3,\"message\":\"no \\\"good\\\" \"}");
	assert_false(otlp_status_read(STR("plain text"), &code, &message));
	assert_int_equal(code, 0);
	for (int as = OTLP_PROTO; as <= OTLP_JSON; as++) {
		char *text = mem_new(char, 5 << 20);

		memset(text, 'x', 5 << 20);
		buf_clear(&out);
		otlp_status_encode(&out, (enum otlp_encoding)as, OTLP_INVALID_ARGUMENT,
			(struct str){text, 5 << 20});
		assert_in_range(out.n, 4096, 4200);
		buf_clear(&out);
		otlp_partial_encode(&out, (enum otlp_encoding)as, OTLP_LOGS, 1,
			(struct str){text, 5 << 20});
		assert_in_range(out.n, 4096, 4200);
		free(text);
	}
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_partial), cmocka_unit_test(test_status))
