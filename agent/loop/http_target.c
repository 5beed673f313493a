/*
 * Where and how: the settings of one endpoint as options of curl handles, which are kept between
 * calls. Credentials are put into each request anew, as headers, because their files may
 * change, and because curl takes its own kind of them through the address too.
 */

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CREDENTIALS_MAX ((size_t)64 * 1024)
#define STAMP_PRIME UINT64_C(1099511628211) /* FNV's */
#define REDIRECTS_MAX 10L                   /* as Go has it */
#define CONNECT_TIMEOUT (10 * NS_PER_SEC)

static const size_t texts[] = {
	offsetof(struct http_settings, basic_username),
	offsetof(struct http_settings, basic_password),
	offsetof(struct http_settings, basic_password_file),
	offsetof(struct http_settings, bearer_token),
	offsetof(struct http_settings, bearer_token_file),
	offsetof(struct http_settings, authorization_type),
	offsetof(struct http_settings, authorization_credentials),
	offsetof(struct http_settings, authorization_credentials_file),
	offsetof(struct http_settings, ca_pem),
	offsetof(struct http_settings, ca_file),
	offsetof(struct http_settings, cert_pem),
	offsetof(struct http_settings, cert_file),
	offsetof(struct http_settings, key_pem),
	offsetof(struct http_settings, key_file),
	offsetof(struct http_settings, server_name),
	offsetof(struct http_settings, min_version),
	offsetof(struct http_settings, proxy_url),
	offsetof(struct http_settings, no_proxy),
	offsetof(struct http_settings, user_agent),
};

static bool copy_headers(struct arena *a, const struct http_header **p, size_t n, struct err *e)
{
	struct http_header *copy = arena_new(a, struct http_header, n + 1);

	for (size_t i = 0; i < n; i++) {
		if (!http_header_is_valid(&(*p)[i]))
			return err_set(e, "header \"" STR_FMT "\": its name or its value has a "
					  "character that HTTP does not allow there",
				STR_ARG((*p)[i].name));
		copy[i].name = arena_str(a, (*p)[i].name);
		copy[i].value = arena_str(a, (*p)[i].value);
	}
	*p = copy;
	return true;
}

static bool copy_settings(struct http_target *t, const struct http_settings *s, struct err *e)
{
	t->set = *s;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str *text = (void *)((char *)&t->set + texts[i]);

		*text = arena_str(&t->arena, *text);
	}
	return copy_headers(&t->arena, &t->set.headers, s->n_headers, e) &&
	       copy_headers(&t->arena, &t->set.proxy_headers, s->n_proxy_headers, e);
}

void http_target_describe(const struct http_settings *s, struct buf *out)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct str *text = (const void *)((const char *)s + texts[i]);

		buf_printf(out, "%zu:" STR_FMT, text->n, STR_ARG(*text));
	}
	for (size_t i = 0; i < s->n_headers; i++)
		buf_printf(out, "%zu:" STR_FMT "%zu:" STR_FMT, s->headers[i].name.n,
			STR_ARG(s->headers[i].name), s->headers[i].value.n,
			STR_ARG(s->headers[i].value));
	for (size_t i = 0; i < s->n_proxy_headers; i++)
		buf_printf(out, "p%zu:" STR_FMT "%zu:" STR_FMT, s->proxy_headers[i].name.n,
			STR_ARG(s->proxy_headers[i].name), s->proxy_headers[i].value.n,
			STR_ARG(s->proxy_headers[i].value));
	buf_printf(out, "%d%d%d%d%d %" PRId64 " %" PRId64, s->insecure_skip_verify,
		s->proxy_from_environment, s->follow_redirects, s->enable_http2, s->only_http2,
		s->timeout, s->connect_timeout);
}

static bool is_readable(const char *what, struct str path, struct err *e)
{
	int fd;

	if (path.n == 0)
		return true;
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_set(e, "%s: %s: %s", what, path.p, strerror(errno));
	close(fd);
	return true;
}

static bool is_pem(const char *what, struct str pem, const char *kind, struct err *e)
{
	if (pem.n == 0 || (str_find(pem, STR("-----BEGIN ")) != -1 && strstr(pem.p, kind)))
		return true;
	return err_set(e, "%s holds no PEM text with \"-----BEGIN … %s-----\"", what, kind);
}

static bool version_of(struct str name, long *version)
{
	static const struct {
		const char *name;
		long version;
	} versions[] = {
		{"", CURL_SSLVERSION_TLSv1_2},
		{"TLS10", CURL_SSLVERSION_TLSv1_0},
		{"TLS11", CURL_SSLVERSION_TLSv1_1},
		{"TLS12", CURL_SSLVERSION_TLSv1_2},
		{"TLS13", CURL_SSLVERSION_TLSv1_3},
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (str_is(name, versions[i].name)) {
			*version = versions[i].version;
			return true;
		}
	}
	return false;
}

static bool check_proxy(struct str url, struct err *e)
{
	CURLU *u;
	CURLUcode code;

	if (url.n == 0)
		return true;
	u = curl_url();
	code = curl_url_set(u, CURLUPART_URL, url.p, CURLU_NON_SUPPORT_SCHEME);
	curl_url_cleanup(u);
	return code == CURLUE_OK || err_set(e, "proxy_url: %s", curl_url_strerror(code));
}

/* The address is not shown: it may hold a password. */
static bool check_settings(const struct http_settings *s, struct err *e)
{
	long version;

	if (!version_of(s->min_version, &version))
		return err_set(e,
			"min_version: \"" STR_FMT "\" is none of TLS10, TLS11, TLS12, TLS13",
			STR_ARG(s->min_version));
	return is_pem("ca_pem", s->ca_pem, "CERTIFICATE", e) &&
	       is_pem("cert_pem", s->cert_pem, "CERTIFICATE", e) &&
	       is_pem("key_pem", s->key_pem, "PRIVATE KEY", e) &&
	       is_readable("ca_file", s->ca_file, e) &&
	       is_readable("cert_file", s->cert_file, e) &&
	       is_readable("key_file", s->key_file, e) && check_proxy(s->proxy_url, e);
}

static const char *text_or_null(struct str s)
{
	return s.n ? s.p : NULL;
}

static void set_blob(CURL *easy, CURLoption option, struct str pem)
{
	struct curl_blob blob = {(void *)(uintptr_t)pem.p, pem.n, CURL_BLOB_NOCOPY};

	if (pem.n)
		curl_easy_setopt(easy, option, &blob);
}

static void set_tls(struct http_target *t, CURL *easy)
{
	const struct http_settings *s = &t->set;
	long version = CURL_SSLVERSION_TLSv1_2;

	must(version_of(s->min_version, &version));
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, version);
	if (s->insecure_skip_verify) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (s->ca_pem.n || s->ca_file.n) {
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* only these are trusted */
		curl_easy_setopt(easy, CURLOPT_CAINFO, text_or_null(s->ca_file));
		set_blob(easy, CURLOPT_CAINFO_BLOB, s->ca_pem);
	}
	/* The parsed system certificates are 2 MiB; a connection is seldom opened. */
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, text_or_null(s->cert_file));
	curl_easy_setopt(easy, CURLOPT_SSLKEY, text_or_null(s->key_file));
	set_blob(easy, CURLOPT_SSLCERT_BLOB, s->cert_pem);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, s->key_pem);
}

static CURL *new_handle(struct http_target *t)
{
	const struct http_settings *s = &t->set;
	CURL *easy = curl_easy_init();
	int64_t connect = s->connect_timeout ? s->connect_timeout : CONNECT_TIMEOUT;

	must(easy);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* Else curl guesses http, and credentials go in the clear where nobody said so. */
	curl_easy_setopt(easy, CURLOPT_DEFAULT_PROTOCOL, "none");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, (long)s->follow_redirects);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		s->enable_http2 || s->only_http2 ? (long)CURL_HTTP_VERSION_2TLS
						 : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect / NS_PER_MS));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		(long)((s->timeout + NS_PER_MS - 1) / NS_PER_MS));
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L); /* by the kernel: a peer that vanished */
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
		s->user_agent.n ? s->user_agent.p : "invar/" INVAR_VERSION " (linux)");
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(easy, CURLOPT_PROXYHEADER, t->proxy_headers);
	set_tls(t, easy);
	return easy;
}

static struct curl_slist *add_line(struct curl_slist *list, const char *line)
{
	struct curl_slist *more = curl_slist_append(list, line);

	must(more);
	return more;
}

/* curl's own notation: a header with no value is "name;". */
static struct curl_slist *add_header(struct curl_slist *list, struct buf *text,
	const struct http_header *h)
{
	buf_clear(text);
	if (h->value.n)
		buf_printf(text, STR_FMT ": " STR_FMT, STR_ARG(h->name), STR_ARG(h->value));
	else
		buf_printf(text, STR_FMT ";", STR_ARG(h->name));
	return add_line(list, text->p);
}

struct http_target *http_target_new(struct http_client *c, const struct http_settings *s,
	struct err *e)
{
	struct http_target *t = mem_new(struct http_target, 1);

	t->client = c;
	arena_init(&t->arena, 0);
	if (!copy_settings(t, s, e) || !check_settings(&t->set, e)) {
		http_target_free(t);
		return NULL;
	}
	t->set.oauth2 = NULL; /* borrowed */
	if (s->oauth2 && !(t->tokens = http_tokens_hold(c, s->oauth2, e))) {
		http_target_free(t);
		return NULL;
	}
	for (size_t i = 0; i < t->set.n_proxy_headers; i++)
		t->proxy_headers =
			add_header(t->proxy_headers, &c->text, &t->set.proxy_headers[i]);
	return t;
}

void http_target_free(struct http_target *t)
{
	if (!t)
		return;
	t->freed = true;
	if (t->transfers)
		return; /* cancelled ones; the last of them comes here again */
	for (size_t i = 0; i < t->n_idle; i++)
		curl_easy_cleanup(t->idle[i]);
	curl_slist_free_all(t->proxy_headers);
	http_tokens_release(t->tokens);
	arena_fini(&t->arena);
	free(t);
}

void http_target_release(struct http_target *t, struct http_transfer *x)
{
	must(t->transfers > 0);
	t->transfers--;
	if (x->easy && t->n_idle < HTTP_IDLE_HANDLES && !t->freed) {
		curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, NULL);
		curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, NULL);
		curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, NULL);
		t->idle[t->n_idle++] = x->easy;
	} else {
		curl_easy_cleanup(x->easy);
	}
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->connect_to);
	if (t->freed)
		http_target_free(t);
}

static bool has_header(const struct http_header *h, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(h[i].name, name))
			return true;
	return false;
}

static bool is_given(const struct http_target *t, const struct http_call *call, const char *name)
{
	return has_header(call->headers, call->n_headers, str_from(name)) ||
	       has_header(t->set.headers, t->set.n_headers, str_from(name));
}

bool http_target_secret(
	const char *what, struct str text, struct str file, struct buf *out, struct err *e)
{
	ssize_t n;
	int fd;

	buf_clear(out);
	if (file.n == 0) {
		buf_add_str(out, text);
		return true;
	}
	fd = open(file.p, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_set(e, "%s: %s: %s", what, file.p, strerror(errno));
	n = read(fd, buf_reserve(out, CREDENTIALS_MAX), CREDENTIALS_MAX);
	if (n == -1)
		err_set(e, "%s: %s: %s", what, file.p, strerror(errno));
	close(fd);
	if (n == -1)
		return false;
	out->n = (size_t)n;
	return true;
}

uint64_t http_target_secrets_stamp(const struct http_target *t)
{
	const struct str files[] = {t->set.bearer_token_file, t->set.authorization_credentials_file,
		t->set.basic_password_file, t->set.cert_file, t->set.key_file};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct stat st;

		if (files[i].n == 0 || stat(files[i].p, &st) == -1)
			continue;
		sum = (sum + st.st_ino) * STAMP_PRIME + (uint64_t)st.st_size;
		sum = (sum + (uint64_t)st.st_mtim.tv_sec) * STAMP_PRIME;
		sum = (sum + (uint64_t)st.st_mtim.tv_nsec) * STAMP_PRIME;
	}
	return sum;
}

/* Appends the value of Authorization to out; nothing if none is configured. */
static bool add_authorization(const struct http_settings *s, struct buf *secret, struct buf *out,
	struct err *e)
{
	if (s->authorization_credentials.n || s->authorization_credentials_file.n) {
		if (!http_target_secret("credentials_file", s->authorization_credentials,
			    s->authorization_credentials_file, secret, e))
			return false;
		buf_add_str(out, s->authorization_type.n ? s->authorization_type : STR("Bearer"));
		buf_add_char(out, ' ');
		buf_add_str(out, str_trim(buf_str(secret)));
	} else if (s->bearer_token.n || s->bearer_token_file.n) {
		if (!http_target_secret("bearer_token_file", s->bearer_token, s->bearer_token_file,
			    secret, e))
			return false;
		buf_add(out, "Bearer ", 7);
		buf_add_str(out, str_trim(buf_str(secret)));
	} else if (s->basic_username.n || s->basic_password.n || s->basic_password_file.n) {
		if (!http_target_secret("password_file", s->basic_password, s->basic_password_file,
			    secret, e))
			return false;
		buf_add(out, "Basic ", 6);
		http_header_add_basic(out, s->basic_username,
			s->basic_password_file.n ? str_trim(buf_str(secret)) : buf_str(secret));
	}
	return true;
}

static bool prepare_authorization(struct http_transfer *x, struct err *e)
{
	const struct http_target *t = x->target;
	struct buf secret = {0};
	struct buf value = {0};
	struct http_header h = {.name = STR("Authorization")};
	bool ok = true;

	x->has_authorization = is_given(t, x->call, "Authorization");
	if (t->tokens || x->has_authorization)
		return true;
	ok = add_authorization(&t->set, &secret, &value, e);
	h.value = buf_str(&value);
	if (ok && value.n && !http_header_is_valid(&h))
		ok = err_set(e, "the credentials hold a line break or a control character");
	if (ok && value.n)
		x->headers = add_header(x->headers, &x->client->text, &h);
	buf_fini(&secret);
	buf_fini(&value);
	return ok;
}

/* At the head of the list, where it is found again. */
bool http_target_authorize(struct http_transfer *x, struct str value, bool is_first, struct err *e)
{
	struct http_header h = {STR("Authorization"), value};
	struct curl_slist *old = x->headers;
	struct curl_slist *head;

	if (x->has_authorization)
		return true;
	if (!http_header_is_valid(&h))
		return err_set(e, "the token holds a line break or a control character");
	head = add_header(NULL, &x->client->text, &h);
	head->next = is_first ? old : old->next;
	x->headers = head;
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	if (!is_first) {
		old->next = NULL;
		curl_slist_free_all(old);
	}
	return true;
}

/* The call's own headers replace the target's of the same name. */
static bool prepare_headers(struct http_transfer *x, struct err *e)
{
	const struct http_settings *s = &x->target->set;
	const struct http_call *call = x->call;
	struct buf *text = &x->client->text;

	for (size_t i = 0; i < call->n_headers; i++) {
		if (!http_header_is_valid(&call->headers[i]))
			return err_set(e, "header \"" STR_FMT "\" cannot be sent",
				STR_ARG(call->headers[i].name));
		x->headers = add_header(x->headers, text, &call->headers[i]);
	}
	for (size_t i = 0; i < s->n_headers; i++)
		if (!has_header(call->headers, call->n_headers, s->headers[i].name))
			x->headers = add_header(x->headers, text, &s->headers[i]);
	/* What curl would add by itself. */
	x->headers = add_line(x->headers, "Expect:");
	if (!is_given(x->target, call, "Content-Type"))
		x->headers = add_line(x->headers, "Content-Type:");
	return prepare_authorization(x, e);
}

static const char *environment(const char *lower, const char *upper)
{
	const char *v = getenv(lower);

	return v && *v ? v : getenv(upper);
}

/* curl looks at the lower-case http_proxy only; Go, and so the habits of clusters, at both. */
static void prepare_proxy(const struct http_settings *s, CURL *easy, struct str url)
{
	const char *proxy = text_or_null(s->proxy_url);
	const char *none = text_or_null(s->no_proxy);

	if (!proxy && s->proxy_from_environment) {
		proxy = str_starts(url, "https:") ? environment("https_proxy", "HTTPS_PROXY")
						  : environment("http_proxy", "HTTP_PROXY");
		none = none ? none : environment("no_proxy", "NO_PROXY");
	}
	curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, none ? none : "");
}

/*
 * The server is to be taken for server_name: the address says so, and the connection goes where
 * the address went before. The Host header stays what it was, as it does in Go.
 */
static bool prepare_server_name(struct http_transfer *x, const char *url, struct err *e)
{
	const char *name = x->target->set.server_name.p;
	struct buf *text = &x->client->text;
	char *host = NULL;
	char *port = NULL;
	char *changed = NULL;
	CURLU *u = curl_url();
	bool ok;

	ok = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	     curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	     curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	     curl_url_set(u, CURLUPART_HOST, name, 0) == CURLUE_OK &&
	     curl_url_get(u, CURLUPART_URL, &changed, 0) == CURLUE_OK;
	if (ok) {
		curl_easy_setopt(x->easy, CURLOPT_URL, changed);
		buf_clear(text);
		buf_printf(text, "%s:%s:%s:%s", name, port, host, port);
		x->connect_to = add_line(NULL, text->p);
		curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->connect_to);
		buf_clear(text);
		buf_printf(text, "Host: %s:%s", host, port);
		if (!is_given(x->target, x->call, "Host"))
			x->headers = add_line(x->headers, text->p);
	} else {
		err_set(e, "the address cannot be used with server_name \"%s\"", name);
	}
	curl_free(host);
	curl_free(port);
	curl_free(changed);
	curl_url_cleanup(u);
	return ok;
}

static void prepare_method(CURL *easy, const struct http_call *call)
{
	bool with_body = call->body.n || strcmp(call->method, "POST") == 0;

	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (with_body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	if (strcmp(call->method, with_body ? "POST" : "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

/*
 * Without TLS there is no ALPN to choose HTTP/2, so it is known beforehand. curl 7.88 (Debian 12)
 * breaks such a connection when it is used again (curl #10634, fixed in 8.0), so each call has its
 * own there.
 */
static void prepare_http2(CURL *easy, bool is_tls)
{
	bool is_old = curl_version_info(CURLVERSION_NOW)->version_num < 0x080000;
	long once = !is_tls && is_old;

	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		is_tls ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, once);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, once);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long)!once);
}

bool http_target_prepare(struct http_target *t, struct http_transfer *x, struct err *e)
{
	const struct http_call *call = x->call;
	struct buf *text = &x->client->text;

	x->easy = t->n_idle ? t->idle[--t->n_idle] : new_handle(t);
	if (!prepare_headers(x, e))
		return false;
	buf_clear(text);
	buf_add_str(text, call->url);
	buf_add_char(text, 0);
	if (strlen(text->p) + 1 != text->n)
		return err_set(e, "the address holds a NUL byte");
	curl_easy_setopt(x->easy, CURLOPT_URL, text->p);
	curl_easy_setopt(x->easy, CURLOPT_CONNECT_TO, NULL);
	if (t->set.server_name.n && str_starts(call->url, "https:") &&
		!prepare_server_name(x, arena_str(loop_scratch(x->client->loop), call->url).p, e))
		return false;
	if (t->set.only_http2)
		prepare_http2(x->easy, str_starts(call->url, "https:"));
	prepare_method(x->easy, call);
	prepare_proxy(&t->set, x->easy, call->url);
	curl_easy_setopt(x->easy, CURLOPT_ACCEPT_ENCODING, call->accept_gzip ? "gzip" : NULL);
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	return true;
}
