#include "proto/syslog/message.h"
#include "agent/base/ascii.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"

#include <stdio.h>

#define BOM "\xef\xbb\xbf"

enum {
	TAG_MAX = 48,
	HOST_MAX = 255,
	NUMBER_MAX = 20, /* digits of Cisco's */
};

static bool is_graph(char c)
{
	return c > ' ' && c < 0x7f;
}

/* Fields become labels, which have to be UTF-8. */
static bool is_word(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_graph(s.p[n]))
		n++;
	return n == s.n;
}

/* <0> to <191> */
static bool take_priority(struct str *s, struct syslog_message *m, struct err *e)
{
	unsigned n = 0;
	size_t i = 1;

	if (s->n < 3 || s->p[0] != '<')
		return err_set(e, "it does not begin with a priority, such as <13>");
	for (; i < s->n && i < 4 && ascii_is_digit(s->p[i]); i++)
		n = 10 * n + (unsigned)(s->p[i] - '0');
	if (i == 1 || i == s->n || s->p[i] != '>' || n > 191)
		return err_set(e, "the priority is no number from 0 to 191 in angle brackets");
	m->facility = n / 8;
	m->severity = n % 8;
	*s = str_from_at(*s, i + 1);
	return true;
}

/* The next word and the space behind it. */
static bool take_word(struct str *s, struct str *word)
{
	if (!str_cut(*s, ' ', word, s)) {
		*word = *s;
		*s = (struct str){0};
	}
	return word->n > 0;
}

static struct str unless_nil(struct str s)
{
	if (s.n == 1 && s.p[0] == '-')
		s.n = 0;
	return s;
}

/* Where the element that begins here ends, or 0: quotes may hold brackets, and escapes. */
static size_t element_end(struct str s)
{
	bool in_quotes = false;

	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\' && in_quotes)
			i++;
		else if (s.p[i] == '"')
			in_quotes = !in_quotes;
		else if (s.p[i] == ']' && !in_quotes)
			return i + 1;
	}
	return 0;
}

static bool take_data(struct str *s, struct syslog_message *m, struct err *e)
{
	size_t n = 0, one;

	if (s->n && s->p[0] == '-') {
		*s = str_from_at(*s, 1);
		return true;
	}
	while (n < s->n && s->p[n] == '[') {
		one = element_end(str_from_at(*s, n));
		if (one == 0)
			return err_set(e, "its structured data has no end");
		n += one;
	}
	if (n == 0)
		return err_set(e, "it has no structured data, not even -");
	m->data = str_head(*s, n);
	*s = str_from_at(*s, n);
	return true;
}

static void set_text(struct syslog_message *m, struct str s)
{
	m->text = str_starts(s, BOM) ? str_from_at(s, 3) : s;
}

bool syslog_parse_5424(struct str text, struct syslog_message *out, struct err *e)
{
	struct str s = text, version, time, word[4];

	*out = (struct syslog_message){0};
	if (!take_priority(&s, out, e))
		return false;
	if (!take_word(&s, &version) || !ascii_is_digit(version.p[0]) || version.n > 3)
		return err_set(e, "it has no version behind the priority: is it RFC 3164?");
	if (!take_word(&s, &time))
		return err_set(e, "it has no time");
	if (unless_nil(time).n) {
		if (!timestamp_parse(time, &out->time))
			return err_set(e, "its time is not as RFC 3339 has it");
		out->has_time = true;
	}
	for (size_t i = 0; i < 4; i++) {
		if (!take_word(&s, &word[i]))
			return err_set(e, "its header has too few fields");
		if (!is_word(word[i]))
			return err_set(e, "its header has bytes that are not printable ASCII");
	}
	out->host = unless_nil(word[0]);
	out->app = unless_nil(word[1]);
	out->proc_id = unless_nil(word[2]);
	out->msg_id = unless_nil(word[3]);
	if (!take_data(&s, out, e))
		return false;
	if (s.n && s.p[0] != ' ')
		return err_set(e, "no space between its structured data and its text");
	set_text(out, str_from_at(s, 1));
	return true;
}

static int month_of(struct str s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(names + 3 * i, s.p, 3) == 0)
			return i + 1;
	return 0;
}

/* "Nov  2", "Nov 02" or, as Cisco's may write it, "Nov 2"; how long it is, or 0. */
static size_t date_size(struct str s)
{
	if (s.n < 14 || s.p[3] != ' ')
		return 0;
	return s.p[6] == ' ' ? 6 : s.p[5] == ' ' ? 5
						 : 0;
}

/* "Nov  2 10:00:00", in a year. */
static bool time_in(struct str s, size_t date, int year, int64_t *out)
{
	char text[32];
	char tens = date == 5 || s.p[4] == ' ' ? '0' : s.p[4];
	int n = snprintf(text, sizeof(text), "%04d-%02d-%c%cT%.8sZ", year, month_of(s), tens,
		s.p[date - 1], s.p + date + 1);

	return timestamp_parse((struct str){text, (size_t)n}, out);
}

/* Without a year: that of now, unless it would lie beyond tomorrow. Its bytes, or 0. */
static size_t bsd_time(struct str s, int64_t now, int64_t *out)
{
	char text[TIMESTAMP_SIZE];
	size_t date = date_size(s);
	int64_t year;

	if (date == 0 || s.n < date + 9 ||
		!str_to_int(str_head(timestamp_format(text, now), 4), &year))
		return 0;
	if (time_in(s, date, (int)year, out) && *out <= now + 24 * 3600 * NS_PER_SEC)
		return date + 9;
	/* 29 February may be of that year, too */
	return time_in(s, date, (int)year - 1, out) ? date + 9 : 0;
}

/* ".295" behind a time. */
static void take_fraction(struct str *s, int64_t *time)
{
	int64_t unit = NS_PER_SEC / 10;
	size_t n = 1;

	if (s->n < 2 || s->p[0] != '.' || !ascii_is_digit(s->p[1]))
		return;
	for (; n < s->n && ascii_is_digit(s->p[n]); n++, unit /= 10)
		*time += (s->p[n] - '0') * unit;
	*s = str_from_at(*s, n);
}

/* " CEST" and ":" behind Cisco's times. */
static void take_time_end(struct str *s)
{
	size_t n = 1;

	if (s->n && s->p[0] == ' ') {
		while (n < s->n && n < 6 && s->p[n] >= 'A' && s->p[n] <= 'Z')
			n++;
		if (n > 1 && n < s->n && s->p[n] == ':')
			*s = str_from_at(*s, n);
	}
	if (s->n && s->p[0] == ':')
		*s = str_from_at(*s, 1);
}

static void skip_spaces(struct str *s)
{
	while (s->n && s->p[0] == ' ')
		*s = str_from_at(*s, 1);
}

static bool take_time(struct str *s, int64_t now, bool is_cisco, struct syslog_message *m)
{
	struct str word, rest = *s;
	size_t n = bsd_time(*s, now, &m->time);

	if (n > 0) {
		*s = str_from_at(*s, n);
		take_fraction(s, &m->time);
	} else {
		if (!take_word(&rest, &word))
			return false;
		if (is_cisco && word.p[word.n - 1] == ':')
			word.n--;
		if (!timestamp_parse(word, &m->time))
			return false;
		*s = str_from_at(*s, word.n);
	}
	if (is_cisco)
		take_time_end(s);
	m->has_time = true;
	skip_spaces(s);
	return true;
}

/* "000485: ", or ": " where a device was told to leave the number out. */
static void take_number(struct str *s, struct str *number)
{
	size_t n = 0, zeros = 0;

	while (n < s->n && n < NUMBER_MAX && ascii_is_digit(s->p[n]))
		n++;
	if (n == s->n || s->p[n] != ':')
		return;
	while (zeros + 1 < n && s->p[zeros] == '0')
		zeros++;
	*number = (struct str){s->p + zeros, n - zeros};
	*s = str_from_at(*s, n + 1);
	skip_spaces(s);
}

static void take_cisco(struct str *s, const struct syslog_cisco *c, struct syslog_message *m)
{
	struct str host, rest;

	if (c->counter)
		take_number(s, &m->counter);
	if (c->sequence)
		take_number(s, &m->sequence);
	if (c->host && str_cut(*s, ':', &host, &rest) && host.n > 0 && host.n <= HOST_MAX &&
		rest.n && rest.p[0] == ' ' && is_word(host)) {
		m->host = host;
		*s = rest;
		skip_spaces(s);
	}
	if (s->n && (s->p[0] == '*' || s->p[0] == '.')) /* its clock is not set by NTP */
		*s = str_from_at(*s, 1);
}

/* The host; what ends with a colon is the tag of a message without one. */
static void take_host(struct str *s, struct syslog_message *m)
{
	struct str word, rest = *s;

	if (!take_word(&rest, &word) || word.n > HOST_MAX || !is_word(word) ||
		word.p[word.n - 1] == ':')
		return;
	m->host = word;
	*s = rest;
	skip_spaces(s);
}

static bool is_tag(char c)
{
	return is_graph(c) && c != ':' && c != '[';
}

/* "sshd[42]: text"; what has no colon and space behind the tag is text alone. */
static void take_tag(struct str s, struct syslog_message *m)
{
	struct str proc = {0};
	size_t n = 0, at;

	while (n < s.n && n < TAG_MAX && is_tag(s.p[n]))
		n++;
	at = n;
	if (at < s.n && s.p[at] == '[') {
		for (at++; at < s.n && is_graph(s.p[at]) && s.p[at] != ']'; at++)
			;
		proc = (struct str){s.p + n + 1, at - n - 1};
		at += at < s.n && s.p[at] == ']';
	}
	if (n == 0 || at >= s.n || s.p[at] != ':' || (at + 1 < s.n && s.p[at + 1] != ' ')) {
		set_text(m, s);
		return;
	}
	m->app = str_head(s, n);
	m->proc_id = proc;
	set_text(m, str_from_at(s, at + 2 < s.n ? at + 2 : s.n));
}

bool syslog_parse_3164(struct str text, int64_t now, const struct syslog_cisco *cisco,
	struct syslog_message *out, struct err *e)
{
	struct str s = text;

	*out = (struct syslog_message){0};
	if (!take_priority(&s, out, e))
		return false;
	skip_spaces(&s);
	if (cisco)
		take_cisco(&s, cisco, out);
	if (!take_time(&s, now, cisco != NULL, out))
		return err_set(e, "it has no time such as Nov  2 10:00:00: is it RFC 5424?");
	if (s.n == 0)
		return err_set(e, "it has no host name and no text");
	if (out->host.n == 0)
		take_host(&s, out);
	take_tag(s, out);
	return true;
}

/* The bytes of a value in quotes, up to the closing one. False: there is none. */
static bool value_size(struct str s, size_t *n, bool *has_escapes)
{
	*has_escapes = false;
	for (*n = 0; *n < s.n && s.p[*n] != '"'; (*n)++)
		if (s.p[*n] == '\\' && *n + 1 < s.n) {
			*has_escapes = true;
			(*n)++;
		}
	return *n < s.n;
}

static struct str unescape(struct str s, struct arena *a)
{
	char *plain = arena_new(a, char, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && memchr("\"\\]", s.p[i + 1], 3))
			i++;
		plain[n++] = s.p[i];
	}
	return (struct str){plain, n};
}

/* Inside an element: the next NAME="value". */
static bool take_param(struct str *rest, struct arena *a, struct syslog_param *p)
{
	struct str s = *rest;
	bool has_escapes;
	size_t n = 0;

	skip_spaces(&s);
	while (n < s.n && is_graph(s.p[n]) && !strchr("=]\"", s.p[n]))
		n++;
	if (n == 0 || n + 1 >= s.n || s.p[n] != '=' || s.p[n + 1] != '"')
		return false;
	p->name = str_head(s, n);
	s = str_from_at(s, n + 2);
	if (!value_size(s, &n, &has_escapes))
		return false;
	p->value = has_escapes ? unescape(str_head(s, n), a) : str_head(s, n);
	*rest = str_from_at(s, n + 1);
	return true;
}

/* Between calls rest is "[ID params]…" or, with p->id as it was, " params]…". */
bool syslog_next_param(struct str *rest, struct arena *a, struct syslog_param *p)
{
	while (rest->n) {
		if (rest->p[0] == '[') {
			size_t n = 1;

			while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != ']')
				n++;
			p->id = (struct str){rest->p + 1, n - 1};
			*rest = str_from_at(*rest, n);
		} else if (rest->p[0] == ']') {
			*rest = str_from_at(*rest, 1);
		} else {
			/* Going on behind what is no parameter would look at the same bytes
			 * again and again. */
			return take_param(rest, a, p);
		}
	}
	return false;
}

const char *syslog_facility_name(unsigned facility)
{
	static const char *const names[] = {"kern", "user", "mail", "daemon", "auth", "syslog",
		"lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "security", "console",
		"solaris-cron", "local0", "local1", "local2", "local3", "local4", "local5",
		"local6", "local7"};

	return facility < sizeof(names) / sizeof(names[0]) ? names[facility] : "";
}

const char *syslog_severity_name(unsigned severity)
{
	static const char *const names[] = {"emergency", "alert", "critical", "error", "warning",
		"notice", "informational", "debug"};

	return severity < sizeof(names) / sizeof(names[0]) ? names[severity] : "";
}
