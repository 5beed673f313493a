#pragma once

/*
 * A doubly linked ring with its links inside the members. A struct list is both head and
 * link; list_init() makes an empty ring of one. A link that is in no list points to itself,
 * so that list_remove() may be called twice.
 */

#include "agent/base/container_of.h"

#include <stdbool.h>

struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_last(struct list *head, struct list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

static inline void list_add_first(struct list *head, struct list *link)
{
	list_add_last(head->next, link);
}

static inline void list_remove(struct list *link)
{
	link->prev->next = link->next; /* NOLINT: the analyser sees one member twice */
	link->next->prev = link->prev;
	list_init(link);
}

/* The current one may be removed inside the loop. */
#define LIST_EACH(it, head, type, member) \
	for (type *it = container_of((head)->next, type, member), \
		  *it##_next = container_of(it->member.next, type, member); \
		&it->member != (head); \
		it = it##_next, it##_next = container_of(it->member.next, type, member))
