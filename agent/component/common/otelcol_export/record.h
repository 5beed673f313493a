#pragma once

/*
 * How requests lie in a file of a queue on disk: one behind the other, each with a head of
 * RECORD_HEAD bytes before it. A file may end anywhere, and any of its bytes may be wrong: what
 * is not a record is passed over, up to the next one.
 *
 *	0	magic, "\xf1inv"
 *	4	state: 'w' waiting, 'd' done; the one byte that changes, and no checksum has it
 *	5	signal: 't', 'l' or 'm'; 'T', 'L' or 'M' if there is something of the client
 *	6	length of that, two bytes
 *	8	length of the rest with that, items in it, its CRC-32: four bytes each; numbers are
 *		little endian
 *	20	how it is packed, zeros behind
 *	44	CRC-32 of the bytes before, but for the state
 *	48	what is kept of the client (client_pairs()), then the body
 */

#include "agent/base/str.h"
#include "agent/flow/telemetry.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RECORD_HEAD = 48,
	RECORD_STATE = 4, /* where this byte is */
	RECORD_FORMAT = 24,
	RECORD_FORMAT_AT = 20,
	RECORD_MAX = 128 << 20,    /* bytes behind a head; more is no record */
	RECORD_CLIENT_MAX = 65535, /* … of the client */
};

struct record {
	bool is_done;
	enum signal_kind kind;
	uint32_t n;      /* bytes behind the head */
	uint32_t client; /* of these, of the client */
	uint32_t items;
	uint32_t body_crc;
	char format[RECORD_FORMAT]; /* NUL at its end */
};

uint32_t record_crc(struct str client, struct str body);
void record_encode(const struct record *r, char head[RECORD_HEAD]);
bool record_parse(const char head[RECORD_HEAD], struct record *r);

/* What a file holds. */
struct record_scan {
	int fd;
	uint64_t at;   /* the next record's head is here, or behind it */
	uint64_t size; /* of the file */
};

enum record_found {
	RECORD_FOUND,   /* its head is at *from, its body is in the file (but may be wrong) */
	RECORD_DAMAGED, /* *from to *to is no record */
	RECORD_CUT,     /* so is the rest, *from to *to, as if the writing had been cut short */
	RECORD_END,
	RECORD_UNREADABLE, /* errno says why; nothing follows */
};

enum record_found record_next(
	struct record_scan *s, struct record *r, uint64_t *from, uint64_t *to);
