/*
 * A linear search: such lists are short, and headers are remembered. A job owns all that its thread
 * looks at; when the users change, or the component ends, it is let go and frees itself.
 */

#include "agent/component/otelcol.auth.basic/htpasswd.h"

#include "agent/flow/client.h"

#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/loop/work.h"

#include <crypt.h>
#include <stdlib.h>

enum {
	MAX_HEADER = 1024,
};

static const struct metric_family hashes_family = {"invar_auth_password_hashes_total",
	METRIC_COUNTER, "Hashes made to look at a password that was not known.", NULL};

struct hash_job {
	struct list link; /* in the htpasswd's list */
	struct work work;
	struct htpasswd *owner; /* NULL: nobody wants to know any more */
	struct buf header;
	struct in6_addr peer;
	char *setting; /* the hash that it should be */
	char *password;
	bool is_good;
};

static void start_job(struct htpasswd *h);

static void remember(struct htpasswd_headers *v, struct str header)
{
	buf_clear(&v->p[v->next]);
	buf_add_str(&v->p[v->next], header);
	v->next = (v->next + 1) % HTPASSWD_KNOWN;
}

static void forget(struct htpasswd_headers *v)
{
	for (size_t i = 0; i < HTPASSWD_KNOWN; i++)
		buf_fini(&v->p[i]);
	v->next = 0;
}

static void free_job(struct hash_job *j)
{
	buf_fini(&j->header);
	explicit_bzero(j->password, strlen(j->password));
	free(j->password);
	free(j->setting);
	free(j);
}

void htpasswd_init(struct htpasswd *h, struct loop *l, const char *id)
{
	const struct metric_label labels[] = {
		{"component_id", id}, {"component_path", "/"}, {NULL, NULL}};

	h->loop = l;
	list_init(&h->jobs);
	h->hashes = metric_new(&hashes_family, labels);
}

/* The first one is with its thread. */
static void drop_jobs(struct htpasswd *h)
{
	bool is_first = true;

	LIST_EACH (j, &h->jobs, struct hash_job, link) {
		list_remove(&j->link);
		j->owner = NULL;
		if (!is_first)
			free_job(j);
		is_first = false;
	}
	h->n_jobs = 0;
}

static void clear(struct htpasswd *h)
{
	drop_jobs(h);
	forget(&h->good);
	forget(&h->bad);
	buf_fini(&h->text);
}

void htpasswd_fini(struct htpasswd *h)
{
	if (!h->loop)
		return;
	clear(h);
	metric_free(h->hashes);
	h->hashes = NULL;
	h->loop = NULL;
}

void htpasswd_set(struct htpasswd *h, struct str text)
{
	clear(h);
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

static bool is_readable(struct str hash)
{
	return hash.n > 0 && hash.n < CRYPT_OUTPUT_SIZE && !str_starts(hash, "{SHA}") &&
	       !str_starts(hash, "$apr1$");
}

/* On another thread. */
static void run_job(struct work *w)
{
	struct hash_job *j = container_of(w, struct hash_job, work);
	struct crypt_data *data = mem_new(struct crypt_data, 1);
	const char *got = crypt_r(j->password, j->setting, data);

	j->is_good = got && got[0] != '*' && same(str_from(j->setting), str_from(got));
	explicit_bzero(data, sizeof(*data));
	free(data);
}

static void on_job(struct work *w)
{
	struct hash_job *j = container_of(w, struct hash_job, work);
	struct htpasswd *h = j->owner;

	if (h) {
		list_remove(&j->link);
		h->n_jobs--;
		remember(j->is_good ? &h->good : &h->bad, buf_str(&j->header));
		start_job(h);
	}
	free_job(j);
}

static void start_job(struct htpasswd *h)
{
	if (list_is_empty(&h->jobs))
		return;
	metric_add(h->hashes, 1);
	work_start(&container_of(h->jobs.next, struct hash_job, link)->work, h->loop);
}

static enum admission add_job(struct htpasswd *h, struct str header, const struct in6_addr *peer,
	struct str hash, struct str password)
{
	struct hash_job *j;
	size_t of_peer = 0;

	LIST_EACH (other, &h->jobs, struct hash_job, link) {
		if (str_eq(buf_str(&other->header), header))
			return AUTH_LATER;
		of_peer += memcmp(&other->peer, peer, sizeof(*peer)) == 0;
	}
	if (h->n_jobs >= HTPASSWD_JOBS || of_peer >= HTPASSWD_JOBS_OF_A_PEER)
		return AUTH_BUSY;
	j = mem_new(struct hash_job, 1);
	j->owner = h;
	j->peer = *peer;
	buf_add_str(&j->header, header);
	j->setting = mem_text(hash);
	j->password = mem_text(password);
	j->work = (struct work){.run = run_job, .done = on_job};
	list_add_last(&h->jobs, &j->link);
	if (h->n_jobs++ == 0)
		start_job(h);
	return AUTH_LATER;
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

static bool is_known(const struct htpasswd_headers *v, struct str header)
{
	bool found = false;

	for (size_t i = 0; i < HTPASSWD_KNOWN; i++)
		found |= v->p[i].n > 0 && same(buf_str(&v->p[i]), header);
	return found;
}

enum admission htpasswd_admits(
	struct htpasswd *h, struct str authorization, const struct in6_addr *peer)
{
	char plain[MAX_HEADER];
	struct str user;
	struct str password;
	struct str hash;
	size_t n;

	if (authorization.n < 6 || authorization.n > MAX_HEADER ||
		!str_eq_nocase(str_head(authorization, 6), STR("Basic ")) ||
		is_known(&h->bad, authorization))
		return AUTH_REFUSED;
	if (is_known(&h->good, authorization))
		return AUTH_ADMITTED;
	if (!decode(str_trim(str_from_at(authorization, 6)), plain, &n) ||
		!str_cut((struct str){plain, n}, ':', &user, &password) ||
		!find_user(h, user, &hash) || !is_readable(hash))
		return AUTH_REFUSED;
	if (hash.p[0] != '$')
		return same(hash, password) ? AUTH_ADMITTED : AUTH_REFUSED;
	return add_job(h, authorization, peer, hash, password);
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
