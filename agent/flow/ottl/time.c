/* The functions about times and durations. Time() reads the directives of strptime that logs
 * have; its time is UTC unless the text says an offset. */

#include "agent/base/timestamp.h"
#include "agent/flow/ottl/private.h"

enum {
	MAX_FORMAT = 256,
};

#define CONVERTER(name) \
	static bool call_##name( \
		struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)

static bool arg_of(struct ottl_run *r, const struct ottl_node *n, size_t i, enum ottl_type type,
	struct ottl_value *out)
{
	if (!ottl_arg(r, n, i, out))
		return false;
	return out->type == type || err_set(r->e, "%s(): want %s, got %s", n->fn->name,
					    ottl_type_names[type], ottl_type_names[out->type]);
}

static struct ottl_value a_time(int64_t ns)
{
	return (struct ottl_value){.type = OTTL_TIME, .i = ns};
}

CONVERTER(now)
{
	(void)n;
	*out = a_time(r->state->now);
	return true;
}

/* A time as a number of units since 1970. */
static bool unix_in(
	struct ottl_run *r, const struct ottl_node *n, int64_t unit, struct ottl_value *out)
{
	struct ottl_value v;

	if (!arg_of(r, n, 0, OTTL_TIME, &v))
		return false;
	*out = ottl_int(v.i / unit - (v.i % unit < 0));
	return true;
}

CONVERTER(unix_nano)
{
	return unix_in(r, n, 1, out);
}
CONVERTER(unix_micro)
{
	return unix_in(r, n, 1000, out);
}
CONVERTER(unix_milli)
{
	return unix_in(r, n, NS_PER_MS, out);
}
CONVERTER(unix_seconds)
{
	return unix_in(r, n, NS_PER_SEC, out);
}

CONVERTER(unix)
{
	int64_t seconds;
	int64_t ns = 0;

	if (!ottl_arg_int(r, n, 0, &seconds) || (n->args[1] && !ottl_arg_int(r, n, 1, &ns)))
		return false;
	if (__builtin_mul_overflow(seconds, NS_PER_SEC, &seconds) ||
		__builtin_add_overflow(seconds, ns, &seconds))
		return err_set(r->e, "Unix(): the time is out of range");
	*out = a_time(seconds);
	return true;
}

CONVERTER(duration)
{
	struct ottl_value v;

	if (!arg_of(r, n, 0, OTTL_STR, &v))
		return false;
	out->type = OTTL_DURATION;
	return duration_parse(v.s, &out->i) || err_set(r->e, "Duration(): \"" STR_FMT "\" is none",
						       STR_ARG(str_head(v.s, 64)));
}

/* A duration as a number of units: the large ones as doubles, as in Go. */
static bool span_in(struct ottl_run *r, const struct ottl_node *n, int64_t unit, bool is_float,
	struct ottl_value *out)
{
	struct ottl_value v;

	if (!arg_of(r, n, 0, OTTL_DURATION, &v))
		return false;
	if (is_float)
		*out = (struct ottl_value){.type = OTTL_FLOAT, .f = (double)v.i / (double)unit};
	else
		*out = ottl_int(v.i / unit);
	return true;
}

CONVERTER(hours)
{
	return span_in(r, n, 3600 * NS_PER_SEC, true, out);
}
CONVERTER(minutes)
{
	return span_in(r, n, 60 * NS_PER_SEC, true, out);
}
CONVERTER(seconds)
{
	return span_in(r, n, NS_PER_SEC, true, out);
}
CONVERTER(milliseconds)
{
	return span_in(r, n, NS_PER_MS, false, out);
}
CONVERTER(microseconds)
{
	return span_in(r, n, 1000, false, out);
}
CONVERTER(nanoseconds)
{
	return span_in(r, n, 1, false, out);
}

CONVERTER(truncate_time)
{
	struct ottl_value t;
	struct ottl_value d;

	if (!arg_of(r, n, 0, OTTL_TIME, &t) || !arg_of(r, n, 1, OTTL_DURATION, &d))
		return false;
	*out = t;
	/* Go counts from the year 1; from 1970 that is the same for all that divides a day. */
	if (d.i > 0)
		out->i -= (t.i % d.i + d.i) % d.i;
	return true;
}

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

static const char *const months[] = {"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"};
static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static bool read_format(struct reading *t, struct str format);

static bool read_directive(struct reading *t, char c)
{
	int64_t ignored;
	size_t n;

	switch (c) {
	case 'Y':
		return take_number(t, 4, 1, 9999, &t->year);
	case 'y':
		if (!take_number(t, 2, 0, 99, &t->year))
			return false;
		t->year += t->year < 69 ? 2000 : 1900;
		return true;
	case 'm':
	case 'q':
		return take_number(t, 2, 1, 12, &t->month);
	case 'd':
	case 'e':
	case 'g':
		while (t->at < t->text.n && t->text.p[t->at] == ' ')
			t->at++;
		return take_number(t, 2, 1, 31, &t->day);
	case 'H':
	case 'k':
		return take_number(t, 2, 0, 23, &t->hour);
	case 'I':
	case 'l':
		t->is_12 = true;
		return take_number(t, 2, 1, 12, &t->hour);
	case 'M':
		return take_number(t, 2, 0, 59, &t->minute);
	case 'S':
		return take_number(t, 2, 0, 60, &t->second);
	case 'L':
	case 'f':
	case 's':
		return take_fraction(t);
	case 'p':
	case 'P':
		if (!take_name(t, (const char *const[]){"AM", "PM"}, 2, true, &ignored))
			return false;
		t->is_pm = ignored == 1;
		return true;
	case 'z':
	case 'j':
	case 'w':
	case 'i':
		return take_offset(t);
	case 'Z':
		return take_name(
			t, (const char *const[]){"UTC", "GMT", "Z"}, 3, true, &ignored);
	case 'b':
	case 'h':
	case 'B':
		if (!take_name(t, months, 12, c == 'B', &t->month))
			return false;
		t->month++;
		return true;
	case 'a':
	case 'A':
		return take_name(t, days, 7, c == 'A', &ignored);
	case 'F':
		return read_format(t, STR("%Y-%m-%d"));
	case 'T':
		return read_format(t, STR("%H:%M:%S"));
	case 'R':
		return read_format(t, STR("%H:%M"));
	case 'D':
		return read_format(t, STR("%m/%d/%y"));
	case 'n':
	case 't':
	case '%':
		n = t->at++;
		return n < t->text.n && t->text.p[n] == (c == 'n' ? '\n' : c == 't' ? '\t'
										    : '%');
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

CONVERTER(time)
{
	struct reading t = {.year = 1970, .month = 1, .day = 1};
	struct ottl_value v;
	int64_t total;

	if (!arg_of(r, n, 0, OTTL_STR, &v))
		return false;
	t.text = v.s;
	if (!read_format(&t, n->args[1]->literal.s) || t.at != t.text.n)
		return err_set(r->e, "Time(): \"" STR_FMT "\" is not of that format",
			STR_ARG(str_head(v.s, 64)));
	if (t.is_12)
		t.hour = t.hour % 12 + (t.is_pm ? 12 : 0);
	total = days_from_date(t.year, (unsigned)t.month, (unsigned)t.day) * 86400;
	total += t.hour * 3600 + t.minute * 60 + t.second - t.offset;
	if (__builtin_mul_overflow(total, NS_PER_SEC, &total) ||
		__builtin_add_overflow(total, t.ns, &total))
		return err_set(r->e, "Time(): the time is out of range");
	*out = a_time(total);
	return true;
}

static bool prepare_time(struct arena *a, struct ottl_node *n, struct err *e)
{
	static const char known[] = "YymdeHIklMSLfspPzjwiZbhBaAFTRDntqg%";
	struct str f = n->args[1]->literal.s;

	(void)a;
	if (f.n == 0 || f.n > MAX_FORMAT)
		return err_set(e, "Time() wants a format of 1 to %d bytes", MAX_FORMAT);
	for (size_t i = 0; i < f.n; i++) {
		if (f.p[i] != '%')
			continue;
		if (++i == f.n || !f.p[i] || !strchr(known, f.p[i]))
			return err_set(e, "Time(): the directive \"%%%c\" is not known",
				i < f.n ? f.p[i] : ' ');
	}
	return true;
}

const struct ottl_function ottl_time_converters[] = {
	{"Duration", "duration:v", call_duration, NULL, false},
	{"Hours", "duration:v", call_hours, NULL, false},
	{"Microseconds", "duration:v", call_microseconds, NULL, false},
	{"Milliseconds", "duration:v", call_milliseconds, NULL, false},
	{"Minutes", "duration:v", call_minutes, NULL, false},
	{"Nanoseconds", "duration:v", call_nanoseconds, NULL, false},
	{"Now", "", call_now, NULL, false},
	{"Seconds", "duration:v", call_seconds, NULL, false},
	{"Time", "target:v format:S", call_time, prepare_time, false},
	{"TruncateTime", "time:v duration:v", call_truncate_time, NULL, false},
	{"Unix", "seconds:v | nanoseconds:v", call_unix, NULL, false},
	{"UnixMicro", "time:v", call_unix_micro, NULL, false},
	{"UnixMilli", "time:v", call_unix_milli, NULL, false},
	{"UnixNano", "time:v", call_unix_nano, NULL, false},
	{"UnixSeconds", "time:v", call_unix_seconds, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
