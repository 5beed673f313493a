/*
 * otelcol.auth.headers: sets headers of the requests that exporters send.
 *
 * Values are fixed. from_context and from_attribute would give each sender's data a request of its
 * own, which the exporters' queues do not keep apart; they are refused when the configuration is
 * loaded, so that no tenant's data goes out in another's name.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/loop/http_client.h"

struct header_args {
	struct range at;
	struct str key;
	struct str value;
	struct str from_context;
	struct str from_attribute;
	struct str action;
};

struct headers_args {
	struct arg_blocks header; /* struct header_args */
	struct otelcol_debug_metrics *debug_metrics;
};

struct headers {
	struct component base;
	const struct headers_args *args;
	struct auth_handler handler;
};

static const char *const actions[] = {"insert", "update", "upsert", "delete", NULL};

static const struct arg header_args[] = {
	ARG_PLACE(header_args, at),
	ARG(header_args, key, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "The header's name."),
	ARG(header_args, value, .type = ARG_SECRET, .help = "Its value."),
	ARG(header_args, from_context, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "Takes the value of the request that brought the data."),
	ARG(header_args, from_attribute, .type = ARG_STR, .flags = ARG_NOT_YET,
		.help = "Takes the value of what an authenticator knows of the sender."),
	ARG(header_args, action, .type = ARG_STR, .def = "upsert", .one_of = actions,
		.help = "insert (if it is not there), update (if it is), upsert or delete."),
	ARGS_END,
};

static const struct arg headers_args[] = {
	ARG(headers_args, header, .type = ARG_BLOCK, .flags = ARG_REQUIRED | ARG_REPEATED,
		.block = header_args, .size = sizeof(struct header_args), .help = "A header."),
	ARG(headers_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

/* Takes a header out; was it there? */
static bool remove_header(struct http_header *v, size_t *n, struct str name)
{
	size_t kept = 0;
	bool found;

	for (size_t i = 0; i < *n; i++)
		if (!str_eq_nocase(v[i].name, name))
			v[kept++] = v[i];
	found = kept < *n;
	*n = kept;
	return found;
}

static bool has_header(const struct http_header *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(v[i].name, name))
			return true;
	return false;
}

static bool headers_apply(
	struct auth_handler *h, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct arg_blocks *all = &container_of(h, struct headers, handler)->args->header;
	const struct header_args *p = all->p;
	struct http_header *v = arena_new(a, struct http_header, s->n_headers + all->n);
	size_t n = s->n_headers;

	(void)e;
	for (size_t i = 0; i < n; i++)
		v[i] = s->headers[i];
	for (size_t i = 0; i < all->n; i++) {
		bool was = has_header(v, n, p[i].key);

		if (str_is(p[i].action, was ? "insert" : "update"))
			continue;
		remove_header(v, &n, p[i].key);
		if (!str_is(p[i].action, "delete"))
			v[n++] = (struct http_header){p[i].key, p[i].value};
	}
	s->headers = v;
	s->n_headers = n;
	return true;
}

static bool otelcol_auth_headers_update(struct component *c, const void *args, struct err *e)
{
	struct headers *h = container_of(c, struct headers, base);

	(void)e;
	h->args = args;
	h->handler.version++;
	return true;
}

static bool otelcol_auth_headers_start(struct component *c, const void *args, struct err *e)
{
	struct headers *h = container_of(c, struct headers, base);

	h->handler = (struct auth_handler){.id = c->id, .apply = headers_apply};
	component_export(c, "handler", value_capsule(&capsule_handler, &h->handler));
	return otelcol_auth_headers_update(c, args, e);
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
			strchr("\"(),/:;<=>?@[\\]{}", s.p[i]))
			return false;
	return s.n > 0;
}

static bool headers_check(const void *args, struct diags *d)
{
	const struct headers_args *a = args;
	const struct header_args *p = a->header.p;
	bool ok = true;

	for (size_t i = 0; i < a->header.n; i++) {
		if (p[i].key.n == 0)
			ok = diag_error(d, p[i].at, "key must not be empty");
		else if (!is_token(p[i].key))
			ok = diag_error(d, p[i].at, "key is no name of a header");
		else if (!p[i].value.p && !str_is(p[i].action, "delete"))
			ok = diag_error(d, p[i].at, "value is missing");
		else if (str_find(p[i].value, STR("\n")) >= 0 ||
			 str_find(p[i].value, STR("\r")) >= 0)
			ok = diag_error(d, p[i].at, "value holds a line break");
	}
	return ok;
}

static const struct export_field exports[] = {
	{"handler", ARG_CAPSULE, &capsule_handler, "For the auth argument of others."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_auth_headers = {
	.name = "otelcol.auth.headers",
	.help = "Sets headers of the requests of exporters.",
	.stability = STABILITY_GA,
	.args = headers_args,
	.size = sizeof(struct headers),
	.args_size = sizeof(struct headers_args),
	.exports = exports,
	.check = headers_check,
	.start = otelcol_auth_headers_start,
	.update = otelcol_auth_headers_update,
	.stop = component_stopped,
};
