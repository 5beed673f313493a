#pragma once

/*
 * A growing array of any type:
 *
 *	struct { struct label *p; size_t n, cap; } v = {0};
 *	*vec_add(&v) = (struct label){...};
 *	free(v.p);
 */

#include "agent/base/mem.h"

#include <stddef.h>
#include <string.h>

/* Room for one more, zeroed; a pointer to it. Pointers to others may change. */
#define vec_add(v) \
	((v)->n == (v)->cap ? (void)((v)->p = mem_resize((v)->p, \
					     sizeof(*(v)->p) * \
						     ((v)->cap = (v)->cap ? (v)->cap * 2 : 8))) \
			    : (void)0, \
		memset(&(v)->p[(v)->n], 0, sizeof(*(v)->p)), &(v)->p[(v)->n++])

/* Takes out element i; those behind it move down. */
#define vec_remove(v, i) \
	memmove(&(v)->p[i], &(v)->p[(i) + 1], sizeof(*(v)->p) * (--(v)->n - (i)))
