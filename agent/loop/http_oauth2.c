/*
 * OAuth 2.0 tokens by client credentials (RFC 6749, 4.4) for the HTTP client.
 *
 * There is no timer: a request that finds the token near its end has it fetched, so an agent that
 * sends nothing asks for nothing. One fetch at a time; those that need its result wait in a list.
 * Servers differ in where they want the client's secret. The header is tried first, as the
 * RFC has it (2.3.1), then the body, as Go's oauth2 does; what worked is kept.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_private.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PAUSE_MIN NS_PER_SEC
#define PAUSE_MAX (60 * NS_PER_SEC)
#define EARLY_MIN (10 * NS_PER_SEC)   /* as Go's oauth2: it must not expire on its way */
#define REFRESH_MAX (60 * NS_PER_SEC) /* so long before that is it fetched anew */
#define FRESH (10 * NS_PER_SEC)       /* a younger one that is refused is not void, but wrong */
#define TIMEOUT (30 * NS_PER_SEC)
#define LIFE_MAX 1e9 /* s; what is longer lives for ever */

static const struct metric_family requests_family = {"invar_oauth2_token_requests_total",
	METRIC_COUNTER, "Requests for an OAuth 2.0 token.", NULL};
static const struct metric_family failures_family = {"invar_oauth2_token_failures_total",
	METRIC_COUNTER, "Requests for an OAuth 2.0 token that brought none.", NULL};

struct http_tokens {
	struct list link; /* in the client's list */
	struct http_client *client;
	size_t refs;
	struct buf key; /* of the settings */
	struct arena arena;
	struct http_oauth2 set;
	struct str shown; /* the address, without what may be secret */
	struct http_target *target;
	struct http_call call;
	struct buf body;
	struct list waiting; /* transfers */
	bool is_in_body;     /* the secret is */
	bool is_sure;        /* … and a token was had that way */

	struct buf token; /* "Bearer …"; empty: none */
	uint64_t version; /* of the token; at least 1 when there is one */
	int64_t fetched;
	int64_t refresh_at; /* it is fetched anew from then on */
	int64_t use_until;  /* … and not used from then on, if another can be had */
	int64_t expires;

	int64_t pause;  /* after the last failure; 0: it succeeded */
	int64_t try_at; /* not asked before */
	char error[256];
	struct metric *requests;
	struct metric *failures;
};

/* ---- the request ---- */

static void add_form(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (isalnum(c) || (c && strchr("-_.~", c))) {
			buf_add_char(out, (char)c);
		} else if (c == ' ') {
			buf_add_char(out, '+');
		} else {
			buf_add_char(out, '%');
			buf_add_char(out, hex[c >> 4]);
			buf_add_char(out, hex[c & 15]);
		}
	}
}

static void add_field(struct buf *out, struct str name, struct str value)
{
	if (out->n > 0)
		buf_add_char(out, '&');
	add_form(out, name);
	buf_add_char(out, '=');
	add_form(out, value);
}

static void fill_body(struct http_tokens *k, struct str id, struct str secret)
{
	const struct http_oauth2 *s = &k->set;

	buf_clear(&k->body);
	add_field(&k->body, STR("grant_type"), STR("client_credentials"));
	if (s->scopes.n)
		add_field(&k->body, STR("scope"), s->scopes);
	for (size_t i = 0; i < s->n_params; i++)
		add_field(&k->body, s->params[i].name, s->params[i].value);
	if (k->is_in_body) {
		add_field(&k->body, STR("client_id"), id);
		if (secret.n)
			add_field(&k->body, STR("client_secret"), secret);
	}
}

static void fill_basic(struct buf *out, struct str id, struct str secret)
{
	struct buf a = {0};
	struct buf b = {0};

	add_form(&a, id);
	add_form(&b, secret);
	buf_add_str(out, STR("Basic "));
	http_header_add_basic(out, buf_str(&a), buf_str(&b));
	buf_fini(&a);
	buf_fini(&b);
}

static bool send_request(struct http_tokens *k, struct err *e)
{
	const struct http_oauth2 *s = &k->set;
	struct http_header headers[3] = {
		{STR("Content-Type"), STR("application/x-www-form-urlencoded")},
		{STR("Accept"), STR("application/json")},
	};
	struct buf id = {0};
	struct buf secret = {0};
	struct buf basic = {0};
	bool ok = http_target_secret(
			  "client_id_file", s->client_id, s->client_id_file, &id, e) &&
		  http_target_secret("client_secret_file", s->client_secret,
			  s->client_secret_file, &secret, e);

	if (ok) {
		struct str name = s->client_id_file.n ? str_trim(buf_str(&id)) : buf_str(&id);
		struct str word =
			s->client_secret_file.n ? str_trim(buf_str(&secret)) : buf_str(&secret);

		fill_body(k, name, word);
		fill_basic(&basic, name, word);
		headers[2] = (struct http_header){STR("Authorization"), buf_str(&basic)};
		k->call.method = "POST";
		k->call.url = s->token_url;
		k->call.body = buf_str(&k->body);
		k->call.headers = headers;
		k->call.n_headers = k->is_in_body ? 2 : 3;
		metric_add(k->requests, 1);
		http_call_start(k->target, &k->call);
		k->call.headers = NULL;
		k->call.n_headers = 0;
	}
	buf_fini(&id);
	buf_fini(&secret);
	buf_fini(&basic);
	return ok;
}

/* ---- the answer ---- */

static double number(const cJSON *v)
{
	if (cJSON_IsNumber(v))
		return v->valuedouble;
	return cJSON_IsString(v) ? strtod(v->valuestring, NULL) : 0; /* some servers quote it */
}

static void set_life(struct http_tokens *k, double seconds)
{
	int64_t life;
	int64_t early = k->set.expiry_buffer > EARLY_MIN ? k->set.expiry_buffer : EARLY_MIN;
	int64_t before;

	k->fetched = loop_now(k->client->loop);
	k->expires = k->use_until = k->refresh_at = INT64_MAX;
	if (!(seconds > 0) || seconds > LIFE_MAX) /* not said */
		return;
	life = (int64_t)(seconds * (double)NS_PER_SEC);
	early = early < life / 2 ? early : life / 2;
	before = life / 10 < REFRESH_MAX ? life / 10 : REFRESH_MAX;
	k->expires = k->call.started + life;
	k->use_until = k->expires - early;
	k->refresh_at = k->use_until - before;
}

static void set_token(struct http_tokens *k, struct str type, const char *token)
{
	if (type.n == 0 || str_eq_nocase(type, STR("bearer")))
		type = STR("Bearer");
	buf_clear(&k->token);
	buf_add_str(&k->token, type);
	buf_add_char(&k->token, ' ');
	buf_add_str(&k->token, str_from(token));
	k->version++;
}

/* The code of an answer that is no token (RFC 6749, 5.2); it is shown only if it looks like one. */
static void describe_refusal(const struct http_tokens *k, const cJSON *json, struct err *e)
{
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(json, "error");
	const char *text = cJSON_IsString(code) ? code->valuestring : "";

	if (strlen(text) > 64 || text[strspn(text, "abcdefghijklmnopqrstuvwxyz_")])
		text = "";
	err_set(e, "the server answered with status %d%s%s", k->call.status, *text ? " " : "",
		text);
}

static bool read_answer(struct http_tokens *k, struct err *e)
{
	cJSON *json = cJSON_ParseWithLength(k->call.answer.p, k->call.answer.n);
	const cJSON *token = cJSON_GetObjectItemCaseSensitive(json, "access_token");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "token_type");
	bool ok = false;

	if (k->call.status < 200 || k->call.status > 299) {
		describe_refusal(k, json, e);
	} else if (!cJSON_IsString(token) || !*token->valuestring) {
		err_set(e, "the answer has no access_token");
	} else {
		set_token(k, str_from(cJSON_IsString(type) ? type->valuestring : ""),
			token->valuestring);
		set_life(k, number(cJSON_GetObjectItemCaseSensitive(json, "expires_in")));
		ok = true;
	}
	cJSON_Delete(json);
	return ok;
}

static void fail(struct http_tokens *k, const char *why, bool is_refused)
{
	struct loop *l = k->client->loop;
	int64_t wait;

	snprintf(k->error, sizeof(k->error), "no OAuth 2.0 token from %.100s: %.120s", k->shown.p,
		why);
	k->pause = k->pause ? k->pause * 2 : PAUSE_MIN;
	k->pause = k->pause < PAUSE_MAX ? k->pause : PAUSE_MAX;
	wait = k->pause / 2 + (int64_t)loop_random(l, (uint64_t)k->pause / 2 + 1);
	if (k->call.retry_after > wait)
		wait = k->call.retry_after < 10 * PAUSE_MAX ? k->call.retry_after : 10 * PAUSE_MAX;
	k->try_at = loop_now(l) + wait;
	metric_add(k->failures, 1);
	log_warn(NULL, "an OAuth 2.0 token cannot be had; requests that need it are tried again",
		KV("token_url", k->shown), KV("err", why), KV("again_in_ms", wait / NS_PER_MS),
		KV("hint", is_refused ? "the server does not know this client: see client_id, "
					"client_secret and scopes"
				      : "is the server of token_url there, and is its certificate "
					"trusted?"));
}

/* They may ask again at once, and then wait in the list anew. */
static void wake_all(struct http_tokens *k, bool ok)
{
	while (!list_is_empty(&k->waiting)) {
		struct http_transfer *x = container_of(k->waiting.next, struct http_transfer, link);

		if (ok)
			http_transfer_go(x);
		else
			http_transfer_fail(x, k->error);
	}
}

static void finish(struct http_tokens *k, bool ok)
{
	if (ok) {
		k->pause = k->try_at = 0;
		k->is_sure = true;
	}
	wake_all(k, ok || (k->token.n > 0 && loop_now(k->client->loop) < k->expires));
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct http_tokens *k = container_of(call, struct http_tokens, call);
	bool is_refused = outcome == HTTP_ANSWERED && call->status >= 400 && call->status <= 403;
	struct err e;

	if (outcome == HTTP_ANSWERED && read_answer(k, &e)) {
		finish(k, true);
		return;
	}
	if (is_refused && !k->is_sure && !k->is_in_body) {
		k->is_in_body = true;
		if (send_request(k, &e))
			return;
	}
	if (!k->is_sure)
		k->is_in_body = false;
	fail(k, outcome == HTTP_ANSWERED ? e.text : call->error, is_refused);
	finish(k, false);
}

/* ---- what the client asks ---- */

enum token_state http_tokens_ask(struct http_tokens *k, struct http_transfer *x, struct err *e)
{
	int64_t now = loop_now(k->client->loop);
	bool is_there = k->token.n > 0 && now < k->expires;
	bool is_fetched = k->call.transfer != NULL;

	if (!is_fetched && now >= k->try_at && (!is_there || now >= k->refresh_at)) {
		is_fetched = send_request(k, e);
		if (!is_fetched)
			fail(k, e->text, false);
	}
	if (is_there && (now < k->use_until || !is_fetched))
		return TOKEN_READY;
	if (!is_fetched) {
		err_set(e, "%s", k->error);
		return TOKEN_FAILED;
	}
	list_remove(&x->link);
	list_add_last(&k->waiting, &x->link);
	return TOKEN_COMES;
}

struct str http_tokens_value(const struct http_tokens *k, uint64_t *version)
{
	*version = k->version;
	return buf_str(&k->token);
}

bool http_tokens_refuse(struct http_tokens *k, uint64_t version)
{
	if (version != k->version)
		return true; /* another has come meanwhile */
	if (loop_now(k->client->loop) - k->fetched < FRESH)
		return false;
	buf_clear(&k->token);
	return true;
}

/* ---- life ---- */

static void describe(const struct http_oauth2 *s, struct buf *out)
{
	const struct str texts[] = {s->token_url, s->client_id, s->client_id_file, s->client_secret,
		s->client_secret_file, s->scopes};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		buf_printf(out, "%zu:" STR_FMT, texts[i].n, STR_ARG(texts[i]));
	for (size_t i = 0; i < s->n_params; i++)
		buf_printf(out, "%zu:" STR_FMT "%zu:" STR_FMT, s->params[i].name.n,
			STR_ARG(s->params[i].name), s->params[i].value.n,
			STR_ARG(s->params[i].value));
	buf_printf(out, " %" PRId64 " ", s->expiry_buffer);
	http_target_describe(s->http, out);
}

/* Scheme, host and path: a query or a user may hold secrets. */
static struct str shown_url(struct arena *a, struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str scheme = str_head(url, at < 0 ? 0 : (size_t)at + 3);
	struct str rest = str_from_at(url, scheme.n);
	struct str head = rest;
	struct str tail;

	str_cut(rest, '?', &rest, &tail);
	if (str_cut(rest, '/', &head, &tail) && str_find(head, STR("@")) < 0)
		head = rest;
	while (str_cut(head, '@', &tail, &head))
		;
	return arena_printf(a, STR_FMT STR_FMT, STR_ARG(scheme), STR_ARG(head));
}

static struct http_tokens *make(
	struct http_client *c, const struct http_oauth2 *s, struct buf *key, struct err *e)
{
	struct http_settings http = *s->http;
	struct http_tokens *k;
	struct http_target *target;

	http.oauth2 = NULL;
	if (http.timeout == 0)
		http.timeout = TIMEOUT;
	target = http_target_new(c, &http, e);
	if (!target)
		return NULL;
	k = mem_new(struct http_tokens, 1);
	k->client = c;
	k->target = target;
	k->key = *key;
	*key = (struct buf){0};
	k->call.done = on_done;
	arena_init(&k->arena, 0);
	k->set = *http_settings_copy_oauth2(&k->arena, s);
	k->set.http = NULL; /* borrowed, and used up */
	k->shown = shown_url(&k->arena, s->token_url);
	list_init(&k->waiting);
	list_add_last(&c->tokens, &k->link);
	k->requests = metric_new(&requests_family,
		(struct metric_label[]){{"token_url", k->shown.p}, {NULL, NULL}});
	k->failures = metric_new(&failures_family,
		(struct metric_label[]){{"token_url", k->shown.p}, {NULL, NULL}});
	return k;
}

struct http_tokens *http_tokens_hold(
	struct http_client *c, const struct http_oauth2 *s, struct err *e)
{
	struct http_tokens *found = NULL;
	struct buf key = {0};

	describe(s, &key);
	LIST_EACH (k, &c->tokens, struct http_tokens, link)
		if (str_eq(buf_str(&k->key), buf_str(&key)))
			found = k;
	if (!found)
		found = make(c, s, &key, e);
	buf_fini(&key);
	if (found)
		found->refs++;
	return found;
}

void http_tokens_release(struct http_tokens *k)
{
	if (!k || --k->refs > 0)
		return;
	must(list_is_empty(&k->waiting));
	list_remove(&k->link);
	http_call_cancel(&k->call);
	http_target_free(k->target);
	buf_fini(&k->key);
	buf_fini(&k->body);
	buf_fini(&k->token);
	arena_fini(&k->arena);
	metric_free(k->requests);
	metric_free(k->failures);
	free(k);
}

struct list *http_tokens_end(struct list *link)
{
	struct http_tokens *k = container_of(link, struct http_tokens, link);

	list_remove(&k->link);
	return &k->waiting;
}
