#include "agent/base/utf8.h"

#include "agent/base/must.h"

#include <locale.h>
#include <string.h>
#include <wctype.h>

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Of n bytes, one at least. */
static inline size_t length_of(const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return n >= 2 && is_tail(p[1]) ? 2 : 0;
	if (p[0] >= 0xe0 && p[0] <= 0xef) {
		if (n < 3 || !is_tail(p[1]) || !is_tail(p[2]))
			return 0;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
			return 0;
		return 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		if (n < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
			return 0;
		if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

size_t utf8_length(struct str s, size_t at)
{
	return at < s.n ? length_of((const unsigned char *)s.p + at, s.n - at) : 0;
}

uint32_t utf8_rune(struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	switch (utf8_length(s, at)) {
	case 1:
		return p[0];
	case 2:
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	case 3:
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	default:
		must(p[0] >= 0xf0);
		return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
		       (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	}
}

/* How many bytes from at on are ASCII for sure. */
static size_t skip_ascii(struct str s, size_t at)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	size_t from = at;
	uint64_t w[4];

	for (; s.n - at >= sizeof(w); at += sizeof(w)) {
		memcpy(w, s.p + at, sizeof(w));
		if ((w[0] | w[1] | w[2] | w[3]) & high)
			break;
	}
	for (; s.n - at >= sizeof(*w); at += sizeof(*w)) {
		memcpy(w, s.p + at, sizeof(*w));
		if (!(*w & high))
			continue;
		if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			at += (size_t)__builtin_ctzll(*w & high) / 8;
		break;
	}
	return at - from;
}

bool utf8_is_valid(struct str s)
{
	for (size_t at = 0; at < s.n;) {
		size_t len;

		if ((unsigned char)s.p[at] < 0x80) {
			at += skip_ascii(s, at);
			if (at == s.n)
				break;
		}
		len = length_of((const unsigned char *)s.p + at, s.n - at);
		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

size_t utf8_put(char out[4], uint32_t rune)
{
	unsigned char *o = (unsigned char *)out;

	if (rune < 0x80) {
		o[0] = (unsigned char)rune;
		return 1;
	}
	if (rune < 0x800) {
		o[0] = (unsigned char)(0xc0 | rune >> 6);
		o[1] = (unsigned char)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune >= 0xd800 && rune < 0xe000)
		return 0;
	if (rune < 0x10000) {
		o[0] = (unsigned char)(0xe0 | rune >> 12);
		o[1] = (unsigned char)(0x80 | (rune >> 6 & 0x3f));
		o[2] = (unsigned char)(0x80 | (rune & 0x3f));
		return 3;
	}
	if (rune > 0x10ffff)
		return 0;
	o[0] = (unsigned char)(0xf0 | rune >> 18);
	o[1] = (unsigned char)(0x80 | (rune >> 12 & 0x3f));
	o[2] = (unsigned char)(0x80 | (rune >> 6 & 0x3f));
	o[3] = (unsigned char)(0x80 | (rune & 0x3f));
	return 4;
}

/* The C library's own Unicode tables, whatever locale the process runs in. Debian's libc
 * has C.UTF-8 built in; without it only ASCII counts. */
static locale_t unicode(void)
{
	static locale_t l;

	if (!l)
		l = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return l;
}

static bool in_class(uint32_t rune, int (*test)(wint_t, locale_t))
{
	return unicode() && test((wint_t)rune, unicode());
}

bool utf8_is_printable(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 0x20 && rune < 0x7f;
	return rune != 0xfeff && rune != 0xad && in_class(rune, iswgraph_l);
}

/* glibc counts decimal digits of other scripts as alphabetic; Go does not. */
bool utf8_is_letter(uint32_t rune)
{
	if (rune < 0x80)
		return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
	return in_class(rune, iswalpha_l) && !utf8_is_digit(rune);
}

/* Nd comes in runs of ten that begin at these code points (Unicode 15, basic plane). */
bool utf8_is_digit(uint32_t rune)
{
	static const uint32_t zeros[] = {
		'0', 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66,
		0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810,
		0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
		0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10};

	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		if (rune >= zeros[i] && rune < zeros[i] + 10)
			return true;
	}
	return false;
}

uint32_t utf8_upper(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'a' && rune <= 'z' ? rune - 0x20 : rune;
	return unicode() ? (uint32_t)towupper_l((wint_t)rune, unicode()) : rune;
}

uint32_t utf8_lower(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 'A' && rune <= 'Z' ? rune + 0x20 : rune;
	return unicode() ? (uint32_t)towlower_l((wint_t)rune, unicode()) : rune;
}
