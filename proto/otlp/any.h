#pragma once

/*
 * AnyValue, the value of an attribute or the body of a log record, on its bytes: what it is,
 * and new ones. A value that is read points into the bytes that were given; one that is made lives
 * in the arena. (opentelemetry-proto, common/v1/common.proto.)
 */

#include "proto/otlp/wire.h"

struct arena;
struct buf;

enum otlp_any_kind {
	OTLP_ANY_EMPTY, /* none of the members is there */
	OTLP_ANY_STRING,
	OTLP_ANY_BOOL,
	OTLP_ANY_INT,
	OTLP_ANY_DOUBLE,
	OTLP_ANY_ARRAY, /* bytes: an ArrayValue: AnyValues as field 1 */
	OTLP_ANY_MAP,   /* bytes: a KeyValueList: KeyValues as field 1 */
	OTLP_ANY_BYTES,
};

enum {
	OTLP_ANY_DEPTH = 64, /* arrays and maps inside each other that text and comparison follow */
};

struct otlp_any {
	enum otlp_any_kind kind;
	struct str bytes; /* of strings, bytes, arrays and maps */
	int64_t integer;
	double number;
	bool boolean;
};

/* Of the oneof's members the last one counts. */
struct otlp_any otlp_any_read(struct str body);

/* The body of an AnyValue. */
struct str otlp_any_make(struct arena *a, const struct otlp_any *v);
struct str otlp_any_string(struct arena *a, struct str s);
struct str otlp_any_int(struct arena *a, int64_t i);

/* A KeyValue's key and the body of its value; no value is an empty one. */
void otlp_key_value(struct str body, struct str *key, struct str *any);

/* One KeyValue as the given field. */
void otlp_key_value_put(struct buf *out, uint32_t number, struct str key, struct str any);

/* The elements of a map or an array, one after the other. False at the end. */
bool otlp_map_next(struct wire_reader *r, struct str *key, struct str *any);
bool otlp_array_next(struct wire_reader *r, struct str *any);
bool otlp_map_find(struct str map, struct str key, struct str *any); /* the first */

/* As the Collector's Value.AsString(): strings as they are, numbers as JSON has them, bytes in
 * base64, arrays and maps as JSON, a map's keys in order. Deeper than OTLP_ANY_DEPTH it is null. */
void otlp_any_text(struct buf *out, struct str body);
void otlp_any_json(struct buf *out, struct str body); /* the same, but strings quoted */
void otlp_map_json(struct buf *out, struct str map);  /* a KeyValueList's bytes */
void otlp_double_text(struct buf *out, double d);     /* as Go's encoding/json */

/* Deep; maps in any order of their keys. Values of different kinds are not equal. */
bool otlp_any_eq(struct str a, struct str b);

/* Arrays and maps inside each other; 0 for a scalar. At most OTLP_ANY_DEPTH + 1. */
unsigned otlp_any_depth(struct str body);
