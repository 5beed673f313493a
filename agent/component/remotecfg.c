/*
 * remotecfg: Grafana Fleet Management. Configurations come from files here; the block is
 * checked, so that one ConfigMap serves both programs, and a url is answered by a warning.
 */

#include "agent/component/common/http_client_args.h"
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
	struct http_authorization_args *authorization;
	struct http_basic_auth_args *basic_auth;
	struct http_oauth2_args *oauth2;
	struct http_tls_args *tls_config;
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
	ARG(remotecfg_args, authorization, .type = ARG_BLOCK, .block = http_authorization_args,
		.size = sizeof(struct http_authorization_args), .help = "Authorization header."),
	ARG(remotecfg_args, basic_auth, .type = ARG_BLOCK, .block = http_basic_auth_args,
		.size = sizeof(struct http_basic_auth_args), .help = "User and password."),
	ARG(remotecfg_args, oauth2, .type = ARG_BLOCK, .block = http_oauth2_args,
		.size = sizeof(struct http_oauth2_args), .help = "Tokens by OAuth 2."),
	ARG(remotecfg_args, tls_config, .type = ARG_BLOCK, .block = http_tls_args,
		.size = sizeof(struct http_tls_args), .help = "TLS to the server."),
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
