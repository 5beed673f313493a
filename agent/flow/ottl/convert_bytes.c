/* Converters that look at bytes: hashes, hex, ids. */

#include "agent/flow/ottl/convert.h"

#include <gnutls/crypto.h>

enum {
	DIGEST_MAX = 64,
};

static bool digest(struct ottl_run *r, const struct ottl_node *n, gnutls_digest_algorithm_t how,
	struct ottl_value *out)
{
	unsigned char sum[DIGEST_MAX];
	struct str text;

	if (!ottl_arg_str(r, n, 0, &text))
		return false;
	if (gnutls_hash_fast(how, text.p ? text.p : "", text.n, sum) != 0)
		return err_set(r->e, "%s() is not to be had here", n->fn->name);
	*out = ottl_str(ottl_hex(
		r->a, (struct str){(const char *)sum, (size_t)gnutls_hash_get_len(how)}));
	return true;
}

CONVERTER(sha1)
{
	return digest(r, n, GNUTLS_DIG_SHA1, out);
}

CONVERTER(sha256)
{
	return digest(r, n, GNUTLS_DIG_SHA256, out);
}

CONVERTER(sha512)
{
	return digest(r, n, GNUTLS_DIG_SHA512, out);
}

CONVERTER(md5)
{
	return digest(r, n, GNUTLS_DIG_MD5, out);
}

CONVERTER(fnv)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	struct str text;

	if (!ottl_arg_str(r, n, 0, &text))
		return false;
	for (size_t i = 0; i < text.n; i++) /* FNV-1a, 64 bits */
		hash = (hash ^ (uint8_t)text.p[i]) * UINT64_C(1099511628211);
	*out = ottl_int((int64_t)hash);
	return true;
}

CONVERTER(hex)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type != OTTL_STR && v.type != OTTL_BYTES)
		return err_set(r->e, "Hex(): want string or bytes, got %s",
			ottl_type_names[v.type]);
	*out = ottl_str(ottl_hex(r->a, v.s));
	return true;
}

static bool id_of(
	struct ottl_run *r, const struct ottl_node *n, size_t size, struct ottl_value *out)
{
	struct ottl_value v;

	if (!ottl_arg(r, n, 0, &v))
		return false;
	if (v.type != OTTL_BYTES || v.s.n != size)
		return err_set(r->e, "%s(): want %zu bytes", n->fn->name, size);
	*out = v;
	return true;
}

CONVERTER(trace_id)
{
	return id_of(r, n, 16, out);
}

CONVERTER(span_id)
{
	return id_of(r, n, 8, out);
}

static bool prepare_id(struct arena *a, struct ottl_node *n, struct err *e)
{
	const struct ottl_node *id = n->args[0];
	size_t size = str_is(str_from(n->fn->name), "TraceID") ? 16 : 8;

	(void)a;
	return id->kind != OTTL_LITERAL ||
	       (id->literal.type == OTTL_BYTES && id->literal.s.n == size) ||
	       err_set(e, "%s() wants %zu bytes, as 0x and %zu hex digits", n->fn->name, size,
		       2 * size);
}

const struct ottl_function ottl_bytes_converters[] = {
	{"FNV", "target:v", call_fnv, NULL, false},
	{"Hex", "target:v", call_hex, NULL, false},
	{"MD5", "target:v", call_md5, NULL, false},
	{"SHA1", "target:v", call_sha1, NULL, false},
	{"SHA256", "target:v", call_sha256, NULL, false},
	{"SHA512", "target:v", call_sha512, NULL, false},
	{"SpanID", "bytes:v", call_span_id, prepare_id, false},
	{"TraceID", "bytes:v", call_trace_id, prepare_id, false},
	{NULL, NULL, NULL, NULL, false},
};
