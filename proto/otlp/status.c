/* Hand-written: two messages of two fields each; the tables serve for the JSON only. */

#include "proto/otlp/status.h"

#include "agent/base/buf.h"
#include "agent/base/utf8.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/wire.h"

enum {
	MAX_MESSAGE = 4096,
	STATUS_CODE = 1,
	STATUS_MESSAGE = 2,
	RESPONSE_PARTIAL = 1,
	PARTIAL_REJECTED = 1,
	PARTIAL_MESSAGE = 2,
};

/* An int64 as field 1 and a text as field 2: both messages are so. */
static void put_pair(struct buf *out, int64_t number, struct str text)
{
	text = str_head(text, MAX_MESSAGE);
	while (text.n > 0 && !utf8_is_valid(text))
		text.n--; /* cut inside a character, or never UTF-8: what is good of it */
	if (number != 0) {
		wire_put_tag(out, STATUS_CODE, WIRE_VARINT);
		wire_put_varint(out, (uint64_t)number);
	}
	if (text.n > 0)
		wire_put_bytes(out, STATUS_MESSAGE, text);
}

/* What was appended from byte at on, a message of type t, is made JSON if that is wanted. */
static void finish(struct buf *out, size_t at, enum otlp_encoding as, const struct otlp_type *t)
{
	struct buf proto = {0};

	if (as == OTLP_PROTO)
		return;
	if (out->n > at)
		buf_add(&proto, out->p + at, out->n - at);
	out->n = at;
	otlp_json_print(t, buf_str(&proto), out);
	buf_fini(&proto);
}

void otlp_status_encode(
	struct buf *out, enum otlp_encoding as, enum otlp_code code, struct str message)
{
	size_t at = out->n;

	put_pair(out, (int64_t)code, message);
	finish(out, at, as, otlp_status());
}

void otlp_partial_encode(struct buf *out, enum otlp_encoding as, enum otlp_kind kind,
	int64_t rejected, struct str message)
{
	size_t at = out->n;
	size_t open;

	if (rejected != 0 || message.n > 0) {
		open = wire_open(out, RESPONSE_PARTIAL);
		put_pair(out, rejected, message);
		wire_close(out, open);
	}
	finish(out, at, as, otlp_response(kind));
}

static bool read_pair(struct str body, int64_t *number, struct str *text)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		if (f.number == STATUS_CODE && f.wire == WIRE_VARINT)
			*number = (int64_t)f.value;
		if (f.number == STATUS_MESSAGE && f.wire == WIRE_BYTES)
			*text = f.bytes;
	}
	return wire_at_end(&r);
}

bool otlp_status_read(struct str body, int64_t *code, struct str *message)
{
	*code = 0;
	*message = (struct str){0};
	if (read_pair(body, code, message))
		return true;
	*code = 0;
	*message = (struct str){0};
	return false;
}

bool otlp_partial_read(struct str body, int64_t *rejected, struct str *message)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;
	bool ok = true;

	*rejected = 0;
	*message = (struct str){0};
	while (ok && wire_next(&r, &f))
		if (f.number == RESPONSE_PARTIAL && f.wire == WIRE_BYTES)
			ok = read_pair(f.bytes, rejected, message);
	if (ok && wire_at_end(&r))
		return true;
	*rejected = 0;
	*message = (struct str){0};
	return false;
}
