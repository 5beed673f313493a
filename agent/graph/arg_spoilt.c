/*
 * Where something is wrong already, what check() says may only follow from it: `selector = 5`
 * leaves the selector empty, and check() wants one. Its messages say which arguments they are
 * about, so those about one that is not as it is written are left out, and the others are mistakes
 * of their own.
 */

#include "agent/graph/arg_private.h"

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

static bool has_word(struct str text, struct str word)
{
	size_t at = 0;

	for (;;) {
		ptrdiff_t i = str_find(str_from_at(text, at), word);
		size_t end = at + (size_t)i + word.n;

		if (i == -1)
			return false;
		at += (size_t)i;
		if ((at == 0 || !is_word_byte(text.p[at - 1])) &&
			(end == text.n || !is_word_byte(text.p[end])))
			return true;
		at++;
	}
}

static bool names_any(struct str text, const struct arg *table)
{
	for (const struct arg *it = table; it && it->type != ARG_END; it++)
		if (it->name && it->type != ARG_CHOICE && has_word(text, str_from(it->name)))
			return true;
	return false;
}

bool spoils_allow(const struct spoils *s, const struct diag *said)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct spoilt *it = &s->p[i];
		struct range block = it->e->block->at;

		if (!said->at.file)
			return false;
		if (said->at.file != block.file || said->at.start > block.start ||
			said->at.end < block.start)
			continue;
		if (has_word(said->message, str_from(it->name)) ||
			(said->at.start == block.start && !names_any(said->message, it->table)))
			return false;
	}
	return true;
}
