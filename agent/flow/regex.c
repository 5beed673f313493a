/*
 * Three ways to answer, cheapest first: patterns that are so common that no engine is
 * needed (everything, anything but nothing, a list of plain words); a literal at the
 * beginning that the text does not have; PCRE2's compiled code.
 *
 * PCRE2 runs in UTF mode, because in byte mode `.`, classes and counts would see bytes where RE2
 * sees characters. It may only be given valid UTF-8; other text is copied first, with U+FFFD in
 * place of each bad byte, which is how Go reads it. PCRE2_MATCH_INVALID_UTF is not that: no
 * `.` would match such a byte, and `(.*)` would fail on a line that has one.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "agent/flow/regex.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/flow/regex_syntax.h"

#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

/*
 * About a millisecond for most patterns; what real ones need is a few hundred steps. PCRE2 counts
 * those of one start alone, and begins anew at each byte of a text: where a match may begin
 * anywhere, a start gets less the longer the text is, and a long text is looked through by
 * parts, for a second in all. That is CPU time, not the time of day: a bound of work, which no test
 * needs to move.
 */
#define MATCH_LIMIT 500000
#define TEXT_STEPS ((size_t)64 << 20)
#define START_MIN 40000 /* a repetition that takes all of a record of 16 KiB and gives it back */
#define LONG ((size_t)64 << 10)
#define PART 1024
#define MATCHES_MAX 100000 /* in one text */
#define HEAP_LIMIT 8192    /* KiB; only used where code cannot be compiled to machine code */
#define JIT_STACK_MIN ((size_t)32 << 10)
#define JIT_STACK_MAX ((size_t)512 << 10)

enum shape {
	SHAPE_ANY,   /* .* and the whole text is asked for */
	SHAPE_SOME,  /* .+ */
	SHAPE_WORDS, /* plain texts, one of which is the whole text, or (one only) in it */
	SHAPE_PATTERN,
};

struct regex_program {
	struct arena arena;
	enum shape shape;
	bool is_whole;
	bool has_jit;
	bool is_anchored; /* it begins at the text's begin, or a line's */
	bool has_warned;
	struct str *words;
	size_t n_words;
	struct str prefix; /* a text that matches begins with this; only if is_whole */
	size_t gave_up;
	clock_t until; /* for a long text; 0: not begun */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct buf copy; /* the text, repaired */
};

static bool is_meta(char c)
{
	return c && strchr("\\.+*?()|[]{}^$", c);
}

/* --- shapes --- */

/* The pattern without one pair of parentheses around it. */
static struct str unwrap(struct str s, bool *group)
{
	struct str inner = s;

	*group = false;
	if (str_starts(s, "(") && str_ends(s, ")")) {
		*group = !str_starts(s, "(?");
		inner = str_starts(s, "(?:") ? str_from_at(s, 3) : str_from_at(s, 1);
		inner = str_head(inner, inner.n ? inner.n - 1 : 0);
	}
	return inner;
}

/* Takes the words apart; false if there is more in it than words. */
static bool split_words(struct regex_program *g, struct str s)
{
	char *to = arena_new(&g->arena, char, s.n + 1);
	struct str *words = arena_new(&g->arena, struct str, s.n + 1);
	size_t n = 0;
	size_t len = 0;

	must(s.p || s.n == 0);
	for (size_t i = 0; i <= s.n; i++) {
		if (i == s.n || s.p[i] == '|') {
			words[n++] = (struct str){to, len};
			to += len;
			len = 0;
			continue;
		}
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] > 32 && s.p[i + 1] < 127 &&
			(is_meta(s.p[i + 1]) || strchr("-/\"'_,:;@#%&=!<>~` ", s.p[i + 1])))
			i++;
		else if (is_meta(s.p[i]))
			return false;
		to[len++] = s.p[i];
	}
	g->words = words;
	g->n_words = n;
	return true;
}

/* The plain text that a whole match begins with. A pattern with a bar is taken to have none. */
static struct str find_prefix(struct arena *a, struct str s)
{
	size_t n = 0;

	if (memchr(s.p ? s.p : "", '|', s.n))
		return (struct str){0};
	while (s.p && n < s.n && !is_meta(s.p[n]) && (unsigned char)s.p[n] < 128)
		n++;
	if (n < s.n && n > 0 && strchr("*+?{", s.p[n]))
		n--;
	return arena_str(a, str_head(s, n));
}

static enum shape find_shape(struct regex_program *g, struct str pattern, size_t groups)
{
	bool group;
	struct str inner = unwrap(pattern, &group);

	if (groups != 1u + group)
		return SHAPE_PATTERN;
	if (g->is_whole && str_is(inner, ".*"))
		return SHAPE_ANY;
	if (g->is_whole && str_is(inner, ".+"))
		return SHAPE_SOME;
	if (split_words(g, inner) && (g->is_whole || g->n_words == 1))
		return SHAPE_WORDS;
	return SHAPE_PATTERN;
}

/* --- making --- */

static pcre2_compile_context *compile_context(void)
{
	static pcre2_compile_context *c;

	if (!c) {
		c = pcre2_compile_context_create(NULL);
		if (!c)
			mem_out(0);
		pcre2_set_newline(c, PCRE2_NEWLINE_LF);
		pcre2_set_parens_nest_limit(c, 300);
	}
	return c;
}

/* One for the process: matches do not overlap. */
static pcre2_jit_stack *jit_stack(void)
{
	static pcre2_jit_stack *s;

	if (!s)
		s = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	return s;
}

static bool compile(struct regex_program *g, struct str pattern, struct buf *pcre, struct err *e)
{
	uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX |
			   PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK |
			   PCRE2_USE_OFFSET_LIMIT;
	uint32_t first;
	unsigned char text[120];
	size_t at;
	int code;

	g->code =
		pcre2_compile((PCRE2_SPTR)pcre->p, pcre->n, options, &code, &at, compile_context());
	if (!g->code) {
		if (code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY ||
			code == PCRE2_ERROR_MALFORMED_UNICODE_PROPERTY)
			return err_set(e,
				"error parsing regexp: invalid character class range: `%.*s`",
				(int)(pattern.n > 200 ? 200 : pattern.n), pattern.p);
		pcre2_get_error_message(code, text, sizeof(text));
		return err_set(e, "error parsing regexp: %s: `%.*s`",
			code == PCRE2_ERROR_PATTERN_TOO_LARGE ? "expression too large"
							      : (char *)text,
			(int)(pattern.n > 200 ? 200 : pattern.n), pattern.p);
	}
	g->has_jit = pcre2_jit_compile(g->code, PCRE2_JIT_COMPLETE) == 0;
	g->data = pcre2_match_data_create_from_pattern(g->code, NULL);
	g->context = pcre2_match_context_create(NULL);
	if (!g->data || !g->context)
		mem_out(0);
	pcre2_set_heap_limit(g->context, HEAP_LIMIT);
	must(pcre2_pattern_info(g->code, PCRE2_INFO_ALLOPTIONS, &options) == 0);
	must(pcre2_pattern_info(g->code, PCRE2_INFO_FIRSTCODETYPE, &first) == 0);
	g->is_anchored = (options & PCRE2_ANCHORED) || first == 2;
	if (g->has_jit)
		pcre2_jit_stack_assign(g->context, NULL, jit_stack());
	return true;
}

static bool build(struct regex *re, struct regex_syntax *syntax, struct err *e)
{
	struct regex_program *g = re->program;
	struct buf whole = {0};
	bool ok;

	re->n_groups = syntax->names.n;
	re->names = arena_new(&g->arena, struct str, re->n_groups);
	re->groups = arena_new(&g->arena, struct str, re->n_groups);
	for (size_t i = 0; i < re->n_groups; i++)
		re->names[i] = arena_str(&g->arena, syntax->names.p[i]);
	g->shape = find_shape(g, re->pattern, re->n_groups);
	if (g->shape != SHAPE_PATTERN)
		return true;
	if (!g->is_whole)
		return compile(g, re->pattern, &syntax->pcre, e);
	g->prefix = find_prefix(&g->arena, re->pattern);
	buf_add_str(&whole, STR("\\A(?s:"));
	buf_add_str(&whole, buf_str(&syntax->pcre));
	buf_add_str(&whole, STR(")\\z"));
	ok = compile(g, re->pattern, &whole, e);
	buf_fini(&whole);
	return ok;
}

struct regex *regex_new(struct str pattern, unsigned flags, struct err *e)
{
	struct regex_syntax syntax;
	struct regex *re;
	bool ok;

	if (pattern.n > REGEX_PATTERN_MAX) {
		err_set(e, "error parsing regexp: expression too large: %zu bytes", pattern.n);
		return NULL;
	}
	if (!regex_syntax_parse(pattern, &syntax, e))
		return NULL;
	re = mem_new(struct regex, 1);
	re->program = mem_new(struct regex_program, 1);
	re->program->is_whole = flags & REGEX_WHOLE;
	arena_init(&re->program->arena, 0);
	re->pattern = arena_str(&re->program->arena, pattern);
	ok = build(re, &syntax, e);
	regex_syntax_fini(&syntax);
	if (ok)
		return re;
	regex_free(re);
	return NULL;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_match_data_free(re->program->data);
	pcre2_match_context_free(re->program->context);
	pcre2_code_free(re->program->code);
	buf_fini(&re->program->copy);
	arena_fini(&re->program->arena);
	free(re->program);
	free(re);
}

/* --- matching --- */

static void set_groups(struct regex *re, struct str match)
{
	for (size_t i = 0; i < re->n_groups; i++)
		re->groups[i] = match;
}

static bool match_words(struct regex *re, struct str text)
{
	struct regex_program *g = re->program;
	ptrdiff_t at;

	if (!g->is_whole) {
		at = str_find(text, g->words[0]);
		if (at >= 0)
			set_groups(re, (struct str){text.p + at, g->words[0].n});
		return at >= 0;
	}
	for (size_t i = 0; i < g->n_words; i++) {
		if (str_eq(g->words[i], text)) {
			set_groups(re, text);
			return true;
		}
	}
	return false;
}

static void say_gave_up(struct regex *re, int code, size_t n)
{
	struct regex_program *g = re->program;

	g->gave_up++;
	if (g->has_warned)
		return;
	g->has_warned = true;
	log_warn(NULL, "regular expression given up, taken as no match", KV("pattern", re->pattern),
		KV("code", code), KV("text_bytes", n),
		KV("hint", "it backtracks too much on this text: avoid nested repetitions such as "
			   "(a+)+"));
}

/* Matches that begin from byte at to byte last. */
static int match_part(struct regex_program *g, struct str text, size_t at, size_t last)
{
	PCRE2_SPTR p = (PCRE2_SPTR)text.p;
	int n;

	pcre2_set_offset_limit(g->context, last);
	if (g->has_jit)
		n = pcre2_jit_match(g->code, p, text.n, at, 0, g->data, g->context);
	else
		n = pcre2_match(
			g->code, p, text.n, at, PCRE2_NO_UTF_CHECK, g->data, g->context);
	if (n == PCRE2_ERROR_JIT_STACKLIMIT)
		n = pcre2_match(g->code, p, text.n, at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, g->data,
			g->context);
	return n;
}

static int match_long(struct regex_program *g, struct str text, size_t at)
{
	int n = PCRE2_ERROR_NOMATCH;

	if (g->until == 0)
		g->until = clock() + CLOCKS_PER_SEC;
	while (at <= text.n && n == PCRE2_ERROR_NOMATCH) {
		size_t next = at + PART;

		while (next < text.n && ((unsigned char)text.p[next] & 0xc0) == 0x80)
			next++; /* to a character's first byte */
		n = match_part(g, text, at, next - 1);
		at = next;
		if (n == PCRE2_ERROR_NOMATCH && clock() > g->until)
			return PCRE2_ERROR_MATCHLIMIT;
	}
	return n;
}

/* most: steps of a start. */
static uint32_t start_limit(const struct regex_program *g, struct str text, uint32_t most)
{
	size_t n = TEXT_STEPS / (text.n + 1);

	n = n > START_MIN ? n : START_MIN;
	return g->is_anchored || n > most ? most : (uint32_t)n;
}

/* text is valid UTF-8, and looked at from byte at on. False, when it does not match. */
static bool run(struct regex *re, struct str text, size_t at, uint32_t most)
{
	struct regex_program *g = re->program;
	int n;

	pcre2_set_match_limit(g->context, start_limit(g, text, most));
	if (g->is_anchored || text.n - at <= LONG)
		n = match_part(g, text, at, PCRE2_UNSET);
	else
		n = match_long(g, text, at);
	if (n < 0 && n != PCRE2_ERROR_NOMATCH)
		say_gave_up(re, n, text.n);
	return n > 0;
}

static void take_groups(struct regex *re, struct str text)
{
	const size_t *v = pcre2_get_ovector_pointer(re->program->data);
	size_t n = pcre2_get_ovector_count(re->program->data);

	for (size_t i = 0; i < re->n_groups; i++) {
		bool set = i < n && v[2 * i] != PCRE2_UNSET && v[2 * i] <= v[2 * i + 1];

		re->groups[i] = set ? (struct str){text.p + v[2 * i], v[2 * i + 1] - v[2 * i]}
				    : (struct str){0};
	}
}

/* Appends text to the copy, U+FFFD for what is not UTF-8. */
static void repair(struct buf *to, struct str text)
{
	buf_clear(to);
	buf_reserve(to, text.n * 3 + 1);
	for (size_t i = 0; i < text.n;) {
		size_t n = utf8_length(text, i);

		if (n)
			buf_add(to, text.p + i, n);
		else
			buf_add(to, "\xef\xbf\xbd", 3);
		i += n ? n : 1;
	}
}

/* The place in text of byte at of its repaired copy. */
static const char *unrepair(struct str text, size_t at)
{
	size_t i = 0;

	for (size_t copied = 0; copied < at && i < text.n;) {
		size_t n = utf8_length(text, i);

		copied += n ? n : 3;
		i += n ? n : 1;
	}
	return text.p + i;
}

static bool match_repaired(struct regex *re, struct str text)
{
	struct regex_program *g = re->program;

	repair(&g->copy, text);
	if (!run(re, buf_str(&g->copy), 0, MATCH_LIMIT))
		return false;
	take_groups(re, buf_str(&g->copy));
	for (size_t i = 0; i < re->n_groups; i++) {
		struct str *s = &re->groups[i];
		size_t from;

		if (!s->p)
			continue;
		from = (size_t)(s->p - g->copy.p);
		s->n += from;
		s->p = unrepair(text, from);
		s->n = (size_t)(unrepair(text, s->n) - s->p);
	}
	return true;
}

bool regex_match(struct regex *re, struct str text)
{
	struct regex_program *g = re->program;

	g->until = 0;
	if (!text.p)
		text = STR("");
	switch (g->shape) {
	case SHAPE_SOME:
		if (text.n == 0)
			return false;
		set_groups(re, text);
		return true;
	case SHAPE_ANY:
		set_groups(re, text);
		return true;
	case SHAPE_WORDS:
		return match_words(re, text);
	case SHAPE_PATTERN:
		break;
	}
	if (g->prefix.n && !str_eq(str_head(text, g->prefix.n), g->prefix))
		return false;
	if (!utf8_is_valid(text))
		return match_repaired(re, text);
	if (!run(re, text, 0, MATCH_LIMIT))
		return false;
	take_groups(re, text);
	return true;
}

/* --- every match --- */

/* The first matches may take as many steps as one alone, later ones less: a text of which every
 * byte is a hard match must not take minutes. */
static uint32_t steps_left(size_t count)
{
	if (count < 100)
		return MATCH_LIMIT;
	return count < 10000 ? MATCH_LIMIT / 25 : MATCH_LIMIT / 500;
}

static bool match_from(struct regex *re, struct regex_each *it)
{
	struct regex_program *g = re->program;
	bool ok;

	if (g->shape == SHAPE_WORDS) {
		ptrdiff_t at = str_find(str_from_at(it->text, it->at), g->words[0]);

		if (at >= 0)
			set_groups(re,
				(struct str){it->text.p + it->at + at, g->words[0].n});
		return at >= 0;
	}
	ok = run(re, it->text, it->at, steps_left(it->count));
	if (ok)
		take_groups(re, it->text);
	return ok;
}

void regex_each_init(struct regex_each *it, struct regex *re, struct str text)
{
	must(!re->program->is_whole);
	re->program->until = 0;
	if (!text.p)
		text = STR("");
	if (!utf8_is_valid(text)) {
		repair(&re->program->copy, text);
		text = buf_str(&re->program->copy);
	}
	*it = (struct regex_each){.text = text, .end = SIZE_MAX};
}

bool regex_each_next(struct regex_each *it, struct regex *re)
{
	bool is_new;

	do {
		size_t from;
		size_t end;

		if (it->at > it->text.n || it->count == MATCHES_MAX || !match_from(re, it)) {
			if (it->count == MATCHES_MAX)
				say_gave_up(re, PCRE2_ERROR_MATCHLIMIT, it->text.n);
			return false;
		}
		from = (size_t)(re->groups[0].p - it->text.p);
		end = from + re->groups[0].n;
		is_new = end > from || from != it->end;
		it->end = end;
		it->count++;
		if (end > it->at)
			it->at = end;
		else
			it->at += it->at < it->text.n ? utf8_length(it->text, it->at) : 1;
	} while (!is_new);
	return true;
}

int regex_find_group(const struct regex *re, struct str name)
{
	for (size_t i = 1; i < re->n_groups; i++) {
		if (name.n && str_eq(re->names[i], name))
			return (int)i;
	}
	return -1;
}

bool regex_has_names(const struct regex *re)
{
	for (size_t i = 1; i < re->n_groups; i++) {
		if (re->names[i].n)
			return true;
	}
	return false;
}

size_t regex_gave_up(const struct regex *re)
{
	return re->program->gave_up;
}
