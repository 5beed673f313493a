/*
 * stage.luhn: replaces numbers that have a right check digit by Luhn's formula, as card
 * numbers have. As in Alloy the result becomes the line, even if it was made of a source, and
 * numbers that do not fit 63 bits stay. skip_regex spares the numbers inside its matches.
 */
#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "agent/component/common/regex_arg.h"
#include "agent/component/loki.process/input.h"
#include "agent/flow/regex.h"

#define DIGITS_MAX 19 /* of 2^63 */

struct luhn_args {
	struct str replacement;
	struct str source;
	int64_t min_length;
	struct str delimiters;
	struct str skip_regex;
};

static const struct arg luhn_args[] = {
	ARG(luhn_args, replacement, .type = ARG_STR, .def = "**REDACTED**",
		.help = "What is put in place of a number."),
	ARG(luhn_args, source, .type = ARG_STR,
		.help = "Name of the extracted value that is looked at; the line by default."),
	ARG(luhn_args, min_length, .type = ARG_INT, .def = "13",
		.help = "Numbers of fewer digits stay."),
	ARG(luhn_args, delimiters, .type = ARG_STR,
		.help = "Characters that may stand between the digits of a number."),
	ARG(luhn_args, skip_regex, .type = ARG_STR,
		.help = "RE2 regular expression; numbers inside a match stay."),
	ARGS_END,
};

struct luhn {
	struct stage base;
	const struct luhn_args *args;
	struct str replacement;
	size_t min_length;
	struct regex *skip; /* NULL: none */
};

static bool luhn_check(const void *args, struct range at, struct diags *d)
{
	const struct luhn_args *a = args;
	bool ok = input_check(a->source, at, d);

	return regex_arg_check("skip_regex", a->skip_regex, at, d) && ok;
}

static bool luhn_uses_extracted(const void *args)
{
	const struct luhn_args *a = args;

	return a->source.n > 0;
}

static bool luhn_init(struct stage *s, const void *args, struct err *e)
{
	struct luhn *l = container_of(s, struct luhn, base);

	l->args = args;
	l->replacement = l->args->replacement.n ? l->args->replacement : STR("**REDACTED**");
	l->min_length = l->args->min_length < 1 ? 13 : (size_t)l->args->min_length;
	if (!l->args->skip_regex.n)
		return true;
	l->skip = regex_new(l->args->skip_regex, 0, e);
	return l->skip != NULL;
}

/* A number in the text, with what stands between and behind its digits. */
struct number {
	size_t from;
	size_t end;      /* behind its last digit */
	size_t text_end; /* behind delimiters too */
	size_t last;     /* where the last delimiter begins */
	size_t digits;
	uint64_t value; /* valid up to DIGITS_MAX digits */
	bool is_too_big;
};

static bool is_luhn(uint64_t value)
{
	unsigned sum = 0;

	for (int i = 0; value > 0; i++, value /= 10) {
		unsigned digit = (unsigned)(value % 10);

		if (i % 2)
			digit = digit < 5 ? digit * 2 : digit * 2 - 9;
		sum += digit;
	}
	return sum % 10 == 0;
}

static bool is_delimiter(const struct luhn *l, struct str text, size_t at, size_t n)
{
	struct str all = l->args->delimiters;
	struct str c = str_head(str_from_at(text, at), n);

	for (size_t i = 0; i < all.n;) {
		size_t len = utf8_length(all, i);

		if (len && len == n && str_eq(str_head(str_from_at(all, i), len), c))
			return true;
		i += len ? len : 1;
	}
	return false;
}

/* The next number of text at or behind from. */
static bool find_number(const struct luhn *l, struct str text, size_t from, struct number *out)
{
	struct number n = {0};

	for (size_t i = from; i < text.n;) {
		size_t len = utf8_length(text, i);
		char c = text.p[i];
		bool is_ascii = ascii_is_digit(c);

		len = len ? len : 1;
		if (is_ascii || (len > 1 && utf8_is_digit(utf8_rune(text, i)))) {
			if (n.digits++ == 0)
				n.from = i;
			n.end = n.text_end = i + len;
			n.is_too_big |= !is_ascii || n.digits > DIGITS_MAX;
			n.value = n.is_too_big ? 0 : n.value * 10 + (uint64_t)(c - '0');
		} else if (n.digits == 0) {
			/* not in a number */
		} else if (is_delimiter(l, text, i, len)) {
			n.last = i;
			n.text_end = i + len;
		} else {
			break;
		}
		i += len;
	}
	*out = n;
	return n.digits > 0;
}

/* Matches of skip_regex, one after the other. */
struct skips {
	struct regex_each each;
	size_t from;
	size_t end;
	bool is_over;
};

static bool is_skipped(struct luhn *l, struct skips *k, const struct number *n)
{
	while (!k->is_over && k->end <= n->from) {
		k->is_over = !regex_each_next(&k->each, l->skip);
		if (k->is_over)
			break;
		k->from = (size_t)(l->skip->groups[0].p - k->each.text.p);
		k->end = k->from + l->skip->groups[0].n;
	}
	return !k->is_over && k->from <= n->from && n->end <= k->end;
}

static bool is_card(const struct luhn *l, const struct number *n)
{
	return n->digits >= l->min_length && !n->is_too_big && n->value <= INT64_MAX &&
	       is_luhn(n->value);
}

/* Writes the text with the cards replaced, or only counts: to NULL. */
static size_t redact(struct luhn *l, struct str text, char *to)
{
	struct skips skips = {.is_over = !l->skip};
	struct number n;
	size_t copied = 0;
	size_t out = 0;

	if (l->skip)
		regex_each_init(&skips.each, l->skip, text);
	for (size_t at = 0; find_number(l, text, at, &n); at = n.text_end) {
		size_t end = n.text_end > n.end ? n.last : n.end;

		if (!is_card(l, &n) || is_skipped(l, &skips, &n))
			continue;
		if (to) {
			memcpy(to + out, text.p + copied, n.from - copied);
			memcpy(to + out + n.from - copied, l->replacement.p, l->replacement.n);
		}
		out += n.from - copied + l->replacement.n;
		copied = end;
	}
	if (to && copied < text.n)
		memcpy(to + out, text.p + copied, text.n - copied);
	return copied == 0 && out == 0 ? 0 : out + text.n - copied;
}

static bool luhn_run(struct stage *s, struct work *w)
{
	struct luhn *l = container_of(s, struct luhn, base);
	struct str text;
	size_t n;
	char *to;

	if (!input_find(w, l->args->source, &text))
		return true;
	if (l->skip) { /* places are those of the repaired text */
		struct regex_each each;

		regex_each_init(&each, l->skip, text);
		text = each.text.p == text.p ? text : arena_str(w->arena, each.text);
	}
	w->e.line = text;
	n = redact(l, text, NULL);
	if (n == 0) /* as it was */
		return true;
	to = arena_new(w->arena, char, n);
	redact(l, text, to);
	w->e.line = (struct str){to, n};
	return true;
}

static void luhn_fini(struct stage *s)
{
	regex_free(container_of(s, struct luhn, base)->skip);
}

static const struct stage_ops luhn_ops = {
	.size = sizeof(struct luhn),
	.uses_extracted = luhn_uses_extracted,
	.check = luhn_check,
	.init = luhn_init,
	.run = luhn_run,
	.fini = luhn_fini,
};

const struct arg_choice_type stage_luhn = {
	.name = "stage.luhn",
	.help = "Redacts card numbers.",
	.args = luhn_args,
	.size = sizeof(struct luhn_args),
	.ops = &luhn_ops,
};
