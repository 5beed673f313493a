#include "agent/flow/labels.h"
#include "agent/base/ascii.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing, linear probing, grown at half full. Sets leave by reference count. */
static struct {
	const struct labels **slots;
	size_t cap;
	size_t n;
} table;

static uint64_t hash_label(const struct label *l)
{
	uint64_t h = str_hash(l->name) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 31;
	return (h ^ str_hash(l->value)) * UINT64_C(0xd6e8feb86659fd93);
}

static size_t home_of(uint64_t hash)
{
	return (hash ^ hash >> 32) & (table.cap - 1);
}

static bool same(const struct labels *s, uint64_t hash, const struct label *v, size_t n)
{
	if (s->hash != hash || s->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(s->v[i].name, v[i].name) || !str_eq(s->v[i].value, v[i].value))
			return false;
	}
	return true;
}

static void grow(void)
{
	const struct labels **old = table.slots;
	size_t old_cap = table.cap;

	table.cap = old_cap ? old_cap * 2 : 64;
	table.slots = mem_new(const struct labels *, table.cap);
	for (size_t i = 0; i < old_cap; i++) {
		size_t at;

		if (!old[i])
			continue;
		for (at = home_of(old[i]->hash); table.slots[at]; at = (at + 1) & (table.cap - 1))
			;
		table.slots[at] = old[i];
	}
	free(old);
}

/* One allocation: the set, its labels, their bytes. */
static struct labels *make(uint64_t hash, const struct label *v, size_t n)
{
	size_t bytes = 0;
	struct labels *s;
	char *to;

	for (size_t i = 0; i < n; i++)
		bytes += v[i].name.n + v[i].value.n + 2;
	s = mem_alloc(1, sizeof(*s) + n * sizeof(struct label) + bytes);
	s->hash = hash;
	s->refs = 1;
	s->n = (uint32_t)n;
	to = (char *)&s->v[n];
	for (size_t i = 0; i < n; i++) {
		const struct str from[] = {v[i].name, v[i].value};
		struct str *const into[] = {&s->v[i].name, &s->v[i].value};

		for (size_t k = 0; k < 2; k++) {
			memcpy(to, from[k].p, from[k].n);
			*into[k] = (struct str){to, from[k].n};
			to += from[k].n + 1;
		}
	}
	return s;
}

/* v is sorted, without empty values and without a name given twice. */
static const struct labels *intern_sorted(uint64_t hash, const struct label *v, size_t n)
{
	size_t at;

	if ((table.n + 1) * 2 > table.cap)
		grow();
	for (at = home_of(hash); table.slots[at]; at = (at + 1) & (table.cap - 1)) {
		if (same(table.slots[at], hash, v, n))
			return labels_hold(table.slots[at]);
	}
	table.slots[at] = make(hash, v, n);
	table.n++;
	return table.slots[at];
}

/* Stable, so that of equal names the last given stays last. Sets are small. */
static void sort(struct label *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct label l = v[i];
		size_t k = i;

		for (; k > 0 && str_cmp(v[k - 1].name, l.name) > 0; k--)
			v[k] = v[k - 1];
		v[k] = l;
	}
}

const struct labels *labels_intern(const struct label *v, size_t n)
{
	struct label few[64];
	struct label *sorted = n <= 64 ? few : mem_new(struct label, n);
	const struct labels *s;
	uint64_t hash = 0;
	size_t kept = 0;

	if (n)
		memcpy(sorted, v, n * sizeof(*v));
	sort(sorted, n);
	for (size_t i = 0; i < n; i++) {
		bool again = i + 1 < n && str_eq(sorted[i].name, sorted[i + 1].name);

		if (again || sorted[i].value.n == 0)
			continue;
		hash += hash_label(&sorted[i]);
		sorted[kept++] = sorted[i];
	}
	s = intern_sorted(hash, kept ? sorted : NULL, kept);
	if (sorted != few)
		free(sorted);
	return s;
}

const struct labels *labels_empty(void)
{
	return labels_intern(NULL, 0);
}

const struct labels *labels_with(const struct labels *s, struct str name, struct str value)
{
	struct label few[64];
	struct label *v = s->n + 1 <= 64 ? few : mem_new(struct label, s->n + 1);
	struct label new = {name, value};
	const struct labels *made;
	uint64_t hash = s->hash;
	size_t n = 0;
	size_t i = 0;

	for (; i < s->n && str_cmp(s->v[i].name, name) < 0; i++)
		v[n++] = s->v[i];
	if (i < s->n && str_eq(s->v[i].name, name))
		hash -= hash_label(&s->v[i++]);
	if (value.n) {
		hash += hash_label(&new);
		v[n++] = new;
	}
	for (; i < s->n; i++)
		v[n++] = s->v[i];
	made = intern_sorted(hash, v, n);
	if (v != few)
		free(v);
	return made;
}

/* The pointer is const to all but this file, which made the set writable. */
static struct labels *writable(const struct labels *s)
{
	return (struct labels *)(uintptr_t)s;
}

const struct labels *labels_hold(const struct labels *s)
{
	must(s->refs > 0);
	writable(s)->refs++;
	return s;
}

static void forget(const struct labels *s)
{
	size_t hole = home_of(s->hash);

	while (table.slots[hole] != s)
		hole = (hole + 1) & (table.cap - 1);
	table.slots[hole] = NULL;
	table.n--;
	for (size_t i = (hole + 1) & (table.cap - 1); table.slots[i];
		i = (i + 1) & (table.cap - 1)) {
		size_t home = home_of(table.slots[i]->hash);

		if (((i - home) & (table.cap - 1)) >= ((i - hole) & (table.cap - 1))) {
			table.slots[hole] = table.slots[i];
			table.slots[i] = NULL;
			hole = i;
		}
	}
	if (table.n == 0) {
		free(table.slots);
		table.slots = NULL;
		table.cap = 0;
	}
}

void labels_release(const struct labels *s)
{
	if (!s)
		return;
	must(s->refs > 0);
	if (--writable(s)->refs > 0)
		return;
	forget(s);
	free(writable(s));
}

struct str labels_find(const struct labels *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->v[i].name, name))
			return s->v[i].value;
	}
	return (struct str){0};
}

void labels_print(struct buf *out, const struct labels *s)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_add(out, ", ", 2);
		buf_add_str(out, s->v[i].name);
		buf_add_char(out, '=');
		buf_add_quoted(out, s->v[i].value);
	}
	buf_add_char(out, '}');
}

size_t labels_interned(void)
{
	return table.n;
}

bool label_name_is_valid(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = ascii_is_letter(c) || c == '_';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return name.n > 0;
}
