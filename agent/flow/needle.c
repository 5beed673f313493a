#include "agent/flow/needle.h"

#include "agent/base/ascii.h"

#define TRIES 32 /* wrong places, after which the byte was not as rare as thought */

/* How often a byte is seen in logs, roughly. */
static int frequency(unsigned char c)
{
	if (c == ' ')
		return 7;
	if (c && strchr("etaoinsr", c))
		return 6;
	if (ascii_is_digit(c))
		return 5;
	if (c && strchr("\"=:.,-_/", c))
		return 4;
	if (ascii_is_lower(c))
		return c && strchr("vkxjqzwbyfg", c) ? 2 : 3;
	return 1; /* capitals, brackets, what is not ASCII */
}

void needle_init(struct needle *n, struct str text)
{
	*n = (struct needle){.text = text};
	for (size_t i = 1; i < text.n; i++)
		if (frequency((unsigned char)text.p[i]) <
			frequency((unsigned char)text.p[n->rare]))
			n->rare = i;
}

bool needle_is_in(const struct needle *n, struct str text)
{
	size_t from = 0; /* where the needle may begin */

	if (n->text.n == 0)
		return true;
	for (int tries = 0; text.n >= n->text.n && from <= text.n - n->text.n; tries++) {
		const char *begin = text.p + from + n->rare;
		const char *at;

		if (tries == TRIES)
			return str_find(str_from_at(text, from), n->text) >= 0;
		at = memchr(begin, n->text.p[n->rare], text.n - n->text.n - from + 1);
		if (!at)
			return false;
		from += (size_t)(at - begin);
		if (memcmp(text.p + from, n->text.p, n->text.n) == 0)
			return true;
		from++;
	}
	return false;
}
