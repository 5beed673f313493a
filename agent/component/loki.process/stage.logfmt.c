/*
 * stage.logfmt: values of a logfmt line (go-logfmt) become extracted values. What was found
 * before a mistake in the line counts.
 */
#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/input.h"
#include "agent/component/loki.process/json.h"
#include "agent/flow/regex.h"

struct logfmt_args {
	struct arg_map mapping;
	struct str regex;
	struct str source;
};

static const struct arg logfmt_args[] = {
	ARG(logfmt_args, mapping, .type = ARG_MAP,
		.help = "Names and keys of the line; an empty key is the name itself."),
	ARG(logfmt_args, regex, .type = ARG_STR,
		.help = "RE2 regular expression; keys that match are extracted."),
	ARG(logfmt_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is parsed; the line by default."),
	ARGS_END,
};

struct logfmt {
	struct stage base;
	const struct arg_map *mapping;
	struct regex *regex; /* NULL: none */
	struct str source;
};

static bool logfmt_check(const void *args, struct range at, struct diags *d)
{
	const struct logfmt_args *a = args;
	if (a->mapping.n == 0 && a->regex.n == 0)
		return diag_error(d, at, "logfmt mapping or regex is required");
	return regex_arg_check("regex", a->regex, at, d);
}

static bool logfmt_uses_extracted(const void *args)
{
	const struct logfmt_args *a = args;

	return a->source.n > 0;
}

static bool logfmt_init(struct stage *s, const void *args, struct err *e)
{
	const struct logfmt_args *a = args;
	struct logfmt *l = container_of(s, struct logfmt, base);

	l->mapping = &a->mapping;
	l->source = a->source;
	if (!a->regex.n)
		return true;
	l->regex = regex_new(a->regex, 0, e);
	return l->regex != NULL;
}

static bool is_space(char c)
{
	return (unsigned char)c <= ' ';
}

/* Behind the equals sign, at a quote. False: it has no end, or a wrong escape. */
static bool take_quoted(struct str s, size_t *at, struct arena *a, struct str *value)
{
	size_t end = *at + 1;
	struct str raw;

	while (end < s.n && s.p[end] != '"')
		end += s.p[end] == '\\' ? 2 : 1;
	if (end >= s.n)
		return false;
	raw = str_head(str_from_at(s, *at), end + 1 - *at);
	*at = end + 1;
	if (!json_is_valid(raw)) /* its rules for escapes are JSON's */
		return false;
	*value = json_unquote(raw, a);
	return true;
}

static bool take_value(struct str s, size_t *at, struct arena *a, struct str *value)
{
	size_t from = *at;

	if (from < s.n && s.p[from] == '"')
		return take_quoted(s, at, a, value);
	for (; *at < s.n && !is_space(s.p[*at]); (*at)++) {
		if (s.p[*at] == '=' || s.p[*at] == '"')
			return false;
	}
	*value = str_head(str_from_at(s, from), *at - from);
	return true;
}

/* The next pair. False: no more, or a mistake. A key without an equals sign has no value. */
static bool take_pair(struct str s, size_t *at, struct arena *a, struct str *key, struct str *value)
{
	size_t from;

	while (*at < s.n && is_space(s.p[*at]))
		(*at)++;
	for (from = *at; *at < s.n && !is_space(s.p[*at]) && s.p[*at] != '='; (*at)++) {
		if (s.p[*at] == '"')
			return false;
	}
	*key = str_head(str_from_at(s, from), *at - from);
	*value = STR("");
	if (key->n == 0 || !utf8_is_valid(*key))
		return false;
	if (*at == s.n || s.p[*at] != '=')
		return true;
	(*at)++;
	return take_value(s, at, a, value);
}

static bool logfmt_run(struct stage *s, struct work *w)
{
	struct logfmt *l = container_of(s, struct logfmt, base);
	struct str text;
	struct str key;
	struct str value;

	if (!s->in->process->uses_extracted || !input_find(w, l->source, &text))
		return true;
	for (size_t at = 0; take_pair(text, &at, w->arena, &key, &value);) {
		for (size_t i = 0; i < l->mapping->n; i++) {
			const struct arg_pair *p = &l->mapping->p[i];

			if (str_eq(p->value.n ? p->value : p->name, key))
				extracted_set(&w->x, p->name, value);
		}
		if (l->regex && regex_match(l->regex, key))
			extracted_set(&w->x, key, value);
	}
	return true;
}

static void logfmt_fini(struct stage *s)
{
	regex_free(container_of(s, struct logfmt, base)->regex);
}

static const struct stage_ops logfmt_ops = {
	.size = sizeof(struct logfmt),
	.uses_extracted = logfmt_uses_extracted,
	.check = logfmt_check,
	.init = logfmt_init,
	.run = logfmt_run,
	.fini = logfmt_fini,
};

const struct arg_choice_type stage_logfmt = {
	.name = "stage.logfmt",
	.help = "Extracts values of a logfmt line.",
	.args = logfmt_args,
	.size = sizeof(struct logfmt_args),
	.ops = &logfmt_ops,
};
