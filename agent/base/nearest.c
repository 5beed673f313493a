/*
 * Near is what is away, by edits, as much as a third of the letters behind the word's last dot; and
 * what ends with it after a dot: "write" means "loki.write".
 */

#include "agent/base/nearest.h"

#define WORD_MAX 64 /* longer words are near nothing */

/* Edits from one word to the other. */
static size_t distance(struct str a, struct str b)
{
	size_t row[WORD_MAX];

	if (a.n >= WORD_MAX || b.n >= WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t corner = row[0]; /* of the row above */

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];
			size_t best = corner + (a.p[i - 1] != b.p[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = above;
			row[j] = best;
		}
	}
	return row[b.n];
}

static bool ends_with_part(struct str name, struct str word)
{
	return word.n > 2 && name.n > word.n && str_eq(str_from_at(name, name.n - word.n), word) &&
	       name.p[name.n - word.n - 1] == '.';
}

void nearest_init(struct nearest *n, struct str word)
{
	size_t from = word.n;

	while (from > 0 && word.p[from - 1] != '.')
		from--;
	*n = (struct nearest){.word = word, .least = (word.n - from) / 3 + 1};
}

void nearest_try(struct nearest *n, const char *name)
{
	struct str s = str_from(name);
	size_t d = ends_with_part(s, n->word) ? 1 : distance(n->word, s);

	if (d > n->least || (n->best && d == n->least))
		return;
	n->best = name;
	n->least = d;
}
