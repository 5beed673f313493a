#pragma once

/*
 * One message, open for change: its fields as a list of where they lie in the bytes. It is one
 * level of the message and no tree; what is inside a field stays bytes. A field that is set
 * gets new bytes in the arena; writing puts the fields one behind the other, so that what was
 * not touched, unknown fields too, is copied as it was.
 */

#include "proto/otlp/any.h"

struct arena;

struct otlp_slot {
	struct str raw;   /* the whole field; n 0: it was taken out */
	struct str bytes; /* of WIRE_BYTES: what is inside */
	struct str key;   /* of attributes: the key, and the body of the value */
	struct str any;
	uint64_t value; /* of numbers */
	uint32_t number;
	unsigned wire;
};

struct otlp_message {
	struct arena *arena; /* what is set lives here; what is given is copied */
	uint32_t attributes; /* the number of the field that is the attributes; 0: none */
	bool is_changed;
	struct otlp_slot *p; /* the message's own */
	size_t n;
	size_t cap;
};

void otlp_message_fini(struct otlp_message *m);

/* Empties it and takes the fields of body; again with otlp_message_merge() for another part
 * of the same message. Bytes are borrowed. */
void otlp_message_load(
	struct otlp_message *m, struct arena *a, uint32_t attributes, struct str body);
void otlp_message_merge(struct otlp_message *m, struct str body);

/* The last field of that number with this wire type, as decoders see it; NULL: none. */
const struct otlp_slot *otlp_message_find(
	const struct otlp_message *m, uint32_t number, unsigned wire);
/* The value, or 0 or empty. */
uint64_t otlp_message_number(const struct otlp_message *m, uint32_t number, unsigned wire);
struct str otlp_message_bytes(const struct otlp_message *m, uint32_t number);

/* Sets a field that may be there once: in the place of the last, or at the end. */
void otlp_message_set_number(
	struct otlp_message *m, uint32_t number, unsigned wire, uint64_t value);
void otlp_message_set_bytes(struct otlp_message *m, uint32_t number, struct str s);
void otlp_message_add_bytes(struct otlp_message *m, uint32_t number, struct str s); /* one more */
void otlp_message_remove(struct otlp_message *m, uint32_t number);                  /* all */
void otlp_message_remove_at(struct otlp_message *m, size_t slot);
/* Another inside for a field of WIRE_BYTES. */
void otlp_message_set_at(struct otlp_message *m, size_t slot, struct str s);

/* Attributes by their key: the first one's value counts. */
const struct otlp_slot *otlp_message_attr(const struct otlp_message *m, struct str key);
static inline bool otlp_slot_is_attr(const struct otlp_message *m, const struct otlp_slot *s)
{
	return m->attributes != 0 && s->number == m->attributes && s->wire == WIRE_BYTES &&
	       s->raw.n > 0;
}
void otlp_message_set_attr(struct otlp_message *m, struct str key, struct str any);
bool otlp_message_remove_attr(struct otlp_message *m, struct str key); /* false: not there */

size_t otlp_message_size(const struct otlp_message *m);
void otlp_message_write(const struct otlp_message *m, struct buf *out); /* without tag and length */
