/*
 * http: TLS and the password of the agent's own HTTP server. Files are read when the block
 * is loaded; a certificate that was renewed comes into force with the next reload.
 */

#include "agent/base/arena.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/component/common/tls_server_args.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

struct filter {
	struct arg_strs paths;
	bool authenticate_matching_paths;
};

struct basic {
	struct str username;
	struct str password;
};

struct auth {
	struct basic *basic;
	struct filter *filter;
};

struct certificate_client {
	struct arg_strs issuer_common_names;
	struct str subject_regex;
	struct str template_id;
};

struct certificate_server {
	struct arg_strs issuer_common_names;
	int64_t refresh_interval;
	struct str store;
	struct str system_store;
	struct str template_id;
};

struct certificate_filter {
	struct certificate_client *client;
	struct certificate_server *server;
};

struct tls {
	struct tls_server_args server;
	struct arg_strs curve_preferences;
	struct str max_version;
	struct certificate_filter *windows_certificate_filter;
};

struct http_args {
	struct auth *auth;
	struct tls *tls;
};

static const struct arg filter_args[] = {
	ARG(filter, paths, .type = ARG_STRS, .def = "[]", .help = "Beginnings of paths."),
	ARG(filter, authenticate_matching_paths, .type = ARG_BOOL, .def = "true",
		.help = "Whether these paths ask for the password, or all others."),
	ARGS_END,
};

static const struct arg basic_args[] = {
	ARG(basic, username, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "User's name."),
	ARG(basic, password, .type = ARG_SECRET, .flags = ARG_REQUIRED, .help = "The password."),
	ARGS_END,
};

static const struct arg auth_args[] = {
	ARG(auth, basic, .type = ARG_BLOCK, .block = basic_args, .size = sizeof(struct basic),
		.help = "User and password that requests must have."),
	ARG(auth, filter, .type = ARG_BLOCK, .block = filter_args, .size = sizeof(struct filter),
		.help = "Which paths ask for them; without it all do."),
	ARGS_END,
};

static const struct arg certificate_client_args[] = {
	ARG(certificate_client, issuer_common_names, .type = ARG_STRS, .help = "Issuers."),
	ARG(certificate_client, subject_regex, .type = ARG_STR, .help = "Subjects."),
	ARG(certificate_client, template_id, .type = ARG_STR, .help = "Template."),
	ARGS_END,
};

static const struct arg certificate_server_args[] = {
	ARG(certificate_server, issuer_common_names, .type = ARG_STRS, .help = "Issuers."),
	ARG(certificate_server, refresh_interval, .type = ARG_DURATION, .def = "5m",
		.help = "How often the store is read."),
	ARG(certificate_server, store, .type = ARG_STR, .help = "Store."),
	ARG(certificate_server, system_store, .type = ARG_STR, .help = "System store."),
	ARG(certificate_server, template_id, .type = ARG_STR, .help = "Template."),
	ARGS_END,
};

static const struct arg certificate_filter_args[] = {
	ARG(certificate_filter, client, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.block = certificate_client_args, .size = sizeof(struct certificate_client),
		.help = "Certificates of clients."),
	ARG(certificate_filter, server, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.block = certificate_server_args, .size = sizeof(struct certificate_server),
		.help = "Certificates of the server."),
	ARGS_END,
};

static const struct arg tls_args[] = {
	TLS_SERVER_ARGS(tls, server),
	ARG(tls, curve_preferences, .type = ARG_STRS, .flags = ARG_NO_EFFECT, .help = "Curves."),
	ARG(tls, max_version, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "Newest version of TLS."),
	ARG(tls, windows_certificate_filter, .type = ARG_BLOCK, .flags = ARG_NO_EFFECT,
		.block = certificate_filter_args, .size = sizeof(struct certificate_filter),
		.help = "Certificates from the store of Windows."),
	ARGS_END,
};

static const struct arg http_args[] = {
	ARG(http_args, auth, .type = ARG_BLOCK, .block = auth_args, .size = sizeof(struct auth),
		.help = "Password of the server."),
	ARG(http_args, tls, .type = ARG_BLOCK, .block = tls_args, .size = sizeof(struct tls),
		.help = "TLS of the server."),
	ARGS_END,
};

static bool http_check(const void *args, struct diags *d)
{
	const struct http_args *a = args;

	return tls_server_args_check(a->tls ? &a->tls->server : NULL, d);
}

static void take_auth(const struct auth *a, struct agent_http *out)
{
	if (!a || !a->basic)
		return;
	out->has_basic_auth = true;
	out->username = a->basic->username;
	out->password = a->basic->password;
	if (!a->filter)
		return;
	out->has_filter = true;
	out->filter_authenticates = a->filter->authenticate_matching_paths;
	out->filter_paths = a->filter->paths.p;
	out->n_filter_paths = a->filter->paths.n;
}

static bool http_take(struct component *c, const void *args, struct err *e)
{
	const struct http_args *a = args;
	struct agent_http set = {0};
	struct tls_server_pem pem;
	struct arena files;
	bool ok;

	arena_init(&files, 0);
	ok = tls_server_args_read(a->tls ? &a->tls->server : NULL, &files, &pem, e);
	set.tls_cert_pem = pem.cert;
	set.tls_key_pem = pem.key;
	set.tls_client_ca_pem = pem.client_ca;
	take_auth(a->auth, &set);
	if (ok && c->agent && c->agent->configure_http)
		ok = c->agent->configure_http(c->agent, &set, e);
	arena_fini(&files);
	return ok;
}

static void http_stop(struct component *c)
{
	struct agent_http plain = {0};
	struct err e;

	if (c->agent && c->agent->configure_http)
		c->agent->configure_http(c->agent, &plain, &e);
	component_stopped(c);
}

const struct component_type http = {
	.name = "http",
	.help = "TLS and password of the agent's own HTTP server.",
	.stability = STABILITY_GA,
	.is_config = true,
	.args = http_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct http_args),
	.check = http_check,
	.start = http_take,
	.update = http_take,
	.stop = http_stop,
};
