/*
 * A list's items. A byte at a time, which is as fast as the network: what is inside an object is
 * not looked at, but for strings and brackets, so that its end is known; whoever gets it reads it.
 */

#include "k8s/watch_line.h"

#include <string.h>

#define KEEP ((size_t)64 * 1024) /* of the buffer, from one object to the next */

static bool key_is(const struct watch_list *s, const char *name)
{
	return str_is((struct str){s->key, s->key_n}, name);
}

static void on_string_byte(struct watch_list *s, char c)
{
	if (s->is_escape) {
		s->is_escape = false;
	} else if (c == '\\') {
		s->is_escape = true;
	} else if (c == '"') {
		s->is_string = false;
		s->is_key = false;
		return;
	}
	if (!s->is_key)
		return;
	if (s->key_n < sizeof(s->key))
		s->key[s->key_n++] = c;
	else
		s->key[0] = 0; /* too long for one that is wanted */
}

/* True if a wanted object begins with this bracket. */
static bool on_open(struct watch_list *s, char c)
{
	s->depth++;
	if (s->is_taking || c != '{')
		return false;
	s->is_item = s->depth == 3 && key_is(s, "items");
	s->is_taking = s->is_item || (s->depth == 2 && key_is(s, "metadata"));
	return s->is_taking;
}

/* True if a wanted object ends with this bracket. */
static bool on_close(struct watch_list *s)
{
	if (s->depth == 0) {
		s->is_bad = true;
		return false;
	}
	s->depth--;
	s->is_ended = s->depth == 0;
	if (!s->is_taking || s->depth != (s->is_item ? 2 : 1))
		return false;
	s->is_taking = false;
	return true;
}

/* A byte outside strings. *began, *ended: a wanted object did, with it. */
static void on_byte(struct watch_list *s, char c, bool *began, bool *ended)
{
	switch (c) {
	case '"':
		s->is_string = true;
		s->is_key = s->depth == 1 && s->key_n == 0;
		break;
	case '{':
	case '[':
		*began = on_open(s, c);
		break;
	case '}':
	case ']':
		*ended = on_close(s);
		break;
	case ',':
		if (s->depth == 1)
			s->key_n = 0;
		break;
	default:
		break;
	}
	if (s->depth == 0 && !s->is_ended && c != ' ' && c != '\n' && c != '\r' && c != '\t')
		s->is_bad = true;
}

/* Keeps what there is of an object. */
static void keep(struct watch_list *s, struct str part)
{
	if (s->is_over || s->head.n + part.n > s->max) {
		s->is_over = true;
		buf_clear(&s->head);
		return;
	}
	buf_add_str(&s->head, part);
}

/* The object that ends with part; false if it was too long. */
static bool give(struct watch_list *s, struct str part, struct str *object)
{
	*object = part;
	if (s->head.n > 0 || s->is_over || part.n > s->max) {
		keep(s, part);
		*object = buf_str(&s->head);
		s->is_given = !s->is_over;
	}
	if (!s->is_over)
		return true;
	s->is_over = false;
	s->skipped++;
	return false;
}

/* Reads on to the end of a wanted object, or of the bytes: false. */
static bool scan(struct watch_list *s, struct str *bytes, struct str *object)
{
	size_t from = 0;
	bool began = false;
	bool ended = false;

	for (size_t i = 0; i < bytes->n; i++) {
		if (s->is_string) {
			on_string_byte(s, bytes->p[i]);
			continue;
		}
		began = ended = false;
		on_byte(s, bytes->p[i], &began, &ended);
		if (began)
			from = i;
		if (ended || s->is_ended || s->is_bad) {
			struct str part = {bytes->p + from, i + 1 - from};

			*bytes = str_from_at(*bytes, i + 1);
			return ended && give(s, part, object);
		}
	}
	if (s->is_taking)
		keep(s, str_from_at(*bytes, from));
	*bytes = str_from_at(*bytes, bytes->n);
	return false;
}

enum watch_list_part watch_list_next(struct watch_list *s, struct str *bytes, struct str *object)
{
	if (s->is_given) {
		s->is_given = false;
		buf_clear(&s->head);
		buf_shrink(&s->head, KEEP);
	}
	while (bytes->n > 0 && !s->is_ended && !s->is_bad) {
		if (scan(s, bytes, object))
			return s->is_item ? WATCH_LIST_ITEM : WATCH_LIST_METADATA;
	}
	if (s->is_bad)
		return WATCH_LIST_BAD;
	return s->is_ended ? WATCH_LIST_END : WATCH_LIST_MORE;
}

void watch_list_reset(struct watch_list *s)
{
	struct buf head = s->head;
	struct watch_list fresh = {.max = s->max, .skipped = s->skipped};

	buf_clear(&head);
	buf_shrink(&head, KEEP);
	*s = fresh;
	s->head = head;
}

void watch_list_fini(struct watch_list *s)
{
	buf_fini(&s->head);
}
