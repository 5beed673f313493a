#pragma once

/* What every unit test includes: cmocka, and the few helpers that its cases share. A test
 * file holds cases in a table, the wanted text beside the input, and a main() of one line. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "agent/base/str.h"

#include <stdio.h>
#include <string.h>

#define TESTS_RUN(...) \
	int main(void) \
	{ \
		const struct CMUnitTest tests[] = {__VA_ARGS__}; \
\
		return cmocka_run_group_tests(tests, NULL, NULL); \
	}

/* got is a struct str; want is a C string. Prints both when they differ. */
#define assert_str(got, want) test_assert_str((got), (want), __FILE__, __LINE__)

/* Long texts are shown from a little before the first difference. */
static inline void test_assert_str(struct str got, const char *want, const char *file, int line)
{
	size_t n = strlen(want);
	size_t at = 0;

	if (got.n == n && (n == 0 || memcmp(got.p, want, n) == 0))
		return;
	while (at < n && at < got.n && got.p[at] == want[at])
		at++;
	at = n > 400 && at > 40 ? at - 40 : 0;
	print_error("from byte %zu: got  %.*s\n", at, (int)(got.n - at < 400 ? got.n - at : 400),
		got.p ? got.p + at : "");
	print_error("want %.400s\n", want + at);
	_fail(file, line);
}
