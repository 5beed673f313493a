#pragma once

/*
 * The heap, for what has a life of its own (instances, buffers, table slots). Memory is
 * zeroed. There is no failure to check: out of memory ends the program, once, here.
 */

#include "agent/base/str.h"

#include <stddef.h>

#define mem_new(type, count) ((type *)mem_alloc(sizeof(type), (count)))

void *mem_alloc(size_t size, size_t count); /* free() it */
void *mem_resize(void *p, size_t n);        /* as realloc(); what is new is not zeroed */
/* gives what is free back to the system; milliseconds, after a large burst */
void mem_trim(void);
char *mem_text(struct str s);     /* a copy with a NUL after it; free() it */
_Noreturn void mem_out(size_t n); /* says how much was asked for, and exits with 70 */
