/* Arguments to settings; see the header. */

#include "agent/component/loki.write/settings.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_BATCH (INT64_C(64) << 20) /* Loki takes 100 MiB in one request */

/* Alloy's own, whatever its page says. */
#define DRAIN_TIMEOUT (15 * NS_PER_SEC)

bool loki_settings_host(struct str url, struct str *host)
{
	struct str rest;
	size_t n = 0;

	if (str_eq_nocase(str_head(url, 7), STR("http://")))
		rest = str_from_at(url, 7);
	else if (str_eq_nocase(str_head(url, 8), STR("https://")))
		rest = str_from_at(url, 8);
	else
		return false;
	for (; n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#'; n++) {
		if (rest.p[n] == '@') { /* user:password is before it */
			rest = str_from_at(rest, n + 1);
			n = (size_t)-1;
		}
	}
	*host = str_head(rest, n);
	return n > 0;
}

/* Every argument as text, with its length before it, so that no two differ and look the same. */
static void add_text(struct buf *b, struct str s)
{
	buf_printf(b, "%zu:", s.n);
	buf_add_str(b, s);
}

static void add_http(struct buf *b, const struct http_settings *s)
{
	const struct str texts[] = {s->basic_username, s->basic_password, s->basic_password_file,
		s->bearer_token, s->bearer_token_file, s->authorization_type,
		s->authorization_credentials, s->authorization_credentials_file, s->ca_pem,
		s->ca_file, s->cert_pem, s->cert_file, s->key_pem, s->key_file, s->server_name,
		s->min_version, s->proxy_url, s->no_proxy};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_text(b, texts[i]);
	for (size_t i = 0; i < s->n_headers; i++) {
		add_text(b, s->headers[i].name);
		add_text(b, s->headers[i].value);
	}
	buf_printf(b, "%d%d%d%d", s->insecure_skip_verify, s->proxy_from_environment,
		s->follow_redirects, s->enable_http2);
}

struct str loki_settings_name(struct arena *a, const struct loki_endpoint_args *args)
{
	struct http_settings http = {0};
	struct buf b = {0};
	uint64_t hash;

	if (args->name.n)
		return arena_str(a, args->name);
	http_client_args_settings(&args->http, a, &http);
	add_text(&b, args->url);
	add_text(&b, args->tenant_id);
	for (size_t i = 0; i < args->headers.n; i++) {
		add_text(&b, args->headers.p[i].name);
		add_text(&b, args->headers.p[i].value);
	}
	add_http(&b, &http);
	if (http.oauth2) {
		add_text(&b, http.oauth2->token_url);
		add_text(&b, http.oauth2->client_id);
		add_text(&b, http.oauth2->scopes);
	}
	buf_printf(&b, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d",
		args->batch_size, args->batch_wait, args->remote_timeout, args->min_backoff_period,
		args->max_backoff_period, args->max_backoff_retries, args->retry_on_http_429);
	hash = str_hash(buf_str(&b));
	buf_fini(&b);
	return arena_printf(a, "%06" PRIx64, (hash ^ hash >> 24 ^ hash >> 48) & 0xffffff);
}

static struct str copy(struct arena *a, struct str s)
{
	return s.n ? arena_str(a, s) : (struct str){"", 0};
}

/* headers of the endpoint behind those of the HTTP client. X-Scope-OrgID is sent only for
 * entries that have no tenant; what the protocol sets stays as it is. */
static void add_headers(struct loki_settings *s, struct http_settings *http,
	const struct arg_map *more)
{
	size_t all = http->n_headers + more->n;
	struct http_header *v = arena_new(&s->mem, struct http_header, all + 1);
	size_t n = 0;

	for (size_t i = 0; i < all; i++) {
		struct http_header h;

		if (i < http->n_headers)
			h = http->headers[i];
		else
			h = (struct http_header){more->p[i - http->n_headers].name,
				more->p[i - http->n_headers].value};
		if (str_eq_nocase(h.name, STR("X-Scope-OrgID"))) {
			s->send.org_id = copy(&s->mem, h.value);
		} else if (str_eq_nocase(h.name, STR("Content-Type")) ||
			   str_eq_nocase(h.name, STR("Content-Encoding")) ||
			   str_eq_nocase(h.name, STR("User-Agent"))) {
			log_warn(s->send.id, "custom header key already exists, skipping",
				KV("endpoint", s->send.name), KV("key", h.name),
				KV("hint", "remove it from headers: the push protocol sets it"));
		} else {
			v[n++] = h;
		}
	}
	http->headers = v;
	http->n_headers = n;
}

static void fill_batch(struct loki_settings *s, const struct loki_write_args *all,
	const struct loki_endpoint_args *a)
{
	struct label *v = arena_new(&s->mem, struct label, all->external_labels.n + 1);

	for (size_t i = 0; i < all->external_labels.n; i++) {
		v[i].name = copy(&s->mem, all->external_labels.p[i].name);
		v[i].value = copy(&s->mem, all->external_labels.p[i].value);
	}
	s->batch.tenant = copy(&s->mem, a->tenant_id);
	s->batch.external = v;
	s->batch.n_external = all->external_labels.n;
	s->batch.batch_size = (size_t)(a->batch_size < MAX_BATCH ? a->batch_size : MAX_BATCH);
	s->batch.batch_wait = a->batch_wait;
	s->batch.max_streams = all->max_streams > 0 ? (size_t)all->max_streams : 0;
}

static void fill_send(struct loki_settings *s, const struct loki_endpoint_args *a)
{
	s->send.name = loki_settings_name(&s->mem, a);
	s->send.url = copy(&s->mem, a->url);
	s->send.min_backoff = a->min_backoff_period;
	s->send.max_backoff = a->max_backoff_period;
	s->send.max_tries = a->max_backoff_retries > 0 ? a->max_backoff_retries : 0;
	s->send.retry_429 = a->retry_on_http_429;
	s->send.start = http_call_start;
	s->send.cancel = http_call_cancel;
}

/* Whose data it is that waits on disk: where it goes, and as whom. Not the secrets, which are
 * what is corrected in an outage. */
static void fill_folder(struct loki_settings *s, const struct loki_endpoint_args *a,
	const struct http_settings *http)
{
	struct buf b = {0};

	add_text(&b, a->url);
	add_text(&b, a->tenant_id);
	add_text(&b, a->name);
	add_text(&b, http->basic_username);
	add_text(&b, s->send.org_id);
	snprintf(s->folder, sizeof(s->folder), "%016" PRIx64, str_hash(buf_str(&b)));
	buf_fini(&b);
}

struct loki_settings *loki_settings_new(const struct loki_write_args *all,
	const struct loki_endpoint_args *a, struct loki_tenants *tenants, struct http_client *http,
	struct err *e)
{
	struct loki_settings *s = mem_new(struct loki_settings, 1);
	struct http_settings set = {0};

	arena_init(&s->mem, 0);
	s->send.id = tenants->id;
	fill_batch(s, all, a);
	fill_send(s, a);
	if (loki_settings_host(s->send.url, &s->send.host))
		s->batch.host = s->send.host;
	s->batch.tenants = tenants;
	s->drain_timeout = a->queue_config ? a->queue_config->drain_timeout : DRAIN_TIMEOUT;
	http_client_args_settings(&a->http, &s->mem, &set);
	set.timeout = a->remote_timeout;
	add_headers(s, &set, &a->headers);
	fill_folder(s, a, &set);
	s->send.http = http_target_new(http, &set, e);
	if (s->send.http)
		return s;
	err_wrap(e, "endpoint %.*s", STR_ARG(s->send.name));
	loki_settings_free(s);
	return NULL;
}

void loki_settings_free(struct loki_settings *s)
{
	if (!s)
		return;
	if (s->send.http)
		http_target_free(s->send.http);
	arena_fini(&s->mem);
	free(s);
}
