#pragma once

/* What the files of OTTL share: values, the compiled tree, paths. */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/flow/ottl.h"
#include "agent/flow/regex.h"

enum ottl_type {
	OTTL_NIL,
	OTTL_BOOL,
	OTTL_INT,
	OTTL_FLOAT,
	OTTL_STR,
	OTTL_BYTES,
	OTTL_MAP,  /* s: the bytes of a KeyValueList */
	OTTL_LIST, /* s: the bytes of an ArrayValue */
	OTTL_TIME, /* i: Unix ns */
	OTTL_DURATION,
	OTTL_TYPES,
};

extern const char *const ottl_type_names[OTTL_TYPES];

struct ottl_value {
	enum ottl_type type;
	bool b;
	int64_t i;
	double f;
	struct str s;
};

/* One run. */
struct ottl_run {
	const struct ottl_state *state;
	struct otlp_place *p;
	struct arena *a; /* values that are made; gone after the visit */
	struct err *e;
};

/* agent/flow/ottl/value.c */
struct ottl_value ottl_str(struct str s);
struct ottl_value ottl_int(int64_t i);
struct ottl_value ottl_bool(bool b);
struct ottl_value ottl_of_any(struct str any);
/* The body of an AnyValue; false: times have none, or it is too large or too deep. */
bool ottl_to_any(struct ottl_run *r, const struct ottl_value *v, struct str *any);
/* As the Collector's StringLikeGetter: everything but nil has a text. */
bool ottl_to_text(struct ottl_run *r, const struct ottl_value *v, struct str *out);
struct str ottl_hex(struct arena *a, struct str bytes);
struct str ottl_take(struct arena *a, struct buf *b); /* the bytes in a; b is freed */
enum ottl_op {
	OTTL_EQ,
	OTTL_NE,
	OTTL_LT,
	OTTL_LE,
	OTTL_GE,
	OTTL_GT,
	OTTL_ADD,
	OTTL_SUB,
	OTTL_MUL,
	OTTL_DIV,
};
bool ottl_compare(struct ottl_run *r, const struct ottl_value *a, const struct ottl_value *b,
	enum ottl_op op);
bool ottl_math(struct ottl_run *r, const struct ottl_value *a, const struct ottl_value *b,
	enum ottl_op op, struct ottl_value *out);
/* What is at a key (a string) or an index of a value: nil when it is not there. */
bool ottl_index(struct ottl_run *r, const struct ottl_value *in, const struct ottl_value *key,
	struct ottl_value *out);
/* JSON to a value. */
bool ottl_parse_json(struct ottl_run *r, struct str text, struct ottl_value *out);

/* The compiled tree. */
enum ottl_node_kind {
	OTTL_LITERAL,
	OTTL_PATH,
	OTTL_LIST_OF, /* [a, b] */
	OTTL_MAP_OF,  /* {"k": a}; keys are literals */
	OTTL_CALL,
	OTTL_MATH,
	OTTL_COMPARE,
	OTTL_AND,
	OTTL_OR,
	OTTL_NOT,
};

struct ottl_node {
	enum ottl_node_kind kind;
	size_t at; /* in the text */
	struct ottl_value literal;
	struct ottl_path *path;
	const struct ottl_function *fn;
	struct ottl_node **args;
	/* of calls, lists, maps (key, value, …), operators; NULL: not given */
	size_t n;
	struct ottl_node **keys; /* of calls: Split(…)[0] */
	size_t n_keys;
	enum ottl_op op;
	/* Of calls: what prepare() made of literal arguments. */
	struct regex *re;
	struct expand *expand;
	struct ottl_node *next_regex; /* all nodes that have one, for ottl_free() */
};

/* agent/flow/ottl/path.c, and the names in agent/flow/ottl/field.c */
struct ottl_path {
	const struct ottl_field *field;
	enum ottl_context owner; /* whose field it is */
	struct ottl_node **keys;
	size_t n_keys;
};

bool ottl_path_resolve(enum ottl_context c, struct str name, struct ottl_path *out, struct err *e);
bool ottl_path_get(struct ottl_run *r, const struct ottl_path *p, struct ottl_value *out);
bool ottl_path_set(struct ottl_run *r, const struct ottl_path *p, const struct ottl_value *v);
bool ottl_path_is_map(const struct ottl_path *p); /* may be one, for editors of maps */
/* The message whose attributes the path is, without a key; NULL: it is something else. */
struct otlp_message *ottl_path_attributes(struct ottl_run *r, const struct ottl_path *p);
bool ottl_enum_find(struct str name, int64_t *out);

/* agent/flow/ottl/eval.c */
bool ottl_eval(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
bool ottl_holds(struct ottl_run *r, const struct ottl_node *n, bool *out);

/* Functions. A parameter's letter says what it takes: P a path, M a path of a map, S a string
 * literal, R a regular expression (literal), I an integer literal, L a list of string literals,
 * l a list of values, v any value. Names are for named arguments. */
struct ottl_function {
	const char *name;
	const char *params; /* "target:P value:v", optional ones after a | */
	bool (*call)(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
	/* After the arguments were parsed: more checks. NULL: none. */
	bool (*prepare)(struct arena *a, struct ottl_node *n, struct err *e);
	bool only_span;
};

extern const struct ottl_function ottl_editors[]; /* agent/flow/ottl/editors.c */
/* agent/flow/ottl/convert_*.c */
extern const struct ottl_function ottl_text_converters[];
extern const struct ottl_function ottl_type_converters[];
extern const struct ottl_function ottl_parse_converters[];
extern const struct ottl_function ottl_bytes_converters[];
extern const struct ottl_function ottl_time_converters[];

/* agent/flow/ottl/semconv.c */
bool ottl_set_semconv_span_name(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
bool ottl_prepare_semconv(struct arena *a, struct ottl_node *n, struct err *e);

/* agent/flow/ottl/replace.c */
bool ottl_replace_pattern(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
bool ottl_replace_all_patterns(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
bool ottl_replace_match(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
bool ottl_replace_all_matches(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out);
bool ottl_prepare_replace_mode(struct arena *a, struct ottl_node *n, struct err *e);
bool ottl_prepare_replace_glob(struct arena *a, struct ottl_node *n, struct err *e);

/* An argument's value; the types that the wanted one may come from are the function's to say. */
bool ottl_arg(struct ottl_run *r, const struct ottl_node *n, size_t i, struct ottl_value *out);
/* As a text (see ottl_to_text); nil fails. */
bool ottl_arg_text(struct ottl_run *r, const struct ottl_node *n, size_t i, struct str *out);
/* An integer; floats are none. */
bool ottl_arg_int(struct ottl_run *r, const struct ottl_node *n, size_t i, int64_t *out);
