/* encoding.*: base64 and URL escapes. JSON and YAML have their own files. */

#include "agent/base/ascii.h"
#include "agent/config/stdlib.h"

#include "agent/base/base64.h"

#define BYTES_MAX ((size_t)1 << 20) /* of a decoded text: as a list, each takes a whole value */

static bool encode(struct call *c, enum base64_form form)
{
	struct buf b = {0};
	struct str s;

	if (!call_text(c, 0, &s))
		return false;
	base64_encode(&b, s, form);
	return call_return_buf(c, &b);
}

bool stdlib_to_base64(struct call *c)
{
	return encode(c, BASE64_STANDARD);
}

bool stdlib_to_urlbase64(struct call *c)
{
	return encode(c, BASE64_URL);
}

static bool decode(struct call *c, enum base64_form form)
{
	struct buf b = {0};
	struct str s;
	size_t bad;
	bool ok;

	if (!call_text(c, 0, &s))
		return false;
	ok = base64_decode(&b, s, form, &bad);
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
	return decode(c, BASE64_STANDARD);
}

bool stdlib_from_urlbase64(struct call *c)
{
	return decode(c, BASE64_URL);
}

static bool is_unreserved(char ch)
{
	return ascii_is_alnum(ch) || ch == '-' || ch == '_' || ch == '.' || ch == '~';
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
	if (ascii_is_digit(ch))
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
