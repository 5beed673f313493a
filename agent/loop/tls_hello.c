/* A cursor that cannot pass its end: every length is inside the one around it. */

#include "agent/loop/tls_hello.h"

enum {
	RECORD_HEADER = 5,
	HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	EXTENSION_ALPN = 16,
	RANDOM_BYTES = 2 + 32, /* version and random */
};

struct cursor {
	struct str left;
	bool failed;
};

static size_t number(struct cursor *c, size_t bytes)
{
	size_t v = 0;

	if (c->left.n < bytes) {
		c->failed = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | (uint8_t)c->left.p[i];
	c->left = str_from_at(c->left, bytes);
	return v;
}

static struct str take(struct cursor *c, size_t n)
{
	struct str part = str_head(c->left, n);

	if (c->left.n < n)
		c->failed = true;
	c->left = str_from_at(c->left, n);
	return part;
}

/* What has its length, of so many bytes, before it. */
static struct cursor vector(struct cursor *c, size_t bytes)
{
	return (struct cursor){take(c, number(c, bytes)), false};
}

size_t tls_hello_size(struct str bytes)
{
	size_t n;

	if (bytes.n < RECORD_HEADER || bytes.p[0] != HANDSHAKE || bytes.p[1] != 3)
		return 0;
	n = (size_t)(uint8_t)bytes.p[3] << 8 | (uint8_t)bytes.p[4];
	return n == 0 || n > TLS_HELLO_MAX - RECORD_HEADER ? 0 : RECORD_HEADER + n;
}

static bool names_http2(struct cursor extension)
{
	struct cursor names = vector(&extension, 2);

	while (names.left.n > 0) {
		struct str name = vector(&names, 1).left;

		if (names.failed || str_is(name, "h2"))
			return !names.failed && !extension.failed;
	}
	return false;
}

bool tls_hello_offers_http2(struct str record)
{
	struct cursor c = {str_from_at(record, RECORD_HEADER), false};
	struct cursor extensions;

	if (number(&c, 1) != CLIENT_HELLO)
		return false;
	take(&c, 3 + RANDOM_BYTES); /* the length of the message: the record's is what there is */
	vector(&c, 1);              /* session */
	vector(&c, 2);              /* ciphers */
	vector(&c, 1);              /* compressions */
	extensions = vector(&c, 2);
	while (!c.failed && extensions.left.n > 0 && !extensions.failed) {
		size_t type = number(&extensions, 2);
		struct cursor body = vector(&extensions, 2);

		if (type == EXTENSION_ALPN && !extensions.failed)
			return names_http2(body);
	}
	return false;
}
