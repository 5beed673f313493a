#pragma once

/*
 * Times as Unix nanoseconds (int64_t, good until the year 2262), durations as nanoseconds,
 * and their texts: RFC 3339 with up to nine digits for times, Go's form (1h30m, 250ms) for
 * durations, and sizes such as 1MiB.
 */

#include "agent/base/str.h"

#include <stdint.h>

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define TIMESTAMP_SIZE 40

/* "2026-11-22T10:41:07.814458474Z", zeros at the end of the fraction left out. The text is
 * in out, NUL after it. */
struct str timestamp_format(char out[TIMESTAMP_SIZE], int64_t ns);

/* RFC 3339: date, T, time, optional fraction of 1 to 9 digits (more are cut), Z or ±hh:mm.
 * The whole of s must be one. False, and nothing set, if it is not. */
bool timestamp_parse(struct str s, int64_t *ns);

/* Go's time.ParseDuration: [-+] then numbers with units h m s ms us µs ns, "0" alone. */
bool duration_parse(struct str s, int64_t *ns);
struct str duration_format(char out[TIMESTAMP_SIZE], int64_t ns); /* Go's Duration.String() */

/* A whole number with B, KB, KiB, MB, MiB, GB, GiB, TB, TiB, PB, EB … all powers of 1024, as
 * Alloy's units.Base2Bytes has it; several may follow each other ("1MiB512KiB"). A bare
 * number is bytes only for "0"… else it wants a unit. */
bool size_parse(struct str s, int64_t *bytes);

/* Days since 1970-01-01 of a date in the Gregorian calendar, and back. */
int64_t days_from_date(int64_t year, unsigned month, unsigned day);
void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
