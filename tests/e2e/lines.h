#pragma once

/*
 * The log lines that the generator makes and the verifier checks. A line says itself which it
 * is, and whether it is whole: it ends in
 *
 *	@@<o|e><container>:<sequence>:<crc32 of all before @@>@@   and then "" or "}
 *
 * with the sequence counted per container and stream. An empty line says nothing; the two only
 * count those.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long long ull; /* for printf */

enum {
	LINE_MAX_SIZE = 80000,
};

enum kind {
	KIND_JSON,
	KIND_NGINX,
	KIND_LOGFMT,
	KIND_RAILS,
	KIND_JAVA,
	KIND_KLOG,
	KINDS,
};

/* A line of LINE_MAX_SIZE at most; returns its length. *random is the generator's state. */
size_t line_make(char *out, enum kind kind, char stream, unsigned container, uint64_t sequence,
	uint64_t *random);

struct line_id {
	char stream; /* 'o' or 'e' */
	unsigned container;
	uint64_t sequence;
};

/* False: broken, *why says how. */
bool line_check(const char *p, size_t n, struct line_id *out, const char **why);

uint64_t random_next(uint64_t *state);
