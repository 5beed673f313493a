/* Expressions as text on one line, with the spaces that the formatter would put. */

#include "agent/base/buf.h"
#include "agent/config/ast.h"
#include "agent/config/token.h"

static void print_items(struct buf *out, const struct expr *x)
{
	for (size_t i = 0; i < x->n; i++) {
		if (i > 0)
			buf_add_str(out, STR(", "));
		expr_print(out, x->items[i]);
	}
}

static void print_object(struct buf *out, const struct expr *x)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < x->n; i++) {
		const struct object_field *f = &x->fields[i];

		if (i > 0)
			buf_add_str(out, STR(", "));
		if (f->is_quoted)
			buf_add_quoted(out, f->key);
		else
			buf_add_str(out, f->key);
		buf_add_str(out, STR(" = "));
		expr_print(out, f->value);
	}
	buf_add_char(out, '}');
}

static void print_between(struct buf *out, const struct expr *x, const char *open,
	const char *close)
{
	buf_add_str(out, str_from(open));
	if (x)
		expr_print(out, x);
	buf_add_str(out, str_from(close));
}

void expr_print(struct buf *out, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_LITERAL:
	case EXPR_IDENT:
		buf_add_str(out, x->text);
		break;
	case EXPR_ARRAY:
		buf_add_char(out, '[');
		print_items(out, x);
		buf_add_char(out, ']');
		break;
	case EXPR_OBJECT:
		print_object(out, x);
		break;
	case EXPR_ACCESS:
		print_between(out, x->operand, "", ".");
		buf_add_str(out, x->text);
		break;
	case EXPR_INDEX:
		expr_print(out, x->operand);
		print_between(out, x->index, "[", "]");
		break;
	case EXPR_CALL:
		print_between(out, x->operand, "", "(");
		print_items(out, x);
		buf_add_char(out, ')');
		break;
	case EXPR_UNARY:
		print_between(out, x->operand, token_name((enum token_kind)x->token), "");
		break;
	case EXPR_BINARY:
		expr_print(out, x->operand);
		buf_printf(out, " %s ", token_name((enum token_kind)x->token));
		expr_print(out, x->index);
		break;
	case EXPR_PAREN:
		print_between(out, x->operand, "(", ")");
		break;
	}
}
