/* Values as configuration syntax, on one line. Secrets are never shown. */

#include "agent/base/buf.h"
#include "agent/config/number.h"
#include "agent/config/token.h"
#include "agent/config/value.h"

static void print_array(struct buf *out, const struct value *v)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < v->array.n; i++) {
		if (i > 0)
			buf_add_str(out, STR(", "));
		value_print(out, &v->array.items[i]);
	}
	buf_add_char(out, ']');
}

static void print_object(struct buf *out, const struct value *v)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < v->object.n; i++) {
		const struct field *f = &v->object.fields[i];

		if (i > 0)
			buf_add_str(out, STR(", "));
		if (is_identifier(f->key))
			buf_add_str(out, f->key);
		else
			buf_add_quoted(out, f->key);
		buf_add_str(out, STR(" = "));
		value_print(out, &f->value);
	}
	buf_add_char(out, '}');
}

void value_print(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		buf_add_str(out, STR("null"));
		break;
	case VALUE_NUMBER:
		number_print(out, v);
		break;
	case VALUE_STRING:
		buf_add_quoted(out, v->s);
		break;
	case VALUE_BOOL:
		buf_add_str(out, v->b ? STR("true") : STR("false"));
		break;
	case VALUE_ARRAY:
		print_array(out, v);
		break;
	case VALUE_OBJECT:
		print_object(out, v);
		break;
	case VALUE_FUNCTION:
		buf_add_str(out, STR("function"));
		break;
	case VALUE_CAPSULE:
		if (value_is_secret(v))
			buf_add_str(out, STR("(secret)"));
		else
			buf_printf(out, "capsule(\"%s\")", v->capsule.type->name);
		break;
	}
}
