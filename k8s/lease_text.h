#pragma once

/* The JSON of a Lease. */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;

#define LEASE_NOTE "invar.dev/progress" /* the annotation */

/* Whoever may write a Lease cannot keep it for longer than this after its last renewal. */
#define LEASE_SECONDS_MAX 3600

struct lease_text {
	struct str namespace;
	struct str name;
	struct str version; /* metadata.resourceVersion; empty: a new one */
	struct str note;
	struct str holder;   /* empty: nobody */
	struct str acquired; /* RFC 3339 with microseconds */
	struct str renewed;
	int64_t seconds;     /* leaseDurationSeconds; as read: 0 to LEASE_SECONDS_MAX */
	int64_t transitions; /* an int32 of the API */
};

/* Views into text, or in a. False if it is no Lease. */
bool lease_text_parse(struct arena *a, struct str text, struct lease_text *out);
void lease_text_print(struct buf *out, const struct lease_text *t);

/* metav1.MicroTime: always six digits. */
#define LEASE_TIME_SIZE 32
struct str lease_time(char out[LEASE_TIME_SIZE], int64_t ns);
