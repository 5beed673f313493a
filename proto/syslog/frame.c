#include "proto/syslog/frame.h"
#include "agent/base/ascii.h"

#define COUNT_MAX 9 /* digits of a length */
#define KEEP 1024   /* bytes of memory of a stream that waits */

void syslog_frames_add(struct syslog_frames *f, const void *p, size_t n)
{
	if (f->at == f->held.n) {
		buf_clear(&f->held);
	} else if (f->at) {
		memmove(f->held.p, f->held.p + f->at, f->held.n - f->at);
		f->held.n -= f->at;
	}
	f->at = 0;
	buf_add(&f->held, p, n);
}

static struct str rest_of(const struct syslog_frames *f)
{
	return str_from_at(buf_str(&f->held), f->at);
}

/* Skips what was too long. False: more must come. */
static bool skip(struct syslog_frames *f)
{
	struct str rest = rest_of(f);
	const char *end;

	if (f->skip) {
		size_t n = f->skip < rest.n ? f->skip : rest.n;

		f->skip -= n;
		f->at += n;
		return f->skip == 0;
	}
	if (!f->is_skipping)
		return true;
	end = rest.n ? memchr(rest.p, f->delimiter, rest.n) : NULL;
	f->at += end ? (size_t)(end - rest.p) + 1 : rest.n;
	f->is_skipping = !end;
	return end != NULL;
}

enum found {
	NOTHING, /* more must come */
	SKIPPED, /* something is out of the way; look again */
	MESSAGE,
};

/* "123 message". What only looks so is a line. */
static bool read_count(struct str rest, size_t *digits, size_t *n)
{
	size_t i = 0;

	*n = 0;
	for (; i < rest.n && i < COUNT_MAX && ascii_is_digit(rest.p[i]); i++)
		*n = 10 * *n + (size_t)(rest.p[i] - '0');
	*digits = i;
	return i > 0 && i < rest.n && rest.p[i] == ' ' && *n > 0;
}

static enum found find_counted(struct syslog_frames *f, struct str rest, size_t digits, size_t n,
	struct str *message)
{
	if (n > f->max) {
		f->too_long++;
		f->at += digits + 1;
		f->skip = n;
		return SKIPPED;
	}
	if (rest.n < digits + 1 + n)
		return NOTHING;
	*message = (struct str){rest.p + digits + 1, n};
	f->at += digits + 1 + n;
	return MESSAGE;
}

static enum found find_delimited(struct syslog_frames *f, struct str rest, struct str *message)
{
	const char *end = memchr(rest.p, f->delimiter, rest.n);
	size_t n = end ? (size_t)(end - rest.p) : rest.n;

	if (n > f->max) {
		f->too_long++;
		f->is_skipping = true;
		return SKIPPED;
	}
	if (!end)
		return NOTHING;
	*message = str_head(rest, n);
	f->at += n + 1;
	if (message->n && message->p[message->n - 1] == '\r')
		message->n--;
	return message->n ? MESSAGE : SKIPPED;
}

bool syslog_frames_next(struct syslog_frames *f, struct str *message)
{
	for (;;) {
		struct str rest;
		enum found found;
		size_t digits, n;

		if (!skip(f))
			return false;
		rest = rest_of(f);
		if (rest.n == 0)
			return false;
		found = !f->is_raw && read_count(rest, &digits, &n)
				? find_counted(f, rest, digits, n, message)
				: find_delimited(f, rest, message);
		if (found != SKIPPED)
			return found == MESSAGE;
	}
}

bool syslog_frames_last(struct syslog_frames *f, struct str *message)
{
	*message = rest_of(f);
	f->at = f->held.n;
	return message->n > 0 && f->skip == 0 && !f->is_skipping;
}

size_t syslog_frames_held(const struct syslog_frames *f)
{
	return f->held.n - f->at;
}

void syslog_frames_trim(struct syslog_frames *f)
{
	struct str rest = rest_of(f);
	struct buf small = {0};

	if (f->held.cap <= KEEP + 2 * rest.n)
		return;
	if (rest.n)
		buf_add_str(&small, rest);
	buf_fini(&f->held);
	f->held = small;
	f->at = 0;
}

void syslog_frames_fini(struct syslog_frames *f)
{
	buf_fini(&f->held);
}
