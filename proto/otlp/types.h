#pragma once

/*
 * What OTLP's messages are made of, as tables: of each message its fields by number, with
 * wire type, name, JSON name, and what to check. They are derived once from the descriptors
 * that protoc-c makes from the .proto files beside this; nothing else of protobuf-c is used,
 * for its unpacker recurses without a limit, refuses unknown groups and does not check UTF-8.
 *
 * Numbers and names: opentelemetry-proto. The tables live as long as the process.
 */

#include "agent/base/str.h"

#include <protobuf-c/protobuf-c.h>

enum otlp_kind {
	OTLP_TRACES,
	OTLP_LOGS,
	OTLP_METRICS,
	OTLP_KINDS,
};

enum {
	OTLP_DEPTH = 100, /* messages (and groups) inside each other; protobuf's own limit */
	OTLP_FIELDS = 32, /* field numbers below it are in the tables; all known ones are */
	OTLP_TYPES = 48,
};

/* How the bytes of a field are to be looked at. */
enum otlp_form {
	OTLP_UNKNOWN,
	OTLP_VARINT,
	OTLP_FIXED64,
	OTLP_FIXED32,
	OTLP_STRING,
	OTLP_BYTES,
	OTLP_ID, /* 0 or .size bytes */
	OTLP_MESSAGE,
	OTLP_PACKED, /* repeated numbers; .element says how each is written */
};

/* The part that the walk reads: four bytes a field. */
struct otlp_step {
	uint8_t form;
	uint8_t wire;    /* wire type 0, 1, 2, 5 */
	uint8_t sub;     /* OTLP_MESSAGE: index of its type; OTLP_ID: bytes wanted */
	uint8_t element; /* OTLP_PACKED: form of an element; its wire type follows from it */
};

struct otlp_field {
	const ProtobufCFieldDescriptor *d; /* NULL: no such field */
	const struct otlp_type *type;      /* of messages */
	struct str json;                   /* lowerCamelCase */
	bool is_repeated;
	bool has_presence; /* member of a oneof: written even when zero */
};

struct otlp_type {
	const ProtobufCMessageDescriptor *d;
	bool is_item; /* a span, a log record, a data point */
	bool is_span;
	uint32_t numbers; /* bit n: field n is known */
	struct otlp_step steps[OTLP_FIELDS];
	struct otlp_field fields[OTLP_FIELDS];
};

const struct otlp_type *otlp_request(enum otlp_kind k);  /* Export…ServiceRequest */
const struct otlp_type *otlp_response(enum otlp_kind k); /* Export…ServiceResponse */
const struct otlp_type *otlp_status(void);               /* google.rpc.Status */
const struct otlp_type *otlp_any_value(void);

/* All types; a step's sub is an index into it. */
const struct otlp_type *otlp_types(void);

/* By the JSON name, or by the name in the .proto file; NULL: none. */
const struct otlp_field *otlp_field_find(const struct otlp_type *t, struct str name);

/* The wire type that an element of this form has: 0, 1 or 5. */
static inline unsigned otlp_form_wire(unsigned form)
{
	return form == OTLP_FIXED64 ? 1 : form == OTLP_FIXED32 ? 5
							       : 0;
}
