/*
 * otelcol.auth.oauth2: exporters send a token that an OAuth 2.0 server gives for a client's id and
 * secret. Here are only the arguments: the token is fetched, kept and renewed by the HTTP
 * client (agent/loop/http_client.h), where the requests wait for it.
 */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/loop/http_client.h"

struct oauth2_args {
	struct range at;
	struct str client_id;
	struct str client_id_file;
	struct str client_secret;
	struct str client_secret_file;
	struct str token_url;
	struct arg_map_strs endpoint_params;
	struct arg_strs scopes;
	int64_t expiry_buffer;
	int64_t timeout;
	struct str grant_type;
	struct str client_certificate_key;
	struct str client_certificate_key_file;
	struct str client_certificate_key_id;
	struct str signature_algorithm;
	struct str iss;
	struct str audience;
	struct value claims;
	struct otelcol_tls_client *tls;
	struct otelcol_debug_metrics *debug_metrics;
};

struct oauth2 {
	struct component base;
	const struct oauth2_args *args;
	struct auth_handler handler;
};

static const struct arg oauth2_args[] = {
	ARG_PLACE(oauth2_args, at),
	ARG(oauth2_args, client_id, .type = ARG_STR, .help = "Who asks for the token."),
	ARG(oauth2_args, client_id_file, .type = ARG_STR,
		.help = "File that holds it, read for each token; it wins over client_id."),
	ARG(oauth2_args, client_secret, .type = ARG_SECRET, .help = "The client's secret."),
	ARG(oauth2_args, client_secret_file, .type = ARG_STR,
		.help = "File that holds it, read for each token; it wins over client_secret."),
	ARG(oauth2_args, token_url, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The server's URL for tokens."),
	ARG(oauth2_args, endpoint_params, .type = ARG_MAP_STRS,
		.help = "More fields of the request for a token."),
	ARG(oauth2_args, scopes, .type = ARG_STRS, .help = "What the token is to allow."),
	ARG(oauth2_args, expiry_buffer, .type = ARG_DURATION, .def = "0s",
		.help = "So long before it expires a token is not used any more; at least 10s."),
	ARG(oauth2_args, timeout, .type = ARG_DURATION, .def = "0s",
		.help = "Time to wait for the server of tokens; 0s is 30s."),
	ARG(oauth2_args, grant_type, .type = ARG_STR, .def = "client_credentials",
		.help = "client_credentials; grants by a signed assertion are not supported yet."),
	ARG(oauth2_args, client_certificate_key, .type = ARG_SECRET, .flags = ARG_NOT_YET,
		.help = "Key that signs an assertion."),
	ARG(oauth2_args, client_certificate_key_file, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "File with that key."),
	ARG(oauth2_args, client_certificate_key_id, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "Name of that key."),
	ARG(oauth2_args, signature_algorithm, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.def = "RS256", .help = "How an assertion is signed."),
	ARG(oauth2_args, iss, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "An assertion's issuer."),
	ARG(oauth2_args, audience, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "An assertion's audience."),
	ARG(oauth2_args, claims, .type = ARG_ANY, .flags = ARG_NOT_YET,
		.help = "More claims of an assertion."),
	ARG(oauth2_args, tls, .type = ARG_BLOCK, OTELCOL_TLS_CLIENT),
	ARG(oauth2_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

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

static const struct http_header *params(const struct oauth2_args *c, struct arena *a, size_t *n)
{
	struct http_header *all;
	size_t count = 0;

	for (size_t i = 0; i < c->endpoint_params.n; i++)
		count += c->endpoint_params.p[i].values.n;
	all = arena_new(a, struct http_header, count + 1);
	*n = 0;
	for (size_t i = 0; i < c->endpoint_params.n; i++)
		for (size_t j = 0; j < c->endpoint_params.p[i].values.n; j++)
			all[(*n)++] = (struct http_header){c->endpoint_params.p[i].name,
				c->endpoint_params.p[i].values.p[j]};
	return all;
}

static bool oauth2_apply(
	struct auth_handler *h, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct oauth2_args *c = container_of(h, struct oauth2, handler)->args;
	struct http_oauth2 *o = arena_new(a, struct http_oauth2, 1);
	struct http_settings *http = arena_new(a, struct http_settings, 1);

	(void)e;
	http->timeout = c->timeout;
	http->proxy_from_environment = true;
	otelcol_tls_client_apply(c->tls, http);
	*o = (struct http_oauth2){
		.token_url = c->token_url,
		.client_id = c->client_id,
		.client_id_file = c->client_id_file,
		.client_secret = c->client_secret,
		.client_secret_file = c->client_secret_file,
		.scopes = join(a, &c->scopes),
		.expiry_buffer = c->expiry_buffer,
		.http = http,
	};
	o->params = params(c, a, &o->n_params);
	s->oauth2 = o;
	return true;
}

static bool otelcol_auth_oauth2_update(struct component *c, const void *args, struct err *e)
{
	struct oauth2 *o = container_of(c, struct oauth2, base);

	(void)e;
	o->args = args;
	o->handler.version++;
	return true;
}

static bool otelcol_auth_oauth2_start(struct component *c, const void *args, struct err *e)
{
	struct oauth2 *o = container_of(c, struct oauth2, base);

	o->handler = (struct auth_handler){.id = c->id, .apply = oauth2_apply};
	component_export(c, "handler", value_capsule(&capsule_handler, &o->handler));
	return otelcol_auth_oauth2_update(c, args, e);
}

/* The Collector's words (oauth2clientauthextension). */
static bool oauth2_check(const void *args, struct diags *d)
{
	const struct oauth2_args *a = args;
	bool ok = true;

	if (!str_is(a->grant_type, "client_credentials"))
		ok = diag_error(d, a->at, "grant_type \"" STR_FMT "\" is not supported yet",
			STR_ARG(a->grant_type));
	if (a->client_id.n == 0 && a->client_id_file.n == 0)
		ok = diag_error(d, a->at, "no ClientID provided in the OAuth2 exporter "
					  "configuration: set client_id or client_id_file");
	if (a->client_secret.n == 0 && a->client_secret_file.n == 0)
		ok = diag_error(d, a->at,
			"no ClientSecret provided in OAuth Client Credentials configuration: set "
			"client_secret or client_secret_file");
	if (!str_starts(a->token_url, "http://") && !str_starts(a->token_url, "https://"))
		ok = diag_error(d, a->at, "token_url must be a URL that begins with http:// or "
					  "https://");
	return otelcol_tls_client_check(a->tls, d) && ok;
}

static const struct export_field exports[] = {
	{"handler", ARG_CAPSULE, &capsule_handler, "For the auth argument of others."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_auth_oauth2 = {
	.name = "otelcol.auth.oauth2",
	.help = "Authenticates exporters with tokens of an OAuth 2.0 server.",
	.stability = STABILITY_GA,
	.args = oauth2_args,
	.size = sizeof(struct oauth2),
	.args_size = sizeof(struct oauth2_args),
	.exports = exports,
	.check = oauth2_check,
	.start = otelcol_auth_oauth2_start,
	.update = otelcol_auth_oauth2_update,
	.stop = component_stopped,
};
