#include "proto/otlp/wire.h"

#include "tests/proto_text.h"
#include "tests/test.h"

static const struct {
	const char *text;
	const char *want; /* number/wire=value or length, in order; "!" where it is no field */
} cases[] = {
	{"", ""},
	{"1:5 2:L6 3:W7 4:\"text\" 5:<1:2 6:<>> 7:~{}", "1/0=5 2/1=6 3/5=7 4/2=4 5/3=0 7/2=0 "},
	{"1:18446744073709551615", "1/0=18446744073709551615 "},
	{"!08ffffffffffffffffff01", "1/0=18446744073709551615 "},
	{"1:1 !08ffffffffffffffffffff01", "1/0=1 !"},
	{"!f8ffffff0f01", "536870911/0=1 "},
	{"!8080808080200100", "!"},
	{"1:1 !00", "1/0=1 !"},
	{"!0a", "!"},
	{"!0a02ff", "!"},
	{"!09000000", "!"},
	{"!0d0000", "!"},
	{"!0e", "!"},
	{"!0c", "!"},
	{"!0b", "!"},
	{"!0b14", "!"},
	{"!0b13140c", "1/3=0 "},
};

static void test_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf in = {0};
		struct buf got = {0};
		struct wire_reader r;
		struct wire_field f;

		proto_text(&in, cases[i].text);
		r = wire_read(buf_str(&in));
		while (wire_next(&r, &f))
			buf_printf(&got, "%u/%u=%llu ", f.number, f.wire,
				f.wire == WIRE_BYTES ? (unsigned long long)f.bytes.n
						     : (unsigned long long)f.value);
		if (!wire_at_end(&r))
			buf_add_char(&got, '!');
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&in);
		buf_fini(&got);
	}
}

static void test_open(void **state)
{
	static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 2097151, 2097152};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *inside = mem_alloc(1, sizes[i] + 1);
		struct buf want = {0};
		struct buf got = {0};
		struct wire_reader r;
		struct wire_field f;
		size_t open;

		memset(inside, 'i', sizes[i]);
		wire_put_bytes(&want, 3, (struct str){inside, sizes[i]});
		open = wire_open(&got, 3);
		buf_add(&got, inside, sizes[i]);
		wire_close(&got, open);
		assert_true(str_eq(buf_str(&got), buf_str(&want)));
		open = wire_open_long(&got, 4);
		buf_add(&got, inside, sizes[i]);
		wire_close_long(&got, open);
		r = wire_read(str_from_at(buf_str(&got), want.n));
		assert_true(wire_next(&r, &f) && wire_at_end(&r));
		assert_true(f.number == 4 && f.bytes.n == sizes[i]);
		buf_fini(&want);
		buf_fini(&got);
		free(inside);
	}
}

TESTS_RUN(cmocka_unit_test(test_next), cmocka_unit_test(test_open))
