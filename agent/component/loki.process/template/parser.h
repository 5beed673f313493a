#pragma once

/* What the files that read a template's text share. */

#include "agent/base/utf8.h"
#include "agent/component/loki.process/template/private.h"

struct tpl_parser {
	struct template *t;
	struct str s;
	size_t at;
	struct err *e;
	struct str vars[VARS_MAX];
	size_t n_vars;
	size_t depth;
	size_t ranges; /* that are open */
	bool trim;     /* the next text loses its leading space */
};

/* agent/component/loki.process/template/words.c. What takes something says false when the error is
 * set. */
bool tpl_fail(struct tpl_parser *p, const char *what, struct str word); /* always false */
char tpl_peek(const struct tpl_parser *p, size_t ahead);                /* 0: behind the end */
struct str tpl_rest(const struct tpl_parser *p);
bool tpl_is_space(char c);
bool tpl_skip_space(struct tpl_parser *p); /* whether there was some */
struct str tpl_take_name(struct tpl_parser *p);
/* At the end of an action? -}} wants space before it. */
bool tpl_at_end(const struct tpl_parser *p);
bool tpl_take_end(struct tpl_parser *p);
bool tpl_take_raw(struct tpl_parser *p, struct str *out);
bool tpl_take_quoted(struct tpl_parser *p, struct str *out);
bool tpl_take_char(struct tpl_parser *p, struct tv *out);
bool tpl_take_number(struct tpl_parser *p, struct tv *out);

/* agent/component/loki.process/template/pipes.c; NULL: the error is set. */
struct pipe *tpl_take_pipe(struct tpl_parser *p);
