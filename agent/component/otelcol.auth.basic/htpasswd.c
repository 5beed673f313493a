/* A linear search: such lists are short, and good headers are remembered. */

#include "agent/component/otelcol.auth.basic/htpasswd.h"

#include "agent/flow/client.h"

#include <crypt.h>

enum {
	MAX_HEADER = 1024,
};

void htpasswd_fini(struct htpasswd *h)
{
	buf_fini(&h->text);
	for (size_t i = 0; i < HTPASSWD_KNOWN; i++)
		buf_fini(&h->known[i]);
	h->next = 0;
}

void htpasswd_set(struct htpasswd *h, struct str text)
{
	htpasswd_fini(h);
	buf_add_str(&h->text, text);
}

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Base64 to out (room for 3/4), NUL after it. False: it is none, or holds a NUL. */
static bool decode(struct str s, char *out, size_t *n)
{
	uint32_t bits = 0;
	unsigned have = 0;

	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit(s.p[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[(*n)++] = (char)(bits >> have & 0xff);
			if (out[*n - 1] == 0)
				return false;
		}
	}
	out[*n] = 0;
	return true;
}

static bool same(struct str a, struct str b)
{
	unsigned differ = a.n != b.n;

	for (size_t i = 0; i < a.n; i++)
		differ |= (unsigned)(uint8_t)a.p[i] ^ (unsigned)(uint8_t)(b.n ? b.p[i % b.n] : 0);
	return differ == 0;
}

static bool check(struct str hash, const char *password)
{
	struct crypt_data data = {0};
	char setting[256];
	const char *got;

	if (hash.n == 0 || hash.n >= sizeof(setting) || str_starts(hash, "{SHA}") ||
		str_starts(hash, "$apr1$"))
		return false;
	if (hash.p[0] != '$')
		return same(hash, str_from(password));
	memcpy(setting, hash.p, hash.n);
	setting[hash.n] = 0;
	got = crypt_r(password, setting, &data);
	return got && got[0] != '*' && same(hash, str_from(got));
}

static bool find_user(const struct htpasswd *h, struct str user, struct str *hash)
{
	struct str rest = buf_str(&h->text);

	while (rest.n > 0) {
		struct str line = rest;
		struct str name;

		if (!str_cut(rest, '\n', &line, &rest))
			rest = (struct str){0};
		if (str_cut(str_trim(line), ':', &name, hash) && str_eq(name, user))
			return true;
	}
	return false;
}

static bool is_known(const struct htpasswd *h, struct str header)
{
	bool found = false;

	for (size_t i = 0; i < HTPASSWD_KNOWN; i++)
		found |= h->known[i].n > 0 && same(buf_str(&h->known[i]), header);
	return found;
}

bool htpasswd_admits(struct htpasswd *h, struct str authorization)
{
	char plain[MAX_HEADER];
	struct str user;
	struct str password;
	struct str hash;
	size_t n;

	if (authorization.n < 6 || authorization.n > MAX_HEADER ||
		!str_eq_nocase(str_head(authorization, 6), STR("Basic ")))
		return false;
	if (is_known(h, authorization))
		return true;
	if (!decode(str_trim(str_from_at(authorization, 6)), plain, &n) ||
		!str_cut((struct str){plain, n}, ':', &user, &password) ||
		!find_user(h, user, &hash) || !check(hash, password.p))
		return false;
	buf_clear(&h->known[h->next]);
	buf_add_str(&h->known[h->next], authorization);
	h->next = (h->next + 1) % HTPASSWD_KNOWN;
	return true;
}

void htpasswd_describe(struct str authorization, struct buf *pairs)
{
	struct str raw = str_trim(str_from_at(authorization, 6));
	char plain[MAX_HEADER];
	struct str user, password;
	size_t n;

	if (authorization.n > MAX_HEADER || !decode(raw, plain, &n) ||
		!str_cut((struct str){plain, n}, ':', &user, &password))
		return;
	client_put(pairs, CLIENT_AUTH, STR("username"), user);
	client_put(pairs, CLIENT_AUTH, STR("raw"), raw);
}
