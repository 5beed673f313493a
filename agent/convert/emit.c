/*
 * Writes the result. The text is only right here, the formatter makes it look as it should; so
 * nothing here counts tabs.
 */

#include "agent/convert/private.h"

/* Aliases let a short YAML say a lot; no configuration is as long as this. */
#define OUT_MAX ((size_t)8 << 20)

bool is_full(const struct converter *c)
{
	return c->out.n > OUT_MAX;
}

void emit(struct converter *c, const char *fmt, ...)
{
	va_list ap;

	if (is_full(c))
		return;
	va_start(ap, fmt);
	buf_vprintf(&c->out, fmt, ap);
	va_end(ap);
}

void emit_open(struct converter *c, const char *name, struct str label)
{
	emit(c, "%s ", name);
	if (label.n)
		emit(c, "\"" STR_FMT "\" ", STR_ARG(label));
	emit(c, "{\n");
}

void emit_close(struct converter *c)
{
	emit(c, "}\n\n");
}

static void add_quoted(struct converter *c, struct str s)
{
	if (!is_full(c))
		buf_add_quoted(&c->out, s);
}

/* NAME, or NAME and what it is without it. */
static void add_variable(struct converter *c, struct str s)
{
	ptrdiff_t at = str_find(s, STR(ENV_DEFAULT));

	if (at == -1) {
		emit(c, "sys.env(");
		add_quoted(c, s);
		emit(c, ")");
		return;
	}
	emit(c, "coalesce(sys.env(");
	add_quoted(c, str_head(s, (size_t)at));
	emit(c, "), ");
	add_quoted(c, str_from_at(s, (size_t)at + sizeof(ENV_DEFAULT) - 1));
	emit(c, ")");
}

bool has_variable(const struct converter *c, struct str s)
{
	return c->flags->expand_env && str_find(s, STR(ENV_BEGIN)) != -1;
}

void emit_string(struct converter *c, struct str s)
{
	bool any = false;

	while (has_variable(c, s)) {
		size_t at = (size_t)str_find(s, STR(ENV_BEGIN));
		struct str rest = str_from_at(s, at + sizeof(ENV_BEGIN) - 1);
		ptrdiff_t end = str_find(rest, STR(ENV_END));

		if (end == -1) /* YAML's folding has cut it: nobody writes that */
			break;
		if (at > 0) {
			emit(c, any ? " + " : "");
			add_quoted(c, str_head(s, at));
			any = true;
		}
		emit(c, any ? " + " : "");
		add_variable(c, str_head(rest, (size_t)end));
		any = true;
		s = str_from_at(rest, (size_t)end + sizeof(ENV_END) - 1);
	}
	if (s.n || !any) {
		emit(c, any ? " + " : "");
		add_quoted(c, s);
	}
}

void emit_text(struct converter *c, const char *attr, struct str s)
{
	emit(c, "%s = ", attr);
	emit_string(c, s);
	emit(c, "\n");
}

void emit_size(struct converter *c, const char *attr, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
	size_t u = 0;

	for (; u < 3 && bytes > 0 && bytes % 1024 == 0; u++)
		bytes /= 1024;
	emit(c, "%s = \"%lld%s\"\n", attr, (long long)bytes, units[u]);
}

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* Words of the language, which are no names. */
static bool is_reserved(struct str s)
{
	return str_is(s, "true") || str_is(s, "false") || str_is(s, "null");
}

static bool is_identifier(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_letter(s.p[i]) && !(i > 0 && is_digit(s.p[i])))
			return false;
	}
	return s.n > 0 && !is_reserved(s);
}

void emit_entry(struct converter *c, struct str key, struct str s)
{
	if (is_identifier(key))
		emit(c, STR_FMT, STR_ARG(key));
	else
		add_quoted(c, key);
	emit(c, " = ");
	emit_string(c, s);
	emit(c, ",\n");
}

bool is_name(struct converter *c, const struct yaml_node *key)
{
	if (has_variable(c, key->text))
		say(c, CONVERT_ERROR, key, "a variable of the environment in a name");
	return !has_variable(c, key->text);
}

void emit_pair(struct converter *c, const struct yaml_pair *pair, const char *where)
{
	if (is_name(c, pair->key) && want_kind(c, pair->value, YAML_TEXT, where))
		emit_entry(c, pair->key->text,
			yaml_is_null(pair->value) ? STR("") : pair->value->text);
}

void emit_map(struct converter *c, const char *attr, const struct yaml_node *map,
	const char *where)
{
	emit(c, "%s = {%s", attr, map->n ? "\n" : "");
	for (size_t i = 0; i < map->n; i++)
		emit_pair(c, &map->pairs[i], where);
	emit(c, "}\n");
}

struct str as_identifier(struct converter *c, struct str s)
{
	char *p = arena_new(c->a, char, s.n + 2);
	size_t n = 0;

	if (s.n == 0 || is_digit(s.p[0]) || is_reserved(s))
		p[n++] = '_';
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] & 0xc0) != 0x80) /* a character is one, however many bytes it has */
			p[n++] = is_letter(s.p[i]) || is_digit(s.p[i]) ? s.p[i] : '_';
	}
	return (struct str){p, n};
}

struct str new_label(struct converter *c, const char *component, struct str base)
{
	struct str first = arena_printf(c->a, "%s." STR_FMT, component, STR_ARG(base));
	uintptr_t last = (uintptr_t)map_find(&c->used, first);
	struct str label = base;
	struct str name = first;

	while (map_find(&c->used, name)) {
		last++;
		label = arena_printf(c->a, STR_FMT "_%zu", STR_ARG(base), (size_t)last);
		name = arena_printf(c->a, "%s." STR_FMT, component, STR_ARG(label));
	}
	if (last)
		map_set(&c->used, first, (void *)last);
	map_set(&c->used, name, (void *)1);
	return label;
}
