/*
 * Heads are read one by one, bodies are not: a start takes no longer for large requests. When a
 * head is wrong, its length is too, so the next one is looked for byte by byte.
 */

#include "agent/component/common/otelcol_export/record.h"

#include <libdeflate.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	WINDOW = 16384,
	HEAD_CRC = RECORD_HEAD - 4,
	KIND = 5,
	CLIENT = 6,
	NUMBERS = 8,
	FORMAT = RECORD_FORMAT_AT,
};

static const char magic[4] = {'\xf1', 'i', 'n', 'v'};
static const char kinds[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = 't', [SIGNAL_LOGS] = 'l', [SIGNAL_METRICS] = 'm'};

/* An earlier version of the agent sets aside those that it does not know, and sends none of them
 * without its client. */
static const char kinds_with_client[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = 'T', [SIGNAL_LOGS] = 'L', [SIGNAL_METRICS] = 'M'};

static void put32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> (8 * i));
}

static uint32_t get32(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)(uint8_t)p[i] << (8 * i);
	return v;
}

uint32_t record_crc(struct str client, struct str body)
{
	uint32_t crc = client.n > 0 ? libdeflate_crc32(0, client.p, client.n) : 0;

	return libdeflate_crc32(crc, body.p, body.n);
}

static uint32_t head_crc(const char head[RECORD_HEAD])
{
	uint32_t crc = libdeflate_crc32(0, head, RECORD_STATE);

	return libdeflate_crc32(crc, head + KIND, HEAD_CRC - KIND);
}

void record_encode(const struct record *r, char head[RECORD_HEAD])
{
	memset(head, 0, RECORD_HEAD);
	memcpy(head, magic, sizeof(magic));
	head[RECORD_STATE] = r->is_done ? 'd' : 'w';
	head[KIND] = r->client > 0 ? kinds_with_client[r->kind] : kinds[r->kind];
	head[CLIENT] = (char)r->client;
	head[CLIENT + 1] = (char)(r->client >> 8);
	put32(head + NUMBERS, r->n);
	put32(head + NUMBERS + 4, r->items);
	put32(head + NUMBERS + 8, r->body_crc);
	memcpy(head + FORMAT, r->format, strnlen(r->format, RECORD_FORMAT - 1));
	put32(head + HEAD_CRC, head_crc(head));
}

static bool find_kind(char c, bool has_client, enum signal_kind *kind)
{
	const char *letters = has_client ? kinds_with_client : kinds;

	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		if (letters[i] == c) {
			*kind = (enum signal_kind)i;
			return true;
		}
	}
	return false;
}

bool record_parse(const char head[RECORD_HEAD], struct record *r)
{
	struct record now = {0};

	if (memcmp(head, magic, sizeof(magic)) != 0 || get32(head + HEAD_CRC) != head_crc(head))
		return false;
	/* A state that is neither is taken as waiting: rather twice than never. */
	now.is_done = head[RECORD_STATE] == 'd';
	now.client = (uint32_t)(uint8_t)head[CLIENT] | (uint32_t)(uint8_t)head[CLIENT + 1] << 8;
	now.n = get32(head + NUMBERS);
	now.items = get32(head + NUMBERS + 4);
	now.body_crc = get32(head + NUMBERS + 8);
	memcpy(now.format, head + FORMAT, RECORD_FORMAT);
	if (!find_kind(head[KIND], now.client > 0, &now.kind) || now.n > RECORD_MAX ||
		now.client > now.n || now.format[RECORD_FORMAT - 1] != 0)
		return false;
	*r = now;
	return true;
}

/* Reads up to n bytes; -1: it cannot be read. */
static ssize_t read_at(const struct record_scan *s, uint64_t at, char *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(s->fd, out + done, n - done, (off_t)(at + done));

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* Looks for a record's head behind s->at, and moves there, or to the end. */
static bool move_to_next(struct record_scan *s, bool *all_zero)
{
	char window[WINDOW + RECORD_HEAD];
	struct record r;
	ssize_t n;

	*all_zero = true;
	for (uint64_t at = s->at; at < s->size; at += WINDOW) {
		n = read_at(s, at, window, sizeof(window));
		if (n == -1)
			return false;
		for (ssize_t i = 0; i < n && i < WINDOW; i++) {
			*all_zero = *all_zero && window[i] == 0;
			if (at + (uint64_t)i > s->at && n - i >= RECORD_HEAD &&
				window[i] == magic[0] && record_parse(window + i, &r)) {
				s->at = at + (uint64_t)i;
				return true;
			}
		}
	}
	s->at = s->size;
	return true;
}

/* Behind here there is no record. Was it begun, and not finished? A system that lost power leaves
 * zeros, too. */
static enum record_found rest(const struct record_scan *s, uint64_t from, bool is_begun, bool zero)
{
	return is_begun || zero || s->size - from < RECORD_HEAD ? RECORD_CUT : RECORD_DAMAGED;
}

enum record_found record_next(
	struct record_scan *s, struct record *r, uint64_t *from, uint64_t *to)
{
	char head[RECORD_HEAD];
	bool is_begun, zero;
	ssize_t n;

	*from = s->at;
	if (s->at >= s->size)
		return RECORD_END;
	n = read_at(s, s->at, head, RECORD_HEAD);
	if (n == -1)
		return RECORD_UNREADABLE;
	is_begun = n == RECORD_HEAD && record_parse(head, r);
	if (is_begun && r->n <= s->size - s->at - RECORD_HEAD) {
		s->at += RECORD_HEAD + r->n;
		*to = s->at;
		return RECORD_FOUND;
	}
	if (!move_to_next(s, &zero))
		return RECORD_UNREADABLE;
	*to = s->at;
	return s->at < s->size ? RECORD_DAMAGED : rest(s, *from, is_begun, zero);
}
