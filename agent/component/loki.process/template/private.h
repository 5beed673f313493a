#pragma once

/* What the parts of the template engine share: parse.c, pipes.c and words.c make nodes, run.c walks
 * them, names.c lists the functions, and the other files are those functions. */

#include "agent/base/buf.h"
#include "agent/base/vec.h"
#include "agent/component/loki.process/template/template.h"

struct regex;

/* --- values --- */

enum tv_kind {
	TV_NONE, /* nil, or a key that is not there */
	TV_BOOL,
	TV_INT,
	TV_FLOAT,
	TV_STR,
	TV_LIST,
	TV_DICT,
	TV_DATA, /* {{ . }} */
};

struct tv {
	enum tv_kind kind;
	union {
		bool b;
		int64_t i;
		double f;
		struct str s;
		struct {
			struct tv *p;
			size_t n;
		} list;
		struct tv_dict *dict; /* shared: `set` changes it for all */
	};
};

struct tv_pair {
	struct str key;
	struct tv value;
};
struct tv_dict {
	struct tv_pair *p; /* sorted by key */
	size_t n;
};

/* --- the tree --- */

enum operand_kind {
	OPERAND_CONST,
	OPERAND_DOT,
	OPERAND_VAR,
	OPERAND_FUNC,
	OPERAND_PIPE,
};

struct operand {
	enum operand_kind kind;
	struct tv value;
	size_t var;
	const struct tpl_func *func;
	struct pipe *pipe;
	struct str *fields; /* .a.b behind it */
	size_t n_fields;
};

struct command {
	struct operand *p;
	size_t n;
	size_t cap;
	struct command *next;
};

struct pipe {
	size_t vars[2];
	size_t n_vars;
	struct command *first;
};

enum node_kind {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_RANGE,
	NODE_WITH,
	NODE_BREAK,
	NODE_CONTINUE,
};

struct node {
	enum node_kind kind;
	struct str text;
	struct pipe *pipe;
	struct node *body;
	struct node *otherwise;
	struct node *next;
};

#define VARS_MAX 64
#define DEPTH_MAX 50 /* of blocks and parentheses */
#define REGEXES_MAX 16

struct template
{
	struct arena arena;
	struct node *first;
	struct buf out;                     /* of the run */
	struct buf tmp[2];                  /* of the function that is called */
	struct regex *regexes[REGEXES_MAX]; /* that runs have used */
	size_t n_regexes;
};

	/* --- a run --- */

#define STEPS_MAX 100000
#define BYTES_MAX ((size_t)8 << 20) /* of all texts and lists that it makes */

struct run {
	struct template *t;
	const struct template_data *data;
	struct arena *a;
	struct tv vars[VARS_MAX];
	size_t steps;
	size_t bytes;
};

/* False: the run has come to its end. */
bool run_step(struct run *r, size_t steps);
/* An empty buf for a function that makes a text; which is 0 or 1. */
static inline struct buf *run_scratch(struct run *r, int which)
{
	buf_clear(&r->t->tmp[which]);
	return &r->t->tmp[which];
}
/* n bytes in the arena, or NULL. n items of a list. */
char *run_bytes(struct run *r, size_t n);
struct tv *run_items(struct run *r, size_t n);
/* Compiled and kept; NULL: it is none. */
struct regex *run_regex(struct run *r, struct str pattern);

/*
 * A function. types says what it takes, a letter an argument: s text, i integer, f float, b bool,
 * l list, d dict, a anything; `*` behind the last: any number of it. Arguments are checked before
 * it is called, integers may stand for floats. False: the template fails.
 */
struct tpl_func {
	const char *name;
	const char *types;
	bool (*call)(struct run *r, const struct tv *args, size_t n, struct tv *out);
};

extern const struct tpl_func tpl_and; /* run.c does not evaluate what they do not need */
extern const struct tpl_func tpl_or;
const struct tpl_func *tpl_func_find(struct str name); /* NULL: not here */
bool tpl_func_is_foreign(struct str name);             /* Go or sprig have it */

static inline struct tv tv_bool(bool b)
{
	return (struct tv){.kind = TV_BOOL, .b = b};
}
static inline struct tv tv_int(int64_t i)
{
	return (struct tv){.kind = TV_INT, .i = i};
}
static inline struct tv tv_float(double f)
{
	return (struct tv){.kind = TV_FLOAT, .f = f};
}
static inline struct tv tv_str(struct str s)
{
	return (struct tv){.kind = TV_STR, .s = s};
}

bool tv_is_true(const struct tv *v);
bool tv_eq(const struct tv *a, const struct tv *b);
bool tv_field(struct run *r, const struct tv *from, struct str name, struct tv *out);
struct tv *dict_find(const struct tv_dict *d, struct str key); /* NULL: not there */
bool dict_set(struct run *r, struct tv_dict *d, struct str key, struct tv value);

/* As fmt.Print, %v. */
void tv_print(struct buf *out, const struct tv *v);
bool tv_printf(struct run *r, struct buf *out, struct str form, const struct tv *args, size_t n);

/* The text of a value in the arena; sprig's strval. */
bool tv_text(struct run *r, const struct tv *v, struct str *out);
bool run_take(struct run *r, struct buf *b, struct tv *out); /* the bytes, and clears it */

/* sprig's casts: texts too; what is none is 0. */
int64_t tv_to_int(const struct tv *v);
double tv_to_float(const struct tv *v);

/* One table a file; {NULL} at the end, sorted. */
extern const struct tpl_func tpl_builtins[];
extern const struct tpl_func tpl_texts[];
extern const struct tpl_func tpl_numbers[];
extern const struct tpl_func tpl_lists[];
extern const struct tpl_func tpl_regexes[];
