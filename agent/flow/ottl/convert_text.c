/* Converters of texts. Lengths and places are bytes, as in the Collector, but what is made of
 * UTF-8 is still that. */

#include "agent/base/ascii.h"
#include "agent/base/utf8.h"
#include "agent/flow/ottl/convert.h"

static void add_text(struct ottl_run *r, struct buf *b, const struct ottl_value *v)
{
	struct str text = STR("<nil>");

	if (v->type == OTTL_NIL || ottl_to_text(r, v, &text))
		buf_add_str(b, text);
}

CONVERTER(concat)
{
	struct wire_reader reader;
	struct ottl_value list;
	struct buf b = {0};
	struct str between;
	struct str any;

	if (!ottl_arg_str(r, n, 1, &between) || !ottl_arg(r, n, 0, &list))
		return false;
	if (list.type != OTTL_LIST)
		return err_set(r->e, "Concat(): want list, got %s", ottl_type_names[list.type]);
	reader = wire_read(list.s);
	for (size_t i = 0; otlp_array_next(&reader, &any) && b.n <= OTTL_VALUE_MAX; i++) {
		struct ottl_value v = ottl_of_any(any);

		if (i > 0)
			buf_add_str(&b, between);
		add_text(r, &b, &v);
	}
	return ottl_give(r, &b, out);
}

CONVERTER(split)
{
	struct buf list = {0};
	struct str text;
	struct str by;

	if (!ottl_arg_str(r, n, 0, &text) || !ottl_arg_str(r, n, 1, &by))
		return false;
	while (list.n <= OTTL_VALUE_MAX) {
		ptrdiff_t at = by.n > 0 ? str_find(text, by) : -1;
		size_t length = at >= 0 ? (size_t)at : text.n;

		if (by.n == 0 && text.n > 0)
			length = utf8_length(text, 0);
		wire_put_bytes(&list, 1, otlp_any_string(r->a, str_head(text, length)));
		if (by.n == 0 ? length >= text.n : at < 0)
			break;
		text = str_from_at(text, length + by.n);
	}
	*out = (struct ottl_value){.type = OTTL_LIST, .s = ottl_take(r->a, &list)};
	return out->s.n <= OTTL_VALUE_MAX || err_set(r->e, "Split(): too many parts");
}

/* In bytes, as in the Collector; but never inside a character. */
CONVERTER(substring)
{
	struct str text;
	int64_t start;
	int64_t length;
	size_t from;
	size_t to;

	if (!ottl_arg_str(r, n, 0, &text) || !ottl_arg_int(r, n, 1, &start) ||
		!ottl_arg_int(r, n, 2, &length))
		return false;
	if (start < 0 || length <= 0)
		return err_set(r->e, "Substring(): start must not be negative, and length must be "
				     "positive");
	if ((uint64_t)start + (uint64_t)length > text.n)
		return err_set(r->e, "Substring(): beyond the end of a string of %zu bytes",
			text.n);
	from = (size_t)start;
	to = from + (size_t)length;
	while (from < to && ((uint8_t)text.p[from] & 0xc0) == 0x80)
		from++;
	while (to > from && to < text.n && ((uint8_t)text.p[to] & 0xc0) == 0x80)
		to--;
	*out = ottl_str((struct str){text.p + from, to - from});
	return true;
}

static void map_case(struct str s, bool upper, struct buf *b)
{
	for (size_t i = 0; i < s.n;) {
		size_t length = utf8_length(s, i);
		uint32_t rune = length ? utf8_rune(s, i) : 0;
		char bytes[4];

		if (length == 0)
			return;
		rune = upper ? utf8_upper(rune) : utf8_lower(rune);
		buf_add(b, bytes, utf8_put(bytes, rune));
		i += length;
	}
}

static bool in_case(
	struct ottl_run *r, const struct ottl_node *n, bool upper, struct ottl_value *out)
{
	struct buf b = {0};
	struct str text;

	if (!ottl_arg_text(r, n, 0, &text))
		return false;
	map_case(text, upper, &b);
	return ottl_give(r, &b, out);
}

CONVERTER(to_lower)
{
	return in_case(r, n, false, out);
}

CONVERTER(to_upper)
{
	return in_case(r, n, true, out);
}

static bool is_between(char c)
{
	return c == ' ' || c == '_' || c == '-' || c == '.';
}

/* Words end at blanks, dots, dashes and underscores, and before a capital letter. */
static void put_words(struct str s, bool snake, struct buf *b)
{
	bool first = true;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool starts = i > 0 && (is_between(s.p[i - 1]) ||
					       (ascii_is_upper(c) && !ascii_is_upper(s.p[i - 1])));

		if (is_between(c))
			continue;
		if (snake && starts && !first)
			buf_add_char(b, '_');
		if (snake || !(starts || first))
			c = (char)(snake && ascii_is_upper(c) ? c - 'A' + 'a' : c);
		else if (ascii_is_lower(c))
			c = (char)(c - 'a' + 'A');
		buf_add_char(b, c);
		first = false;
	}
}

CONVERTER(convert_case)
{
	struct str to = n->args[1]->literal.s;
	struct buf b = {0};
	struct str text;

	if (!ottl_arg_text(r, n, 0, &text))
		return false;
	if (str_is(to, "lower") || str_is(to, "upper"))
		map_case(text, str_is(to, "upper"), &b);
	else
		put_words(text, str_is(to, "snake"), &b);
	return ottl_give(r, &b, out);
}

static bool prepare_case(struct arena *a, struct ottl_node *n, struct err *e)
{
	struct str to = n->args[1]->literal.s;

	(void)a;
	return str_is(to, "lower") || str_is(to, "upper") || str_is(to, "snake") ||
	       str_is(to, "camel") ||
	       err_set(e, "invalid case \"" STR_FMT "\", must be lower, upper, snake or camel",
		       STR_ARG(to));
}

CONVERTER(trim)
{
	struct str cutset = n->args[1] ? n->args[1]->literal.s : STR(" ");
	struct str text;

	if (!ottl_arg_str(r, n, 0, &text))
		return false;
	while (text.n > 0 && memchr(cutset.p, text.p[0], cutset.n))
		text = str_from_at(text, 1);
	while (text.n > 0 && memchr(cutset.p, text.p[text.n - 1], cutset.n))
		text.n--;
	*out = ottl_str(text);
	return utf8_is_valid(text) || err_set(r->e, "Trim(): what is left is not UTF-8");
}

/* What a text begins or ends with, for the four functions below. */
static bool affix(struct ottl_run *r, const struct ottl_node *n, bool at_end, struct str *text,
	size_t *length)
{
	struct str what;
	bool found;

	if (!ottl_arg_str(r, n, 0, text) || !ottl_arg_str(r, n, 1, &what))
		return false;
	found = what.n <= text->n &&
		memcmp(text->p + (at_end ? text->n - what.n : 0), what.p, what.n) == 0;
	*length = found ? what.n : SIZE_MAX;
	return true;
}

CONVERTER(has_prefix)
{
	struct str text;
	size_t length;

	if (!affix(r, n, false, &text, &length))
		return false;
	*out = ottl_bool(length != SIZE_MAX);
	return true;
}

CONVERTER(has_suffix)
{
	struct str text;
	size_t length;

	if (!affix(r, n, true, &text, &length))
		return false;
	*out = ottl_bool(length != SIZE_MAX);
	return true;
}

CONVERTER(trim_prefix)
{
	struct str text;
	size_t length;

	if (!affix(r, n, false, &text, &length))
		return false;
	*out = ottl_str(length == SIZE_MAX ? text : str_from_at(text, length));
	return true;
}

CONVERTER(trim_suffix)
{
	struct str text;
	size_t length;

	if (!affix(r, n, true, &text, &length))
		return false;
	*out = ottl_str(length == SIZE_MAX ? text : str_head(text, text.n - length));
	return true;
}

/* What has no text does not match. */
CONVERTER(is_match)
{
	struct ottl_value v;
	struct str text;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	*out = ottl_bool(false);
	if (v.type == OTTL_NIL)
		return true;
	if (!ottl_to_text(r, &v, &text))
		return false;
	out->b = regex_match(n->re, text);
	return true;
}

const struct ottl_function ottl_text_converters[] = {
	{"Concat", "values:l delimiter:v", call_concat, NULL, false},
	{"ConvertCase", "target:v case:S", call_convert_case, prepare_case, false},
	{"HasPrefix", "target:v prefix:v", call_has_prefix, NULL, false},
	{"HasSuffix", "target:v suffix:v", call_has_suffix, NULL, false},
	{"IsMatch", "target:v pattern:R", call_is_match, NULL, false},
	{"Split", "target:v delimiter:v", call_split, NULL, false},
	{"Substring", "target:v start:v length:v", call_substring, NULL, false},
	{"ToLowerCase", "target:v", call_to_lower, NULL, false},
	{"ToUpperCase", "target:v", call_to_upper, NULL, false},
	{"Trim", "target:v | replacement:S", call_trim, NULL, false},
	{"TrimPrefix", "target:v prefix:v", call_trim_prefix, NULL, false},
	{"TrimSuffix", "target:v suffix:v", call_trim_suffix, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
