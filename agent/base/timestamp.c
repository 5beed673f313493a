#include "agent/base/timestamp.h"
#include "agent/base/ascii.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* The calendar is counted in eras of 400 years that begin in March, so that the leap day
 * is the last of its year. */
int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int64_t)yoe + era * 400 + (*month <= 2);
}

struct str timestamp_format(char out[TIMESTAMP_SIZE], int64_t ns)
{
	int64_t sec = ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
	int64_t frac = ns - sec * NS_PER_SEC;
	int64_t days = sec / 86400 - (sec % 86400 < 0);
	int64_t s = sec - days * 86400;
	int64_t year;
	unsigned month;
	unsigned day;
	int n;

	date_from_days(days, &year, &month, &day);
	n = snprintf(out, TIMESTAMP_SIZE, "%04d-%02u-%02uT%02d:%02d:%02d", (int)year, month, day,
		(int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	if (frac) {
		n += snprintf(out + n, TIMESTAMP_SIZE - (size_t)n, ".%09d", (int)frac);
		while (out[n - 1] == '0')
			n--;
	}
	out[n++] = 'Z';
	out[n] = 0;
	return (struct str){out, (size_t)n};
}

/* Two digits at p as a number, or a value above any that a caller accepts. */
static unsigned two(const char *p)
{
	unsigned a = (unsigned)(p[0] - '0');
	unsigned b = (unsigned)(p[1] - '0');

	return a > 9 || b > 9 ? 1000 : a * 10 + b;
}

static bool parse_zone(struct str s, int64_t *offset)
{
	unsigned h;
	unsigned m;

	if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
		*offset = 0;
		return true;
	}
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
		return false;
	h = two(s.p + 1);
	m = two(s.p + 4);
	if (h > 23 || m > 59)
		return false;
	*offset = (s.p[0] == '-' ? -1 : 1) * (int64_t)(h * 3600 + m * 60);
	return true;
}

static bool parse_fraction(struct str *s, int64_t *frac)
{
	int64_t scale = NS_PER_SEC;
	size_t i = 1;

	*frac = 0;
	if (s->n == 0 || (s->p[0] != '.' && s->p[0] != ','))
		return true;
	for (; i < s->n && ascii_is_digit(s->p[i]); i++) {
		if (scale > 1) {
			scale /= 10;
			*frac += (s->p[i] - '0') * scale;
		}
	}
	if (i == 1)
		return false;
	*s = str_from_at(*s, i);
	return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

bool timestamp_parse(struct str s, int64_t *ns)
{
	const char *p = s.p;
	unsigned year;
	unsigned month;
	unsigned day;
	int64_t sec;
	int64_t frac;
	int64_t zone;

	if (s.n < 20 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't') ||
		p[13] != ':' || p[16] != ':')
		return false;
	year = two(p) * 100 + two(p + 2);
	month = two(p + 5);
	day = two(p + 8);
	if (year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
		two(p + 11) > 23 || two(p + 14) > 59 || two(p + 17) > 59)
		return false;
	sec = days_from_date(year, month, day) * 86400 + two(p + 11) * 3600 + two(p + 14) * 60 +
	      two(p + 17);
	s = str_from_at(s, 19);
	if (!parse_fraction(&s, &frac) || !parse_zone(s, &zone))
		return false;
	sec -= zone;
	if (sec > INT64_MAX / NS_PER_SEC - 1 || sec < INT64_MIN / NS_PER_SEC + 1)
		return false;
	*ns = sec * NS_PER_SEC + frac;
	return true;
}

/* The number at the head of *s, with an optional fraction. */
static bool take_number(struct str *s, double *out)
{
	double v = 0;
	double scale = 1;
	size_t digits = 0;
	size_t i = 0;

	for (; i < s->n && ascii_is_digit(s->p[i]); i++, digits++)
		v = v * 10 + (s->p[i] - '0');
	if (i < s->n && s->p[i] == '.') {
		for (i++; i < s->n && ascii_is_digit(s->p[i]); i++, digits++) {
			scale /= 10;
			v += (s->p[i] - '0') * scale;
		}
	}
	*s = str_from_at(*s, i);
	*out = v;
	return digits > 0;
}

struct unit {
	const char *name;
	double factor;
};

/* The unit at the head of *s; the table has longer names before their beginnings. */
static const struct unit *take_unit(struct str *s, const struct unit *units)
{
	for (; units->name; units++) {
		if (str_starts(*s, units->name)) {
			*s = str_from_at(*s, strlen(units->name));
			return units;
		}
	}
	return NULL;
}

/* The sum of numbers with units that s is made of. */
static bool sum_units(struct str s, const struct unit *units, double *out)
{
	double sum = 0;

	if (s.n == 0)
		return false;
	while (s.n) {
		const struct unit *u;
		double v;

		if (!take_number(&s, &v))
			return false;
		u = take_unit(&s, units);
		if (!u)
			return false;
		sum += v * u->factor;
	}
	*out = sum;
	return true;
}

bool duration_parse(struct str s, int64_t *ns)
{
	static const struct unit units[] = {{"ns", 1}, {"us", 1e3}, {"\xc2\xb5s", 1e3},
		{"\xce\xbcs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {NULL, 0}};
	bool minus = s.n && s.p[0] == '-';
	double v;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from_at(s, 1);
	if (str_is(s, "0")) {
		*ns = 0;
		return true;
	}
	if (!sum_units(s, units, &v) || v >= 9.2e18)
		return false;
	*ns = (int64_t)llround(minus ? -v : v);
	return true;
}

struct str duration_format(char out[TIMESTAMP_SIZE], int64_t ns)
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	const char *sign = ns < 0 ? "-" : "";
	int n;

	if (v == 0)
		n = snprintf(out, TIMESTAMP_SIZE, "0s");
	else if (v < 1000)
		n = snprintf(out, TIMESTAMP_SIZE, "%s%dns", sign, (int)v);
	else if (v < 1000000)
		n = snprintf(out, TIMESTAMP_SIZE, "%s%.12g\xc2\xb5s", sign, (double)v / 1e3);
	else if (v < (uint64_t)NS_PER_SEC)
		n = snprintf(out, TIMESTAMP_SIZE, "%s%.12gms", sign, (double)v / 1e6);
	else {
		uint64_t m = v / (60 * (uint64_t)NS_PER_SEC);
		double s = (double)(v % (60 * (uint64_t)NS_PER_SEC)) / 1e9;

		if (m == 0)
			n = snprintf(out, TIMESTAMP_SIZE, "%s%.12gs", sign, s);
		else if (m < 60)
			n = snprintf(out, TIMESTAMP_SIZE, "%s%dm%.12gs", sign, (int)m, s);
		else
			n = snprintf(out, TIMESTAMP_SIZE, "%s%" PRIu64 "h%dm%.12gs", sign, m / 60,
				(int)(m % 60), s);
	}
	return (struct str){out, (size_t)n};
}

bool size_parse(struct str s, int64_t *bytes)
{
	static const struct unit units[] = {{"KiB", 1024}, {"KB", 1024}, {"MiB", 0x1p20},
		{"MB", 0x1p20}, {"GiB", 0x1p30}, {"GB", 0x1p30}, {"TiB", 0x1p40}, {"TB", 0x1p40},
		{"PiB", 0x1p50}, {"PB", 0x1p50}, {"EiB", 0x1p60}, {"EB", 0x1p60}, {"B", 1},
		{NULL, 0}};
	double v;

	if (str_is(s, "0")) {
		*bytes = 0;
		return true;
	}
	if (!sum_units(s, units, &v) || v >= 9.2e18)
		return false;
	*bytes = (int64_t)v;
	return true;
}
