/*
 * A file is looked at with a cursor that knows its end; counts are bounded by the size of the
 * file. Times are found by a search over the changes, which must be in order.
 */
#include "agent/component/loki.process/zone.h"
#include "agent/base/ascii.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/loop/file.h"

#include <string.h>

#define FILE_MAX ((size_t)256 << 10)
#define FOLDER "/usr/share/zoneinfo/"
#define DAY INT64_C(86400)

struct zone_type {
	int64_t offset;
	struct str name;
};

/* When a rule changes: Mm.w.d, Jn or n, and a time of the day. */
struct change {
	enum { CHANGE_WEEKDAY,
		CHANGE_JULIAN,
		CHANGE_DAY } kind;
	int month;
	int week;
	int day;
	int64_t time;
};

struct rule {
	bool is_set;
	bool has_summer;
	struct zone_type standard;
	struct zone_type summer;
	struct change begin; /* of summer */
	struct change end;
};

struct zone {
	const int64_t *at; /* ascending */
	const unsigned char *to;
	size_t n;
	const struct zone_type *types;
	size_t n_types;
	struct rule rule;
};

/* --- the rule --- */

static bool take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_from_at(*s, 1);
	return true;
}

static bool take_number(struct str *s, int limit, int *out)
{
	size_t n = 0;

	*out = 0;
	for (; n < s->n && n < 4 && ascii_is_digit(s->p[n]); n++)
		*out = *out * 10 + (s->p[n] - '0');
	*s = str_from_at(*s, n);
	return n > 0 && *out <= limit;
}

/* EST, <+03>: three characters at least. */
static bool take_name(struct str *s, struct str *out)
{
	bool quoted = take_char(s, '<');
	size_t n = 0;

	while (n < s->n && (quoted ? s->p[n] != '>'
				   : (s->p[n] | 32) >= 'a' && (s->p[n] | 32) <= 'z'))
		n++;
	*out = str_head(*s, n);
	*s = str_from_at(*s, n);
	return n >= 3 && (!quoted || take_char(s, '>'));
}

/* [+-]h[:m[:s]] in seconds. */
static bool take_time(struct str *s, int64_t *out)
{
	bool negative = take_char(s, '-');
	int part[3] = {0};

	if (!negative)
		take_char(s, '+');
	for (int i = 0; i < 3 && (i == 0 || take_char(s, ':')); i++) {
		if (!take_number(s, i ? 59 : 167, &part[i]))
			return false;
	}
	*out = part[0] * INT64_C(3600) + part[1] * INT64_C(60) + part[2];
	*out = negative ? -*out : *out;
	return true;
}

static bool take_change(struct str *s, struct change *out)
{
	*out = (struct change){.time = 7200};
	if (!take_char(s, ','))
		return false;
	if (take_char(s, 'M')) {
		if (!take_number(s, 12, &out->month) || !take_char(s, '.') ||
			!take_number(s, 5, &out->week) || !take_char(s, '.') ||
			!take_number(s, 6, &out->day) || out->month < 1 || out->week < 1)
			return false;
	} else {
		out->kind = take_char(s, 'J') ? CHANGE_JULIAN : CHANGE_DAY;
		if (!take_number(s, 365, &out->day) ||
			(out->kind == CHANGE_JULIAN && out->day < 1))
			return false;
	}
	return !take_char(s, '/') || take_time(s, &out->time);
}

/* CET-1CEST,M3.5.0,M10.5.0/3. What is none is no rule. */
static struct rule parse_rule(struct str s)
{
	struct rule r = {0};
	int64_t west;

	if (!take_name(&s, &r.standard.name) || !take_time(&s, &west))
		return (struct rule){0};
	r.standard.offset = -west;
	r.is_set = true;
	if (s.n == 0)
		return r;
	r.has_summer = true;
	r.summer.offset = r.standard.offset + 3600;
	if (!take_name(&s, &r.summer.name))
		return (struct rule){0};
	if (s.n > 0 && s.p[0] != ',') {
		if (!take_time(&s, &west))
			return (struct rule){0};
		r.summer.offset = -west;
	}
	if (!take_change(&s, &r.begin) || !take_change(&s, &r.end) || s.n > 0)
		return (struct rule){0};
	return r;
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* When it is in that year, on a clock that does not change (seconds as if it were UTC). */
static int64_t change_time(const struct change *c, int64_t year)
{
	int64_t first = days_from_date(year, 1, 1);
	int64_t day;

	if (c->kind == CHANGE_DAY)
		return (first + c->day) * DAY + c->time;
	if (c->kind == CHANGE_JULIAN)
		return (first + c->day - 1 + (is_leap(year) && c->day > 59)) * DAY + c->time;
	day = days_from_date(year, (unsigned)c->month, 1);
	day += ((c->day - (day + 4) % 7) % 7 + 7) % 7; /* day 0 of 1970 was a Thursday */
	day += (c->week - 1) * 7;
	first = c->month == 12 ? days_from_date(year + 1, 1, 1)
			       : days_from_date(year, (unsigned)c->month + 1, 1);
	while (day >= first)
		day -= 7;
	return day * DAY + c->time;
}

/* --- files --- */

struct cursor {
	struct str s;
	bool failed;
};

static struct str take_bytes(struct cursor *c, size_t n)
{
	struct str out = str_head(c->s, n);

	if (n > c->s.n)
		c->failed = true;
	c->s = str_from_at(c->s, n);
	if (c->failed)
		out.n = 0;
	return out;
}

static int64_t take_int(struct cursor *c, size_t bytes)
{
	struct str s = take_bytes(c, bytes);
	uint64_t v = 0;

	if (c->failed)
		return 0;
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)s.p[i];
	return bytes == 8 ? (int64_t)v : (int64_t)(int32_t)(uint32_t)v;
}

struct counts {
	size_t utc;
	size_t standard;
	size_t leap;
	size_t changes;
	size_t types;
	size_t names;
};

static bool take_head(struct cursor *c, char *version, struct counts *out)
{
	struct str head = take_bytes(c, 20);
	size_t n[6];

	if (c->failed || !str_starts(head, "TZif"))
		return false;
	*version = head.p[4];
	for (size_t i = 0; i < 6; i++) {
		int64_t v = take_int(c, 4);

		if (v < 0 || v > (int64_t)FILE_MAX)
			return false;
		n[i] = (size_t)v;
	}
	*out = (struct counts){n[0], n[1], n[2], n[3], n[4], n[5]};
	return !c->failed;
}

static struct zone_type *take_types(struct cursor *c, struct arena *a, const struct counts *n)
{
	struct zone_type *types = arena_new(a, struct zone_type, n->types + 1);
	unsigned char *names = arena_new(a, unsigned char, n->types + 1);
	struct str all;

	for (size_t i = 0; i < n->types && !c->failed; i++) {
		types[i].offset = take_int(c, 4);
		all = take_bytes(c, 2);
		if (c->failed || types[i].offset < -100 * 3600 || types[i].offset > 100 * 3600)
			return NULL;
		names[i] = (unsigned char)all.p[1];
	}
	all = take_bytes(c, n->names);
	for (size_t i = 0; i < n->types && !c->failed; i++) {
		struct str name = str_from_at(all, names[i]);
		struct str rest;

		if (!str_cut(name, '\0', &name, &rest))
			return NULL;
		types[i].name = arena_str(a, name);
	}
	return c->failed ? NULL : types;
}

/* What is behind the head; width is that of a time. */
static struct zone *take_body(
	struct cursor *c, struct arena *a, const struct counts *n, size_t width)
{
	struct zone *z = arena_new(a, struct zone, 1);
	int64_t *at;
	unsigned char *to;

	if (n->types == 0 || n->types > 256 || n->changes * width > c->s.n)
		return NULL;
	at = arena_new(a, int64_t, n->changes + 1);
	to = arena_new(a, unsigned char, n->changes + 1);
	for (size_t i = 0; i < n->changes; i++) {
		at[i] = take_int(c, width);
		if (i > 0 && at[i] <= at[i - 1])
			return NULL;
	}
	for (size_t i = 0; i < n->changes && !c->failed; i++) {
		to[i] = (unsigned char)take_int(c, 1);
		if (to[i] >= n->types)
			return NULL;
	}
	*z = (struct zone){.at = at, .to = to, .n = n->changes, .n_types = n->types};
	z->types = take_types(c, a, n);
	take_bytes(c, n->leap * (width + 4) + n->standard + n->utc);
	return z->types && !c->failed ? z : NULL;
}

struct zone *zone_parse(struct arena *a, struct str bytes)
{
	struct cursor c = {bytes, false};
	struct counts n;
	struct zone *z;
	struct str line;
	struct str rest;
	char version;

	if (!take_head(&c, &version, &n))
		return NULL;
	if (version == '\0')
		return take_body(&c, a, &n, 4);
	take_bytes(&c, n.changes * 5 + n.types * 6 + n.names + n.leap * 8 + n.standard + n.utc);
	if (!take_head(&c, &version, &n))
		return NULL;
	z = take_body(&c, a, &n, 8);
	if (z && take_char(&c.s, '\n') && str_cut(c.s, '\n', &line, &rest))
		z->rule = parse_rule(arena_str(a, line));
	return z;
}

static bool is_zone_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !ascii_is_digit(c) &&
			!(c && strchr("/_+-", c)))
			return false;
	}
	return name.n > 0 && name.n < 100 && name.p[0] != '/';
}

static struct zone *zone_utc(struct arena *a)
{
	struct zone *z = arena_new(a, struct zone, 1);
	struct zone_type *utc = arena_new(a, struct zone_type, 1);

	*utc = (struct zone_type){0, STR("UTC")};
	*z = (struct zone){.types = utc, .n_types = 1};
	return z;
}

struct zone *zone_load(struct arena *a, struct str name, struct err *e)
{
	struct buf bytes = {0};
	struct str path;
	struct zone *z;

	if (name.n == 0 || str_is(name, "UTC"))
		return zone_utc(a);
	if (!is_zone_name(name)) {
		err_set(e, "unknown time zone " STR_FMT, STR_ARG(str_head(name, 100)));
		return NULL;
	}
	path = str_is(name, "Local") ? STR("/etc/localtime")
				     : arena_printf(a, FOLDER STR_FMT, STR_ARG(name));
	if (file_read(path.p, &bytes, FILE_MAX) != 0) {
		buf_fini(&bytes);
		if (str_is(name, "Local") || str_is(name, "Etc/UTC"))
			return zone_utc(a);
		err_set(e, "unknown time zone " STR_FMT, STR_ARG(name));
		return NULL;
	}
	z = zone_parse(a, buf_str(&bytes));
	buf_fini(&bytes);
	if (!z)
		err_set(e, STR_FMT " is no time zone file", STR_ARG(path));
	return z;
}

/* --- look-up --- */

/* A stretch of time with one offset: from at, up to end. */
struct stretch {
	const struct zone_type *type;
	int64_t from;
	int64_t end;
};

/* One change of a rule moves the ends of the stretch that utc is in. */
static void add_change(struct stretch *s, int64_t utc, int64_t at, const struct zone_type *type)
{
	if (at > utc) {
		s->end = at < s->end ? at : s->end;
	} else if (at >= s->from) {
		s->from = at;
		s->type = type;
	}
}

/* s is the stretch behind the last change of the file. */
static struct stretch by_rule(const struct rule *r, int64_t utc, struct stretch s)
{
	int64_t days = utc / DAY - (utc % DAY < 0);
	int64_t year;
	unsigned month;
	unsigned day;

	if (!r->has_summer) {
		s.type = &r->standard;
		return s;
	}
	date_from_days(days, &year, &month, &day);
	for (int64_t y = year - 1; y <= year + 1; y++) {
		add_change(&s, utc, change_time(&r->begin, y) - r->standard.offset, &r->summer);
		add_change(&s, utc, change_time(&r->end, y) - r->summer.offset, &r->standard);
	}
	return s;
}

static struct stretch find(const struct zone *z, int64_t utc)
{
	size_t low = 0;
	size_t high = z->n;
	struct stretch s;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= utc)
			low = mid + 1;
		else
			high = mid;
	}
	s.from = low ? z->at[low - 1] : INT64_MIN;
	s.end = low < z->n ? z->at[low] : INT64_MAX;
	s.type = &z->types[low ? z->to[low - 1] : 0];
	if (low == z->n && z->rule.is_set)
		return by_rule(&z->rule, utc, s);
	return s;
}

int64_t zone_offset(const struct zone *z, int64_t utc)
{
	return find(z, utc).type->offset;
}

int64_t zone_to_utc(const struct zone *z, int64_t wall)
{
	struct stretch s = find(z, wall);
	int64_t utc = wall - s.type->offset;

	if (utc < s.from || utc >= s.end)
		utc = wall - zone_offset(z, utc);
	return utc;
}

bool zone_find_name(const struct zone *z, struct str name, int64_t wall, int64_t *offset)
{
	const struct zone_type *any = NULL;

	for (size_t i = 0; i < z->n_types; i++) {
		const struct zone_type *t = &z->types[i];

		if (!str_eq(t->name, name))
			continue;
		any = any ? any : t;
		if (str_eq(find(z, wall - t->offset).type->name, name)) {
			any = t;
			break;
		}
	}
	if (any)
		*offset = any->offset;
	return any != NULL;
}
