/*
 * -config.expand-env: Promtail has a library (drone/envsubst) replace ${NAME} in the text of the
 * file, before it is YAML. Here the value is not known yet, so what is put there is a mark,
 * characters of Unicode's private use, of which emit.c makes sys.env("NAME"). What else the
 * library does to the text is done here: $$ is $, and two backslashes are one.
 */

#include "agent/convert/private.h"

#include <string.h>

static bool is_word(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' ||
	       (ch >= '0' && ch <= '9');
}

/* The library has functions too: ${NAME/x/y}, ${NAME^^}; nobody was seen to use them here. */
static bool mark_one(struct str inside, struct buf *out)
{
	size_t n = 0;

	while (n < inside.n && is_word(inside.p[n]))
		n++;
	if (n == 0)
		return false;
	buf_add(out, ENV_BEGIN, sizeof(ENV_BEGIN) - 1);
	buf_add(out, inside.p, n);
	inside = str_from_at(inside, n);
	if (inside.n) {
		size_t op = str_starts(inside, ":-") || str_starts(inside, ":=") ? 2 : 1;

		if (op == 1 && inside.p[0] != '-' && inside.p[0] != '=')
			return false;
		if (str_find(inside, STR("$")) != -1)
			return false;
		buf_add(out, ENV_DEFAULT, sizeof(ENV_DEFAULT) - 1);
		buf_add_str(out, str_from_at(inside, op));
	}
	buf_add(out, ENV_END, sizeof(ENV_END) - 1);
	return true;
}

static struct yaml_node place_of(struct str in, size_t at)
{
	struct yaml_node place = {.line = 1, .column = 1};

	for (size_t i = 0; i < at; i++) {
		place.column = in.p[i] == '\n' ? 1 : place.column + 1;
		place.line += in.p[i] == '\n';
	}
	return place;
}

static bool fail(struct converter *c, struct str in, size_t at, const char *what)
{
	struct yaml_node place = place_of(in, at);

	say(c, CONVERT_CRITICAL, &place, "%s", what);
	return false;
}

struct str env_unmark(struct arena *a, struct str s)
{
	static const struct {
		const char *mark, *text;
	} marks[] = {{ENV_BEGIN, "${"}, {ENV_DEFAULT, ":-"}, {ENV_END, "}"}};
	struct buf b = {0};
	struct str text;

	for (size_t i = 0; i < s.n; i++) {
		size_t m = 0;

		while (m < 3 && !str_starts(str_from_at(s, i), marks[m].mark))
			m++;
		if (m == 3)
			buf_add_char(&b, s.p[i]);
		else
			buf_printf(&b, "%s", marks[m].text);
		i += m == 3 ? 0 : 2;
	}
	text = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return text;
}

/* Small letters are more likely a group of a regular expression. */
void env_suspect(struct converter *c, struct str in)
{
	for (size_t i = 0; i + 3 < in.n; i++) {
		struct yaml_node place;

		if (in.p[i] != '$' || in.p[i + 1] != '{' || in.p[i + 2] < 'A' || in.p[i + 2] > 'Z')
			continue;
		place = place_of(in, i);
		say(c, CONVERT_WARNING, &place,
			"it looks as if Promtail ran with -config.expand-env; if it did, convert "
			"with --extra-args=-config.expand-env, else it is this text");
		return;
	}
}

bool env_mark(struct converter *c, struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		struct str rest = str_from_at(in, i);

		if (str_starts(rest, "\xee\x80"))
			return fail(c, in, i, "a character of Unicode's private use");
		if (str_starts(rest, "$$") || str_starts(rest, "\\\\"))
			i++;
		else if (str_starts(rest, "${")) {
			ptrdiff_t end = str_find(rest, STR("}"));

			if (end == -1 || !mark_one(str_head(str_from_at(rest, 2),
							   (size_t)end - 2),
						 out))
				return fail(c, in, i,
					"a variable that is more than ${NAME} or ${NAME:-default}; "
					"write what it gives");
			i += (size_t)end;
			continue;
		}
		buf_add_char(out, in.p[i]);
	}
	return true;
}
