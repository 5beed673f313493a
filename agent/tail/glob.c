#include "agent/tail/glob.h"

#include <fnmatch.h>

/* The closing brace of the one at byte open, or s.n. */
static size_t closing(struct str s, size_t open)
{
	size_t depth = 0;

	for (size_t i = open; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		else if (s.p[i] == '{')
			depth++;
		else if (s.p[i] == '}' && --depth == 0)
			return i;
	}
	return s.n;
}

static size_t first_brace(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		else if (s.p[i] == '{')
			return i;
	}
	return s.n;
}

/* The end of the alternative that begins at byte at, inside braces that close at `end`. */
static size_t alternative_end(struct str s, size_t at, size_t end)
{
	size_t depth = 0;

	for (; at < end; at++) {
		if (s.p[at] == '\\' && at + 1 < end)
			at++;
		else if (s.p[at] == '{')
			depth++;
		else if (s.p[at] == '}')
			depth--;
		else if (s.p[at] == ',' && depth == 0)
			break;
	}
	return at;
}

/* The list is a queue: the first brace of each pattern is written out to its end, until none
 * has a brace. */
bool glob_alternatives(struct arena *a, struct str pattern, struct glob_list *out)
{
	struct str *list = arena_new(a, struct str, GLOB_MAX_ALTERNATIVES);
	size_t n = 1;
	size_t i = 0;

	list[0] = arena_str(a, pattern);
	while (i < n) {
		struct str s = list[i];
		size_t open = first_brace(s);
		size_t close;
		bool first = true;

		if (open == s.n) {
			i++;
			continue;
		}
		close = closing(s, open);
		if (close == s.n)
			return false;
		for (size_t at = open + 1; at <= close;) {
			size_t end = alternative_end(s, at, close);
			struct str one = arena_printf(a, "%.*s%.*s%.*s", (int)open, s.p,
				(int)(end - at), s.p + at, (int)(s.n - close - 1), s.p + close + 1);

			if (!first && n == GLOB_MAX_ALTERNATIVES)
				return false;
			list[first ? i : n++] = one;
			first = false;
			at = end + 1;
		}
	}
	*out = (struct glob_list){list, n};
	return true;
}

bool glob_part_matches(const char *pattern, const char *name)
{
	return fnmatch(pattern, name, 0) == 0;
}

bool glob_is_plain(struct str part)
{
	for (size_t i = 0; i < part.n; i++) {
		if (strchr("*?[\\", part.p[i]))
			return false;
	}
	return true;
}

/* The part at the head of *s, and *s behind its slash (p NULL: there was none). */
static struct str take_part(struct str *s)
{
	struct str head;

	if (!str_cut(*s, '/', &head, s)) {
		head = *s;
		*s = (struct str){0};
	}
	return head;
}

static bool one_matches(struct str pattern, struct str name)
{
	char p[512];
	char n[512];

	if (pattern.n >= sizeof(p) || name.n >= sizeof(n))
		return false;
	memcpy(p, pattern.p, pattern.n);
	p[pattern.n] = 0;
	memcpy(n, name.p, name.n);
	n[name.n] = 0;
	return glob_part_matches(p, n);
}

/* The usual way with one star: on a mismatch, the last ** takes one part more. */
bool glob_path_matches(struct str pattern, struct str path)
{
	struct str after_stars = {0};
	struct str retry = {0};
	bool stars = false;

	while (path.p) {
		struct str rest = pattern;
		struct str part = pattern.p ? take_part(&rest) : (struct str){0};
		struct str left = path;

		if (pattern.p && str_is(part, "**")) {
			if (!rest.p)
				return true;
			stars = true;
			after_stars = rest;
			retry = path;
			pattern = rest;
			continue;
		}
		if (pattern.p && one_matches(part, take_part(&left))) {
			pattern = rest;
			path = left;
			continue;
		}
		if (!stars)
			return false;
		take_part(&retry);
		path = retry;
		pattern = after_stars;
	}
	return !pattern.p;
}
