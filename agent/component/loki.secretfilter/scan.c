/*
 * Two bytes tell most places apart: a bit says whether any prefix begins with them. The look-ups of
 * one byte do not wait for those of the one before, as they would in an automaton, which makes it
 * more than twice as fast. The tables are made once, when the first line comes.
 */

#include "agent/component/loki.secretfilter/scan.h"

#include "agent/base/ascii.h"
#include "agent/base/must.h"
#include "agent/component/loki.secretfilter/rules.h"

enum {
	MAX_HITS = 160,  /* prefixes of all rules */
	BUCKETS = 256,   /* of prefixes, by their first two bytes */
	PEM_HEAD = 100,  /* bytes between "-----BEGIN" and "KEY-----" */
	PEM_MIN = 64,    /* of what follows; less is talk about keys */
	COLOUR_MAX = 16, /* bytes of its numbers */
	NOTHING = UINT16_MAX,
};

struct hit {
	struct str prefix;
	uint16_t rule;
	uint16_t next; /* in its bucket; NOTHING: none */
};

static struct {
	bool is_made;
	uint32_t begins[65536 / 32]; /* a bit for each two bytes */
	uint16_t buckets[BUCKETS];
	struct hit hits[MAX_HITS];
	uint16_t n_hits;
	uint16_t bytes[256]; /* enum secret_class of each */
} m;

static void set_bytes(void)
{
	static const struct {
		const char *bytes;
		unsigned class;
	} sets[] = {
		{"0123456789", SECRET_DIGIT},
		{"abcdefghijklmnopqrstuvwxyz", SECRET_LOWER},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", SECRET_UPPER},
		{"_", SECRET_UNDERSCORE},
		{"-", SECRET_DASH},
		{"0123456789abcdef", SECRET_HEX},
		{".", SECRET_DOT},
		{"+/", SECRET_BASE64},
		{"=", SECRET_EQUALS},
		{"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", SECRET_BECH32},
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		for (const char *c = sets[i].bytes; *c; c++)
			m.bytes[(uint8_t)*c] |= (uint16_t)sets[i].class;
}

static unsigned bucket_of(unsigned pair)
{
	return (pair ^ pair >> 5) % BUCKETS;
}

static void add_prefix(const char *p, uint16_t rule)
{
	unsigned pair = (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1];
	uint16_t *bucket = &m.buckets[bucket_of(pair)];

	must(m.n_hits < MAX_HITS);
	m.begins[pair / 32] |= UINT32_C(1) << pair % 32;
	m.hits[m.n_hits] = (struct hit){str_from(p), rule, *bucket};
	*bucket = m.n_hits++;
}

static void make(void)
{
	set_bytes();
	for (size_t i = 0; i < BUCKETS; i++)
		m.buckets[i] = NOTHING;
	for (uint16_t r = 0; secret_rule_table[r].name; r++)
		for (size_t i = 0; i < SECRET_PREFIXES && secret_rule_table[r].prefixes[i]; i++)
			add_prefix(secret_rule_table[r].prefixes[i], r);
	m.is_made = true;
}

static bool is_of(char c, unsigned class)
{
	return (m.bytes[(uint8_t)c] & class) != 0;
}

/* Where the parts end that begin at byte at; 0: they are not there. */
static size_t match_parts(struct str line, size_t at, const struct secret_part *parts)
{
	unsigned last = 0;

	for (size_t i = 0; i < SECRET_PARTS && (parts[i].max || parts[i].literal); i++) {
		const struct secret_part *p = &parts[i];
		size_t n = 0;

		if (p->literal) {
			if (at >= line.n || line.p[at] != p->literal)
				return 0;
			at++;
			continue;
		}
		while (n < p->max && at + n < line.n && is_of(line.p[at + n], p->class))
			n++;
		if (n < p->min)
			return 0;
		at += n;
		last = p->class;
	}
	return at < line.n && is_of(line.p[at], last | SECRET_ALNUM) ? 0 : at;
}

/* A PEM key, which in a log is a line with \n written out, or its first line. */
static size_t match_key(struct str line, size_t at)
{
	static const struct str end = {"-----END", 8}, key = {"KEY", 3}, dashes = {"-----", 5};
	struct str head = str_head(str_from_at(line, at), PEM_HEAD);
	ptrdiff_t close = str_find(head, dashes);
	ptrdiff_t found;

	if (close < 0 || str_find(str_head(head, (size_t)close), STR("PRIVATE KEY")) < 0)
		return 0;
	at += (size_t)close + dashes.n;
	found = str_find(str_from_at(line, at), end);
	if (found < 0)
		return line.n - at >= PEM_MIN ? line.n : 0;
	if (found < PEM_MIN)
		return 0;
	at += (size_t)found + end.n;
	head = str_head(str_from_at(line, at), PEM_HEAD);
	found = str_find(head, key);
	if (found < 0)
		return line.n;
	at += (size_t)found + key.n;
	return str_starts(str_from_at(line, at), "-----") ? at + dashes.n : at;
}

static bool are_hex(const char *p, size_t n)
{
	while (n > 0 && ascii_hex(p[n - 1]) >= 0)
		n--;
	return n == 0;
}

/* The m of "ESC[1;31m" before byte at; ESC may be written out. */
static bool ends_colour(struct str line, size_t at)
{
	size_t i = at - 1;

	if (line.p[i] != 'm')
		return false;
	while (i > 0 && at - i < COLOUR_MAX &&
		(ascii_is_digit(line.p[i - 1]) || line.p[i - 1] == ';'))
		i--;
	return i > 0 && line.p[i - 1] == '[';
}

/* Letters that end an escape of JSON, of an address or of a terminal are no part of what follows
 * it: "\n", "\u0026", "%3D", a colour. */
static bool ends_escape(struct str line, size_t at)
{
	const char *p = line.p + at;

	if (at >= 2 && p[-2] == '\\' && p[-1] && strchr("nrtbf", p[-1]))
		return true;
	if (at >= 3 && p[-3] == '%' && are_hex(p - 2, 2))
		return true;
	if (at >= 6 && p[-6] == '\\' && p[-5] == 'u' && are_hex(p - 4, 4))
		return true;
	return ends_colour(line, at);
}

/* A token is a word of its own: what is before it is no part of one. */
static bool is_alone(struct str line, size_t begin, const struct secret_rule *r)
{
	unsigned class = r->parts[0].class & SECRET_DASH ? SECRET_URL64 : SECRET_WORD;

	if (begin == 0 || r->is_key)
		return true;
	return !is_of(line.p[begin - 1], class) || ends_escape(line, begin);
}

static bool check(struct str line, size_t begin, const struct hit *h, struct secret *out)
{
	const struct secret_rule *r = &secret_rule_table[h->rule];
	size_t end = begin + h->prefix.n;
	size_t stop;

	if (line.n < end || memcmp(line.p + begin, h->prefix.p, h->prefix.n) != 0 ||
		!is_alone(line, begin, r))
		return false;
	stop = r->is_key ? match_key(line, end) : match_parts(line, end, r->parts);
	if (stop == 0)
		return false;
	*out = (struct secret){r->name, begin, stop - begin};
	return true;
}

bool secret_scan(struct str line, size_t *at, struct secret *out)
{
	if (!m.is_made)
		make();
	for (size_t i = *at; i + 1 < line.n; i++) {
		unsigned pair = (unsigned)(uint8_t)line.p[i] << 8 | (uint8_t)line.p[i + 1];

		if (!(m.begins[pair / 32] >> pair % 32 & 1))
			continue;
		for (uint16_t h = m.buckets[bucket_of(pair)]; h != NOTHING; h = m.hits[h].next) {
			if (check(line, i, &m.hits[h], out)) {
				*at = out->at + out->n;
				return true;
			}
		}
	}
	*at = line.n;
	return false;
}

size_t secret_rules(void)
{
	size_t n = 0;

	while (secret_rule_table[n].name)
		n++;
	return n;
}

const char *secret_rule_name(size_t i)
{
	must(i < secret_rules());
	return secret_rule_table[i].name;
}
