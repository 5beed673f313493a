/* Not done here: Loki's limits on the number and length of labels. It refuses such a stream
 * alone, and says so better. */

#include "agent/component/loki.write/stream_text.h"

#include "agent/base/utf8.h"

struct str loki_stream_utf8(struct arena *scratch, struct str s, size_t *repaired)
{
	char *p;
	size_t n = 0;

	if (utf8_is_valid(s))
		return s;
	p = arena_new(scratch, char, s.n * 3);
	for (size_t at = 0; at < s.n;) {
		size_t len = utf8_length(s, at);

		memcpy(p + n, len ? s.p + at : "\xef\xbf\xbd", len ? len : 3);
		n += len ? len : 3;
		at += len ? len : 1;
	}
	++*repaired;
	return (struct str){p, n};
}

/* Characters that a label's name may not have become an underscore. */
static struct str valid_name(struct arena *scratch, struct str name, size_t *repaired)
{
	char *p;

	if (label_name_is_valid(name))
		return name;
	++*repaired;
	if (name.n == 0)
		return STR("_");
	p = arena_new(scratch, char, name.n);
	for (size_t i = 0; i < name.n; i++) {
		const char two[2] = {'_', name.p[i]};
		struct str here = {i ? two : two + 1, i ? 2 : 1}; /* a digit may not be the first */

		p[i] = name.p[i];
		if (!label_name_is_valid(here))
			p[i] = '_';
	}
	return (struct str){p, name.n};
}

const struct labels *loki_stream_labels(struct arena *scratch, const struct labels *of,
	const struct label *external, size_t n_external, size_t *repaired)
{
	struct label *v = arena_new(scratch, struct label, n_external + of->n + 1);
	size_t n = 0;

	/* The entry's come last, for of two with the same name the last wins. */
	for (size_t i = 0; i < n_external + of->n; i++) {
		struct label l = i < n_external ? external[i] : of->v[i - n_external];

		if (str_starts(l.name, "__"))
			continue;
		v[n].name = valid_name(scratch, l.name, repaired);
		v[n++].value = loki_stream_utf8(scratch, l.value, repaired);
	}
	return labels_intern(v, n);
}
