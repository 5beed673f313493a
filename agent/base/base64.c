#include "agent/base/base64.h"
#include "agent/base/ascii.h"

#include "agent/base/must.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64_encode(struct buf *out, struct str s, enum base64_form form)
{
	const char *digits = form == BASE64_URL ? url : plain;

	must(form != BASE64_ANY);
	for (size_t at = 0; at < s.n; at += 3) {
		const unsigned char *p = (const unsigned char *)s.p + at;
		size_t left = s.n - at;
		uint32_t v = (uint32_t)p[0] << 16;

		v |= left > 1 ? (uint32_t)p[1] << 8 : 0;
		v |= left > 2 ? p[2] : 0;
		buf_add_char(out, digits[v >> 18]);
		buf_add_char(out, digits[v >> 12 & 63]);
		buf_add_char(out, (char)(left > 1 ? digits[v >> 6 & 63] : '='));
		buf_add_char(out, (char)(left > 2 ? digits[v & 63] : '='));
	}
}

static int digit(char c, enum base64_form form)
{
	if (ascii_is_upper(c))
		return c - 'A';
	if (ascii_is_lower(c))
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if ((c == '+' && form != BASE64_URL) || (c == '-' && form != BASE64_STANDARD))
		return 62;
	return (c == '/' && form != BASE64_URL) || (c == '_' && form != BASE64_STANDARD) ? 63 : -1;
}

/* Bits that the last digits have too many are dropped, as Go does it. */
static bool end(struct buf *out, uint32_t bits, int have, int pad, enum base64_form form)
{
	if (have == 0)
		return pad == 0;
	if (have == 1 || (have + pad != 4 && (pad || form != BASE64_ANY)))
		return false;
	if (have == 2)
		buf_add_char(out, (char)(bits >> 4));
	else
		buf_add(out, (char[]){(char)(bits >> 10), (char)(bits >> 2)}, 2);
	return true;
}

bool base64_decode(struct buf *out, struct str s, enum base64_form form, size_t *bad)
{
	uint32_t bits = 0;
	int have = 0, pad = 0;
	size_t nowhere = 0;

	bad = bad ? bad : &nowhere;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int d = digit(c, form);

		*bad = i;
		if (form != BASE64_ANY && (c == '\n' || c == '\r'))
			continue;
		if (c == '=' && have >= 2 && have + pad < 4) {
			pad++;
			continue;
		}
		if (d < 0 || pad)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if (++have < 4)
			continue;
		buf_add(out, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, 3);
		have = 0;
	}
	*bad = s.n;
	return end(out, bits, have, pad, form);
}
