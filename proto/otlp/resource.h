#pragma once

/*
 * The resources of a request, one after the other: what they say, and the same bytes again with
 * attributes added. A part is one top-level field of the request, a ResourceSpans,
 * ResourceLogs or ResourceMetrics (or an unknown field, which is only copied). Bytes are
 * those of a request that otlp_walk() has passed; others end the reading early.
 */

#include "proto/otlp/wire.h"

struct otlp_part {
	struct str raw;   /* the whole field */
	struct str body;  /* of a ResourceX, without tag and length */
	bool is_resource; /* false: an unknown field */
};

struct otlp_attr {
	struct str key;
	struct str value;
};

/* The next part. False at the end, or at bytes that are no field. */
bool otlp_part_next(struct wire_reader *r, struct otlp_part *p);

/* A resource's attributes, in order: those of every Resource there is in the part (several
 * are one: they merge). value is the text of a string value; n 0 when it is empty or not a string.
 * is_empty: there is no value, or it is an empty string: it may be replaced. */
struct otlp_attr_reader {
	struct wire_reader part;
	struct wire_reader resource;
};

struct otlp_attr_reader otlp_attrs(const struct otlp_part *p);
bool otlp_attr_next(struct otlp_attr_reader *r, struct otlp_attr *a, bool *is_empty);

/* The string value of the first attribute of this name that is not empty; p NULL: none. */
struct str otlp_attr_find(const struct otlp_part *p, struct str key);

/*
 * Appends the part with the attributes added: those that its resource has already are left
 * as they are, empty ones are replaced. Several Resources become one, at the place of the first;
 * where there is none, one is put first. Everything else, unknown fields too, is copied as it is.
 * At most 64 attributes, no key twice; scratch is for working in, and may be used again.
 */
void otlp_part_write(const struct otlp_part *p, const struct otlp_attr *add, size_t n,
	struct buf *scratch, struct buf *out);
