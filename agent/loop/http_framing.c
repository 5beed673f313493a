/* What a head says about the length of its body; checked by us, since libmicrohttpd takes the
 * first of two contradicting headers. */

#include "agent/loop/http_framing.h"

#include "agent/base/str.h"

/*
 * libmicrohttpd 0.9.75 takes "Content-Length : 5" for a header of another name, and makes one name
 * of "Transfer-Encoding:\r\n chunked". What stands in front of us may see the length there.
 */
static bool is_odd_name(struct str name)
{
	static const struct str lengths[] = {STR("Content-Length"), STR("Transfer-Encoding")};

	if (name.n == 0 || memchr(name.p, ' ', name.n) || memchr(name.p, '\t', name.n))
		return true;
	for (size_t i = 0; i < 2; i++)
		if (name.n > lengths[i].n &&
			str_eq_nocase(str_head(name, lengths[i].n), lengths[i]))
			return true;
	return false;
}

static enum MHD_Result on_field(void *owner, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct http_framing *f = owner;
	struct str n = {name, name_n};
	struct str v = {value, value_n};

	(void)kind;
	f->hosts += str_eq_nocase(n, STR("Host"));
	f->is_odd |= is_odd_name(n);
	if (str_eq_nocase(n, STR("Content-Length"))) {
		f->lengths++;
		if (v.n == 0 || v.p[0] < '0' || v.p[0] > '9' || !str_to_int(v, &f->length))
			f->length = -1;
	}
	if (str_eq_nocase(n, STR("Transfer-Encoding"))) {
		f->encodings++;
		f->is_chunked = str_eq_nocase(v, STR("chunked"));
	}
	return MHD_YES;
}

void http_framing_read(struct MHD_Connection *c, struct http_framing *f)
{
	*f = (struct http_framing){0};
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, on_field, f);
}

bool http_framing_is_clear(const struct http_framing *f, bool is_old)
{
	if (f->is_odd || f->hosts > 1)
		return false;
	if (f->encodings)
		return !is_old && f->encodings == 1 && f->is_chunked && f->lengths == 0;
	return f->lengths <= 1 && f->length >= 0;
}
