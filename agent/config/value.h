#pragma once

/*
 * Values of the configuration language. They are immutable; what they point to lives in the
 * arena they were made in (or longer). An object's keys keep no order in the language; here
 * they are sorted by bytes, and a key is there once.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
	VALUE_NULL,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_BOOL,
	VALUE_ARRAY,
	VALUE_OBJECT,
	VALUE_FUNCTION,
	VALUE_CAPSULE,
};

enum number_kind {
	NUMBER_INT,
	NUMBER_UINT,
	NUMBER_FLOAT,
};

/* A capsule carries something of the program through the language: a receiver, a consumer.
 * Two capsules are of one type when their pointers to this are equal. */
struct capsule_type {
	const char *name; /* as errors show it: expected capsule("loki.LogsReceiver") */
};

extern const struct capsule_type capsule_secret; /* the text is in .s */

struct value;
struct field;
struct function;

struct value {
	enum value_type type;
	enum number_kind number;
	bool is_bytes; /* an array that came from base64: .s has the bytes, items are numbers */
	union {
		int64_t i;
		uint64_t u;
		double f;
		bool b;
		struct {
			const struct value *items;
			size_t n;
		} array;
		struct {
			const struct field *fields;
			size_t n;
		} object;
		const struct function *function;
		struct {
			const struct capsule_type *type;
			void *p;
		} capsule;
	};
	struct str s; /* strings, secrets, bytes; NUL after the end */
};

struct field {
	struct str key;
	struct value value;
};

struct value value_null(void);
struct value value_int(int64_t i);
struct value value_float(double f);
struct value value_bool(bool b);
struct value value_str(struct str s); /* borrows s, which has a NUL after its end */
struct value value_secret(struct str s);
struct value value_array(const struct value *items, size_t n); /* borrows */
/* An array that also is the bytes of a string: what base64 gives. Borrows them. */
struct value value_bytes(struct arena *a, struct str bytes);
/* Sorts a copy; of fields with one key the last wins. */
struct value value_object(struct arena *a, const struct field *fields, size_t n);
struct value value_capsule(const struct capsule_type *t, void *p);

const struct value *value_find(const struct value *object, struct str key); /* NULL: not there */
bool value_is_secret(const struct value *v);
bool value_eq(const struct value *a, const struct value *b);     /* deep; functions never are */
struct value value_copy(struct arena *a, const struct value *v); /* deep; capsules by pointer */

/* As value_copy(), but arrays and objects of which keep() says that they live long enough are
 * borrowed, with all that is in them. NULL: nothing is. */
struct value_kept {
	bool (*keep)(void *owner, const void *items_or_fields);
	void *owner;
};
struct value value_copy_but(struct arena *a, const struct value *v, const struct value_kept *k);
/* "number", "string", ..., "capsule" */
const char *value_type_name(const struct value *v);

/* The value as configuration syntax (strings quoted, secrets as (secret)), for messages and
 * the UI. */
struct buf;
void value_print(struct buf *out, const struct value *v);

/* The conversions of assignment (reference: Alloy's syntax/internal/value). Each returns
 * false and fills e with Alloy's words ("should be number, got string") on failure. */
struct err;
bool value_to_bool(const struct value *v, bool *out, struct err *e);
bool value_to_int(const struct value *v, int64_t *out, struct err *e); /* floats are cut */
bool value_to_uint(const struct value *v, uint64_t *out, struct err *e);
bool value_to_float(const struct value *v, double *out, struct err *e);
bool value_to_str(struct arena *a, const struct value *v, struct str *out, struct err *e);
bool value_to_secret(struct arena *a, const struct value *v, struct str *out, struct err *e);
bool value_to_duration(const struct value *v, int64_t *ns, struct err *e); /* "1m30s" */
bool value_to_size(const struct value *v, int64_t *bytes, struct err *e);  /* "1MiB" */
