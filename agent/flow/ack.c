#include "agent/flow/ack.h"

#include "agent/base/mem.h"
#include "agent/base/vec.h"

#include <stdlib.h>

struct ack_link {
	struct ack_link *next;
	struct ack *earlier;
};

void ack_init(struct ack *a, void (*settled)(struct ack *a))
{
	*a = (struct ack){.settled = settled, .refs = 1};
}

/* A chain of chunks may be as long as a record that is cut into many pieces: no recursion. */
void ack_release(struct ack *a)
{
	struct ack_link *todo = NULL;

	for (;;) {
		must(a->refs > 0);
		if (--a->refs == 0) {
			struct ack_link *l = a->waiters;
			bool failed = a->failed;

			a->waiters = NULL;
			a->settled(a); /* a is gone after this */
			while (l) {
				struct ack_link *next = l->next;

				if (failed)
					ack_mark_failed(l->earlier);
				l->next = todo;
				todo = l;
				l = next;
			}
		}
		if (!todo)
			return;
		struct ack_link *l = todo;

		todo = l->next;
		a = l->earlier;
		free(l);
	}
}

void ack_mark_failed(struct ack *a)
{
	bool is_first = !a->failed;

	a->failed = true;
	if (is_first && a->failing)
		a->failing(a);
}

void ack_fail(struct ack *a)
{
	ack_mark_failed(a);
	ack_release(a);
}

void ack_abandon(struct ack *a)
{
	while (a->waiters) {
		struct ack_link *l = a->waiters;

		a->waiters = l->next;
		free(l);
	}
}

void ack_chain(struct ack *later, struct ack *earlier)
{
	struct ack_link *l;

	must(later->refs > 0 && earlier->refs > 0);
	if (later == earlier) {
		must(later->refs > 1);
		later->refs--;
		return;
	}
	l = mem_new(struct ack_link, 1);
	*l = (struct ack_link){later->waiters, earlier};
	later->waiters = l;
}

static void on_settled(struct ack *a)
{
	free(a);
}

struct ack *ack_new(void)
{
	struct ack *a = mem_new(struct ack, 1);

	ack_init(a, on_settled);
	return a;
}

void ack_gather(struct ack **into, struct ack *a)
{
	if (!a)
		return;
	if (!*into)
		*into = ack_new();
	if ((*into)->waiters && (*into)->waiters->earlier == a)
		return;
	ack_hold(a);
	ack_chain(*into, a);
}

void ack_set_add(struct ack_set *s, struct ack *a)
{
	if (!a || (s->n && s->p[s->n - 1] == a))
		return;
	ack_hold(a);
	*vec_add(s) = a;
}

void ack_set_release(struct ack_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		ack_release(s->p[i]);
	free(s->p);
	*s = (struct ack_set){0};
}

void ack_set_fail(struct ack_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		ack_mark_failed(s->p[i]);
	ack_set_release(s);
}
