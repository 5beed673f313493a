/* Converters that make a map of a text: JSON, key=value, the named groups of a regular
 * expression. */

#include "agent/flow/ottl/convert.h"

enum {
	SHOWN_MAX = 64, /* of a text, in an error */
};

CONVERTER(parse_json)
{
	struct str text;

	if (!ottl_arg_str(r, n, 0, &text))
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

	if (!ottl_arg_str(r, n, 0, &text))
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
				STR_ARG(between), STR_ARG(str_head(pair, SHOWN_MAX)));
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

	if (!ottl_arg_str(r, n, 0, &text))
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

const struct ottl_function ottl_parse_converters[] = {
	{"ExtractPatterns", "target:v pattern:R", call_extract_patterns, prepare_names, false},
	{"ParseJSON", "target:v", call_parse_json, NULL, false},
	{"ParseKeyValue", "target:v | delimiter:S pair_delimiter:S", call_parse_key_value,
		prepare_key_value, false},
	{NULL, NULL, NULL, NULL, false},
};
