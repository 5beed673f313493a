/*
 * A layout is a list of parts: a text that must be there, then one element of a time. The
 * elements are recognised in Go's order (time.nextStdChunk), so that "2006" is not a day 2
 * and "006".
 */
#include "agent/component/loki.process/layout.h"
#include "agent/base/ascii.h"

#include "agent/base/timestamp.h"
#include "agent/component/loki.process/zone.h"

enum element {
	NOTHING,
	LONG_MONTH,
	MONTH,
	NUM_MONTH,
	ZERO_MONTH,
	LONG_WEEKDAY,
	WEEKDAY,
	DAY,
	UNDER_DAY,
	ZERO_DAY,
	YEAR_DAY,
	HOUR,
	HOUR_12,
	ZERO_HOUR_12,
	MINUTE,
	ZERO_MINUTE,
	SECOND,
	ZERO_SECOND,
	LONG_YEAR,
	YEAR,
	PM,
	ZONE_NAME,
	ZONE, /* the sign and digits are read as they come; .width is 1 if Z may stand for UTC */
	FRACTION_FIXED,
	FRACTION,
};

struct layout_part {
	struct str prefix;
	enum element element;
	int width; /* FRACTION_FIXED: digits */
};

static const struct {
	const char *text;
	enum element element;
	int width;
} elements[] = {
	{"January", LONG_MONTH, 0},
	{"Jan", MONTH, 0},
	{"Monday", LONG_WEEKDAY, 0},
	{"Mon", WEEKDAY, 0},
	{"MST", ZONE_NAME, 0},
	{"01", ZERO_MONTH, 0},
	{"02", ZERO_DAY, 0},
	{"03", ZERO_HOUR_12, 0},
	{"04", ZERO_MINUTE, 0},
	{"05", ZERO_SECOND, 0},
	{"06", YEAR, 0},
	{"002", YEAR_DAY, 0},
	{"15", HOUR, 0},
	{"1", NUM_MONTH, 0},
	{"2006", LONG_YEAR, 0},
	{"2", DAY, 0},
	{"__2", YEAR_DAY, 0},
	{"_2", UNDER_DAY, 0},
	{"3", HOUR_12, 0},
	{"4", MINUTE, 0},
	{"5", SECOND, 0},
	{"PM", PM, 0},
	{"pm", PM, 0},
	{"-07:00:00", ZONE, 0},
	{"-070000", ZONE, 0},
	{"-07:00", ZONE, 0},
	{"-0700", ZONE, 0},
	{"-07", ZONE, 0},
	{"Z07:00:00", ZONE, 1},
	{"Z070000", ZONE, 1},
	{"Z07:00", ZONE, 1},
	{"Z0700", ZONE, 1},
	{"Z07", ZONE, 1},
};

static const struct {
	const char *name;
	const char *layout;
} names[] = {
	{"ANSIC", "Mon Jan _2 15:04:05 2006"},
	{"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
	{"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
	{"RFC822", "02 Jan 06 15:04 MST"},
	{"RFC822Z", "02 Jan 06 15:04 -0700"},
	{"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
	{"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
	{"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
	{"RFC3339", "2006-01-02T15:04:05Z07:00"},
	{"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
};

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};
static const char *const weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
	"Friday", "Saturday"};

static bool is_digit(struct str s, size_t at)
{
	return at < s.n && ascii_is_digit(s.p[at]);
}

/* --- layouts --- */

/* .000 or ,999 and not followed by a digit. Its length; 0: none. */
static size_t fraction_length(struct str s)
{
	size_t n = 1;

	if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || (s.p[1] != '0' && s.p[1] != '9'))
		return 0;
	while (n < s.n && s.p[n] == s.p[1])
		n++;
	return is_digit(s, n) ? 0 : n;
}

/* What begins s; its length in *n. */
static enum element find_element(struct str s, size_t *n, int *width)
{
	*width = 0;
	*n = fraction_length(s);
	if (*n > 0) {
		*width = (int)*n - 1;
		return s.p[1] == '0' ? FRACTION_FIXED : FRACTION;
	}
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		size_t len = strlen(elements[i].text);

		if (!str_starts(s, elements[i].text))
			continue;
		/* Go wants no small letter behind Jan and Mon: "Janitor" is a text. */
		if (len == 3 && s.n > 3 && ascii_is_lower(s.p[3]) &&
			(elements[i].element == MONTH || elements[i].element == WEEKDAY))
			continue;
		if (elements[i].element == UNDER_DAY && str_starts(s, "_2006"))
			continue; /* an underline, then a year */
		*n = len;
		*width = elements[i].width;
		return elements[i].element;
	}
	return NOTHING;
}

static bool init_unix(struct layout *l, struct str text)
{
	l->kind = LAYOUT_UNIX_INT;
	l->has_year = true;
	if (str_is(text, "Unix"))
		l->kind = LAYOUT_UNIX;
	else if (str_is(text, "UnixMs"))
		l->unit = NS_PER_MS;
	else if (str_is(text, "UnixUs"))
		l->unit = 1000;
	else if (str_is(text, "UnixNs"))
		l->unit = 1;
	else
		return false;
	return true;
}

void layout_init(struct layout *l, struct arena *a, struct str text, const struct zone *zone)
{
	size_t from = 0;

	*l = (struct layout){0};
	if (init_unix(l, text))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_is(text, names[i].name)) {
			text = str_from(names[i].layout);
			zone = NULL;
		}
	}
	*l = (struct layout){.p = arena_new(a, struct layout_part, text.n + 1), .zone = zone};
	l->has_year = str_find(text, STR("06")) >= 0;
	for (size_t at = 0; at < text.n;) {
		size_t n;
		int width;
		enum element e = find_element(str_from_at(text, at), &n, &width);

		if (e == NOTHING) {
			at++;
			continue;
		}
		l->p[l->n++] = (struct layout_part){
			str_head(str_from_at(text, from), at - from), e, width};
		at += n;
		from = at;
	}
	l->p[l->n++] = (struct layout_part){str_from_at(text, from), NOTHING, 0};
}

/* --- times --- */

struct reading {
	struct str s;
	int64_t year;
	int month; /* 1 to 12; 0: not given */
	int day;
	int year_day;
	int hour;
	int minute;
	int second;
	int64_t ns;
	int64_t offset; /* seconds east of UTC */
	bool has_zone;  /* … as the text says it, or UTC */
	struct str zone_name;
	bool is_pm;
	bool is_am;
};

static void cut(struct reading *r, size_t n)
{
	r->s = str_from_at(r->s, n);
}

/* Go's skip(): spaces in the layout stand for any number of them. */
static bool skip_prefix(struct reading *r, struct str prefix)
{
	while (prefix.n > 0) {
		if (prefix.p[0] == ' ') {
			if (r->s.n > 0 && r->s.p[0] != ' ')
				return false;
			while (prefix.n > 0 && prefix.p[0] == ' ')
				prefix = str_from_at(prefix, 1);
			while (r->s.n > 0 && r->s.p[0] == ' ')
				cut(r, 1);
			continue;
		}
		if (r->s.n == 0 || r->s.p[0] != prefix.p[0])
			return false;
		prefix = str_from_at(prefix, 1);
		cut(r, 1);
	}
	return true;
}

/* At least min and at most max digits, their value at most limit. */
static bool take_number(struct reading *r, size_t min, size_t max, int limit, int *out)
{
	size_t n = 0;
	int value = 0;

	for (; n < max && is_digit(r->s, n); n++)
		value = value * 10 + (r->s.p[n] - '0');
	if (n < min || value > limit)
		return false;
	*out = value;
	cut(r, n);
	return true;
}

static bool take_name(
	struct reading *r, const char *const *list, int count, bool is_short, int *out)
{
	for (int i = 0; i < count; i++) {
		struct str name = str_from(list[i]);

		if (is_short)
			name = str_head(name, 3);
		if (r->s.n >= name.n && str_eq_nocase(str_head(r->s, name.n), name)) {
			*out = i + 1;
			cut(r, name.n);
			return true;
		}
	}
	return false;
}

/* Digits behind a point or comma: count of them, or as many as there are (-1, up to 9). */
static bool take_fraction(struct reading *r, int count)
{
	int64_t scale = NS_PER_SEC;
	int64_t ns = 0;
	size_t n = 1;

	if (r->s.n < 2 || (r->s.p[0] != '.' && r->s.p[0] != ','))
		return false;
	for (; is_digit(r->s, n) && (count < 0 || n <= (size_t)count); n++) {
		scale /= 10;
		ns += (r->s.p[n] - '0') * scale;
	}
	if (n == 1 || (count >= 0 && n != (size_t)count + 1) || n > 10)
		return false;
	r->ns = ns;
	cut(r, n);
	return true;
}

/* +07, +0700, +07:00, with seconds too. */
static bool take_zone(struct reading *r)
{
	int part[3] = {0};
	int sign;

	if (r->s.n < 3 || (r->s.p[0] != '+' && r->s.p[0] != '-'))
		return false;
	sign = r->s.p[0] == '-' ? -1 : 1;
	cut(r, 1);
	if (!take_number(r, 2, 2, 24, &part[0]))
		return false;
	for (int i = 1; i < 3 && r->s.n > 0; i++) {
		if (r->s.p[0] == ':')
			cut(r, 1);
		else if (!is_digit(r->s, 0))
			break;
		if (!take_number(r, 2, 2, 59, &part[i]))
			return false;
	}
	r->offset = sign * (part[0] * INT64_C(3600) + part[1] * INT64_C(60) + part[2]);
	r->has_zone = true;
	return true;
}

/* UTC, CEST, GMT+3. Go knows no offset of a name but UTC and GMT, and takes it as UTC. */
static bool take_zone_name(struct reading *r)
{
	size_t n = 0;
	int hours;

	while (n < r->s.n && n < 5 && ascii_is_upper(r->s.p[n]))
		n++;
	if (n < 3 || n > 5)
		return false;
	r->zone_name = str_head(r->s, n);
	r->has_zone = true;
	if (str_starts(r->s, "GMT") && r->s.n > 4 && (r->s.p[3] == '+' || r->s.p[3] == '-')) {
		int sign = r->s.p[3] == '-' ? -1 : 1;

		cut(r, 4);
		if (!take_number(r, 1, 2, 23, &hours))
			return false;
		r->offset = sign * hours * INT64_C(3600);
		return true;
	}
	cut(r, n);
	return true;
}

static bool take_year(struct reading *r, bool is_long)
{
	int year;

	if (is_long ? !take_number(r, 4, 4, 9999, &year) : !take_number(r, 2, 2, 99, &year))
		return false;
	if (!is_long)
		year += year >= 69 ? 1900 : 2000;
	r->year = year;
	return true;
}

static bool take_second(struct reading *r, size_t digits, enum element next)
{
	if (!take_number(r, digits, 2, 59, &r->second))
		return false;
	if (next == FRACTION || next == FRACTION_FIXED || !is_digit(r->s, 1))
		return true;
	if (r->s.p[0] == '.' || r->s.p[0] == ',') /* a fraction may follow unasked */
		return take_fraction(r, -1);
	return true;
}

static bool take_pm(struct reading *r)
{
	struct str word = str_head(r->s, 2);

	r->is_pm = str_eq_nocase(word, STR("PM"));
	r->is_am = str_eq_nocase(word, STR("AM"));
	cut(r, 2);
	return r->is_pm || r->is_am;
}

static bool take_element(struct reading *r, const struct layout_part *p, enum element next)
{
	int ignored;

	switch (p->element) {
	case NOTHING:
		return true;
	case LONG_MONTH:
	case MONTH:
		return take_name(r, months, 12, p->element == MONTH, &r->month);
	case NUM_MONTH:
	case ZERO_MONTH:
		return take_number(r, p->element == ZERO_MONTH ? 2 : 1, 2, 12, &r->month) &&
		       r->month;
	case LONG_WEEKDAY:
	case WEEKDAY:
		return take_name(r, weekdays, 7, p->element == WEEKDAY, &ignored);
	case UNDER_DAY:
		if (r->s.n && r->s.p[0] == ' ')
			cut(r, 1);
		return take_number(r, 1, 2, 31, &r->day) && r->day;
	case DAY:
	case ZERO_DAY:
		return take_number(r, p->element == ZERO_DAY ? 2 : 1, 2, 31, &r->day) && r->day;
	case YEAR_DAY:
		while (r->s.n && r->s.p[0] == ' ')
			cut(r, 1);
		return take_number(r, 1, 3, 366, &r->year_day) && r->year_day;
	case HOUR:
		return take_number(r, 1, 2, 23, &r->hour);
	case HOUR_12:
	case ZERO_HOUR_12:
		return take_number(r, p->element == ZERO_HOUR_12 ? 2 : 1, 2, 12, &r->hour);
	case MINUTE:
	case ZERO_MINUTE:
		return take_number(r, p->element == ZERO_MINUTE ? 2 : 1, 2, 59, &r->minute);
	case SECOND:
	case ZERO_SECOND:
		return take_second(r, p->element == ZERO_SECOND ? 2 : 1, next);
	case LONG_YEAR:
	case YEAR:
		return take_year(r, p->element == LONG_YEAR);
	case PM:
		return take_pm(r);
	case ZONE_NAME:
		return take_zone_name(r);
	case ZONE:
		if (p->width && r->s.n && r->s.p[0] == 'Z') {
			r->has_zone = true;
			cut(r, 1);
			return true;
		}
		return take_zone(r);
	case FRACTION_FIXED:
		return take_fraction(r, p->width);
	case FRACTION:
		return !is_digit(r->s, 1) || (r->s.p[0] != '.' && r->s.p[0] != ',') ||
		       take_fraction(r, -1);
	}
	return false;
}

/* Alloy's rule: this year, but over New Year's Eve the one that is nearer. */
static int64_t year_near(int month, int64_t now)
{
	int64_t year;
	unsigned now_month;
	unsigned day;

	date_from_days(now / NS_PER_SEC / 86400, &year, &now_month, &day);
	if (month == 12 && now_month == 1)
		return year - 1;
	return month == 1 && now_month == 12 ? year + 1 : year;
}

/* Does the calendar have it? */
static bool to_days(const struct reading *r, int64_t *days)
{
	int64_t year;
	unsigned month = r->month ? (unsigned)r->month : 1;
	unsigned day = r->day ? (unsigned)r->day : 1;
	unsigned got_month;
	unsigned got_day;

	if (r->year_day) {
		*days = days_from_date(r->year, 1, 1) + r->year_day - 1;
		return true;
	}
	*days = days_from_date(r->year, month, day);
	date_from_days(*days, &year, &got_month, &got_day);
	return got_month == month && got_day == day;
}

/* The time on a clock in UTC that the text means. */
static int64_t to_utc(const struct reading *r, const struct zone *z, int64_t wall)
{
	int64_t offset;

	if (!z || (r->has_zone && !r->zone_name.n))
		return wall - r->offset;
	if (!r->has_zone)
		return zone_to_utc(z, wall);
	if (!str_is(r->zone_name, "UTC") && zone_find_name(z, r->zone_name, wall, &offset))
		return wall - offset;
	return wall - r->offset;
}

static bool finish(struct reading *r, const struct layout *l, int64_t now, int64_t *ns)
{
	int64_t seconds;
	int64_t days;

	if (!l->has_year)
		r->year = year_near(r->month ? r->month : 1, now);
	if (r->is_pm && r->hour < 12)
		r->hour += 12;
	else if (r->is_am && r->hour == 12)
		r->hour = 0;
	if (r->year < 1678 || r->year > 2261 || !to_days(r, &days))
		return false; /* what nanoseconds in 64 bits can hold */
	seconds = days * 86400 + r->hour * INT64_C(3600) + r->minute * INT64_C(60) + r->second;
	seconds = to_utc(r, l->zone, seconds);
	*ns = seconds * NS_PER_SEC + r->ns;
	return true;
}

static bool parse_unix(struct str text, int64_t *ns)
{
	struct str whole = text;
	struct str fraction = {0};
	struct reading r = {0};
	int64_t seconds;

	if (str_cut(text, '.', &whole, &fraction)) {
		r.s = str_from_at(text, whole.n);
		if (fraction.n > 9)
			r.s = str_head(r.s, 10);
		if (!take_fraction(&r, -1) || r.s.n > 0)
			return false;
	}
	if (!str_to_int(whole, &seconds) || seconds > INT64_MAX / NS_PER_SEC - 1 ||
		seconds < INT64_MIN / NS_PER_SEC + 1)
		return false;
	*ns = seconds * NS_PER_SEC + r.ns;
	return true;
}

bool layout_parse(const struct layout *l, struct str text, int64_t now, int64_t *ns)
{
	struct reading r = {.s = text};
	int64_t number;

	if (l->kind == LAYOUT_UNIX)
		return parse_unix(text, ns);
	if (l->kind == LAYOUT_UNIX_INT)
		return str_to_int(text, &number) && !__builtin_mul_overflow(number, l->unit, ns);
	for (size_t i = 0; i < l->n; i++) {
		enum element next = i + 1 < l->n && l->p[i + 1].prefix.n == 0 ? l->p[i + 1].element
									      : NOTHING;

		if (!skip_prefix(&r, l->p[i].prefix) || !take_element(&r, &l->p[i], next))
			return false;
	}
	return r.s.n == 0 && finish(&r, l, now, ns);
}
