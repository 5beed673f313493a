#pragma once

/* What regex_syntax.c (groups, repetition, the walk) and regex_class.c (escapes, classes) share. */

#include "agent/base/ascii.h"
#include "agent/flow/regex_syntax.h"

#include "agent/base/buf.h"

#define DEPTH_MAX 250   /* Go allows 1000; PCRE2 compiles nested groups by recursion */
#define REPEAT_MAX 1000 /* RE2's */

enum last {
	NOTHING, /* nothing here that could be repeated */
	ATOM,
	ASSERTION, /* may be repeated in Go, but in PCRE2 only inside a group */
	REPEATED,
};

struct frame {
	uint32_t weight; /* the largest product of counts of nested repetitions so far */
};

struct parser {
	struct str s;
	size_t at;
	struct regex_syntax *out;
	struct err *e;
	enum last last;
	size_t atom_out;  /* where the last atom begins in what was written */
	size_t repeat_at; /* … and the last repetition operator in the pattern */
	uint32_t weight;  /* of the last atom */
	struct frame stack[DEPTH_MAX + 1];
	size_t depth;
};

static inline bool more(const struct parser *p)
{
	return p->at < p->s.n;
}

static inline char peek(const struct parser *p, size_t ahead)
{
	return (char)(p->at + ahead < p->s.n ? p->s.p[p->at + ahead] : 0);
}

static inline bool is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static inline struct buf *out(struct parser *p)
{
	return &p->out->pcre;
}

static inline void put(struct parser *p, const char *text)
{
	buf_add(out(p), text, strlen(text));
}

static inline void begin_atom(struct parser *p, enum last kind)
{
	p->last = kind;
	p->atom_out = out(p)->n;
	p->weight = 1;
}

/* Go's words: `what: the pattern between from and to`. */
bool regex_syntax_fail(struct parser *p, const char *what, size_t from, size_t to);
#define fail regex_syntax_fail

/* regex_class.c. Each is at the beginning of what it takes. */
void regex_class_put_char(struct parser *p, uint32_t rune);     /* as a literal */
uint32_t regex_class_take_char(struct parser *p);               /* not an escape */
bool regex_class_take_escape(struct parser *p, uint32_t *rune); /* of one character */
bool regex_class_take_property(struct parser *p);               /* \p{Greek} */
bool regex_class_take_perl(struct parser *p, bool in_class);    /* \d; false: none is here */
bool regex_class_take(struct parser *p);                        /* [a-z] */
