#pragma once

/* What the files of JMESPath share; those that read its text also jmespath_parser.h. */

#include "agent/base/buf.h"
#include "agent/component/loki.process/jmespath.h"

enum jmes_kind {
	JMES_CURRENT,
	JMES_LITERAL, /* .text is JSON */
	JMES_FIELD,   /* .text is the key */
	JMES_INDEX,   /* .slice[0] of the left */
	JMES_SLICE,   /* .slice of the left */
	JMES_SUB,     /* left, then right: a.b and a | b */
	JMES_PROJECT, /* each item of the left through right */
	JMES_VALUES,  /* each value of the left through right */
	JMES_FILTER,  /* each item of the left for which .test holds */
	JMES_FLATTEN,
	JMES_OR,
	JMES_AND,
	JMES_NOT,
	JMES_COMPARE,
	JMES_LIST, /* [a, b]: .args */
	JMES_HASH, /* {k: a}: .args and .keys */
	JMES_CALL, /* .args */
	JMES_REF,  /* &a, an argument only: left */
};

enum jmes_compare {
	JMES_EQ,
	JMES_NE,
	JMES_LT,
	JMES_LE,
	JMES_GT,
	JMES_GE,
};

struct jmes_node {
	enum jmes_kind kind;
	enum jmes_compare compare;
	struct str text;
	int64_t slice[3];
	bool has[3]; /* which of them are given */
	struct jmes_node *left;
	struct jmes_node *right;
	struct jmes_node *test;
	struct jmes_node **args;
	struct str *keys; /* as JSON */
	size_t n_args;
	const struct jmes_func *func;
};

/* --- a search --- */

#define JMES_WORK_MAX ((size_t)64 << 20) /* bytes that are looked at, as often as they are */
#define JMES_NULL STR("null")

struct search {
	struct arena *a;
	size_t work;
};

/* Values while they are being gathered, in the arena. */
struct jmes_items {
	struct str *p;
	size_t n;
	size_t cap;
};

bool jmes_eval(struct search *s, const struct jmes_node *n, struct str value, struct str *out);
bool jmes_spend(struct search *s, size_t bytes);
bool jmes_add(struct search *s, struct jmes_items *to, struct str value);
bool jmes_gather(struct search *s, struct str array, struct jmes_items *to);
bool jmes_to_array(struct search *s, const struct jmes_items *items, struct str *out);
/* A text as JSON. */
bool jmes_quote(struct search *s, struct str text, struct str *out);
bool jmes_number(struct search *s, double f, struct str *out);
bool jmes_is_true(struct str value);
bool jmes_eq(struct search *s, struct str a, struct str b, bool *out);
double jmes_to_double(struct search *s, struct str value);

struct jmes_func {
	const char *name;
	size_t min;
	size_t max;
	int ref; /* which argument is a &reference; -1: none */
	/* ref is that argument; its place in args is not set */
	bool (*call)(struct search *s, const struct str *args, size_t n,
		const struct jmes_node *ref, struct str *out);
};

const struct jmes_func *jmes_func_find(struct str name); /* NULL: there is none */
