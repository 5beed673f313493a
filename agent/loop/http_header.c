/* Texts of headers: what may be sent, Basic credentials, Retry-After and HTTP's dates. */

#include "agent/base/ascii.h"
#include "agent/base/base64.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_private.h"

static bool is_token_char(char c)
{
	return ascii_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_header_is_valid(const struct http_header *h)
{
	if (h->name.n == 0)
		return false;
	for (size_t i = 0; i < h->name.n; i++)
		if (!is_token_char(h->name.p[i]))
			return false;
	for (size_t i = 0; i < h->value.n; i++) {
		unsigned char c = (unsigned char)h->value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

void http_header_add_basic(struct buf *out, struct str user, struct str password)
{
	struct buf both = {0};

	buf_add_str(&both, user);
	buf_add_char(&both, ':');
	buf_add_str(&both, password);
	base64_encode(out, buf_str(&both), BASE64_STANDARD);
	buf_fini(&both);
}

struct cursor {
	struct str s;
	bool failed;
};

static void want(struct cursor *c, const char *text)
{
	if (str_starts(c->s, text))
		c->s = str_from_at(c->s, strlen(text));
	else
		c->failed = true;
}

/* Exactly n digits; with spaces, the first ones may be spaces (asctime). */
static unsigned number(struct cursor *c, size_t n, bool spaces)
{
	unsigned v = 0;

	if (c->s.n < n) {
		c->failed = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		char d = c->s.p[i];

		if (d == ' ' && spaces && i + 1 < n && v == 0)
			continue;
		if (d < '0' || d > '9')
			c->failed = true;
		v = v * 10 + (unsigned)(d - '0') % 10;
	}
	c->s = str_from_at(c->s, n);
	return v;
}

/* Which of the words (each of three letters) comes next; 0-based. */
static unsigned word(struct cursor *c, const char *words)
{
	for (unsigned i = 0; words[i * 3]; i++) {
		if (c->s.n >= 3 && memcmp(c->s.p, words + (size_t)i * 3, 3) == 0) {
			c->s = str_from_at(c->s, 3);
			return i;
		}
	}
	c->failed = true;
	return 0;
}

struct date {
	int64_t year;
	unsigned month, day, hour, minute, second;
};

static const char weekdays[] = "MonTueWedThuFriSatSun";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void take_clock(struct cursor *c, struct date *d)
{
	d->hour = number(c, 2, false);
	want(c, ":");
	d->minute = number(c, 2, false);
	want(c, ":");
	d->second = number(c, 2, false);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static struct date take_fixdate(struct cursor *c)
{
	struct date d = {0};

	want(c, ", ");
	d.day = number(c, 2, false);
	want(c, " ");
	d.month = word(c, months) + 1;
	want(c, " ");
	d.year = number(c, 4, false);
	want(c, " ");
	take_clock(c, &d);
	want(c, " GMT");
	return d;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; years as POSIX has it, 69 to 99 are of the last century. */
static struct date take_rfc850(struct cursor *c)
{
	struct date d = {0};
	struct str day;

	if (str_cut(c->s, ',', &day, &c->s) && day.n <= 6)
		want(c, " ");
	else
		c->failed = true;
	d.day = number(c, 2, false);
	want(c, "-");
	d.month = word(c, months) + 1;
	want(c, "-");
	d.year = number(c, 2, false);
	d.year += d.year < 69 ? 2000 : 1900;
	want(c, " ");
	take_clock(c, &d);
	want(c, " GMT");
	return d;
}

/* "Sun Nov  6 08:49:37 1994" */
static struct date take_asctime(struct cursor *c)
{
	struct date d = {0};

	want(c, " ");
	d.month = word(c, months) + 1;
	want(c, " ");
	d.day = number(c, 2, true);
	want(c, " ");
	take_clock(c, &d);
	want(c, " ");
	d.year = number(c, 4, false);
	return d;
}

bool http_header_date(struct str text, int64_t *seconds)
{
	static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct cursor c = {str_trim(text), false};
	struct date d;

	word(&c, weekdays);
	if (str_starts(c.s, ", "))
		d = take_fixdate(&c);
	else if (str_starts(c.s, " "))
		d = take_asctime(&c);
	else
		d = take_rfc850(&c);
	if (c.failed || c.s.n || d.day == 0 || d.day > lengths[d.month - 1] || d.hour > 23 ||
		d.minute > 59 || d.second > 60)
		return false;
	*seconds = days_from_date(d.year, d.month, d.day) * 86400 + d.hour * 3600 + d.minute * 60 +
		   d.second;
	return true;
}

int64_t http_header_retry_after(struct str value, int64_t wall)
{
	const int64_t most = INT64_MAX / 4 / NS_PER_SEC;
	int64_t seconds;

	value = str_trim(value);
	if (value.n && ascii_is_digit(value.p[0])) {
		for (size_t i = 0; i < value.n; i++)
			if (value.p[i] < '0' || value.p[i] > '9')
				return -1;
		if (!str_to_int(value, &seconds) || seconds > most)
			seconds = most;
		return seconds * NS_PER_SEC;
	}
	if (!http_header_date(value, &seconds))
		return -1;
	if (seconds > most)
		seconds = most;
	seconds -= wall / NS_PER_SEC;
	return seconds > 0 ? seconds * NS_PER_SEC : 0;
}
