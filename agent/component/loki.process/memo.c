/* The values of a change are not stored: those in the set that came out are compared. */
#include "agent/component/loki.process/memo.h"

#include "agent/base/must.h"

void memo_make_room(struct memo_slot *pair)
{
	struct memo_slot older = pair[1];

	pair[1] = pair[0];
	pair[0] = (struct memo_slot){0};
	labels_release(older.in);
	labels_release(older.out);
}

void memo_set(struct memo_slot *s, const struct labels *in, uint64_t tag, const struct labels *out)
{
	must(!s->in);
	*s = (struct memo_slot){labels_hold(in), out, tag};
}

static bool has_all(const struct labels *s, const struct label *change, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(labels_find(s, change[i].name), change[i].value))
			return false;
	}
	return true;
}

static const struct labels *apply(const struct labels *in, const struct label *change, size_t n)
{
	const struct labels *s = labels_hold(in);

	for (size_t i = 0; i < n; i++) {
		const struct labels *next = labels_with(s, change[i].name, change[i].value);

		labels_release(s);
		s = next;
	}
	return s;
}

/* A little of each value, so that the values that take turns have slots of their own. */
static uint64_t spread(const struct label *change, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < n; i++) {
		struct str v = change[i].value;

		h = h * 31 + v.n;
		if (v.n)
			h = h * 31 + (unsigned char)v.p[0] +
			    (unsigned char)v.p[v.n - 1] * UINT64_C(7);
	}
	return h;
}

const struct labels *memo_change(struct memo *m, const struct labels *in, uint64_t tag,
	const struct label *change, size_t n)
{
	struct memo_slot *pair = memo_pair(m, in, tag, spread(change, n));

	for (int i = 0; i < 2; i++) {
		if (memo_knows(&pair[i], in, tag) && has_all(pair[i].out, change, n))
			return pair[i].out;
	}
	memo_make_room(pair);
	memo_set(pair, in, tag, apply(in, change, n));
	return pair->out;
}

void memo_clear(struct memo *m)
{
	for (size_t i = 0; i < MEMO_SLOTS; i++) {
		labels_release(m->slots[i].in);
		labels_release(m->slots[i].out);
		m->slots[i] = (struct memo_slot){0};
	}
}
