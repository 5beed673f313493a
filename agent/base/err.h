#pragma once

#include <stdbool.h>

/* One failure, in words for the operator. Filled once, by whoever first knew; callers add
 * in front of it with err_wrap(). No memory is allocated. */
struct err {
	char text[512];
};

/* Both return false, so that a parser can say "return err_set(e, ...)". */
bool err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
