/* Converters between types, and what asks for types, lengths and members. */

#include "agent/flow/ottl/convert.h"

#include <math.h>
#include <stdlib.h>

enum {
	NUMBER_MAX = 64,
};

static size_t count_elements(struct str list)
{
	struct wire_reader reader = wire_read(list);
	struct str any;
	size_t n = 0;

	while (otlp_array_next(&reader, &any))
		n++;
	return n;
}

CONVERTER(len)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type == OTTL_STR || v.type == OTTL_BYTES)
		*out = ottl_int((int64_t)v.s.n);
	else if (v.type == OTTL_MAP || v.type == OTTL_LIST)
		*out = ottl_int((int64_t)count_elements(v.s));
	else
		return err_set(r->e, "Len(): a %s has no length", ottl_type_names[v.type]);
	return true;
}

static bool number_text(struct str s, char text[NUMBER_MAX])
{
	if (s.n == 0 || s.n >= NUMBER_MAX || s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n')
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	return true;
}

/* nil for what is no number. */
CONVERTER(int)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type == OTTL_INT)
		*out = v;
	else if (v.type == OTTL_FLOAT) /* from -2^63 to below 2^63 */
		*out = ottl_int(v.f >= -9223372036854775808.0 && v.f < 9223372036854775808.0
					? (int64_t)v.f
					: INT64_MIN);
	else if (v.type == OTTL_BOOL)
		*out = ottl_int(v.b);
	else if (v.type == OTTL_STR && str_to_int(v.s, &v.i))
		*out = ottl_int(v.i);
	return true;
}

CONVERTER(double)
{
	char text[NUMBER_MAX];
	struct ottl_value v;
	char *end;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type == OTTL_STR && number_text(v.s, text)) {
		v.f = strtod(text, &end);
		v.type = *end == 0 ? OTTL_FLOAT : OTTL_NIL;
	} else if (v.type == OTTL_INT) {
		v.f = (double)v.i;
	} else if (v.type == OTTL_BOOL) {
		v.f = v.b;
	} else if (v.type != OTTL_FLOAT) {
		return true;
	}
	if (v.type != OTTL_NIL)
		*out = (struct ottl_value){.type = OTTL_FLOAT, .f = v.f};
	return true;
}

CONVERTER(string)
{
	struct ottl_value v;
	struct str text;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type == OTTL_NIL)
		return true;
	if (!ottl_to_text(r, &v, &text))
		return false;
	*out = ottl_str(text);
	return true;
}

CONVERTER(bool)
{
	static const char *const truths[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const lies[] = {"0", "f", "F", "false", "FALSE", "False"};
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type == OTTL_BOOL)
		*out = v;
	else if (v.type == OTTL_INT || v.type == OTTL_FLOAT)
		*out = ottl_bool(v.type == OTTL_INT ? v.i != 0 : v.f != 0);
	for (size_t i = 0; v.type == OTTL_STR && i < 6; i++) {
		if (str_is(v.s, truths[i]) || str_is(v.s, lies[i])) {
			*out = ottl_bool(str_is(v.s, truths[i]));
			return true;
		}
	}
	return v.type != OTTL_STR ||
	       err_set(r->e, "Bool(): \"" STR_FMT "\" is neither true nor false",
		       STR_ARG(str_head(v.s, NUMBER_MAX)));
}

static bool is_type(struct ottl_run *r, const struct ottl_node *n, enum ottl_type t,
	struct ottl_value *out)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	*out = ottl_bool(v.type == t);
	return true;
}

CONVERTER(is_string)
{
	return is_type(r, n, OTTL_STR, out);
}

CONVERTER(is_map)
{
	return is_type(r, n, OTTL_MAP, out);
}

CONVERTER(is_list)
{
	return is_type(r, n, OTTL_LIST, out);
}

CONVERTER(is_int)
{
	return is_type(r, n, OTTL_INT, out);
}

CONVERTER(is_double)
{
	return is_type(r, n, OTTL_FLOAT, out);
}

CONVERTER(is_bool)
{
	return is_type(r, n, OTTL_BOOL, out);
}

CONVERTER(is_root_span)
{
	struct str id = otlp_message_bytes(&r->p->item, OTLP_SPAN_PARENT);
	bool zero = true;

	(void)n;
	for (size_t i = 0; i < id.n; i++)
		zero = zero && id.p[i] == 0;
	*out = ottl_bool(zero);
	return true;
}

CONVERTER(contains_value)
{
	struct wire_reader reader;
	struct ottl_value list;
	struct ottl_value item;
	struct str any;

	if (!ottl_arg(r, n, 0, &list) || !ottl_arg(r, n, 1, &item))
		return false;
	if (list.type != OTTL_LIST)
		return err_set(r->e, "ContainsValue(): want list, got %s",
			ottl_type_names[list.type]);
	*out = ottl_bool(false);
	reader = wire_read(list.s);
	while (!out->b && otlp_array_next(&reader, &any)) {
		struct ottl_value v = ottl_of_any(any);

		out->b = ottl_compare(r, &v, &item, OTTL_EQ);
	}
	return true;
}

CONVERTER(log)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type == OTTL_INT)
		v.f = (double)v.i;
	else if (v.type != OTTL_FLOAT)
		return err_set(r->e, "Log(): want double, got %s", ottl_type_names[v.type]);
	if (!(v.f > 0))
		return err_set(r->e, "Log(): want a number above zero");
	*out = (struct ottl_value){.type = OTTL_FLOAT, .f = log(v.f)};
	return true;
}

const struct ottl_function ottl_type_converters[] = {
	{"Bool", "target:v", call_bool, NULL, false},
	{"ContainsValue", "target:v item:v", call_contains_value, NULL, false},
	{"Double", "target:v", call_double, NULL, false},
	{"Int", "target:v", call_int, NULL, false},
	{"IsBool", "target:v", call_is_bool, NULL, false},
	{"IsDouble", "target:v", call_is_double, NULL, false},
	{"IsInt", "target:v", call_is_int, NULL, false},
	{"IsList", "target:v", call_is_list, NULL, false},
	{"IsMap", "target:v", call_is_map, NULL, false},
	{"IsRootSpan", "", call_is_root_span, NULL, true},
	{"IsString", "target:v", call_is_string, NULL, false},
	{"Len", "target:v", call_len, NULL, false},
	{"Log", "target:v", call_log, NULL, false},
	{"String", "target:v", call_string, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
