/* Functions with a regular expression: RE2's, and bounded, as everywhere. A wrong one fails. */
#include "agent/component/loki.process/template/private.h"
#include "agent/flow/expand.h"
#include "agent/flow/regex.h"

#define CALL(name) \
	static bool name(struct run *r, const struct tv *args, size_t n, struct tv *out)

/* What takes the place of a match: a template of groups, or the text itself. */
static bool replace(struct run *r, const struct tv *args, bool is_literal, struct tv *out)
{
	struct regex *re = run_regex(r, args[0].s);
	struct buf *b = run_scratch(r, 0);
	struct regex_each it;
	struct expand x;
	size_t done = 0;

	if (!re)
		return false;
	expand_init(&x, r->a, re, args[2].s);
	regex_each_init(&it, re, args[1].s);
	while (b->n <= BYTES_MAX && regex_each_next(&it, re)) {
		size_t from = (size_t)(re->groups[0].p - it.text.p);

		buf_add_str(b, str_head(str_from_at(it.text, done), from - done));
		buf_add_str(b, is_literal ? args[2].s : expand_run(&x, re, r->a));
		done = from + re->groups[0].n;
	}
	buf_add_str(b, str_from_at(it.text, done));
	return run_take(r, b, out);
}

CALL(replace_all)
{
	(void)n;
	return replace(r, args, false, out);
}

CALL(replace_all_literal)
{
	(void)n;
	return replace(r, args, true, out);
}

CALL(match)
{
	struct regex *re = run_regex(r, args[0].s);

	(void)n;
	if (!re)
		return false;
	*out = tv_bool(regex_match(re, args[1].s));
	return true;
}

CALL(find)
{
	struct regex *re = run_regex(r, args[0].s);

	(void)n;
	if (!re)
		return false;
	*out = tv_str(STR(""));
	if (regex_match(re, args[1].s))
		out->s = re->groups[0];
	return true;
}

/* Go's regexp.QuoteMeta */
CALL(quote_meta)
{
	struct buf *b = run_scratch(r, 0);

	(void)n;
	for (size_t i = 0; i < args[0].s.n; i++) {
		char c = args[0].s.p[i];

		if (c && strchr("\\.+*?()|[]{}^$", c))
			buf_add_char(b, '\\');
		buf_add_char(b, c);
	}
	return run_take(r, b, out);
}

const struct tpl_func tpl_regexes[] = {
	{"mustRegexFind", "ss", find},
	{"mustRegexMatch", "ss", match},
	{"mustRegexReplaceAll", "sss", replace_all},
	{"mustRegexReplaceAllLiteral", "sss", replace_all_literal},
	{"regexFind", "ss", find},
	{"regexMatch", "ss", match},
	{"regexQuoteMeta", "s", quote_meta},
	{"regexReplaceAll", "sss", replace_all},
	{"regexReplaceAllLiteral", "sss", replace_all_literal},
	{NULL, NULL, NULL},
};
