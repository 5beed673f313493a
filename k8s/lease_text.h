#pragma once

/* The JSON of a Lease. */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;

#define LEASE_NOTE "invar.dev/progress" /* the annotation */

struct lease_text {
	struct str namespace;
	struct str name;
	struct str version; /* metadata.resourceVersion; empty: a new one */
	struct str note;
	struct str holder;   /* empty: nobody */
	struct str acquired; /* RFC 3339 with microseconds */
	struct str renewed;
	int64_t seconds; /* leaseDurationSeconds */
	int64_t transitions;
};

/* Views into text, or in a. False if it is no Lease. */
bool lease_text_parse(struct arena *a, struct str text, struct lease_text *out);
void lease_text_print(struct buf *out, const struct lease_text *t);

/* metav1.MicroTime: always six digits. */
#define LEASE_TIME_SIZE 32
struct str lease_time(char out[LEASE_TIME_SIZE], int64_t ns);
