#pragma once

/*
 * The arguments and blocks that every component has which sends HTTP requests: credentials, TLS,
 * proxy, redirects (Alloy: internal/component/common/config). They are members of
 * the owner's own block, so the owner embeds the struct and puts the rows into its table:
 *
 *	struct endpoint {
 *		struct str url;
 *		struct http_client_args http;
 *	};
 *	static const struct arg endpoint_args[] = {
 *		ARG(endpoint, url, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "…"),
 *		HTTP_CLIENT_ARGS(endpoint, http),
 *		ARGS_END,
 *	};
 *
 * and calls http_client_args_check() in its check().
 */

#include "agent/graph/arg.h"

struct http_settings;

struct http_basic_auth_args {
	struct range at;
	struct str username;
	struct str password;
	struct str password_file;
};

struct http_authorization_args {
	struct range at;
	struct str type;
	struct str credentials;
	struct str credentials_file;
};

struct http_tls_args {
	struct range at;
	struct str ca_pem, ca_file;
	struct str cert_pem, cert_file;
	struct str key_pem, key_file;
	struct str server_name;
	struct str min_version;
	bool insecure_skip_verify;
};

/* Client credentials; what belongs to grants by a signed assertion is refused by check(). */
struct http_oauth2_args {
	struct range at;
	struct str client_id;
	struct str client_secret;
	struct str client_secret_file;
	struct str client_certificate_key_id;
	struct str client_certificate_key;
	struct str client_certificate_key_file;
	struct str grant_type;
	struct str signature_algorithm;
	struct str iss;
	struct str audience;
	struct value claims;
	struct arg_strs scopes;
	struct str token_url;
	struct arg_map endpoint_params;
	struct str no_proxy;
	struct arg_map_strs proxy_connect_header;
	bool proxy_from_environment;
	struct str proxy_url;
	struct http_tls_args *tls_config;
};

struct http_client_args {
	struct range at;                               /* of the owner's block */
	struct http_authorization_args *authorization; /* NULL: not written, as with the others */
	struct http_basic_auth_args *basic_auth;
	struct http_oauth2_args *oauth2;
	struct http_tls_args *tls_config;
	struct str bearer_token;
	struct str bearer_token_file;
	bool enable_http2;
	bool follow_redirects;
	struct arg_map_strs http_headers;
	struct str no_proxy;
	struct arg_map_strs proxy_connect_header;
	bool proxy_from_environment;
	struct str proxy_url;
};

extern const struct arg http_basic_auth_args[];
extern const struct arg http_authorization_args[];
extern const struct arg http_oauth2_args[];
extern const struct arg http_tls_args[];

/* clang-format off */
#define HTTP_CLIENT_ARGS(owner, field) \
	ARG_PLACE(owner, field.at), \
	ARG_NAMED(owner, "authorization", field.authorization, .type = ARG_BLOCK, \
		.block = http_authorization_args, .size = sizeof(struct http_authorization_args), \
		.help = "Credentials of any type, for the header Authorization."), \
	ARG_NAMED(owner, "basic_auth", field.basic_auth, .type = ARG_BLOCK, \
		.block = http_basic_auth_args, .size = sizeof(struct http_basic_auth_args), \
		.help = "A user and a password."), \
	ARG_NAMED(owner, "oauth2", field.oauth2, .type = ARG_BLOCK, \
		.block = http_oauth2_args, .size = sizeof(struct http_oauth2_args), \
		.help = "A token of an OAuth 2.0 server."), \
	ARG_NAMED(owner, "tls_config", field.tls_config, .type = ARG_BLOCK, \
		.block = http_tls_args, .size = sizeof(struct http_tls_args), \
		.help = "Whom to trust, and who we are."), \
	ARG_NAMED(owner, "bearer_token", field.bearer_token, .type = ARG_SECRET, \
		.help = "Token for the header Authorization."), \
	ARG_NAMED(owner, "bearer_token_file", field.bearer_token_file, .type = ARG_STR, \
		.help = "File with that token, read again for each request."), \
	ARG_NAMED(owner, "enable_http2", field.enable_http2, .type = ARG_BOOL, .def = "true", \
		.help = "Whether HTTP/2 is used where the server has it."), \
	ARG_NAMED(owner, "follow_redirects", field.follow_redirects, .type = ARG_BOOL, \
		.def = "true", .help = "Whether an answer that points elsewhere is followed."), \
	ARG_NAMED(owner, "http_headers", field.http_headers, .type = ARG_MAP_STRS, \
		.help = "Headers sent with each request; a header may have several values."), \
	ARG_NAMED(owner, "no_proxy", field.no_proxy, .type = ARG_STR, \
		.help = "Names, domains and CIDR blocks that are reached directly."), \
	ARG_NAMED(owner, "proxy_connect_header", field.proxy_connect_header, \
		.type = ARG_MAP_STRS, .help = "Headers for the proxy's CONNECT request."), \
	ARG_NAMED(owner, "proxy_from_environment", field.proxy_from_environment, \
		.type = ARG_BOOL, .def = "false", \
		.help = "Whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY count."), \
	ARG_NAMED(owner, "proxy_url", field.proxy_url, .type = ARG_STR, \
		.help = "The proxy through which requests go.")
/* clang-format on */

/* What the tables cannot say, in Alloy's words: at most one kind of credentials, and so on. */
bool http_client_args_check(const struct http_client_args *a, struct diags *d);
/* The same of TLS alone; a NULL is fine. */
bool http_tls_args_check(const struct http_tls_args *a, struct diags *d);

/* The settings that these arguments mean; time-outs are the owner's. Texts are borrowed from
 * args, lists of headers are in arena. */
void http_client_args_settings(const struct http_client_args *args, struct arena *arena,
	struct http_settings *out);
void http_tls_args_settings(const struct http_tls_args *a, struct http_settings *out);
