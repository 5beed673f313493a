#include "proto/syslog/message.h"
#include "agent/base/ascii.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"

#include <stdio.h>

#define BOM "\xef\xbb\xbf"

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
	for (size_t i = 0; i < 4; i++)
		if (!take_word(&s, &word[i]))
			return err_set(e, "its header has too few fields");
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

/* "Nov  2 10:00:00", in a year. */
static bool time_in(struct str s, int year, int64_t *out)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%04d-%02d-%c%cT%.8sZ", year, month_of(s),
		s.p[4] == ' ' ? '0' : s.p[4], s.p[5], s.p + 7);

	return timestamp_parse((struct str){text, (size_t)n}, out);
}

/* Without a year: that of now, unless it would lie beyond tomorrow. */
static bool bsd_time(struct str s, int64_t now, int64_t *out)
{
	char text[TIMESTAMP_SIZE];
	int64_t year;

	if (s.n < 15 || s.p[3] != ' ' || s.p[6] != ' ' ||
		!str_to_int(str_head(timestamp_format(text, now), 4), &year))
		return false;
	if (time_in(s, (int)year, out) && *out <= now + 24 * 3600 * NS_PER_SEC)
		return true;
	return time_in(s, (int)year - 1, out); /* 29 February may be of that year, too */
}

static bool take_time(struct str *s, int64_t now, struct syslog_message *m)
{
	struct str word, rest = *s;

	if (bsd_time(*s, now, &m->time)) {
		*s = str_from_at(*s, 15);
	} else {
		if (!take_word(&rest, &word) || !timestamp_parse(word, &m->time))
			return false;
		*s = str_from_at(*s, word.n);
	}
	m->has_time = true;
	if (s->n && s->p[0] == ' ')
		*s = str_from_at(*s, 1);
	return true;
}

static bool is_tag(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

/* "sshd[42]: text"; what has no colon behind the tag is text alone. */
static void take_tag(struct str s, struct syslog_message *m)
{
	struct str proc = {0};
	size_t n = 0, at;

	while (n < s.n && n < 48 && is_tag(s.p[n]))
		n++;
	at = n;
	if (at < s.n && s.p[at] == '[') {
		for (at++; at < s.n && s.p[at] != ']'; at++)
			;
		proc = (struct str){s.p + n + 1, at - n - 1};
		at += at < s.n;
	}
	if (n == 0 || at >= s.n || s.p[at] != ':') {
		set_text(m, s);
		return;
	}
	m->app = str_head(s, n);
	m->proc_id = proc;
	s = str_from_at(s, at + 1);
	set_text(m, s.n && s.p[0] == ' ' ? str_from_at(s, 1) : s);
}

bool syslog_parse_3164(struct str text, int64_t now, struct syslog_message *out, struct err *e)
{
	struct str s = text;

	*out = (struct syslog_message){0};
	if (!take_priority(&s, out, e))
		return false;
	if (!take_time(&s, now, out))
		return err_set(e, "it has no time such as Nov  2 10:00:00: is it RFC 5424?");
	if (!take_word(&s, &out->host))
		return err_set(e, "it has no host name");
	take_tag(s, out);
	return true;
}

/* Inside an element: the next NAME="value". */
static bool take_param(struct str *rest, struct arena *a, struct syslog_param *p)
{
	struct str s = str_trim(*rest), value;
	char *plain;
	size_t n = 0, i = 0;

	if (!str_cut(s, '=', &p->name, &value) || value.n == 0 || value.p[0] != '"' ||
		memchr(p->name.p, ']', p->name.n))
		return false;
	plain = arena_new(a, char, value.n + 1);
	for (i = 1; i < value.n && value.p[i] != '"'; i++) {
		if (value.p[i] == '\\' && i + 1 < value.n && strchr("\"\\]", value.p[i + 1]))
			i++;
		plain[n++] = value.p[i];
	}
	p->value = (struct str){plain, n};
	*rest = str_from_at(value, i + 1);
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
		} else if (take_param(rest, a, p)) {
			return true;
		} else {
			*rest = str_from_at(*rest, 1);
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
