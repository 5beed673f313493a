#pragma once

/*
 * Protobuf bytes from a text that can be read, for tests:
 *
 *	1:{1:{1:"key" 2:{1:"v"}}}  fields by number; {…} what has a length, "…" a string
 *	4:7  a varint    4:L7  fixed64    4:W7  fixed32    4:#0a0b  bytes in hex
 *	4:<1:7>  a group    !0a00  raw bytes, no field    5:~{…}  the length padded to 3 bytes
 *
 * A text that is not so fails the test.
 */

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "proto/otlp/wire.h"

#include <ctype.h>
#include <stdlib.h>

static inline const char *proto_text_hex(struct buf *b, const char *p)
{
	for (; isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]); p += 2) {
		char byte[3] = {p[0], p[1], 0};

		buf_add_char(b, (char)strtoul(byte, NULL, 16));
	}
	return p;
}

static inline const char *proto_text_fields(struct buf *b, const char *p, char end);

static inline const char *proto_text_value(struct buf *b, const char *p, unsigned long number)
{
	size_t open;
	char *after;
	bool padded = *p == '~';

	if (padded)
		p++;
	if (*p == '<') {
		wire_put_tag(b, (uint32_t)number, WIRE_GROUP);
		p = proto_text_fields(b, p + 1, '>');
		wire_put_tag(b, (uint32_t)number, WIRE_GROUP_END);
		return p;
	}
	if (*p == '{' || *p == '"' || *p == '#') {
		struct buf in = {0};

		if (*p == '{') {
			p = proto_text_fields(&in, p + 1, '}');
		} else if (*p == '#') {
			p = proto_text_hex(&in, p + 1);
		} else {
			const char *close = strchr(p + 1, '"');

			must(close);
			buf_add(&in, p + 1, (size_t)(close - p - 1));
			p = close + 1;
		}
		wire_put_tag(b, (uint32_t)number, WIRE_BYTES);
		if (padded) {
			buf_add_char(b, (char)((in.n & 0x7f) | 0x80));
			buf_add_char(b, (char)(((in.n >> 7) & 0x7f) | 0x80));
			buf_add_char(b, (char)((in.n >> 14) & 0x7f));
		} else {
			wire_put_varint(b, in.n);
		}
		buf_add_str(b, buf_str(&in));
		buf_fini(&in);
		return p;
	}
	open = *p == 'L' ? WIRE_FIXED64 : *p == 'W' ? WIRE_FIXED32
						    : WIRE_VARINT;
	wire_put_tag(b, (uint32_t)number, (unsigned)open);
	if (open == WIRE_VARINT) {
		wire_put_varint(b, strtoull(p, &after, 10));
	} else if (open == WIRE_FIXED64) {
		wire_put_fixed64(b, strtoull(p + 1, &after, 10));
	} else {
		wire_put_fixed32(b, (uint32_t)strtoul(p + 1, &after, 10));
	}
	return after;
}

static inline const char *proto_text_fields(struct buf *b, const char *p, char end)
{
	for (;;) {
		char *after;
		unsigned long number;

		while (*p == ' ')
			p++;
		if (*p == end)
			return end ? p + 1 : p;
		if (*p == '!') {
			p = proto_text_hex(b, p + 1);
			continue;
		}
		number = strtoul(p, &after, 10);
		must(after > p && *after == ':');
		p = proto_text_value(b, after + 1, number);
	}
}

/* Appends the bytes of text. */
static inline void proto_text(struct buf *b, const char *text)
{
	proto_text_fields(b, text, 0);
}
