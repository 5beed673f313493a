/* The settings of an HTTP client, which Promtail and Alloy both have from Prometheus. */

#include "agent/convert/private.h"

const struct key client_tls_keys[] = {
	KEY("ca", KEY_TEXT, .attr = "ca_pem"),
	KEY("ca_file", KEY_TEXT),
	KEY("cert", KEY_TEXT, .attr = "cert_pem"),
	KEY("cert_file", KEY_TEXT),
	KEY("key", KEY_TEXT, .attr = "key_pem"),
	KEY("key_file", KEY_TEXT),
	KEY("server_name", KEY_TEXT),
	KEY("insecure_skip_verify", KEY_BOOL),
	KEY("min_version", KEY_TEXT),
	KEY("max_version", KEY_WARNING, .say = "the highest TLS version cannot be set"),
	KEYS_END,
};

static const struct key proxy_keys[] = {
	KEY("proxy_url", KEY_TEXT),
	KEY("no_proxy", KEY_TEXT),
	KEY("proxy_from_environment", KEY_BOOL),
	KEY("proxy_connect_header", KEY_MAP_TEXTS),
	KEYS_END,
};

static const struct key authorization_keys[] = {
	KEY("type", KEY_TEXT),
	KEY("credentials", KEY_TEXT),
	KEY("credentials_file", KEY_TEXT),
	KEY("credentials_ref", KEY_ERROR, .say = "write the credentials, or credentials_file"),
	KEYS_END,
};

static const struct key basic_keys[] = {
	KEY("username", KEY_TEXT),
	KEY("password", KEY_TEXT),
	KEY("password_file", KEY_TEXT),
	KEY("username_file", KEY_ERROR,
		.say = "write the name, or local.file and its content as username"),
	KEY("username_ref", KEY_ERROR, .say = "write the name"),
	KEY("password_ref", KEY_ERROR, .say = "write the password, or password_file"),
	KEYS_END,
};

static const struct key oauth2_keys[] = {
	KEY("client_id", KEY_TEXT),
	KEY("client_secret", KEY_TEXT),
	KEY("client_secret_file", KEY_TEXT),
	KEY("client_secret_ref", KEY_ERROR, .say = "write client_secret, or client_secret_file"),
	KEY("scopes", KEY_TEXTS),
	KEY("token_url", KEY_TEXT),
	KEY("endpoint_params", KEY_MAP),
	{.kind = KEY_MORE, .keys = proxy_keys},
	KEY("tls_config", KEY_BLOCK, .keys = client_tls_keys),
	KEYS_END,
};

const struct key http_keys[] = {
	KEY("bearer_token", KEY_TEXT),
	KEY("bearer_token_file", KEY_TEXT),
	KEY("follow_redirects", KEY_BOOL),
	KEY("enable_http2", KEY_BOOL),
	KEY("http_headers", KEY_ERROR, .say = "write it as headers, or http_headers of the block"),
	{.kind = KEY_MORE, .keys = proxy_keys},
	KEY("authorization", KEY_BLOCK, .keys = authorization_keys),
	KEY("basic_auth", KEY_BLOCK, .keys = basic_keys),
	KEY("oauth2", KEY_BLOCK, .keys = oauth2_keys),
	KEY("tls_config", KEY_BLOCK, .keys = client_tls_keys),
	KEYS_END,
};
