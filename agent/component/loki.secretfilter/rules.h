#pragma once

/* The rules of loki.secretfilter: what the vendors publish about the form of their tokens. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets of bytes, as bits. */
enum secret_class {
	SECRET_DIGIT = 1 << 0,
	SECRET_LOWER = 1 << 1,
	SECRET_UPPER = 1 << 2,
	SECRET_UNDERSCORE = 1 << 3,
	SECRET_DASH = 1 << 4,
	SECRET_HEX = 1 << 5, /* 0-9a-f */
	SECRET_DOT = 1 << 6,
	SECRET_BASE64 = 1 << 7, /* + / */
	SECRET_EQUALS = 1 << 8,
	SECRET_BECH32 = 1 << 9, /* upper case */

	SECRET_ALNUM = SECRET_DIGIT | SECRET_LOWER | SECRET_UPPER,
	SECRET_WORD = SECRET_ALNUM | SECRET_UNDERSCORE,
	SECRET_URL64 = SECRET_WORD | SECRET_DASH,
};

/* A run of bytes of a class, as long as it goes, or one byte that must be there. */
struct secret_part {
	unsigned class;
	uint16_t min;
	uint16_t max;
	char literal; /* not 0: this byte alone */
};

enum {
	SECRET_PARTS = 5,
	SECRET_PREFIXES = 8,
};

struct secret_rule {
	const char *name;
	const char *prefixes[SECRET_PREFIXES]; /* any of them */
	struct secret_part parts[SECRET_PARTS];
	bool is_key; /* PEM: to its end line, or to the end of the text */
};

extern const struct secret_rule secret_rule_table[]; /* name NULL at the end */
