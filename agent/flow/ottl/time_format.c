/*
 * A time by a format with the directives of strptime that logs have. It is UTC unless the text says
 * an offset. What is not a directive stands for itself, blanks included.
 */

#include "agent/flow/ottl/time_format.h"
#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"

#include <stddef.h>

enum {
	MAX_FORMAT = 256,
};

struct reading {
	struct str text;
	size_t at;
	int64_t year;
	int64_t month;
	int64_t day;
	int64_t hour;
	int64_t minute;
	int64_t second;
	int64_t ns;
	int64_t offset; /* seconds east */
	bool is_pm;
	bool is_12;
};

static const char *const months[] = {"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"};
static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/* Directives that are a number, and those that stand for others. */
static const struct number {
	const char *letters;
	size_t digits; /* at most */
	int64_t least;
	int64_t most;
	size_t field; /* of struct reading */
} numbers[] = {
	{"Y", 4, 1, 9999, offsetof(struct reading, year)},
	{"mq", 2, 1, 12, offsetof(struct reading, month)},
	{"deg", 2, 1, 31, offsetof(struct reading, day)},
	{"Hk", 2, 0, 23, offsetof(struct reading, hour)},
	{"Il", 2, 1, 12, offsetof(struct reading, hour)},
	{"M", 2, 0, 59, offsetof(struct reading, minute)},
	{"S", 2, 0, 60, offsetof(struct reading, second)},
};

static const struct {
	char letter;
	const char *format;
} shorts[] = {{'F', "%Y-%m-%d"}, {'T', "%H:%M:%S"}, {'R', "%H:%M"}, {'D', "%m/%d/%y"}};

/* At most `max` digits; *n how many there were. */
static bool take_digits(struct reading *t, size_t max, int64_t *out, size_t *n)
{
	*out = 0;
	for (*n = 0; *n < max && t->at < t->text.n; t->at++, ++*n) {
		char c = t->text.p[t->at];

		if (c < '0' || c > '9')
			break;
		*out = *out * 10 + (c - '0');
	}
	return *n > 0;
}

static bool take_number(struct reading *t, size_t max, int64_t least, int64_t most, int64_t *out)
{
	size_t n;

	return take_digits(t, max, out, &n) && *out >= least && *out <= most;
}

static bool take_fraction(struct reading *t)
{
	size_t n;

	if (!take_digits(t, 9, &t->ns, &n))
		return false;
	for (; n < 9; n++)
		t->ns *= 10;
	return true;
}

static bool take_name(struct reading *t, const char *const *names, size_t count, bool whole,
	int64_t *out)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = whole ? strlen(names[i]) : 3;

		if (!str_eq_nocase(str_head(str_from_at(t->text, t->at), n),
			    str_head(str_from(names[i]), n)))
			continue;
		t->at += n;
		*out = (int64_t)i;
		return true;
	}
	return false;
}

/* Z, +hhmm, +hh:mm or +hh. */
static bool take_offset(struct reading *t)
{
	char sign = t->at < t->text.n ? t->text.p[t->at] : 0;
	int64_t hours;
	int64_t minutes = 0;

	t->at++;
	if (sign == 'Z')
		return true;
	if ((sign != '+' && sign != '-') || !take_number(t, 2, 0, 23, &hours))
		return false;
	if (t->at < t->text.n && t->text.p[t->at] == ':')
		t->at++;
	if (t->at < t->text.n && t->text.p[t->at] >= '0' && t->text.p[t->at] <= '9' &&
		!take_number(t, 2, 0, 59, &minutes))
		return false;
	t->offset = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static bool read_format(struct reading *t, struct str format);

static bool read_number(struct reading *t, const struct number *n, char c)
{
	int64_t *field = (int64_t *)(void *)((char *)t + n->field);

	if (n->field == offsetof(struct reading, day))
		while (t->at < t->text.n && t->text.p[t->at] == ' ')
			t->at++;
	t->is_12 = t->is_12 || c == 'I' || c == 'l';
	return take_number(t, n->digits, n->least, n->most, field);
}

/* The year without its century. */
static bool read_short_year(struct reading *t)
{
	if (!take_number(t, 2, 0, 99, &t->year))
		return false;
	t->year += t->year < 69 ? 2000 : 1900;
	return true;
}

static bool read_half_day(struct reading *t)
{
	static const char *const halves[] = {"AM", "PM"};
	int64_t half;

	if (!take_name(t, halves, 2, true, &half))
		return false;
	t->is_pm = half == 1;
	return true;
}

static bool read_month(struct reading *t, bool whole)
{
	if (!take_name(t, months, 12, whole, &t->month))
		return false;
	t->month++;
	return true;
}

static bool read_char(struct reading *t, char c)
{
	return t->at < t->text.n && t->text.p[t->at++] == c;
}

static bool read_directive(struct reading *t, char c)
{
	static const char *const zones[] = {"UTC", "GMT", "Z"};
	int64_t ignored;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (c && strchr(numbers[i].letters, c))
			return read_number(t, &numbers[i], c);
	for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++)
		if (shorts[i].letter == c)
			return read_format(t, str_from(shorts[i].format));
	switch (c) {
	case 'y':
		return read_short_year(t);
	case 'L':
	case 'f':
	case 's':
		return take_fraction(t);
	case 'p':
	case 'P':
		return read_half_day(t);
	case 'z':
	case 'j':
	case 'w':
	case 'i':
		return take_offset(t);
	case 'Z':
		return take_name(t, zones, 3, true, &ignored);
	case 'b':
	case 'h':
	case 'B':
		return read_month(t, c == 'B');
	case 'a':
	case 'A':
		return take_name(t, days, 7, c == 'A', &ignored);
	case 'n':
		return read_char(t, '\n');
	case 't':
		return read_char(t, '\t');
	case '%':
		return read_char(t, '%');
	default:
		return false;
	}
}

/* Directives of F, T, R and D are the only ones that lead in here again, one level deep. */
static bool read_format(struct reading *t, struct str format)
{
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] == '%' && i + 1 < format.n) {
			if (!read_directive(t, format.p[++i]))
				return false;
		} else if (t->at >= t->text.n || t->text.p[t->at++] != format.p[i]) {
			return false;
		}
	}
	return true;
}

bool ottl_time_read(struct str text, struct str format, int64_t *ns)
{
	struct reading t = {.text = text, .year = 1970, .month = 1, .day = 1};
	int64_t total;

	if (!read_format(&t, format) || t.at != text.n)
		return false;
	if (t.is_12)
		t.hour = t.hour % 12 + (t.is_pm ? 12 : 0);
	total = days_from_date(t.year, (unsigned)t.month, (unsigned)t.day) * 86400;
	total += t.hour * 3600 + t.minute * 60 + t.second - t.offset;
	return !__builtin_mul_overflow(total, NS_PER_SEC, &total) &&
	       !__builtin_add_overflow(total, t.ns, ns);
}

bool ottl_time_check(struct str format, struct err *e)
{
	static const char known[] = "YymdeHIklMSLfspPzjwiZbhBaAFTRDntqg%";

	if (format.n == 0 || format.n > MAX_FORMAT)
		return err_set(e, "the format wants 1 to %d bytes", MAX_FORMAT);
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] != '%')
			continue;
		if (++i == format.n || !format.p[i] || !strchr(known, format.p[i]))
			return err_set(e, "the directive \"%%%c\" is not known",
				i < format.n ? format.p[i] : ' ');
	}
	return true;
}
