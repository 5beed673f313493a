/*
 * The text is read once from left to right. Blocks and parentheses are the only recursion, and it
 * has a limit. Here are texts, actions and blocks; what is inside of an action is in pipes.c.
 */

#include "agent/component/loki.process/template/parser.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

enum stop {
	STOP_END,
	STOP_ELSE,
	STOP_EOF,
	STOP_ERROR,
};

static enum stop take_list(struct tpl_parser *p, struct node **out);

/* The keyword that an action begins with; its letters are taken. */
static bool take_keyword(struct tpl_parser *p, const char *word)
{
	size_t n = strlen(word);
	size_t at = p->at;

	if (!str_starts(tpl_rest(p), word))
		return false;
	p->at += n;
	if (tpl_take_name(p).n == 0)
		return true;
	p->at = at;
	return false;
}

/* The part of a block behind its keyword. `else if` is a block inside the other branch. */
static bool take_block(struct tpl_parser *p, struct node *node)
{
	size_t vars = p->n_vars;
	enum stop stop;

	if (++p->depth > DEPTH_MAX)
		return tpl_fail(p, "nested too deeply", (struct str){0});
	node->pipe = tpl_take_pipe(p);
	if (!node->pipe || !tpl_take_end(p))
		return false;
	p->ranges += node->kind == NODE_RANGE;
	stop = take_list(p, &node->body);
	p->ranges -= node->kind == NODE_RANGE;
	if (stop == STOP_ELSE) {
		tpl_skip_space(p);
		if (node->kind != NODE_RANGE && !tpl_at_end(p)) {
			struct node *inner = arena_new(&p->t->arena, struct node, 1);

			inner->kind = node->kind;
			if (!take_keyword(p, node->kind == NODE_IF ? "if" : "with"))
				return tpl_fail(p, "unexpected text in {{else}}", (struct str){0});
			node->otherwise = inner;
			if (!take_block(p, inner))
				return false;
			stop = STOP_END;
		} else if (tpl_take_end(p)) {
			stop = take_list(p, &node->otherwise);
		} else {
			return false;
		}
	}
	p->n_vars = vars;
	p->depth--;
	if (stop == STOP_ELSE)
		return tpl_fail(p, "unexpected {{else}}", (struct str){0});
	if (stop == STOP_EOF)
		return tpl_fail(p, "unexpected EOF", (struct str){0});
	return stop == STOP_END;
}

static bool take_action(struct tpl_parser *p, struct node *node)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} blocks[] = {{"if", NODE_IF}, {"range", NODE_RANGE}, {"with", NODE_WITH}};
	static const char *const refused[] = {"define", "template", "block"};

	for (size_t i = 0; i < 3; i++) {
		if (take_keyword(p, blocks[i].word)) {
			node->kind = blocks[i].kind;
			return take_block(p, node);
		}
		if (take_keyword(p, refused[i]))
			return tpl_fail(p, ": this action is not supported here",
				str_from(refused[i]));
	}
	node->kind = NODE_ACTION;
	if (take_keyword(p, "break"))
		node->kind = NODE_BREAK;
	else if (take_keyword(p, "continue"))
		node->kind = NODE_CONTINUE;
	if (node->kind != NODE_ACTION)
		return p->ranges > 0 ? tpl_take_end(p)
				     : tpl_fail(p, "break or continue outside {{range}}",
					       (struct str){0});
	node->pipe = tpl_take_pipe(p);
	return node->pipe && tpl_take_end(p);
}

/* The text up to the next action; its length with what the markers leave of it. */
static struct str take_text(struct tpl_parser *p)
{
	ptrdiff_t found = str_find(tpl_rest(p), STR("{{"));
	struct str text = found < 0 ? tpl_rest(p) : str_head(tpl_rest(p), (size_t)found);

	p->at += text.n;
	if (p->trim) {
		while (text.n > 0 && tpl_is_space(text.p[0]))
			text = str_from_at(text, 1);
	}
	p->trim = false;
	if (str_starts(tpl_rest(p), "{{-") && tpl_is_space(tpl_peek(p, 3))) {
		while (text.n > 0 && tpl_is_space(text.p[text.n - 1]))
			text.n--;
	}
	return text;
}

/* At {{: past it and the marker; true if it is a comment, which is taken whole. */
static bool open_action(struct tpl_parser *p, bool *ok)
{
	ptrdiff_t end;

	*ok = true;
	p->at += str_starts(tpl_rest(p), "{{-") && tpl_is_space(tpl_peek(p, 3)) ? 3 : 2;
	tpl_skip_space(p);
	if (!str_starts(tpl_rest(p), "/*"))
		return false;
	end = str_find(tpl_rest(p), STR("*/"));
	if (end < 0) {
		*ok = tpl_fail(p, "unclosed comment", (struct str){0});
		return true;
	}
	p->at += (size_t)end + 2;
	*ok = tpl_take_end(p);
	return true;
}

static enum stop take_list(struct tpl_parser *p, struct node **out)
{
	for (;;) {
		struct node *node = arena_new(&p->t->arena, struct node, 1);
		struct str text = take_text(p);
		bool ok;

		if (text.n > 0) {
			*node = (struct node){.kind = NODE_TEXT, .text = text};
			*out = node;
			out = &node->next;
			node = arena_new(&p->t->arena, struct node, 1);
		}
		if (p->at >= p->s.n)
			return STOP_EOF;
		if (open_action(p, &ok)) {
			if (!ok)
				return STOP_ERROR;
			continue;
		}
		if (take_keyword(p, "end"))
			return tpl_take_end(p) ? STOP_END : STOP_ERROR;
		if (take_keyword(p, "else"))
			return STOP_ELSE;
		if (!take_action(p, node))
			return STOP_ERROR;
		*out = node;
		out = &node->next;
	}
}

struct template *template_new(struct str text, struct err *e)
{
	struct template *t = mem_new(struct template, 1);
	struct tpl_parser p = {.t = t, .s = text, .e = e, .n_vars = 1}; /* the first is $ */
	enum stop stop;

	arena_init(&t->arena, 0);
	if (text.n > TEMPLATE_MAX) {
		tpl_fail(&p, "longer than 65536 bytes", (struct str){0});
		template_free(t);
		return NULL;
	}
	stop = take_list(&p, &t->first);
	if (stop == STOP_EOF)
		return t;
	if (stop != STOP_ERROR)
		tpl_fail(&p, "unexpected {{end}} or {{else}}", (struct str){0});
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_regexes; i++)
		regex_free(t->regexes[i]);
	buf_fini(&t->out);
	buf_fini(&t->tmp[0]);
	buf_fini(&t->tmp[1]);
	arena_fini(&t->arena);
	free(t);
}
