#include "proto/cri/cri.h"

#include "agent/base/timestamp.h"

/* Seconds, fraction and Z behind a known minute: the common case, digits only. */
static bool parse_rest(struct str s, int64_t *ns)
{
	static const int64_t scale[] = {0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100,
		10, 1};
	unsigned tens = (unsigned char)s.p[0] - '0';
	unsigned ones = (unsigned char)s.p[1] - '0';
	size_t digits = s.n - 4; /* without SS, '.' and Z */
	int64_t frac = 0;

	if (tens > 5 || ones > 9 || s.p[s.n - 1] != 'Z')
		return false;
	*ns = (int64_t)(tens * 10 + ones) * NS_PER_SEC;
	if (s.n == 3)
		return true;
	if (s.p[2] != '.' || digits < 1 || digits > 9)
		return false;
	for (size_t i = 3; i < s.n - 1; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';

		if (d > 9)
			return false;
		frac = frac * 10 + d;
	}
	*ns += frac * scale[digits];
	return true;
}

static bool parse_time(struct cri_clock *c, struct str s, int64_t *ns)
{
	int64_t rest;

	if (s.n < 20 || s.n > 64)
		return false;
	if (c->minute[0] && memcmp(s.p, c->minute, sizeof(c->minute)) == 0 &&
		parse_rest(str_from_at(s, sizeof(c->minute)), &rest)) {
		*ns = c->base + rest;
		return true;
	}
	if (!timestamp_parse(s, ns))
		return false;
	if (s.p[s.n - 1] == 'Z' && parse_rest(str_from_at(s, sizeof(c->minute)), &rest)) {
		memcpy(c->minute, s.p, sizeof(c->minute));
		c->base = *ns - rest;
	}
	return true;
}

/* The tag ends at a space or at the end; a first letter that is neither P nor F is content
 * already, as some runtimes leave the tag out. */
static void take_tag(struct str s, struct cri_line *out)
{
	const char *space;
	size_t n = 1;

	out->tag = (struct str){s.p, 0};
	out->is_partial = false;
	out->content = s;
	if (s.n == 0 || (s.p[0] != 'P' && s.p[0] != 'F'))
		return;
	if (s.n > 1 && s.p[1] == ':') {
		space = memchr(s.p, ' ', s.n);
		n = space ? (size_t)(space - s.p) : s.n;
	}
	out->tag.n = n;
	out->is_partial = s.p[0] == 'P';
	if (n < s.n && s.p[n] == ' ')
		n++;
	out->content = str_from_at(s, n);
}

bool cri_parse(struct cri_clock *clock, struct str line, struct cri_line *out)
{
	const char *space = line.n ? memchr(line.p, ' ', line.n < 80 ? line.n : 80) : NULL;
	struct str rest;

	if (!space || space == line.p)
		return false;
	rest = str_from_at(line, (size_t)(space - line.p) + 1);
	if (rest.n < 6 || memcmp(rest.p, "std", 3) != 0 || (rest.n > 6 && rest.p[6] != ' '))
		return false;
	if (memcmp(rest.p + 3, "out", 3) == 0)
		out->is_stderr = false;
	else if (memcmp(rest.p + 3, "err", 3) == 0)
		out->is_stderr = true;
	else
		return false;
	out->time_text = str_head(line, (size_t)(space - line.p));
	out->has_time = parse_time(clock, out->time_text, &out->time);
	out->stream = str_head(rest, 6);
	take_tag(str_from_at(rest, 7), out);
	return true;
}
