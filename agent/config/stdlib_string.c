/* string.*: as Go's package strings does it. string.format is in stdlib_format.c. */

#include "agent/base/utf8.h"
#include "agent/config/stdlib.h"

bool stdlib_join(struct call *c)
{
	const struct value *list = &c->args[0];
	struct buf b = {0};
	struct str sep;

	if (list->type != VALUE_ARRAY && list->type != VALUE_NULL)
		return call_bad(c, 0, "should be array, got %s", value_type_name(list));
	if (!call_text(c, 1, &sep))
		return false;
	for (size_t i = 0; list->type == VALUE_ARRAY && i < list->array.n; i++) {
		struct str s;

		if (!value_to_str(c->a, &list->array.items[i], &s, &c->e)) {
			c->bad.arg = 0;
			c->bad.item = i;
			buf_fini(&b);
			return false;
		}
		if (i > 0)
			buf_add_str(&b, sep);
		buf_add_str(&b, s);
		if (b.n > STDLIB_TEXT_MAX)
			break;
	}
	return call_return_buf(c, &b);
}

/* Bytes of the character at byte at; one for what is no UTF-8. */
static size_t char_length(struct str s, size_t at)
{
	size_t n = utf8_length(s, at);

	return n ? n : 1;
}

/* The next place to replace at or behind *at; an empty needle is found before each character
 * and at the end. */
static bool find_next(struct str s, struct str needle, size_t *at)
{
	ptrdiff_t found = str_find(str_from_at(s, *at), needle);

	if (found < 0)
		return false;
	*at += (size_t)found;
	return true;
}

bool stdlib_replace(struct call *c)
{
	struct str s, from, to;
	struct buf b = {0};
	size_t done = 0, at = 0;

	if (!call_text(c, 0, &s) || !call_text(c, 1, &from) || !call_text(c, 2, &to))
		return false;
	while (at <= s.n && b.n <= STDLIB_TEXT_MAX) {
		if (from.n > 0 && !find_next(s, from, &at))
			break;
		buf_add(&b, s.p + done, at - done);
		buf_add_str(&b, to);
		done = at + from.n;
		at = done;
		if (from.n == 0)
			at += at < s.n ? char_length(s, at) : 1;
	}
	if (done < s.n && b.n <= STDLIB_TEXT_MAX)
		buf_add(&b, s.p + done, s.n - done);
	return call_return_buf(c, &b);
}

static size_t count_parts(struct str s, struct str sep)
{
	size_t n = 0;

	if (sep.n == 0) {
		for (size_t at = 0; at < s.n; at += char_length(s, at))
			n++;
		return n;
	}
	for (size_t at = 0; find_next(s, sep, &at); at += sep.n)
		n++;
	return n + 1;
}

bool stdlib_split(struct call *c)
{
	struct str s, sep;
	struct value *items;
	size_t n, at = 0;

	if (!call_text(c, 0, &s) || !call_text(c, 1, &sep))
		return false;
	n = count_parts(s, sep);
	if (n > STDLIB_ITEMS_MAX)
		return err_set(&c->e, "makes a list of more than %zu items", STDLIB_ITEMS_MAX);
	items = arena_new(c->a, struct value, n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t end = sep.n ? at : at + char_length(s, at);

		if (sep.n && !find_next(s, sep, &end))
			end = s.n;
		items[i] = value_str(arena_str(c->a, str_head(str_from_at(s, at), end - at)));
		at = end + sep.n;
	}
	c->out = value_array(items, n);
	return true;
}

static bool convert_case(struct call *c, bool upper)
{
	struct buf b = {0};
	struct str s;

	if (!call_text(c, 0, &s))
		return false;
	for (size_t at = 0; at < s.n; at += char_length(s, at)) {
		size_t n = utf8_length(s, at);
		uint32_t rune = n ? utf8_rune(s, at) : 0xfffd;
		char out[4];

		rune = upper ? utf8_upper(rune) : utf8_lower(rune);
		n = utf8_put(out, rune);
		buf_add(&b, out, n);
	}
	return call_return_buf(c, &b);
}

bool stdlib_to_lower(struct call *c)
{
	return convert_case(c, false);
}

bool stdlib_to_upper(struct call *c)
{
	return convert_case(c, true);
}

/* Where the last character of s begins. */
static size_t last_char(struct str s)
{
	size_t at = s.n - 1;

	while (at > 0 && s.n - at < 4 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at--;
	return utf8_length(s, at) == s.n - at ? at : s.n - 1;
}

static bool is_space(struct str ch, struct str set)
{
	uint32_t r = utf8_length(ch, 0) ? utf8_rune(ch, 0) : 0xfffd;

	(void)set;
	return (r >= 9 && r <= 13) || r == ' ' || r == 0x85 || r == 0xa0 || r == 0x1680 ||
	       (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 || r == 0x202f ||
	       r == 0x205f || r == 0x3000;
}

static bool is_in_set(struct str ch, struct str set)
{
	for (size_t at = 0; at < set.n; at += char_length(set, at)) {
		if (str_eq(str_head(str_from_at(set, at), char_length(set, at)), ch))
			return true;
	}
	return false;
}

static struct str trim(struct str s, struct str set, bool (*drop)(struct str ch, struct str set))
{
	while (s.n && drop(str_head(s, char_length(s, 0)), set))
		s = str_from_at(s, char_length(s, 0));
	while (s.n && drop(str_from_at(s, last_char(s)), set))
		s.n = last_char(s);
	return s;
}

bool stdlib_trim(struct call *c)
{
	struct str s, set;

	if (!call_text(c, 0, &s) || !call_text(c, 1, &set))
		return false;
	c->out = value_str(arena_str(c->a, trim(s, set, is_in_set)));
	return true;
}

bool stdlib_trim_space(struct call *c)
{
	struct str s;

	if (!call_text(c, 0, &s))
		return false;
	c->out = value_str(arena_str(c->a, trim(s, STR(""), is_space)));
	return true;
}

bool stdlib_trim_prefix(struct call *c)
{
	struct str s, prefix;

	if (!call_text(c, 0, &s) || !call_text(c, 1, &prefix))
		return false;
	if (s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix))
		s = str_from_at(s, prefix.n);
	c->out = value_str(arena_str(c->a, s));
	return true;
}

bool stdlib_trim_suffix(struct call *c)
{
	struct str s, suffix;

	if (!call_text(c, 0, &s) || !call_text(c, 1, &suffix))
		return false;
	if (s.n >= suffix.n && str_eq(str_from_at(s, s.n - suffix.n), suffix))
		s.n -= suffix.n;
	c->out = value_str(arena_str(c->a, s));
	return true;
}
