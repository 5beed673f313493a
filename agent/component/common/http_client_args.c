/* The arguments of HTTP clients: tables, checks, and the settings they mean. */

#include "agent/component/common/http_client_args.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/component/common/tls_files.h"
#include "agent/loop/http_client.h"

const struct arg http_basic_auth_args[] = {
	ARG_PLACE(http_basic_auth_args, at),
	ARG(http_basic_auth_args, username, .type = ARG_STR, .help = "The user's name."),
	ARG(http_basic_auth_args, password, .type = ARG_SECRET, .help = "The user's password."),
	ARG(http_basic_auth_args, password_file, .type = ARG_STR,
		.help = "File with the password, read again for each request."),
	ARGS_END,
};

const struct arg http_authorization_args[] = {
	ARG_PLACE(http_authorization_args, at),
	ARG(http_authorization_args, type, .type = ARG_STR,
		.help = "What stands before the credentials; Bearer, if it is empty."),
	ARG(http_authorization_args, credentials, .type = ARG_SECRET, .help = "The credentials."),
	ARG(http_authorization_args, credentials_file, .type = ARG_STR,
		.help = "File with the credentials, read again for each request."),
	ARGS_END,
};

static const char *const versions[] = {"TLS10", "TLS11", "TLS12", "TLS13", NULL};

const struct arg http_tls_args[] = {
	ARG_PLACE(http_tls_args, at),
	TLS_FILES_ARGS(http_tls_args),
	ARG(http_tls_args, server_name, .type = ARG_STR,
		.help = "The name that the server's certificate must have, if not the address's."),
	ARG(http_tls_args, insecure_skip_verify, .type = ARG_BOOL,
		.help = "Whether any certificate is taken."),
	ARG(http_tls_args, min_version, .type = ARG_STR, .one_of = versions,
		.help = "The oldest version of TLS that is spoken; TLS12, if not set."),
	ARGS_END,
};

const struct arg http_oauth2_args[] = {
	ARG_PLACE(http_oauth2_args, at),
	ARG(http_oauth2_args, client_id, .type = ARG_STR, .help = "Who asks for the token."),
	ARG(http_oauth2_args, client_secret, .type = ARG_SECRET, .help = "Its secret."),
	ARG(http_oauth2_args, client_secret_file, .type = ARG_STR, .help = "File with the secret."),
	ARG(http_oauth2_args, client_certificate_key_id, .type = ARG_STR,
		.help = "Name of the key that signs the assertion."),
	ARG(http_oauth2_args, client_certificate_key, .type = ARG_SECRET, .help = "That key."),
	ARG(http_oauth2_args, client_certificate_key_file, .type = ARG_STR,
		.help = "File with that key."),
	ARG(http_oauth2_args, grant_type, .type = ARG_STR, .def = "client_credentials",
		.help = "client_credentials; grants by a signed assertion are not supported yet."),
	ARG(http_oauth2_args, signature_algorithm, .type = ARG_STR, .def = "RS256",
		.help = "How the assertion is signed."),
	ARG(http_oauth2_args, iss, .type = ARG_STR, .help = "The assertion's issuer."),
	ARG(http_oauth2_args, audience, .type = ARG_STR, .help = "The assertion's audience."),
	ARG(http_oauth2_args, claims, .type = ARG_ANY, .help = "More claims of the assertion."),
	ARG(http_oauth2_args, scopes, .type = ARG_STRS, .help = "What the token is for."),
	ARG(http_oauth2_args, token_url, .type = ARG_STR, .help = "Where the token is asked for."),
	ARG(http_oauth2_args, endpoint_params, .type = ARG_MAP,
		.help = "More fields of that request."),
	ARG(http_oauth2_args, no_proxy, .type = ARG_STR, .help = "What is reached directly."),
	ARG(http_oauth2_args, proxy_connect_header, .type = ARG_MAP_STRS,
		.help = "Headers for the proxy's CONNECT request."),
	ARG(http_oauth2_args, proxy_from_environment, .type = ARG_BOOL,
		.help = "Whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY count."),
	ARG(http_oauth2_args, proxy_url, .type = ARG_STR, .help = "The proxy for that request."),
	ARG(http_oauth2_args, tls_config, .type = ARG_BLOCK, .block = http_tls_args,
		.size = sizeof(struct http_tls_args), .help = "TLS of that request."),
	ARGS_END,
};

/* Headers that belong to the client itself (Prometheus: common/config/headers.go). */
static const char *const reserved[] = {
	"Accept-Encoding",
	"Authorization",
	"Connection",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Host",
	"Keep-Alive",
	"Proxy-Authenticate",
	"Proxy-Authorization",
	"User-Agent",
	"Www-Authenticate",
	"X-Amz-Content-Sha256",
	"X-Amz-Date",
	"X-Amz-Security-Token",
	"X-Prometheus-Remote-Read-Version",
	"X-Prometheus-Remote-Write-Version",
	"X-Prometheus-Scrape-Timeout-Seconds",
};

static bool check_headers(const struct http_client_args *a, struct diags *d)
{
	for (size_t i = 0; i < a->http_headers.n; i++)
		for (size_t j = 0; j < sizeof(reserved) / sizeof(reserved[0]); j++)
			if (str_eq_nocase(a->http_headers.p[i].name, str_from(reserved[j])))
				return diag_error(d, a->at, "setting header \"%s\" is not allowed",
					reserved[j]);
	return true;
}

static bool check_proxy(const struct http_client_args *a, struct diags *d)
{
	bool ok = true;

	if (a->proxy_connect_header.n && !a->proxy_from_environment && a->proxy_url.n == 0)
		ok = diag_error(d, a->at, "if proxy_connect_header is configured, proxy_url or "
					  "proxy_from_environment must also be configured");
	if (a->proxy_from_environment && a->proxy_url.n)
		ok = diag_error(d, a->at, "if proxy_from_environment is configured, proxy_url must "
					  "not be configured");
	if (a->proxy_from_environment && a->no_proxy.n)
		ok = diag_error(d, a->at, "if proxy_from_environment is configured, no_proxy must "
					  "not be configured");
	if (!a->proxy_from_environment && a->no_proxy.n && a->proxy_url.n == 0)
		ok = diag_error(d, a->at,
			"if no_proxy is configured, proxy_url must also be configured");
	return ok;
}

bool http_tls_args_check(const struct http_tls_args *a, struct diags *d)
{
	bool cert;
	bool key;
	bool ok = true;

	if (!a)
		return true;
	cert = a->cert_pem.n || a->cert_file.n;
	key = a->key_pem.n || a->key_file.n;
	if (a->ca_pem.n && a->ca_file.n)
		ok = diag_error(d, a->at, "at most one of ca_pem and ca_file must be configured");
	if (a->cert_pem.n && a->cert_file.n)
		ok = diag_error(d, a->at,
			"at most one of cert_pem and cert_file must be configured");
	if (a->key_pem.n && a->key_file.n)
		ok = diag_error(d, a->at, "at most one of key_pem and key_file must be configured");
	if (cert && !key)
		ok = diag_error(d, a->at,
			"exactly one of key_pem or key_file must be configured when a client "
			"certificate is configured");
	if (key && !cert)
		ok = diag_error(d, a->at, "exactly one of cert_pem or cert_file must be configured "
					  "when a client key is configured");
	return ok;
}

static bool check_basic(const struct http_basic_auth_args *a, struct diags *d)
{
	if (a && a->password.n && a->password_file.n)
		return diag_error(d, a->at,
			"at most one of basic_auth password & password_file must be configured");
	return true;
}

static bool check_authorization(const struct http_authorization_args *a, struct diags *d)
{
	bool ok = true;

	if (!a)
		return true;
	if (a->credentials.n && a->credentials_file.n)
		ok = diag_error(d, a->at, "at most one of authorization credentials & "
					  "credentials_file must be configured");
	if (str_eq_nocase(str_trim(a->type), STR("basic")))
		ok = diag_error(d, a->at, "authorization type cannot be set to \"basic\", use "
					  "\"basic_auth\" block instead");
	return ok;
}

static bool check_oauth2(const struct http_oauth2_args *a, struct diags *d)
{
	bool ok = true;

	if (!a)
		return true;
	if (!str_is(a->grant_type, "client_credentials"))
		ok = diag_error(d, a->at, "grant_type \"" STR_FMT "\" is not supported yet",
			STR_ARG(a->grant_type));
	if (a->client_id.n == 0)
		ok = diag_error(d, a->at, "oauth2 client_id must be configured");
	if (a->client_secret.n && a->client_secret_file.n)
		ok = diag_error(d, a->at, "at most one of oauth2 client_secret & "
					  "client_secret_file must be configured");
	if (a->client_secret.n == 0 && a->client_secret_file.n == 0)
		ok = diag_error(d, a->at, "either oauth2 client_secret or client_secret_file must "
					  "be configured");
	if (!str_starts(a->token_url, "http://") && !str_starts(a->token_url, "https://"))
		ok = diag_error(d, a->at, "oauth2 token_url must be configured, and be a URL that "
					  "begins with http:// or https://");
	return http_tls_args_check(a->tls_config, d) && ok;
}

bool http_client_args_check(const struct http_client_args *a, struct diags *d)
{
	int kinds = !!a->basic_auth + !!a->authorization + !!a->oauth2 + !!a->bearer_token.n +
		    !!a->bearer_token_file.n;
	bool ok = true;

	if (kinds > 1)
		ok = diag_error(d, a->at, "at most one of basic_auth, authorization, oauth2, "
					  "bearer_token & bearer_token_file must be configured");
	ok &= check_headers(a, d);
	ok &= check_proxy(a, d);
	ok &= check_basic(a->basic_auth, d);
	ok &= check_authorization(a->authorization, d);
	ok &= check_oauth2(a->oauth2, d);
	ok &= http_tls_args_check(a->tls_config, d);
	return ok;
}

static const struct http_header *flatten(const struct arg_map_strs *map, struct arena *a, size_t *n)
{
	struct http_header *all;
	size_t count = 0;

	for (size_t i = 0; i < map->n; i++)
		count += map->p[i].values.n;
	all = arena_new(a, struct http_header, count + 1);
	*n = 0;
	for (size_t i = 0; i < map->n; i++)
		for (size_t j = 0; j < map->p[i].values.n; j++)
			all[(*n)++] = (struct http_header){map->p[i].name, map->p[i].values.p[j]};
	return all;
}

void http_tls_args_settings(const struct http_tls_args *a, struct http_settings *out)
{
	if (!a)
		return;
	out->ca_pem = a->ca_pem;
	out->ca_file = a->ca_file;
	out->cert_pem = a->cert_pem;
	out->cert_file = a->cert_file;
	out->key_pem = a->key_pem;
	out->key_file = a->key_file;
	out->server_name = a->server_name;
	out->min_version = a->min_version;
	out->insecure_skip_verify = a->insecure_skip_verify;
}

static struct str join(struct arena *a, const struct arg_strs *words)
{
	struct buf b = {0};
	struct str all;

	for (size_t i = 0; i < words->n; i++)
		buf_printf(&b, "%s" STR_FMT, i ? " " : "", STR_ARG(words->p[i]));
	all = arena_str(a, b.n ? buf_str(&b) : STR(""));
	buf_fini(&b);
	return all;
}

static const struct http_oauth2 *oauth2_settings(
	const struct http_oauth2_args *args, struct arena *a)
{
	struct http_oauth2 *o = arena_new(a, struct http_oauth2, 1);
	struct http_settings *http = arena_new(a, struct http_settings, 1);
	struct http_header *params = arena_new(a, struct http_header, args->endpoint_params.n + 1);

	for (size_t i = 0; i < args->endpoint_params.n; i++)
		params[i] = (struct http_header){
			args->endpoint_params.p[i].name, args->endpoint_params.p[i].value};
	*http = (struct http_settings){
		.no_proxy = args->no_proxy,
		.proxy_from_environment = args->proxy_from_environment,
		.proxy_url = args->proxy_url,
	};
	http->proxy_headers = flatten(&args->proxy_connect_header, a, &http->n_proxy_headers);
	http_tls_args_settings(args->tls_config, http);
	*o = (struct http_oauth2){
		.token_url = args->token_url,
		.client_id = args->client_id,
		.client_secret = args->client_secret,
		.client_secret_file = args->client_secret_file,
		.scopes = join(a, &args->scopes),
		.params = params,
		.n_params = args->endpoint_params.n,
		.http = http,
	};
	return o;
}

void http_client_args_settings(const struct http_client_args *args, struct arena *arena,
	struct http_settings *out)
{
	*out = (struct http_settings){
		.bearer_token = args->bearer_token,
		.bearer_token_file = args->bearer_token_file,
		.enable_http2 = args->enable_http2,
		.follow_redirects = args->follow_redirects,
		.no_proxy = args->no_proxy,
		.proxy_from_environment = args->proxy_from_environment,
		.proxy_url = args->proxy_url,
	};
	out->headers = flatten(&args->http_headers, arena, &out->n_headers);
	out->proxy_headers = flatten(&args->proxy_connect_header, arena, &out->n_proxy_headers);
	if (args->basic_auth) {
		out->basic_username = args->basic_auth->username;
		out->basic_password = args->basic_auth->password;
		out->basic_password_file = args->basic_auth->password_file;
	}
	if (args->authorization) {
		out->authorization_type = str_trim(args->authorization->type);
		out->authorization_credentials = args->authorization->credentials;
		out->authorization_credentials_file = args->authorization->credentials_file;
	}
	if (args->oauth2)
		out->oauth2 = oauth2_settings(args->oauth2, arena);
	http_tls_args_settings(args->tls_config, out);
}
