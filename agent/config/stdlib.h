#pragma once

/*
 * The standard library: one table (stdlib.c) of functions, each with its name, its deprecated
 * name and its stability. The functions themselves are in stdlib_*.c, one file a name space.
 */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/config/eval.h"

#define STDLIB_TEXT_MAX ((size_t)16 << 20) /* of a text that is made; hostile nesting multiplies */
#define STDLIB_DEPTH_MAX 500               /* of a value that is read from JSON or YAML */
#define STDLIB_ITEMS_MAX ((size_t)1 << 20) /* of an array that is made */
#define STDLIB_ANY SIZE_MAX

/* One call in progress. A function that fails fills e, and bad if an argument is to blame. */
struct call {
	struct arena *a;
	const struct value *args;
	size_t n;
	struct value out;
	struct err e;
	struct {
		size_t arg;  /* STDLIB_ANY: the call itself */
		size_t item; /* of that argument, an array; STDLIB_ANY: the argument itself */
	} bad;
};

struct function {
	const char *name;       /* "string.join" */
	const char *deprecated; /* "join"; NULL: has none */
	size_t min;
	size_t max; /* STDLIB_ANY: no limit */
	enum stability stability;
	bool is_raw; /* checks its own count of arguments */
	bool (*run)(struct call *c);
	const char *help;
};

extern const struct function stdlib_functions[]; /* sorted by name; name NULL ends it */

/* The longest beginning of parts that is a name: a function, a constant, a name space. *used says
 * how many parts it has. What is made is in a. False: the first part is not known. */
bool stdlib_find(struct arena *a, const struct str *parts, size_t n, size_t *used,
	struct value *out);
const char *stability_name(int stability);
/* The error of Alloy for what is below the minimum level. Returns false. */
bool stability_error(struct diags *d, struct range at, struct str name, int stability, int minimum);

/* Arguments. All blame the argument on failure. */
bool call_text(struct call *c, size_t arg, struct str *out);
bool call_bad(struct call *c, size_t arg, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool call_bad_item(struct call *c, size_t arg, size_t item, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The text in b becomes the result; b is freed. */
bool call_return_buf(struct call *c, struct buf *b);

bool stdlib_sys_env(struct call *c);
bool stdlib_coalesce(struct call *c);
bool stdlib_nonsensitive(struct call *c);
bool stdlib_json_path(struct call *c);
bool stdlib_path_join(struct call *c);

bool stdlib_array_concat(struct call *c);
bool stdlib_array_combine_maps(struct call *c);
bool stdlib_array_group_by(struct call *c);

bool stdlib_from_json(struct call *c);
bool stdlib_to_json(struct call *c);
bool stdlib_from_yaml(struct call *c);
bool stdlib_from_base64(struct call *c);
bool stdlib_to_base64(struct call *c);
bool stdlib_from_urlbase64(struct call *c);
bool stdlib_to_urlbase64(struct call *c);
bool stdlib_url_encode(struct call *c);
bool stdlib_url_decode(struct call *c);

bool stdlib_format(struct call *c);
bool stdlib_join(struct call *c);
bool stdlib_replace(struct call *c);
bool stdlib_split(struct call *c);
bool stdlib_to_lower(struct call *c);
bool stdlib_to_upper(struct call *c);
bool stdlib_trim(struct call *c);
bool stdlib_trim_prefix(struct call *c);
bool stdlib_trim_suffix(struct call *c);
bool stdlib_trim_space(struct call *c);

/* JSON text to a value; numbers are floats, or ints if they are whole and ints says so. Filled
 * with Go's words on failure. */
bool json_to_value(struct arena *a, struct str text, bool ints, struct value *out, struct err *e);

/* The same of YAML, its first document. */
bool yaml_to_value(struct arena *a, struct str text, struct value *out, struct err *e);
