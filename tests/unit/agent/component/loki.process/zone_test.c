#include "agent/component/loki.process/zone.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

/* A TZif file of our own: UTC+1 "ONE" from 1000 on, UTC+2 "TWO" from 2000 on, then the rule. */
static struct str make(struct buf *b, const char *rule)
{
	static const char head[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const unsigned char counts[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 12};
	static const unsigned char body[] = {0, 0, 0, 0, 0, 0, 0x03, 0xe8, 0, 0, 0, 0, 0, 0, 0x07,
		0xd0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x0e, 0x10, 0, 4, 0, 0, 0x1c, 0x20, 1, 8};

	buf_clear(b);
	buf_add(b, head, 20);
	buf_add(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
	buf_add(b, head, 20);
	buf_add(b, counts, sizeof(counts));
	buf_add(b, body, sizeof(body));
	buf_add(b, "LMT\0ONE\0TWO\0", 12);
	buf_printf(b, "\n%s\n", rule);
	return buf_str(b);
}

/* What Python's zoneinfo says of the same rules. */
static const struct {
	const char *rule;
	int64_t utc;
	int64_t want;
} offsets[] = {
	{"", 0, 0},
	{"", 999, 0},
	{"", 1000, 3600},
	{"", 2000, 7200},
	{"", 4000000000, 7200},
	{"ONE-1", 4000000000, 3600},
	{"<+03>-3", 4000000000, 10800},
	{"CET-1CEST,M3.5.0,M10.5.0/3", 1774745999, 3600}, /* 2026-03-29 00:59:59Z */
	{"CET-1CEST,M3.5.0,M10.5.0/3", 1774746000, 7200},
	{"CET-1CEST,M3.5.0,M10.5.0/3", 1792889999, 7200}, /* 2026-10-25 00:59:59Z */
	{"CET-1CEST,M3.5.0,M10.5.0/3", 1792890000, 3600},
	{"EST5EDT,M3.2.0,M11.1.0", 1772953199, -18000}, /* 2026-03-08 06:59:59Z */
	{"EST5EDT,M3.2.0,M11.1.0", 1772953200, -14400},
	{"AEST-10AEDT,M10.1.0,M4.1.0/3", 1767225600, 39600}, /* January is summer there */
	{"AEST-10AEDT,M10.1.0,M4.1.0/3", 1782864000, 36000},
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1767225600, 39600},
	{"XXX-1YYY,J60,J300", 1772323199, 3600}, /* J60 is March 1 */
	{"XXX-1YYY,J60,J300", 1772326800, 7200},
	{"XXX-1YYY,59,299", 1772326800, 7200},
	{"CET-1CEST,M13.5.0,M10.5.0/3", 4000000000, 7200}, /* no rule: the last of the file */
	{"C", 4000000000, 7200},
};

static void test_offsets(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct arena a;
		struct zone *z;

		arena_init(&a, 0);
		z = zone_parse(&a, make(&b, offsets[i].rule));
		assert_non_null(z);
		print_message("%s %lld\n", offsets[i].rule, (long long)offsets[i].utc);
		assert_int_equal(zone_offset(z, offsets[i].utc), offsets[i].want);
		arena_fini(&a);
	}
	buf_fini(&b);
}

/* The wall's clock, around a change too; and names. */
static void test_wall(void **state)
{
	struct buf b = {0};
	struct arena a;
	struct zone *z;
	int64_t offset;

	(void)state;
	arena_init(&a, 0);
	z = zone_parse(&a, make(&b, "CET-1CEST,M3.5.0,M10.5.0/3"));
	assert_int_equal(zone_to_utc(z, 1767225600), 1767222000);
	assert_int_equal(zone_to_utc(z, 1782864000), 1782856800);
	assert_int_equal(zone_to_utc(z, 1774747800), 1774744200); /* 01:30: before the gap */
	assert_int_equal(zone_to_utc(z, 1774755000), 1774747800); /* 03:30: behind it */
	assert_true(zone_find_name(z, STR("ONE"), 5000, &offset));
	assert_int_equal(offset, 3600);
	assert_false(zone_find_name(z, STR("NOPE"), 5000, &offset));
	arena_fini(&a);
	buf_fini(&b);
}

/* No length of a broken file is read beyond its end, and none is a zone. */
static void test_broken(void **state)
{
	struct buf b = {0};
	struct arena a;
	struct str whole;

	(void)state;
	arena_init(&a, 0);
	whole = make(&b, "");
	for (size_t n = 0; n < whole.n - 2; n++) {
		char *copy = arena_new(&a, char, n + 1);

		memcpy(copy, whole.p, n);
		assert_null(zone_parse(&a, (struct str){copy, n}));
	}
	arena_fini(&a);
	buf_fini(&b);
}

static void test_load(void **state)
{
	static const char *const bad[] = {"/etc/passwd", "../x", "a b", "No/Where", "Europe/\n"};
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(zone_offset(zone_load(&a, STR(""), &e), 0), 0);
	assert_int_equal(zone_offset(zone_load(&a, STR("UTC"), &e), 0), 0);
	assert_non_null(zone_load(&a, STR("Local"), &e));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(zone_load(&a, str_from(bad[i]), &e));
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_offsets), cmocka_unit_test(test_wall),
	cmocka_unit_test(test_broken), cmocka_unit_test(test_load))
