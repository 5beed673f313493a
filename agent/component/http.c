/*
 * http: TLS and the password of the agent's own HTTP server. Files are read when the block
 * is loaded; a certificate that was renewed comes into force with the next reload.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <errno.h>
#include <stdio.h>

#define PEM_MAX (1 << 20)

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
	struct range at;
	struct str cert_pem;
	struct str cert_file;
	struct str key_pem;
	struct str key_file;
	struct str client_ca_pem;
	struct str client_ca_file;
	struct str client_auth_type;
	struct arg_strs cipher_suites;
	struct arg_strs curve_preferences;
	struct str min_version;
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

static const char *const client_auth_types[] = {"NoClientCert", "RequestClientCert",
	"RequireAnyClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert", NULL};

static const struct arg tls_args[] = {
	ARG_PLACE(tls, at),
	ARG(tls, cert_pem, .type = ARG_STR, .help = "Certificate of the server as text."),
	ARG(tls, cert_file, .type = ARG_STR, .help = "Certificate of the server in a file."),
	ARG(tls, key_pem, .type = ARG_SECRET, .help = "Its key as text."),
	ARG(tls, key_file, .type = ARG_STR, .help = "Its key in a file."),
	ARG(tls, client_ca_pem, .type = ARG_STR, .help = "CA of clients as text."),
	ARG(tls, client_ca_file, .type = ARG_STR, .help = "CA of clients in a file."),
	ARG(tls, client_auth_type, .type = ARG_STR, .def = "NoClientCert",
		.one_of = client_auth_types,
		.help = "Whether clients must show a certificate."),
	ARG(tls, cipher_suites, .type = ARG_STRS, .flags = ARG_NO_EFFECT, .help = "Ciphers."),
	ARG(tls, curve_preferences, .type = ARG_STRS, .flags = ARG_NO_EFFECT, .help = "Curves."),
	ARG(tls, min_version, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "Oldest version of TLS."),
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
	const struct tls *t = a->tls;

	if (!t)
		return true;
	if (t->cert_pem.n > 0 && t->cert_file.n > 0)
		return diag_error(d, t->at, "cert_pem and cert_file are mutually exclusive");
	if (t->key_pem.n > 0 && t->key_file.n > 0)
		return diag_error(d, t->at, "key_pem and key_file are mutually exclusive");
	if (t->client_ca_pem.n > 0 && t->client_ca_file.n > 0)
		return diag_error(d, t->at, "client_ca_pem and client_ca_file are mutually "
					    "exclusive");
	return true;
}

/* pem itself, or the file's text, which is then in b. */
static bool read_pem(struct str pem, struct str file, struct buf *b, struct str *out, struct err *e)
{
	FILE *f;
	size_t n;

	*out = pem;
	if (pem.n > 0 || file.n == 0)
		return true;
	f = fopen(file.p, "re");
	if (!f)
		return err_set(e, STR_FMT ": %s", STR_ARG(file), strerror(errno));
	n = fread(buf_reserve(b, PEM_MAX), 1, PEM_MAX, f);
	b->n = n;
	fclose(f);
	*out = buf_str(b);
	return n > 0 || err_set(e, STR_FMT ": it is empty", STR_ARG(file));
}

static bool asks_clients(const struct tls *t)
{
	return str_is(t->client_auth_type, "RequireAndVerifyClientCert") ||
	       str_is(t->client_auth_type, "RequireAnyClientCert");
}

static bool read_tls(const struct tls *t, struct buf files[3], struct agent_http *out,
	struct err *e)
{
	if (!read_pem(t->cert_pem, t->cert_file, &files[0], &out->tls_cert_pem, e) ||
		!read_pem(t->key_pem, t->key_file, &files[1], &out->tls_key_pem, e))
		return err_wrap(e, "tls");
	if (out->tls_cert_pem.n == 0 || out->tls_key_pem.n == 0)
		return err_set(e, "tls: a certificate and its key are needed: cert_file and "
				  "key_file");
	if (!asks_clients(t))
		return true;
	if (!read_pem(t->client_ca_pem, t->client_ca_file, &files[2], &out->tls_client_ca_pem, e))
		return err_wrap(e, "tls");
	return true;
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
	struct buf files[3] = {{0}, {0}, {0}};
	bool ok = !a->tls || read_tls(a->tls, files, &set, e);

	take_auth(a->auth, &set);
	if (ok && c->agent && c->agent->configure_http)
		ok = c->agent->configure_http(c->agent, &set, e);
	for (size_t i = 0; i < 3; i++)
		buf_fini(&files[i]);
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
