/* encoding.*: base64 and URL escapes. JSON and YAML have their own files. */

#include "agent/config/stdlib.h"

#define BYTES_MAX ((size_t)1 << 20) /* of a decoded text: as a list, each takes a whole value */

static const char plain64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool encode64(struct call *c, const char *alphabet)
{
	struct buf b = {0};
	struct str s;

	if (!call_text(c, 0, &s))
		return false;
	for (size_t at = 0; at < s.n; at += 3) {
		const unsigned char *p = (const unsigned char *)s.p + at;
		size_t left = s.n - at;
		uint32_t v = (uint32_t)p[0] << 16;

		v |= left > 1 ? (uint32_t)p[1] << 8 : 0;
		v |= left > 2 ? p[2] : 0;
		buf_add_char(&b, alphabet[v >> 18]);
		buf_add_char(&b, alphabet[v >> 12 & 63]);
		buf_add_char(&b, left > 1 ? alphabet[v >> 6 & 63] : '=');
		buf_add_char(&b, left > 2 ? alphabet[v & 63] : '=');
	}
	return call_return_buf(c, &b);
}

bool stdlib_to_base64(struct call *c)
{
	return encode64(c, plain64);
}

bool stdlib_to_urlbase64(struct call *c)
{
	return encode64(c, url64);
}

/* Bits come in six at a time; what the padding leaves over is dropped, as Go does it. Newlines
 * are skipped. *bad is the byte that is wrong. */
static bool decode64(struct str s, const char *alphabet, struct buf *out, size_t *bad)
{
	uint32_t bits = 0;
	int have = 0, pad = 0;

	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		const char *found = ch ? strchr(alphabet, ch) : NULL;

		*bad = i;
		if (ch == '\n' || ch == '\r')
			continue;
		if (ch == '=' && have + pad >= 2 && have + pad < 4) {
			pad++;
			continue;
		}
		if (!found || pad)
			return false;
		bits = bits << 6 | (uint32_t)(found - alphabet);
		if (++have < 4)
			continue;
		buf_add(out, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, 3);
		have = 0;
	}
	*bad = s.n;
	if (have == 0)
		return true;
	if (have + pad != 4)
		return false;
	if (have == 2)
		buf_add_char(out, (char)(bits >> 4));
	else
		buf_add(out, (char[]){(char)(bits >> 10), (char)(bits >> 2)}, 2);
	return true;
}

static bool decode(struct call *c, const char *alphabet)
{
	struct buf b = {0};
	struct str s;
	size_t bad;
	bool ok;

	if (!call_text(c, 0, &s))
		return false;
	ok = decode64(s, alphabet, &b, &bad);
	if (!ok)
		err_set(&c->e, "illegal base64 data at input byte %zu", bad);
	else if (b.n > BYTES_MAX)
		ok = err_set(&c->e, "makes more than 1 MiB of bytes");
	else
		c->out = value_bytes(c->a, arena_str(c->a, buf_str(&b)));
	buf_fini(&b);
	return ok;
}

bool stdlib_from_base64(struct call *c)
{
	return decode(c, plain64);
}

bool stdlib_from_urlbase64(struct call *c)
{
	return decode(c, url64);
}

static bool is_unreserved(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	       ch == '-' || ch == '_' || ch == '.' || ch == '~';
}

bool stdlib_url_encode(struct call *c)
{
	struct buf b = {0};
	struct str s;

	if (!call_text(c, 0, &s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_add_char(&b, '+');
		else if (is_unreserved(s.p[i]))
			buf_add_char(&b, s.p[i]);
		else
			buf_printf(&b, "%%%02X", (unsigned char)s.p[i]);
	}
	return call_return_buf(c, &b);
}

static int hex(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f')
		return (ch | 0x20) - 'a' + 10;
	return -1;
}

bool stdlib_url_decode(struct call *c)
{
	struct buf b = {0};
	struct str s;

	if (!call_text(c, 0, &s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] != '%') {
			buf_add_char(&b, s.p[i] == '+' ? ' ' : s.p[i]);
			continue;
		}
		high = s.n - i > 2 ? hex(s.p[i + 1]) : -1;
		low = s.n - i > 2 ? hex(s.p[i + 2]) : -1;
		if (high < 0 || low < 0) {
			struct str shown = str_head(str_from_at(s, i), 3);

			buf_fini(&b);
			return err_set(&c->e, "invalid URL escape \"" STR_FMT "\"", STR_ARG(shown));
		}
		buf_add_char(&b, (char)(high << 4 | low));
		i += 2;
	}
	return call_return_buf(c, &b);
}
