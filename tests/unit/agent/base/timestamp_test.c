#include "agent/base/timestamp.h"
#include "tests/test.h"

static const struct {
	const char *text;
	bool ok;
	int64_t ns;
	const char *back; /* NULL: the same text */
} times[] = {
	{"1970-01-01T00:00:00Z", true, 0, NULL},
	{"2026-11-22T10:41:07.814458474Z", true, 1795344067814458474, NULL},
	{"2026-11-22T10:40:07.84918132Z", true, 1795344007849181320, NULL},
	{"2026-11-22T12:40:07+02:00", true, 1795344007000000000, "2026-11-22T10:40:07Z"},
	{"2024-02-29T00:00:00Z", true, 1709164800000000000, NULL},
	{"1969-12-31T23:59:59.5Z", true, -500000000, NULL},
	{"2026-02-29T00:00:00Z", false, 0, NULL},
	{"2026-11-22T24:00:00Z", false, 0, NULL},
	{"2026-11-22T10:41:07.Z", false, 0, NULL},
	{"2026-11-22T10:41:07", false, 0, NULL},
	{"2026-11-22 10:41:07Z", false, 0, NULL},
	{"9999-11-22T10:41:07Z", false, 0, NULL},
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char out[TIMESTAMP_SIZE];
		int64_t ns = 0;

		print_message("%s\n", times[i].text);
		assert_int_equal(timestamp_parse(str_from(times[i].text), &ns), times[i].ok);
		if (!times[i].ok)
			continue;
		assert_int_equal(ns, times[i].ns);
		assert_str(
			timestamp_format(out, ns), times[i].back ? times[i].back : times[i].text);
	}
}

static const struct {
	const char *text;
	bool ok;
	int64_t ns;
	const char *back;
} durations[] = {
	{"0", true, 0, "0s"},
	{"1s", true, NS_PER_SEC, "1s"},
	{"250ms", true, 250 * NS_PER_MS, "250ms"},
	{"1h30m5.5s", true, 5405500 * NS_PER_MS, "1h30m5.5s"},
	{"1.5us", true, 1500, "1.5\xc2\xb5s"},
	{"-2m", true, -120 * NS_PER_SEC, "-2m0s"},
	{"5", false, 0, NULL},
	{"", false, 0, NULL},
	{"1d", false, 0, NULL},
	{"s", false, 0, NULL},
};

static void test_durations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		char out[TIMESTAMP_SIZE];
		int64_t ns = 0;

		print_message("%s\n", durations[i].text);
		assert_int_equal(duration_parse(str_from(durations[i].text), &ns), durations[i].ok);
		if (!durations[i].ok)
			continue;
		assert_int_equal(ns, durations[i].ns);
		assert_str(duration_format(out, ns), durations[i].back);
	}
}

static void test_sizes(void **state)
{
	int64_t n = 0;

	(void)state;
	assert_true(size_parse(STR("1MiB"), &n) && n == 1048576);
	assert_true(size_parse(STR("8KB"), &n) && n == 8192);
	assert_true(size_parse(STR("1MiB512KiB"), &n) && n == 1572864);
	assert_true(size_parse(STR("1.5KiB"), &n) && n == 1536);
	assert_false(size_parse(STR("12"), &n));
	assert_false(size_parse(STR("1XB"), &n));
}

TESTS_RUN(cmocka_unit_test(test_times), cmocka_unit_test(test_durations),
	cmocka_unit_test(test_sizes))
