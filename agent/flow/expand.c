/* Go's regexp.extract(), with its corner cases: $01 is a name, ${} is not a reference. */
#include "agent/flow/expand.h"

#include "agent/base/utf8.h"

static size_t name_length(struct str s)
{
	size_t at = 0;

	while (at < s.n) {
		size_t n = utf8_length(s, at);
		uint32_t rune = n ? utf8_rune(s, at) : 0xfffd;

		if (rune != '_' && !utf8_is_letter(rune) && !utf8_is_digit(rune))
			break;
		at += n;
	}
	return at;
}

/* s begins behind a dollar. How much of it is a reference; 0: none. */
static size_t reference(struct str s, struct str *name)
{
	bool brace = s.n && s.p[0] == '{';
	struct str rest = str_from_at(s, brace);
	size_t n = name_length(rest);

	*name = str_head(rest, n);
	if (n == 0 || (brace && (n == rest.n || rest.p[n] != '}')))
		return 0;
	return n + (brace ? 2 : 0);
}

/* A group's number, or -1 when there is no such group. */
static int find_group(const struct regex *re, struct str name)
{
	size_t number = 0;
	bool is_number = name.n == 1 || name.p[0] != '0';

	for (size_t i = 0; i < name.n && is_number; i++) {
		if (name.p[i] < '0' || name.p[i] > '9' || number >= 100000000)
			is_number = false;
		else
			number = number * 10 + (size_t)(name.p[i] - '0');
	}
	if (!is_number)
		return regex_find_group(re, name);
	return number < re->n_groups ? (int)number : -1;
}

static void add_text(struct expand *x, struct str text)
{
	if (text.n)
		x->p[x->n++] = (struct expand_part){text, -1};
}

void expand_init(struct expand *x, struct arena *a, const struct regex *re, struct str text)
{
	size_t from = 0;
	size_t at = 0;
	struct str name;

	x->p = arena_new(a, struct expand_part, text.n + 1);
	x->n = 0;
	while (at < text.n) {
		size_t n;

		if (text.p[at++] != '$')
			continue;
		if (at < text.n && text.p[at] == '$') {
			add_text(x, str_head(str_from_at(text, from), at - from));
			from = ++at;
			continue;
		}
		n = reference(str_from_at(text, at), &name);
		if (n == 0)
			continue;
		add_text(x, str_head(str_from_at(text, from), at - 1 - from));
		if (find_group(re, name) >= 0)
			x->p[x->n++] = (struct expand_part){.group = find_group(re, name)};
		at += n;
		from = at;
	}
	add_text(x, str_from_at(text, from));
}

static bool is_slip(struct str text, struct str name)
{
	size_t digits = 0;

	while (digits < name.n && name.p[digits] >= '0' && name.p[digits] <= '9')
		digits++;
	return text.p[0] != '{' && digits > 0 && digits < name.n;
}

bool expand_find_slip(struct str text, struct str *name)
{
	for (size_t at = 0; at + 1 < text.n; at++) {
		struct str rest = str_from_at(text, at + 1);
		size_t n;

		if (text.p[at] != '$')
			continue;
		n = rest.p[0] == '$' ? 1 : reference(rest, name);
		if (n && rest.p[0] != '$' && is_slip(rest, *name))
			return true;
		at += n;
	}
	return false;
}

static struct str part(const struct expand_part *p, const struct regex *re)
{
	return p->group < 0 ? p->text : re->groups[p->group];
}

struct str expand_run(const struct expand *x, const struct regex *re, struct arena *a)
{
	size_t n = 0;
	char *to;

	if (x->n == 0)
		return (struct str){0};
	if (x->n == 1)
		return part(&x->p[0], re);
	for (size_t i = 0; i < x->n; i++)
		n += part(&x->p[i], re).n;
	to = arena_new(a, char, n + 1);
	n = 0;
	for (size_t i = 0; i < x->n; i++) {
		struct str s = part(&x->p[i], re);

		if (s.n)
			memcpy(to + n, s.p, s.n);
		n += s.n;
	}
	return (struct str){to, n};
}
