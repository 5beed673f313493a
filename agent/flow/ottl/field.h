#pragma once

/* The fields that paths name: what each is, and the number that it has on the wire. */

#include "agent/flow/ottl/private.h"

enum field_kind {
	F_ATTRIBUTES,
	F_STRING,
	F_ID,        /* bytes */
	F_ID_STRING, /* hex */
	F_NANO,      /* fixed64 as an integer */
	F_TIME,      /* the same as a time */
	F_UINT,      /* varint */
	F_SINT,      /* varint, zigzag */
	F_FIXED32,
	F_DOUBLE,
	F_ANY,
	F_ANY_STRING,
	F_KIND_STRING,
	F_STATUS_CODE,
	F_STATUS_MESSAGE,
	F_TRACE_STATE,
	F_METRIC_TYPE,
	F_OF_DATA, /* a varint of a metric's data */
	F_DATA_FLAG,
	F_VALUE_DOUBLE,
	F_VALUE_INT,
	F_CACHE,
};

enum {
	/* Data points' fields, whose numbers differ: rows of point_numbers. */
	POINT_START = 100,
	POINT_TIME,
	POINT_FLAGS,
	POINT_COUNT,
	POINT_SUM,
	POINT_MIN,
	POINT_MAX,
	POINT_SCALE,
	POINT_ZERO_COUNT,
	POINT_LAST,
};

struct ottl_field {
	const char *name;
	enum field_kind kind;
	uint32_t number;
};

/* The field's number in the data point that p shows; 0: its kind has none. */
uint32_t ottl_field_number(const struct ottl_field *f, const struct otlp_place *p);
