/* Functions on texts: Alloy's own (Go's strings package) and sprig's. */
#include "agent/base/base64.h"
#include "agent/base/utf8.h"
#include "agent/component/loki.process/template/private.h"
#include "agent/flow/sha256.h"
#include "agent/flow/sha3.h"

#include <stdlib.h>

/* --- runes --- */

/* The character at s.p[*at], which is passed; U+FFFD for a byte that is none. */
static uint32_t next_rune(struct str s, size_t *at)
{
	size_t n = utf8_length(s, *at);
	uint32_t rune = n ? utf8_rune(s, *at) : 0xfffd;

	*at += n ? n : 1;
	return rune;
}

static void add_rune(struct buf *b, uint32_t rune)
{
	char utf8[4];

	buf_add(b, utf8, utf8_put(utf8, rune));
}

static bool is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

static bool has_rune(struct str set, uint32_t rune)
{
	for (size_t i = 0; i < set.n;) {
		if (next_rune(set, &i) == rune)
			return true;
	}
	return false;
}

/* Is the character cut off? cutset p NULL: white space is. */
static bool is_cut(struct str cutset, uint32_t rune)
{
	return cutset.p ? has_rune(cutset, rune) : is_space(rune);
}

enum side {
	LEFT = 1,
	RIGHT = 2,
};

static struct str trim(struct str s, struct str cutset, unsigned sides)
{
	size_t at = 0;

	while ((sides & LEFT) && s.n > 0 && is_cut(cutset, next_rune(s, &at))) {
		s = str_from_at(s, at);
		at = 0;
	}
	while ((sides & RIGHT) && s.n > 0) {
		size_t from = s.n - 1;

		while (from > 0 && s.n - from < 4 && ((unsigned char)s.p[from] & 0xc0) == 0x80)
			from--;
		if (utf8_length(s, from) != s.n - from)
			from = s.n - 1;
		at = from;
		if (!is_cut(cutset, next_rune(s, &at)))
			break;
		s.n = from;
	}
	return s;
}

static struct str trim_prefix(struct str s, struct str prefix)
{
	return str_eq(str_head(s, prefix.n), prefix) ? str_from_at(s, prefix.n) : s;
}

static bool has_suffix(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from_at(s, s.n - suffix.n), suffix);
}

static struct str trim_suffix(struct str s, struct str suffix)
{
	return has_suffix(s, suffix) ? str_head(s, s.n - suffix.n) : s;
}

#define CALL(name) \
	static bool name(struct run *r, const struct tv *args, size_t n, struct tv *out)
/* A function that gives a view of what it got. */
#define VIEW(name, value) \
	CALL(name) \
	{ \
		(void)r; \
		(void)n; \
		*out = tv_str(value); \
		return true; \
	}
#define TEST(name, value) \
	CALL(name) \
	{ \
		(void)r; \
		(void)n; \
		*out = tv_bool(value); \
		return true; \
	}
#define S0 args[0].s
#define S1 args[1].s

/* clang-format off */
VIEW(go_trim, trim(S0, S1.p ? S1 : STR(""), LEFT | RIGHT))
VIEW(go_trim_left, trim(S0, S1.p ? S1 : STR(""), LEFT))
VIEW(go_trim_right, trim(S0, S1.p ? S1 : STR(""), RIGHT))
VIEW(go_trim_space, trim(S0, (struct str){0}, LEFT | RIGHT))
VIEW(go_trim_prefix, trim_prefix(S0, S1))
VIEW(go_trim_suffix, trim_suffix(S0, S1))
VIEW(sprig_trim_all, trim(S1, S0.p ? S0 : STR(""), LEFT | RIGHT))
VIEW(sprig_trim_prefix, trim_prefix(S1, S0))
VIEW(sprig_trim_suffix, trim_suffix(S1, S0))
TEST(contains, str_find(S1, S0) >= 0)
TEST(has_prefix, str_eq(str_head(S1, S0.n), S0))
TEST(ends_with, has_suffix(S1, S0))
/* clang-format on */

/* --- texts that are made --- */

static bool convert(struct run *r, struct str s, uint32_t (*f)(uint32_t), struct tv *out)
{
	struct buf *b = run_scratch(r, 0);

	for (size_t i = 0; i < s.n;)
		add_rune(b, f(next_rune(s, &i)));
	return run_take(r, b, out);
}

static uint32_t swap_rune(uint32_t rune)
{
	return utf8_upper(rune) == rune ? utf8_lower(rune) : utf8_upper(rune);
}

CALL(lower)
{
	(void)n;
	return convert(r, S0, utf8_lower, out);
}

CALL(upper)
{
	(void)n;
	return convert(r, S0, utf8_upper, out);
}

CALL(swap_case)
{
	(void)n;
	return convert(r, S0, swap_rune, out);
}

/* Each word's first character through f: strings.Title. */
static bool convert_words(struct run *r, struct str s, uint32_t (*f)(uint32_t), struct tv *out)
{
	struct buf *b = run_scratch(r, 0);
	bool inside = false;

	for (size_t i = 0; i < s.n;) {
		uint32_t rune = next_rune(s, &i);

		add_rune(b, inside ? rune : f(rune));
		inside = rune == '_' || rune == '\'' || utf8_is_letter(rune) ||
			 utf8_is_digit(rune) || (rune >= 0x80 && !is_space(rune));
	}
	return run_take(r, b, out);
}

CALL(title)
{
	(void)n;
	return convert_words(r, S0, utf8_upper, out);
}

CALL(untitle)
{
	(void)n;
	return convert_words(r, S0, utf8_lower, out);
}

/* strings.Replace: an empty text stands before each character and at the end. */
static bool replace(
	struct run *r, struct str s, const struct str *pair, int64_t count, struct tv *out)
{
	struct buf *b = run_scratch(r, 0);
	size_t at = 0;

	for (int64_t k = 0; (count < 0 || k < count) && b->n <= BYTES_MAX; k++) {
		struct str rest = str_from_at(s, at);
		ptrdiff_t found = str_find(rest, pair[0]);

		if (found < 0 || (pair[0].n == 0 && k > 0 && at >= s.n))
			break;
		if (pair[0].n == 0 && k > 0) {
			size_t next = at;

			next_rune(s, &next);
			found = (ptrdiff_t)(next - at);
		}
		buf_add_str(b, str_head(rest, (size_t)found));
		buf_add_str(b, pair[1]);
		at += (size_t)found + pair[0].n;
	}
	buf_add_str(b, str_from_at(s, at));
	return run_take(r, b, out);
}

CALL(go_replace)
{
	const struct str pair[2] = {args[1].s, args[2].s};

	(void)n;
	return replace(r, S0, pair, args[3].i, out);
}

CALL(sprig_replace)
{
	const struct str pair[2] = {args[0].s, args[1].s};

	(void)n;
	return replace(r, args[2].s, pair, -1, out);
}

CALL(repeat)
{
	struct buf *b = run_scratch(r, 0);

	(void)n;
	if (args[0].i < 0 || (S1.n && (uint64_t)args[0].i > BYTES_MAX / S1.n))
		return false;
	for (int64_t i = 0; S1.n && i < args[0].i; i++)
		buf_add_str(b, S1);
	return run_take(r, b, out);
}

CALL(substr)
{
	int64_t from = args[0].i;
	int64_t to = args[1].i;
	struct str s = args[2].s;

	(void)r;
	(void)n;
	if (to < 0 || (uint64_t)to > s.n)
		to = (int64_t)s.n;
	if (from < 0) {
		from = 0;
		to = args[1].i;
	}
	if (to < from || (uint64_t)to > s.n)
		return false;
	*out = tv_str(str_head(str_from_at(s, (size_t)from), (size_t)(to - from)));
	return true;
}

CALL(cut_to)
{
	int64_t c = args[0].i;
	struct str s = S1;

	(void)r;
	(void)n;
	if (c < 0 && (int64_t)s.n + c > 0)
		s = str_from_at(s, (size_t)((int64_t)s.n + c));
	else if (c >= 0)
		s = str_head(s, (size_t)c);
	*out = tv_str(s);
	return true;
}

CALL(no_space)
{
	struct buf *b = run_scratch(r, 0);

	(void)n;
	for (size_t i = 0; i < S0.n;) {
		uint32_t rune = next_rune(S0, &i);

		if (!is_space(rune))
			add_rune(b, rune);
	}
	return run_take(r, b, out);
}

static bool indent_lines(struct run *r, int64_t by, struct str s, bool line, struct tv *out)
{
	struct buf *b = run_scratch(r, 0);

	if (by < 0 || by > 1000)
		return false;
	if (line)
		buf_add_char(b, '\n');
	for (size_t i = 0; i <= s.n && b->n <= BYTES_MAX; i++) {
		for (int64_t k = 0; k < by && (i == 0 || s.p[i - 1] == '\n'); k++)
			buf_add_char(b, ' ');
		if (i < s.n)
			buf_add_char(b, s.p[i]);
	}
	return run_take(r, b, out);
}

CALL(indent)
{
	(void)n;
	return indent_lines(r, args[0].i, S1, false, out);
}

CALL(nindent)
{
	(void)n;
	return indent_lines(r, args[0].i, S1, true, out);
}

/* Those that are not nil, with a space between, in quotes or not. */
static bool put_all(struct run *r, const struct tv *args, size_t n, char quote, struct tv *out)
{
	struct buf *b = run_scratch(r, 0);
	bool any = false;

	for (size_t i = 0; i < n && b->n <= BYTES_MAX; i++) {
		struct buf *text = run_scratch(r, 1);

		if (args[i].kind == TV_NONE)
			continue;
		if (any)
			buf_add_char(b, ' ');
		any = true;
		tv_print(text, &args[i]);
		if (quote == '\'')
			buf_printf(b, "'" STR_FMT "'", STR_ARG(buf_str(text)));
		else if (quote)
			buf_add_quoted(b, buf_str(text));
		else
			buf_add_str(b, buf_str(text));
	}
	return run_take(r, b, out);
}

CALL(quote)
{
	return put_all(r, args, n, '"', out);
}

CALL(squote)
{
	return put_all(r, args, n, '\'', out);
}

CALL(cat)
{
	return put_all(r, args, n, 0, out);
}

CALL(to_string)
{
	struct str s;

	(void)n;
	if (!tv_text(r, &args[0], &s))
		return false;
	*out = tv_str(s);
	return true;
}

/* --- codes --- */

CALL(b64enc)
{
	struct buf *b = run_scratch(r, 0);

	(void)n;
	base64_encode(b, S0, BASE64_STANDARD);
	return run_take(r, b, out);
}

CALL(b64dec)
{
	struct buf *b = run_scratch(r, 0);

	(void)n;
	if (!base64_decode(b, S0, BASE64_STANDARD, NULL)) {
		buf_clear(b);
		buf_printf(b, "illegal base64 data");
	}
	return run_take(r, b, out);
}

static bool give_hex(struct run *r, const char *hex, struct tv *out)
{
	char *to = run_bytes(r, 64);

	if (!to)
		return false;
	memcpy(to, hex, 64);
	*out = tv_str((struct str){to, 64});
	return true;
}

/* The salt first. */
CALL(hash)
{
	char hex[65];

	(void)n;
	sha3_256_hex(S0, S1, hex);
	return give_hex(r, hex, out);
}

CALL(sha2_hash)
{
	struct buf *both = run_scratch(r, 0);
	char hex[65];

	(void)n;
	buf_add_str(both, S0);
	buf_add_str(both, S1);
	sha256_hex(buf_str(both), hex);
	return give_hex(r, hex, out);
}

CALL(sha256sum)
{
	char hex[65];

	(void)n;
	sha256_hex(S0, hex);
	return give_hex(r, hex, out);
}

CALL(adler32sum)
{
	struct buf *b = run_scratch(r, 0);
	uint32_t low = 1;
	uint32_t high = 0;

	(void)n;
	for (size_t i = 0; i < S0.n; i++) {
		low = (low + (unsigned char)S0.p[i]) % 65521;
		high = (high + low) % 65521;
	}
	buf_printf(b, "%u", high << 16 | low);
	return run_take(r, b, out);
}

const struct tpl_func tpl_texts[] = {
	{"Hash", "ss", hash},
	{"Replace", "sssi", go_replace},
	{"Sha2Hash", "ss", sha2_hash},
	{"ToLower", "s", lower},
	{"ToUpper", "s", upper},
	{"Trim", "ss", go_trim},
	{"TrimLeft", "ss", go_trim_left},
	{"TrimPrefix", "ss", go_trim_prefix},
	{"TrimRight", "ss", go_trim_right},
	{"TrimSpace", "s", go_trim_space},
	{"TrimSuffix", "ss", go_trim_suffix},
	{"adler32sum", "s", adler32sum},
	{"b64dec", "s", b64dec},
	{"b64enc", "s", b64enc},
	{"cat", "a*", cat},
	{"contains", "ss", contains},
	{"hasPrefix", "ss", has_prefix},
	{"hasSuffix", "ss", ends_with},
	{"indent", "is", indent},
	{"lower", "s", lower},
	{"nindent", "is", nindent},
	{"nospace", "s", no_space},
	{"quote", "a*", quote},
	{"repeat", "is", repeat},
	{"replace", "sss", sprig_replace},
	{"sha256sum", "s", sha256sum},
	{"squote", "a*", squote},
	{"substr", "iis", substr},
	{"swapcase", "s", swap_case},
	{"title", "s", title},
	{"toString", "a", to_string},
	{"trim", "s", go_trim_space},
	{"trimAll", "ss", sprig_trim_all},
	{"trimPrefix", "ss", sprig_trim_prefix},
	{"trimSuffix", "ss", sprig_trim_suffix},
	{"trimall", "ss", sprig_trim_all},
	{"trunc", "is", cut_to},
	{"untitle", "s", untitle},
	{"upper", "s", upper},
	{NULL, NULL, NULL},
};
