#include "agent/component/loki.process/held.h"

#include "agent/base/mem.h"

#include <stdlib.h>

/* The texts go behind the arrays, one after the other. */
static struct str put(char **to, struct str s)
{
	struct str copy = {s.p ? *to : NULL, s.n};

	if (s.p && s.n)
		memcpy(*to, s.p, s.n);
	*to += s.n;
	return copy;
}

static size_t text_bytes(const struct work *w, struct str line)
{
	size_t n = line.n;

	for (size_t i = 0; i < w->e.n_meta; i++)
		n += w->e.meta[i].name.n + w->e.meta[i].value.n;
	for (size_t i = 0; i < w->x.n; i++)
		n += w->x.p[i].name.n + w->x.p[i].text.n;
	return n;
}

void held_keep(struct held *h, const struct work *w, struct str line)
{
	size_t arrays = w->e.n_meta * sizeof(*h->meta) + w->x.n * sizeof(*h->items);
	size_t n = arrays + text_bytes(w, line) + 1;
	struct held old = *h;
	char *text;

	*h = (struct held){
		.labels = labels_hold(w->e.labels),
		.base = labels_hold(w->x.base),
		.time = w->e.time,
		.n_meta = w->e.n_meta,
		.n_items = w->x.n,
		.memory = old.memory,
		.cap = old.cap,
	};
	labels_release(old.labels);
	labels_release(old.base);
	if (h->cap < n) {
		h->memory = mem_resize(h->memory, n);
		h->cap = n;
	}
	h->meta = h->memory;
	h->items = (struct extracted_item *)(h->meta + h->n_meta);
	text = (char *)(h->items + h->n_items);
	for (size_t i = 0; i < h->n_meta; i++) {
		h->meta[i].name = put(&text, w->e.meta[i].name);
		h->meta[i].value = put(&text, w->e.meta[i].value);
	}
	for (size_t i = 0; i < h->n_items; i++) {
		h->items[i].name = put(&text, w->x.p[i].name);
		h->items[i].text = put(&text, w->x.p[i].text);
		h->items[i].is_null = w->x.p[i].is_null;
		h->items[i].is_unset = w->x.p[i].is_unset;
	}
	h->line = put(&text, line);
}

void held_fini(struct held *h)
{
	labels_release(h->labels);
	labels_release(h->base);
	free(h->memory);
	*h = (struct held){0};
}

void held_restore(const struct held *h, struct work *w, struct arena *a)
{
	struct entry e = {
		.labels = h->base,
		.time = h->time,
		.line = h->line,
		.meta = h->meta,
		.n_meta = h->n_meta,
	};

	work_init(w, &e, a);
	w->e.labels = h->labels;
	for (size_t i = 0; i < h->n_items; i++) {
		if (h->items[i].is_unset)
			extracted_unset(&w->x, h->items[i].name);
		else if (h->items[i].is_null)
			extracted_set_null(&w->x, h->items[i].name);
		else
			extracted_set(&w->x, h->items[i].name, h->items[i].text);
	}
}
