/*
 * remotecfg: Grafana Fleet Management. Configurations come from files here; the block is
 * checked, so that one ConfigMap serves both programs, and a url is answered by a warning.
 */

#include "agent/graph/component.h"

struct remotecfg_args {
	struct str url;
	struct str id;
	struct str name;
	struct arg_map attributes;
	int64_t poll_frequency;
	struct str bearer_token;
	struct str bearer_token_file;
	bool enable_http2;
	bool follow_redirects;
	struct arg_map_strs http_headers;
	struct str no_proxy;
	struct arg_map_strs proxy_connect_header;
	bool proxy_from_environment;
	struct str proxy_url;
	struct authorization *authorization;
	struct basic_auth *basic_auth;
	struct oauth2 *oauth2;
	struct tls_config *tls_config;
};

struct authorization {
	struct str type;
	struct str credentials;
	struct str credentials_file;
};

struct basic_auth {
	struct str username;
	struct str password;
	struct str password_file;
};

struct tls_config {
	struct str ca_pem;
	struct str ca_file;
	struct str cert_pem;
	struct str cert_file;
	struct str key_pem;
	struct str key_file;
	struct str server_name;
	struct str min_version;
	bool insecure_skip_verify;
};

struct oauth2 {
	struct str client_id;
	struct str client_secret;
	struct str client_secret_file;
	struct arg_map endpoint_params;
	struct arg_strs scopes;
	struct str token_url;
	struct str no_proxy;
	struct arg_map_strs proxy_connect_header;
	bool proxy_from_environment;
	struct str proxy_url;
	struct tls_config *tls_config;
};

static const struct arg authorization_args[] = {
	ARG(authorization, type, .type = ARG_STR, .def = "Bearer", .help = "Kind of credentials."),
	ARG(authorization, credentials, .type = ARG_SECRET, .help = "The credentials."),
	ARG(authorization, credentials_file, .type = ARG_STR, .help = "File that has them."),
	ARGS_END,
};

static const struct arg basic_auth_args[] = {
	ARG(basic_auth, username, .type = ARG_STR, .help = "User's name."),
	ARG(basic_auth, password, .type = ARG_SECRET, .help = "The password."),
	ARG(basic_auth, password_file, .type = ARG_STR, .help = "File that has it."),
	ARGS_END,
};

static const struct arg tls_config_args[] = {
	ARG(tls_config, ca_pem, .type = ARG_STR, .help = "CA certificates as text."),
	ARG(tls_config, ca_file, .type = ARG_STR, .help = "CA certificates in a file."),
	ARG(tls_config, cert_pem, .type = ARG_STR, .help = "Client certificate as text."),
	ARG(tls_config, cert_file, .type = ARG_STR, .help = "Client certificate in a file."),
	ARG(tls_config, key_pem, .type = ARG_SECRET, .help = "Client key as text."),
	ARG(tls_config, key_file, .type = ARG_STR, .help = "Client key in a file."),
	ARG(tls_config, server_name, .type = ARG_STR, .help = "Name in the server's certificate."),
	ARG(tls_config, min_version, .type = ARG_STR, .help = "Oldest version of TLS."),
	ARG(tls_config, insecure_skip_verify, .type = ARG_BOOL,
		.help = "Takes any certificate of the server."),
	ARGS_END,
};

static const struct arg oauth2_args[] = {
	ARG(oauth2, client_id, .type = ARG_STR, .help = "Client's id."),
	ARG(oauth2, client_secret, .type = ARG_SECRET, .help = "Client's secret."),
	ARG(oauth2, client_secret_file, .type = ARG_STR, .help = "File that has it."),
	ARG(oauth2, endpoint_params, .type = ARG_MAP, .help = "Parameters of the token's URL."),
	ARG(oauth2, scopes, .type = ARG_STRS, .help = "Scopes asked for."),
	ARG(oauth2, token_url, .type = ARG_STR, .help = "Where tokens come from."),
	ARG(oauth2, no_proxy, .type = ARG_STR, .help = "Hosts reached without the proxy."),
	ARG(oauth2, proxy_connect_header, .type = ARG_MAP_STRS, .help = "Headers for the proxy."),
	ARG(oauth2, proxy_from_environment, .type = ARG_BOOL, .help = "Proxy from HTTPS_PROXY."),
	ARG(oauth2, proxy_url, .type = ARG_STR, .help = "The proxy."),
	ARG(oauth2, tls_config, .type = ARG_BLOCK, .block = tls_config_args,
		.size = sizeof(struct tls_config), .help = "TLS to the token's URL."),
	ARGS_END,
};

static const struct arg remotecfg_args[] = {
	ARG(remotecfg_args, url, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "Server that has the configuration."),
	ARG(remotecfg_args, id, .type = ARG_STR, .help = "This agent's id."),
	ARG(remotecfg_args, name, .type = ARG_STR, .help = "This agent's name."),
	ARG(remotecfg_args, attributes, .type = ARG_MAP, .help = "This agent's attributes."),
	ARG(remotecfg_args, poll_frequency, .type = ARG_DURATION, .def = "1m",
		.help = "How often the server is asked."),
	ARG(remotecfg_args, bearer_token, .type = ARG_SECRET, .help = "Token of the requests."),
	ARG(remotecfg_args, bearer_token_file, .type = ARG_STR, .help = "File that has it."),
	ARG(remotecfg_args, enable_http2, .type = ARG_BOOL, .def = "true", .help = "Uses HTTP/2."),
	ARG(remotecfg_args, follow_redirects, .type = ARG_BOOL, .def = "true",
		.help = "Follows redirects."),
	ARG(remotecfg_args, http_headers, .type = ARG_MAP_STRS, .help = "Headers of the requests."),
	ARG(remotecfg_args, no_proxy, .type = ARG_STR, .help = "Hosts reached without the proxy."),
	ARG(remotecfg_args, proxy_connect_header, .type = ARG_MAP_STRS,
		.help = "Headers for the proxy."),
	ARG(remotecfg_args, proxy_from_environment, .type = ARG_BOOL,
		.help = "Proxy from HTTPS_PROXY."),
	ARG(remotecfg_args, proxy_url, .type = ARG_STR, .help = "The proxy."),
	ARG(remotecfg_args, authorization, .type = ARG_BLOCK, .block = authorization_args,
		.size = sizeof(struct authorization), .help = "Authorization header."),
	ARG(remotecfg_args, basic_auth, .type = ARG_BLOCK, .block = basic_auth_args,
		.size = sizeof(struct basic_auth), .help = "User and password."),
	ARG(remotecfg_args, oauth2, .type = ARG_BLOCK, .block = oauth2_args,
		.size = sizeof(struct oauth2), .help = "Tokens by OAuth 2."),
	ARG(remotecfg_args, tls_config, .type = ARG_BLOCK, .block = tls_config_args,
		.size = sizeof(struct tls_config), .help = "TLS to the server."),
	ARGS_END,
};

static bool take(struct component *c, const void *args, struct err *e)
{
	(void)c;
	(void)args;
	(void)e;
	return true;
}

const struct component_type remotecfg = {
	.name = "remotecfg",
	.help = "Configuration from a server: accepted, nothing is fetched.",
	.stability = STABILITY_GA,
	.is_config = true,
	.args = remotecfg_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct remotecfg_args),
	.start = take,
	.update = take,
	.stop = component_stopped,
};
