/* The functions that make a value of values, but for those about time (time.c). Each says in
 * its first lines what it takes. */

#include "agent/base/ascii.h"
#include "agent/base/utf8.h"
#include "agent/flow/ottl/private.h"

#include <gnutls/crypto.h>
#include <math.h>
#include <stdlib.h>

enum {
	DIGEST_MAX = 64,
	NUMBER_MAX = 64,
};

#define CONVERTER(name) \
	static bool call_##name( \
		struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)

/* A string argument, and nothing that only has a text. */
static bool arg_str(struct ottl_run *r, const struct ottl_node *n, size_t i, struct str *out)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, i, &v))
		return false;
	*out = v.s;
	return v.type == OTTL_STR || err_set(r->e, "%s(): want string, got %s", n->fn->name,
					     ottl_type_names[v.type]);
}

static bool give(struct ottl_run *r, struct buf *b, struct ottl_value *out)
{
	bool ok = b->n <= OTTL_VALUE_MAX;

	*out = ottl_str(ottl_take(r->a, b));
	return ok || err_set(r->e, "the text has more than %d bytes", OTTL_VALUE_MAX);
}

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

	if (!arg_str(r, n, 1, &between) || !ottl_arg(r, n, 0, &list))
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
	return give(r, &b, out);
}

CONVERTER(split)
{
	struct buf list = {0};
	struct str text;
	struct str by;

	if (!arg_str(r, n, 0, &text) || !arg_str(r, n, 1, &by))
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

	if (!arg_str(r, n, 0, &text) || !ottl_arg_int(r, n, 1, &start) ||
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
	return give(r, &b, out);
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
	return give(r, &b, out);
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

	if (!arg_str(r, n, 0, &text))
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

	if (!arg_str(r, n, 0, text) || !arg_str(r, n, 1, &what))
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

	*out = ottl_bool(affix(r, n, false, &text, &length) && length != SIZE_MAX);
	return out->b || affix(r, n, false, &text, &length);
}

CONVERTER(has_suffix)
{
	struct str text;
	size_t length;

	*out = ottl_bool(affix(r, n, true, &text, &length) && length != SIZE_MAX);
	return out->b || affix(r, n, true, &text, &length);
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

CONVERTER(parse_json)
{
	struct str text;

	if (!arg_str(r, n, 0, &text))
		return false;
	return ottl_parse_json(r, text, out) || err_wrap(r->e, "ParseJSON()");
}

/* A part of the text up to the delimiter that is not inside quotes, which are taken off. */
static bool next_pair(struct ottl_run *r, struct str *rest, struct str by, struct str *pair)
{
	struct buf b = {0};
	char quote = 0;
	size_t i = 0;

	while (rest->n >= by.n && memcmp(rest->p, by.p, by.n) == 0)
		*rest = str_from_at(*rest, by.n);
	if (rest->n == 0)
		return false;
	for (; i < rest->n; i++) {
		char c = rest->p[i];

		if (quote == 0 && rest->n - i >= by.n && memcmp(rest->p + i, by.p, by.n) == 0)
			break;
		if (quote != 0 ? c == quote : c == '"' || c == '\'')
			quote = (char)(quote ? 0 : c);
		else
			buf_add_char(&b, c);
	}
	*rest = str_from_at(*rest, i + by.n);
	*pair = ottl_take(r->a, &b);
	return quote == 0 || err_set(r->e, "a quote is not closed");
}

static struct str delimiter(const struct ottl_node *n, size_t i, const char *usual)
{
	return n->args[i] && n->args[i]->literal.s.n > 0 ? n->args[i]->literal.s : str_from(usual);
}

CONVERTER(parse_key_value)
{
	struct str between = delimiter(n, 1, "=");
	struct str by = delimiter(n, 2, " ");
	struct buf map = {0};
	struct str pair;
	struct str text;

	if (!arg_str(r, n, 0, &text))
		return false;
	if (text.n == 0)
		return err_set(r->e, "ParseKeyValue(): cannot parse from empty target");
	r->e->text[0] = 0;
	while (next_pair(r, &text, by, &pair)) {
		ptrdiff_t at = str_find(pair, between);

		if (at < 0) {
			buf_fini(&map);
			return err_set(r->e,
				"ParseKeyValue(): no \"" STR_FMT "\" in \"" STR_FMT "\"",
				STR_ARG(between), STR_ARG(str_head(pair, NUMBER_MAX)));
		}
		otlp_key_value_put(&map, 1, str_trim(str_head(pair, (size_t)at)),
			otlp_any_string(
				r->a, str_trim(str_from_at(pair, (size_t)at + between.n))));
	}
	*out = (struct ottl_value){.type = OTTL_MAP, .s = ottl_take(r->a, &map)};
	return !r->e->text[0];
}

static bool prepare_key_value(struct arena *a, struct ottl_node *n, struct err *e)
{
	struct str between = delimiter(n, 1, "=");
	struct str by = delimiter(n, 2, " ");

	(void)a;
	return !str_eq(between, by) ||
	       err_set(e, "ParseKeyValue() wants two different delimiters");
}

CONVERTER(extract_patterns)
{
	struct buf map = {0};
	struct str text;

	if (!arg_str(r, n, 0, &text))
		return false;
	if (regex_match(n->re, text)) {
		for (size_t i = 1; i < n->re->n_groups; i++)
			if (n->re->names[i].n > 0)
				otlp_key_value_put(&map, 1, n->re->names[i],
					otlp_any_string(r->a, n->re->groups[i].p ? n->re->groups[i]
										 : STR("")));
	}
	*out = (struct ottl_value){.type = OTTL_MAP, .s = ottl_take(r->a, &map)};
	return true;
}

static bool prepare_names(struct arena *a, struct ottl_node *n, struct err *e)
{
	(void)a;
	return regex_has_names(n->re) ||
	       err_set(e, "ExtractPatterns() wants at least one group with a name: (?P<name>...)");
}

static bool digest(struct ottl_run *r, const struct ottl_node *n, gnutls_digest_algorithm_t how,
	struct ottl_value *out)
{
	unsigned char sum[DIGEST_MAX];
	struct str text;

	if (!arg_str(r, n, 0, &text))
		return false;
	if (gnutls_hash_fast(how, text.p ? text.p : "", text.n, sum) != 0)
		return err_set(r->e, "%s() is not to be had here", n->fn->name);
	*out = ottl_str(ottl_hex(
		r->a, (struct str){(const char *)sum, (size_t)gnutls_hash_get_len(how)}));
	return true;
}

CONVERTER(sha1)
{
	return digest(r, n, GNUTLS_DIG_SHA1, out);
}
CONVERTER(sha256)
{
	return digest(r, n, GNUTLS_DIG_SHA256, out);
}
CONVERTER(sha512)
{
	return digest(r, n, GNUTLS_DIG_SHA512, out);
}
CONVERTER(md5)
{
	return digest(r, n, GNUTLS_DIG_MD5, out);
}

CONVERTER(fnv)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	struct str text;

	if (!arg_str(r, n, 0, &text))
		return false;
	for (size_t i = 0; i < text.n; i++) /* FNV-1a, 64 bits */
		hash = (hash ^ (uint8_t)text.p[i]) * UINT64_C(1099511628211);
	*out = ottl_int((int64_t)hash);
	return true;
}

CONVERTER(hex)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type != OTTL_STR && v.type != OTTL_BYTES)
		return err_set(r->e, "Hex(): want string or bytes, got %s",
			ottl_type_names[v.type]);
	*out = ottl_str(ottl_hex(r->a, v.s));
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

static bool id_of(
	struct ottl_run *r, const struct ottl_node *n, size_t size, struct ottl_value *out)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type != OTTL_BYTES || v.s.n != size)
		return err_set(r->e, "%s(): want %zu bytes", n->fn->name, size);
	*out = v;
	return true;
}

CONVERTER(trace_id)
{
	return id_of(r, n, 16, out);
}
CONVERTER(span_id)
{
	return id_of(r, n, 8, out);
}

static bool prepare_id(struct arena *a, struct ottl_node *n, struct err *e)
{
	const struct ottl_node *id = n->args[0];
	size_t size = str_is(str_from(n->fn->name), "TraceID") ? 16 : 8;

	(void)a;
	return id->kind != OTTL_LITERAL ||
	       (id->literal.type == OTTL_BYTES && id->literal.s.n == size) ||
	       err_set(e, "%s() wants %zu bytes, as 0x and %zu hex digits", n->fn->name, size,
		       2 * size);
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

const struct ottl_function ottl_converters[] = {
	{"Bool", "target:v", call_bool, NULL, false},
	{"Concat", "values:l delimiter:v", call_concat, NULL, false},
	{"ContainsValue", "target:v item:v", call_contains_value, NULL, false},
	{"ConvertCase", "target:v case:S", call_convert_case, prepare_case, false},
	{"Double", "target:v", call_double, NULL, false},
	{"ExtractPatterns", "target:v pattern:R", call_extract_patterns, prepare_names, false},
	{"FNV", "target:v", call_fnv, NULL, false},
	{"HasPrefix", "target:v prefix:v", call_has_prefix, NULL, false},
	{"HasSuffix", "target:v suffix:v", call_has_suffix, NULL, false},
	{"Hex", "target:v", call_hex, NULL, false},
	{"Int", "target:v", call_int, NULL, false},
	{"IsBool", "target:v", call_is_bool, NULL, false},
	{"IsDouble", "target:v", call_is_double, NULL, false},
	{"IsInt", "target:v", call_is_int, NULL, false},
	{"IsList", "target:v", call_is_list, NULL, false},
	{"IsMap", "target:v", call_is_map, NULL, false},
	{"IsMatch", "target:v pattern:R", call_is_match, NULL, false},
	{"IsRootSpan", "", call_is_root_span, NULL, true},
	{"IsString", "target:v", call_is_string, NULL, false},
	{"Len", "target:v", call_len, NULL, false},
	{"Log", "target:v", call_log, NULL, false},
	{"MD5", "target:v", call_md5, NULL, false},
	{"ParseJSON", "target:v", call_parse_json, NULL, false},
	{"ParseKeyValue", "target:v | delimiter:S pair_delimiter:S", call_parse_key_value,
		prepare_key_value, false},
	{"SHA1", "target:v", call_sha1, NULL, false},
	{"SHA256", "target:v", call_sha256, NULL, false},
	{"SHA512", "target:v", call_sha512, NULL, false},
	{"SpanID", "bytes:v", call_span_id, prepare_id, false},
	{"Split", "target:v delimiter:v", call_split, NULL, false},
	{"String", "target:v", call_string, NULL, false},
	{"Substring", "target:v start:v length:v", call_substring, NULL, false},
	{"ToLowerCase", "target:v", call_to_lower, NULL, false},
	{"ToUpperCase", "target:v", call_to_upper, NULL, false},
	{"TraceID", "bytes:v", call_trace_id, prepare_id, false},
	{"Trim", "target:v | replacement:S", call_trim, NULL, false},
	{"TrimPrefix", "target:v prefix:v", call_trim_prefix, NULL, false},
	{"TrimSuffix", "target:v suffix:v", call_trim_suffix, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
