#include "agent/base/timestamp.h"
#include "proto/grpc/status.h"
#include "tests/test.h"

static const struct {
	const char *plain;
	const char *encoded;
} texts[] = {
	{"", ""},
	{"plain text ~", "plain text ~"},
	{"100%", "100%25"},
	{"a\nb\t", "a%0Ab%09"},
	{"\xc3\xbc\x7f", "%C3%BC%7F"},
};

static void test_text(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_clear(&b);
		grpc_text_encode(&b, str_from(texts[i].plain));
		assert_str(b.n ? buf_str(&b) : STR(""), texts[i].encoded);
		buf_clear(&b);
		grpc_text_decode(&b, str_from(texts[i].encoded));
		assert_str(b.n ? buf_str(&b) : STR(""), texts[i].plain);
	}
	buf_clear(&b);
	grpc_text_decode(&b, STR("%zz %4 %c3%bc %"));
	assert_str(buf_str(&b), "%zz %4 \xc3\xbc %");
	buf_fini(&b);
}

static void test_details(void **state)
{
	static const int64_t delays[] = {0, 1, 250 * NS_PER_MS, NS_PER_SEC, 90 * NS_PER_SEC + 7};
	struct buf b = {0};
	struct buf work = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		buf_clear(&b);
		grpc_details_encode(&b, GRPC_UNAVAILABLE, STR("full"), delays[i]);
		assert_int_equal(grpc_details_retry(buf_str(&b), &work), delays[i]);
	}
	buf_clear(&b);
	grpc_details_encode(&b, GRPC_UNAVAILABLE, STR("full"), NS_PER_SEC);
	/* golden: what google.rpc.Status and RetryInfo of protobuf make of it */
	assert_str(buf_str(&b), "CA4SBGZ1bGwaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5"
				"SW5mbxIECgIIAQ");
	buf_add_str(&b, STR("=="));
	assert_int_equal(grpc_details_retry(buf_str(&b), &work), NS_PER_SEC);
	buf_fini(&b);
	buf_fini(&work);
}

/* No RetryInfo, or none that can be read: no delay. */
static void test_bad_details(void **state)
{
	static const char *const values[] = {"", "CA4", "!!!!", "CA4SBGZ1bGw", "/////w", "Gv8",
		/* a negative delay */
		"GjkKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRyeUluZm8SDQoLCP///////////wE"};
	struct buf work = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		assert_int_equal(grpc_details_retry(str_from(values[i]), &work), -1);
	buf_fini(&work);
}

static const struct {
	const char *text;
	int64_t want;
} timeouts[] = {
	{"1H", 3600 * NS_PER_SEC},
	{"2M", 120 * NS_PER_SEC},
	{"10S", 10 * NS_PER_SEC},
	{"9551m", 9551 * NS_PER_MS},
	{"1u", 1000},
	{"99999999n", 99999999},
	{"99999999H", INT64_MAX},
	{"", -1},
	{"S", -1},
	{"-1S", -1},
	{"+1S", -1},
	{"1", -1},
	{"1s", -1},
	{"123456789S", -1},
};

static void test_timeout(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++)
		assert_int_equal(
			grpc_timeout_parse(str_from(timeouts[i].text)), timeouts[i].want);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(grpc_code_name(0), "OK");
	assert_string_equal(grpc_code_name(16), "UNAUTHENTICATED");
	assert_string_equal(grpc_code_name(17), "a code unknown");
	assert_string_equal(grpc_code_name(-1), "a code unknown");
}

TESTS_RUN(cmocka_unit_test(test_text), cmocka_unit_test(test_details),
	cmocka_unit_test(test_bad_details), cmocka_unit_test(test_timeout),
	cmocka_unit_test(test_names))
