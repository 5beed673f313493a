#include "tests/ottl.h"

#define I(text) "{\"intValue\":\"" text "\"}"

static const struct ottl_test_expression cases[] = {
	{"UnixNano(Now())", I("1700000000123456789")},
	{"UnixSeconds(start_time)", I("1700000000")},
	{"UnixMilli(Unix(5, 7000000))", I("5007")},
	{"UnixMicro(Unix(-1))", I("-1000000")},
	{"Unix(9223372036854775807)", "! Unix(): the time is out of range"},
	{"UnixSeconds(Time(\"2023-11-14 22:13:20\", \"%Y-%m-%d %H:%M:%S\"))", I("1700000000")},
	{"UnixNano(Time(\"2023-11-14T22:13:20.5Z\", \"%FT%T.%f%z\"))", I("1700000000500000000")},
	{"UnixSeconds(Time(\"14/Nov/2023:23:13:20 +0100\", \"%d/%b/%Y:%H:%M:%S %z\"))",
		I("1700000000")},
	{"UnixSeconds(Time(\"Tue Nov 14 10:13:20 PM 2023\", \"%a %b %e %I:%M:%S %p %Y\"))",
		I("1700000000")},
	{"UnixSeconds(Time(\"x\", \"%Y\"))", "! Time(): \"x\" is not of that format"},
	{"UnixSeconds(Time(\"20231\", \"%Y\"))", "! Time(): \"20231\" is not of that format"},
	{"Time(\"x\", \"%Q\")", "21: Time(): the directive \"%Q\" is not known"},
	{"Now()", "! a time cannot be kept; convert it first"},
	{"Milliseconds(Duration(\"1.5s\"))", I("1500")},
	{"Hours(Duration(\"90m\"))", "{\"doubleValue\":1.5}"},
	{"Minutes(Duration(\"90s\"))", "{\"doubleValue\":1.5}"},
	{"Seconds(end_time - start_time)", "{\"doubleValue\":-1700000000}"},
	{"Nanoseconds(Duration(\"1us\") + Duration(\"1us\"))", I("2000")},
	{"Duration(\"x\")", "! Duration(): \"x\" is none"},
	{"UnixSeconds(start_time + Duration(\"1m\"))", I("1700000060")},
	{"UnixSeconds(TruncateTime(start_time, Duration(\"1h\")))", I("1699999200")},
	{"UnixNano(1)", "! UnixNano(): want time, got int"},
	{"String(Unix(0))", "{\"stringValue\":\"1970-01-01T00:00:00Z\"}"},
};

static void test_cases(void **state)
{
	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
