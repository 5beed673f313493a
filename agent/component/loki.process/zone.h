#pragma once

/*
 * Time zones of the system's tz database (RFC 9636), for times that name no offset. A zone is read
 * once, when the configuration is loaded; the rule behind its last change (a POSIX TZ string)
 * is used for times after it.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct zone;

/* name is "Europe/Berlin", "UTC", "" (UTC) or "Local". NULL, with e: there is none. */
struct zone *zone_load(struct arena *a, struct str name, struct err *e);
/* The bytes of a TZif file. NULL: it is none. */
struct zone *zone_parse(struct arena *a, struct str bytes);

/* Seconds east of UTC at a time in UTC (Unix seconds). */
int64_t zone_offset(const struct zone *z, int64_t utc);

/* The time of a clock on the wall there (seconds as if it were UTC) in UTC. Where there are two or
 * none, what Go's time.Date gives. */
int64_t zone_to_utc(const struct zone *z, int64_t wall);

/* The offset of an abbreviation ("CEST"), best if it was in effect then. False: the zone has
 * none. */
bool zone_find_name(const struct zone *z, struct str name, int64_t wall, int64_t *offset);
