/* Hand-written as proto/otlp/status.c is: few fields, from outside, read with the wire reader. */

#include "proto/grpc/status.h"
#include "agent/base/ascii.h"

#include "agent/base/timestamp.h"
#include "proto/otlp/wire.h"

#define RETRY_INFO "type.googleapis.com/google.rpc.RetryInfo"

enum {
	STATUS_CODE = 1,
	STATUS_MESSAGE = 2,
	STATUS_DETAILS = 3,
	ANY_TYPE = 1,
	ANY_VALUE = 2,
	RETRY_DELAY = 1,
	DURATION_SECONDS = 1,
	DURATION_NANOS = 2,
	MAX_DELAY = 24 * 3600, /* seconds; what is longer is as good as for ever */
	MAX_TIMEOUT_DIGITS = 8,
};

static const char *const code_names[GRPC_CODES] = {
	[GRPC_OK] = "OK",
	[GRPC_CANCELLED] = "CANCELLED",
	[GRPC_UNKNOWN] = "UNKNOWN",
	[GRPC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	[GRPC_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
	[GRPC_NOT_FOUND] = "NOT_FOUND",
	[GRPC_ALREADY_EXISTS] = "ALREADY_EXISTS",
	[GRPC_PERMISSION_DENIED] = "PERMISSION_DENIED",
	[GRPC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
	[GRPC_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
	[GRPC_ABORTED] = "ABORTED",
	[GRPC_OUT_OF_RANGE] = "OUT_OF_RANGE",
	[GRPC_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[GRPC_INTERNAL] = "INTERNAL",
	[GRPC_UNAVAILABLE] = "UNAVAILABLE",
	[GRPC_DATA_LOSS] = "DATA_LOSS",
	[GRPC_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *grpc_code_name(int64_t code)
{
	return code >= 0 && code < GRPC_CODES ? code_names[code] : "a code unknown";
}

void grpc_text_encode(struct buf *out, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.p[i];

		if (c >= 0x20 && c <= 0x7e && c != '%') {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

void grpc_text_decode(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == '%' && i + 2 < text.n ? ascii_hex(text.p[i + 1]) : -1;
		int low = high >= 0 ? ascii_hex(text.p[i + 2]) : -1;

		buf_add_char(out, (char)(low >= 0 ? high << 4 | low : text.p[i]));
		i += low >= 0 ? 2 : 0;
	}
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_encode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)(uint8_t)s.p[i] << 16;

		v |= left > 1 ? (uint32_t)(uint8_t)s.p[i + 1] << 8 : 0;
		v |= left > 2 ? (uint8_t)s.p[i + 2] : 0;
		for (unsigned k = 0; k < (left > 2 ? 4 : left + 1); k++)
			buf_add_char(out, base64[v >> (18 - 6 * k) & 63]);
	}
}

/* With or without padding: gRPC sends none, and takes both. */
static bool base64_decode(struct buf *out, struct str s)
{
	uint32_t bits = 0;
	unsigned have = 0;

	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] ? strchr(base64, s.p[i]) : NULL;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - base64);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		buf_add_char(out, (char)(bits >> have & 0xff));
	}
	return true;
}

static void put_retry_info(struct buf *b, int64_t delay)
{
	size_t any = wire_open(b, STATUS_DETAILS);
	size_t value;
	size_t duration;

	wire_put_bytes(b, ANY_TYPE, STR(RETRY_INFO));
	value = wire_open(b, ANY_VALUE);
	duration = wire_open(b, RETRY_DELAY);
	if (delay >= NS_PER_SEC) {
		wire_put_tag(b, DURATION_SECONDS, WIRE_VARINT);
		wire_put_varint(b, (uint64_t)(delay / NS_PER_SEC));
	}
	if (delay % NS_PER_SEC) {
		wire_put_tag(b, DURATION_NANOS, WIRE_VARINT);
		wire_put_varint(b, (uint64_t)(delay % NS_PER_SEC));
	}
	wire_close(b, duration);
	wire_close(b, value);
	wire_close(b, any);
}

void grpc_details_encode(
	struct buf *out, enum grpc_code code, struct str message, int64_t retry_delay)
{
	struct buf b = {0};

	wire_put_tag(&b, STATUS_CODE, WIRE_VARINT);
	wire_put_varint(&b, code);
	if (message.n > 0)
		wire_put_bytes(&b, STATUS_MESSAGE, message);
	put_retry_info(&b, retry_delay);
	base64_encode(out, buf_str(&b));
	buf_fini(&b);
}

/* The last field of this number that has bytes; p NULL: there is none. */
static struct str find_bytes(struct str message, uint32_t number)
{
	struct wire_reader r = wire_read(message);
	struct wire_field f;
	struct str found = {0};

	while (wire_next(&r, &f))
		if (f.number == number && f.wire == WIRE_BYTES)
			found = f.bytes;
	return found;
}

static int64_t read_duration(struct str message)
{
	struct wire_reader r = wire_read(message);
	struct wire_field f;
	int64_t seconds = 0;
	int64_t nanos = 0;

	while (wire_next(&r, &f)) {
		if (f.wire == WIRE_VARINT && f.number == DURATION_SECONDS)
			seconds = (int64_t)f.value;
		if (f.wire == WIRE_VARINT && f.number == DURATION_NANOS)
			nanos = (int64_t)f.value;
	}
	if (!wire_at_end(&r) || seconds < 0 || nanos < 0 || nanos >= NS_PER_SEC)
		return -1;
	return seconds < MAX_DELAY ? seconds * NS_PER_SEC + nanos : MAX_DELAY * NS_PER_SEC;
}

int64_t grpc_details_retry(struct str value, struct buf *work)
{
	struct wire_reader r;
	struct wire_field f;

	buf_clear(work);
	if (value.n == 0 || !base64_decode(work, value) || work->n == 0)
		return -1;
	r = wire_read(buf_str(work));
	while (wire_next(&r, &f)) {
		struct str delay;

		if (f.number != STATUS_DETAILS || f.wire != WIRE_BYTES ||
			!str_is(find_bytes(f.bytes, ANY_TYPE), RETRY_INFO))
			continue;
		delay = find_bytes(find_bytes(f.bytes, ANY_VALUE), RETRY_DELAY);
		return delay.p ? read_duration(delay) : 0;
	}
	return -1;
}

int64_t grpc_timeout_parse(struct str value)
{
	static const char units[] = "HMSmun";
	static const int64_t ns[] = {
		3600 * NS_PER_SEC, 60 * NS_PER_SEC, NS_PER_SEC, 1000000, 1000, 1};
	const char *unit;
	int64_t n;

	if (value.n < 2 || value.n > MAX_TIMEOUT_DIGITS + 1 || value.p[0] < '0' ||
		value.p[0] > '9' || !str_to_int(str_head(value, value.n - 1), &n) ||
		!value.p[value.n - 1])
		return -1;
	unit = strchr(units, value.p[value.n - 1]);
	if (!unit)
		return -1;
	return n < INT64_MAX / ns[unit - units] ? n * ns[unit - units] : INT64_MAX;
}
