#pragma once

/*
 * The heap, for what has a life of its own (instances, buffers, table slots). Memory is
 * zeroed. There is no failure to check: out of memory ends the program, once, here.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define mem_new(type, count) ((type *)mem_alloc(sizeof(type), (count)))

void *mem_alloc(size_t size, size_t count); /* free() it */
void *mem_resize(void *p, size_t n);        /* as realloc(); what is new is not zeroed */
/* gives what is free back to the system; milliseconds, after a large burst */
void mem_trim(void);
/*
 * The same if it has become much. To be called now and then: a burst leaves its memory with the
 * process, for an outage's backlog is freed piece by piece, and the heap keeps what it had.
 * anonymous: bytes that the system has given the process; 0 if it does not say. False: all was
 * left as it is.
 */
bool mem_tidy(size_t (*anonymous)(void));
char *mem_text(struct str s);     /* a copy with a NUL after it; free() it */
_Noreturn void mem_out(size_t n); /* says how much was asked for, and exits with 70 */
