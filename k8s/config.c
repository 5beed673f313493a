/*
 * Settings for talking to an API server. Files of credentials are named, not read: the HTTP client
 * reads them again for each request, because the kubelet replaces them while we run.
 */

#include "k8s/config.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "k8s/kubeconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define KUBECONFIG_MAX ((size_t)1 << 20)

/* The whole of a file, which is not longer than max. */
static bool read_file(struct arena *a, const char *path, size_t max, struct str *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *p;
	size_t n = 0;
	ssize_t got;

	if (fd == -1)
		return err_set(e, "%s: %s", path, strerror(errno));
	p = arena_new(a, char, max + 1);
	while ((got = read(fd, p + n, max - n)) > 0)
		n += (size_t)got;
	if (got == -1)
		err_set(e, "%s: %s", path, strerror(errno));
	else if (n == max)
		err_set(e, "%s: longer than %zu bytes", path, max);
	close(fd);
	if (got == -1 || n == max)
		return false;
	*out = (struct str){p, n};
	return true;
}

static bool is_readable(struct str path)
{
	return access(path.p, R_OK) == 0;
}

/* The namespace is only for messages and own_namespace: it may be missing. */
static struct str read_namespace(struct arena *a, struct str dir)
{
	struct str path = arena_printf(a, STR_FMT "/namespace", STR_ARG(dir));
	struct str text = {0};
	struct err e;

	return read_file(a, path.p, 256, &text, &e) ? str_trim(text) : (struct str){0};
}

bool k8s_config_in_cluster(struct k8s_config *c, const char *dir, struct err *e)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	struct str at = str_from(dir ? dir : K8S_ACCOUNT_DIR);
	struct k8s_config n = {.from = STR("the service account"), .is_pod = true};
	struct str ca;

	if (!host || !*host || !port || !*port)
		return err_set(e,
			"not in a pod of Kubernetes: KUBERNETES_SERVICE_HOST and "
			"KUBERNETES_SERVICE_PORT are not set (give api_server or kubeconfig_file)");
	arena_init(&n.arena, 0);
	n.server = arena_printf(
		&n.arena, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
	n.http.bearer_token_file = arena_printf(&n.arena, STR_FMT "/token", STR_ARG(at));
	if (!is_readable(n.http.bearer_token_file)) {
		err_set(e,
			"%s: %s (the pod needs a service account, and "
			"automountServiceAccountToken)",
			n.http.bearer_token_file.p, strerror(errno));
		k8s_config_fini(&n);
		return false;
	}
	ca = arena_printf(&n.arena, STR_FMT "/ca.crt", STR_ARG(at));
	if (is_readable(ca))
		n.http.ca_file = ca;
	n.http.enable_http2 = true;
	n.namespace = read_namespace(&n.arena, at);
	*c = n;
	return true;
}

bool k8s_config_kubeconfig(struct k8s_config *c, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct str dir = slash ? (struct str){path, (size_t)(slash - path)} : STR(".");
	struct k8s_config n = {0};
	struct arena scratch;
	struct str text;
	bool ok;

	arena_init(&n.arena, 0);
	arena_init(&scratch, 0);
	n.from = arena_printf(&n.arena, "kubeconfig %s", path);
	n.http.enable_http2 = true;
	ok = read_file(&scratch, path, KUBECONFIG_MAX, &text, e);
	if (ok && !kubeconfig_read(&n, text, dir, e))
		ok = err_wrap(e, "%s", path);
	arena_fini(&scratch);
	if (ok)
		*c = n;
	else
		k8s_config_fini(&n);
	return ok;
}

bool k8s_config_server(struct k8s_config *c, struct str url, const struct http_settings *http,
	struct err *e)
{
	struct k8s_config n = {.from = STR("api_server")};

	while (str_ends(url, "/"))
		url.n--;
	if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		return err_set(e, "api_server \"" STR_FMT "\" is no http:// or https:// address",
			STR_ARG(url));
	arena_init(&n.arena, 0);
	n.server = arena_str(&n.arena, url);
	n.http = k8s_config_copy_http(&n.arena, http);
	n.namespace = read_namespace(&n.arena, STR(K8S_ACCOUNT_DIR));
	*c = n;
	return true;
}

void k8s_config_fini(struct k8s_config *c)
{
	arena_fini(&c->arena);
	*c = (struct k8s_config){0};
}

void k8s_add_key(struct buf *key, struct str part)
{
	buf_printf(key, "%zu:", part.n);
	buf_add_str(key, part);
}

static void add_headers(struct buf *key, const struct http_header *v, size_t n)
{
	buf_printf(key, " headers %zu ", n);
	for (size_t i = 0; i < n; i++) {
		k8s_add_key(key, v[i].name);
		k8s_add_key(key, v[i].value);
	}
}

static void add_http(struct buf *key, const struct http_settings *h)
{
	const struct str texts[] = {h->basic_username, h->basic_password, h->basic_password_file,
		h->bearer_token, h->bearer_token_file, h->authorization_type,
		h->authorization_credentials, h->authorization_credentials_file, h->ca_pem,
		h->ca_file, h->cert_pem, h->cert_file, h->key_pem, h->key_file, h->server_name,
		h->min_version, h->proxy_url, h->no_proxy, h->user_agent};

	buf_printf(key, "%d%d%d%d ", h->insecure_skip_verify, h->proxy_from_environment,
		h->follow_redirects, h->enable_http2);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		k8s_add_key(key, texts[i]);
	add_headers(key, h->headers, h->n_headers);
	add_headers(key, h->proxy_headers, h->n_proxy_headers);
}

static void add_oauth2(struct buf *key, const struct http_oauth2 *o)
{
	const struct str texts[] = {o->token_url, o->client_id, o->client_id_file,
		o->client_secret, o->client_secret_file, o->scopes};

	buf_printf(key, " oauth2 %lld ", (long long)o->expiry_buffer);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		k8s_add_key(key, texts[i]);
	add_headers(key, o->params, o->n_params);
	if (o->http)
		add_http(key, o->http);
}

void k8s_config_add_key(struct buf *key, const struct k8s_config *c)
{
	k8s_add_key(key, c->server);
	add_http(key, &c->http);
	if (c->http.oauth2)
		add_oauth2(key, c->http.oauth2);
}

static const struct http_header *copy_headers(
	struct arena *a, const struct http_header *v, size_t n)
{
	struct http_header *out = arena_new(a, struct http_header, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct http_header){arena_str(a, v[i].name), arena_str(a, v[i].value)};
	return out;
}

static const struct http_oauth2 *copy_oauth2(struct arena *a, const struct http_oauth2 *o)
{
	struct http_oauth2 *copy = http_settings_copy_oauth2(a, o);
	struct http_settings *http = arena_new(a, struct http_settings, 1);

	*http = k8s_config_copy_http(a, o->http); /* has no oauth2 itself */
	copy->http = http;
	return copy;
}

struct http_settings k8s_config_copy_http(struct arena *a, const struct http_settings *from)
{
	struct http_settings s = *from;
	struct str *const texts[] = {&s.basic_username, &s.basic_password, &s.basic_password_file,
		&s.bearer_token, &s.bearer_token_file, &s.authorization_type,
		&s.authorization_credentials, &s.authorization_credentials_file, &s.ca_pem,
		&s.ca_file, &s.cert_pem, &s.cert_file, &s.key_pem, &s.key_file, &s.server_name,
		&s.min_version, &s.proxy_url, &s.no_proxy, &s.user_agent};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->p)
			*texts[i] = arena_str(a, *texts[i]);
	}
	s.headers = copy_headers(a, from->headers, from->n_headers);
	s.proxy_headers = copy_headers(a, from->proxy_headers, from->n_proxy_headers);
	if (from->oauth2)
		s.oauth2 = copy_oauth2(a, from->oauth2);
	return s;
}
