#include "agent/component/otelcol.processor.resourcedetection/system.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "proto/otlp/any.h"
#include "tests/test.h"

#include <sys/utsname.h>

static void put(void *owner, struct str key, struct str value)
{
	buf_printf(owner, "[" STR_FMT "=" STR_FMT "]", STR_ARG(key), STR_ARG(value));
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"", ""},
	{"a=b", "[a=b]"},
	{" a = b , c.d=e=f,", "[a=b][c.d=e=f]"},
	{"a=%41%2c%3D,b=%4", "[a=A,=][b=%4]"},
	{"a,=b,c=", "[c=]"},
	{"a=%zz%", "[a=%zz%]"},
};

static void test_attributes(void **state)
{
	struct buf out = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&out);
		system_parse_attributes(&a, str_from(cases[i].text), put, &out);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
	arena_fini(&a);
}

static void test_system(void **state)
{
	struct utsname u;
	struct arena a;
	struct otlp_any v;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(uname(&u), 0);
	v = otlp_any_read(system_attribute(&a, SYSTEM_HOST_NAME, false));
	assert_str(v.bytes, u.nodename);
	v = otlp_any_read(system_attribute(&a, SYSTEM_OS_TYPE, false));
	assert_str(v.bytes, "linux");
	v = otlp_any_read(system_attribute(&a, SYSTEM_HOST_IP, false));
	assert_int_equal(v.kind, OTLP_ANY_ARRAY);
	for (int i = 0; i < SYSTEM_ATTRIBUTES; i++)
		system_attribute(&a, (enum system_attribute)i, true);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_attributes), cmocka_unit_test(test_system))
