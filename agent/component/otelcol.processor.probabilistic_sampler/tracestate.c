#include "agent/component/otelcol.processor.probabilistic_sampler/tracestate.h"

#include "agent/base/buf.h"
#include "agent/component/otelcol.processor.probabilistic_sampler/threshold.h"

enum {
	MAX_MEMBERS = 32,
	MAX_TEXT = 1024,
	MAX_KEY = 256,
	MAX_TENANT = 241,
	MAX_SYSTEM = 14,
	MAX_VALUE = 256,
	MAX_OT = 256,
};

/* The next part of a list; *rest is what follows. False at the end. */
static bool next_part(struct str *rest, char separator, struct str *part)
{
	if (rest->n == 0)
		return false;
	if (!str_cut(*rest, separator, part, rest)) {
		*part = *rest;
		rest->n = 0;
	}
	return true;
}

/* Blanks and tabs. */
static struct str trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from_at(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_key_part(struct str s, bool digit_first, size_t max)
{
	if (s.n == 0 || s.n > max || !(is_lower(s.p[0]) || (digit_first && is_digit(s.p[0]))))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!is_lower(s.p[i]) && !is_digit(s.p[i]) && !memchr("_-*/", s.p[i], 4))
			return false;
	return true;
}

static bool is_key(struct str key)
{
	struct str tenant;
	struct str system;

	if (str_cut(key, '@', &tenant, &system))
		return is_key_part(tenant, true, MAX_TENANT) &&
		       is_key_part(system, false, MAX_SYSTEM);
	return is_key_part(key, false, MAX_KEY);
}

static bool is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e || s.p[i] == ',' || s.p[i] == '=')
			return false;
	return s.n > 0 && s.n <= MAX_VALUE && s.p[s.n - 1] != ' ';
}

/* key:value of the member ot. */
static bool is_ot_part(struct str key, struct str value)
{
	if (key.n == 0 || !is_lower(key.p[0]))
		return false;
	for (size_t i = 1; i < key.n; i++)
		if (!is_lower(key.p[i]) && !is_digit(key.p[i]))
			return false;
	for (size_t i = 0; i < value.n; i++)
		if (!is_lower(value.p[i]) && !is_digit(value.p[i]) &&
			!(value.p[i] >= 'A' && value.p[i] <= 'Z') && !memchr("._-", value.p[i], 3))
			return false;
	return true;
}

static bool parse_ot(struct str ot, struct tracestate *t)
{
	struct str rest = ot;
	struct str part;

	if (ot.n > MAX_OT || ot.n == 0 || ot.p[ot.n - 1] == ';')
		return false;
	t->ot = ot;
	while (next_part(&rest, ';', &part)) {
		struct str key;
		struct str value;

		if (!str_cut(part, ':', &key, &value) || !is_ot_part(key, value))
			return false;
		if (str_is(key, "rv")) {
			t->has_randomness = sampling_parse_randomness(value, &t->randomness);
			if (!t->has_randomness)
				return false;
		} else if (str_is(key, "th")) {
			t->has_threshold = sampling_parse_threshold(value, &t->threshold);
			if (!t->has_threshold)
				return false;
		}
	}
	return true;
}

bool tracestate_parse(struct str text, struct tracestate *out)
{
	struct str rest = text;
	struct str part;
	size_t n = 0;

	*out = (struct tracestate){.text = text};
	if (text.n > MAX_TEXT)
		return false;
	while (next_part(&rest, ',', &part)) {
		struct str key;
		struct str value;

		part = trim(part);
		if (++n >= MAX_MEMBERS)
			return false;
		if (part.n == 0)
			continue;
		if (!str_cut(part, '=', &key, &value) || !is_key(key) || !is_value(value))
			return false;
		if (str_is(key, "ot") && !parse_ot(value, out))
			return false;
	}
	return true;
}

static void separate(struct buf *out, size_t start, char c)
{
	if (out->n > start)
		buf_add_char(out, c);
}

static void print_ot(struct buf *out, const struct tracestate *t)
{
	struct str rest = t->ot;
	size_t start = out->n;
	char text[SAMPLING_TEXT];
	struct str part;

	if (t->has_randomness) {
		buf_add_str(out, STR("rv:"));
		buf_add_str(out, sampling_print_randomness(text, t->randomness));
	}
	if (t->has_threshold) {
		separate(out, start, ';');
		buf_add_str(out, STR("th:"));
		buf_add_str(out, sampling_print_threshold(text, t->threshold));
	}
	while (next_part(&rest, ';', &part)) {
		if (str_starts(part, "rv:") || str_starts(part, "th:"))
			continue;
		separate(out, start, ';');
		buf_add_str(out, part);
	}
}

void tracestate_print(struct buf *out, const struct tracestate *t)
{
	struct str rest = t->text;
	size_t start = out->n;
	size_t inside;
	struct str part;

	buf_add_str(out, STR("ot="));
	inside = out->n;
	print_ot(out, t);
	if (out->n == inside)
		out->n = start;
	while (next_part(&rest, ',', &part)) {
		part = trim(part);
		if (part.n == 0 || str_starts(part, "ot="))
			continue;
		separate(out, start, ',');
		buf_add_str(out, part);
	}
}

struct str tracestate_find(struct str text, struct str key)
{
	struct str rest = text;
	struct str part;

	while (next_part(&rest, ',', &part)) {
		struct str k;
		struct str v;

		if (str_cut(trim(part), '=', &k, &v) && str_eq(k, key))
			return v;
	}
	return (struct str){0};
}
