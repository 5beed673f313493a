/*
 * otelcol.auth.bearer: a token that exporters send with each request, or that a receiver wants to
 * see.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/loop/http_client.h"

struct bearer_args {
	struct str token;
	struct str header;
	struct str scheme;
	struct otelcol_debug_metrics *debug_metrics;
};

struct bearer {
	struct component base;
	const struct bearer_args *args;
	struct auth_handler handler;
};

static const struct arg bearer_args[] = {
	ARG(bearer_args, token, .type = ARG_SECRET, .flags = ARG_REQUIRED,
		.help = "Bearer token to use for authenticating requests."),
	ARG(bearer_args, header, .type = ARG_STR, .def = "Authorization",
		.help = "The header that holds the token."),
	ARG(bearer_args, scheme, .type = ARG_STR, .def = "Bearer",
		.help = "What stands before the token; may be empty."),
	ARG(bearer_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool bearer_apply(
	struct auth_handler *h, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct bearer_args *b = container_of(h, struct bearer, handler)->args;
	struct http_header *headers = arena_new(a, struct http_header, s->n_headers + 1);

	(void)e;
	for (size_t i = 0; i < s->n_headers; i++)
		headers[i] = s->headers[i];
	headers[s->n_headers].name = b->header;
	headers[s->n_headers].value = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(b->scheme),
		b->scheme.n ? " " : "", STR_ARG(b->token));
	s->headers = headers;
	s->n_headers++;
	return true;
}

/* Takes as long for a wrong token as for a right one. */
static bool same_secret(struct str a, struct str b)
{
	unsigned differ = a.n != b.n;

	for (size_t i = 0; i < a.n; i++)
		differ |= (unsigned)(uint8_t)a.p[i] ^ (unsigned)(uint8_t)(b.n ? b.p[i % b.n] : 0);
	return differ == 0;
}

static enum admission bearer_admits(struct auth_handler *h, struct str authorization,
	const struct in6_addr *peer, const char **challenge)
{
	const struct bearer_args *b = container_of(h, struct bearer, handler)->args;

	(void)peer;
	*challenge = "Bearer";
	if (b->scheme.n > 0) {
		if (authorization.n <= b->scheme.n || authorization.p[b->scheme.n] != ' ' ||
			!str_eq_nocase(str_head(authorization, b->scheme.n), b->scheme))
			return AUTH_REFUSED;
		authorization = str_from_at(authorization, b->scheme.n + 1);
	}
	return authorization.p && b->token.n > 0 && same_secret(authorization, b->token)
		       ? AUTH_ADMITTED
		       : AUTH_REFUSED;
}

static bool otelcol_auth_bearer_update(struct component *c, const void *args, struct err *e)
{
	struct bearer *b = container_of(c, struct bearer, base);

	(void)e;
	b->args = args;
	b->handler.version++;
	b->handler.header = b->args->header.p;
	return true;
}

static bool otelcol_auth_bearer_start(struct component *c, const void *args, struct err *e)
{
	struct bearer *b = container_of(c, struct bearer, base);

	b->handler = (struct auth_handler){
		.id = c->id, .apply = bearer_apply, .admits = bearer_admits};
	component_export(c, "handler", value_capsule(&capsule_handler, &b->handler));
	return otelcol_auth_bearer_update(c, args, e);
}

static const struct export_field exports[] = {
	{"handler", ARG_CAPSULE, &capsule_handler, "For the auth argument of others."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_auth_bearer = {
	.name = "otelcol.auth.bearer",
	.help = "Authenticates requests with a bearer token.",
	.stability = STABILITY_GA,
	.args = bearer_args,
	.size = sizeof(struct bearer),
	.args_size = sizeof(struct bearer_args),
	.exports = exports,
	.start = otelcol_auth_bearer_start,
	.update = otelcol_auth_bearer_update,
	.stop = component_stopped,
};
