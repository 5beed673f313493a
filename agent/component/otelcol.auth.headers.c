/*
 * otelcol.auth.headers: sets headers of the requests that exporters send.
 *
 * A value is fixed, or that of a header of the request that brought the data (from_context), or
 * what an authenticator knows of its sender (from_attribute). Exporters keep those values with the
 * data, also on disk, and gather no data whose values differ; a batch processor before them wants
 * metadata_keys for that. A request that has several values for one header is not sent, as the
 * Collector has it, for nobody knows which tenant it is.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/flow/client.h"
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
	ARG(header_args, from_context, .type = ARG_STR,
		.help = "Its value is that of this header of the request that brought the data. "
			"The receiver needs include_metadata."),
	ARG(header_args, from_attribute, .type = ARG_STR,
		.help = "Its value is what the receiver's authenticator knows of the sender under "
			"this name."),
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

static bool is_of_client(const struct header_args *p)
{
	return !str_is(p->action, "delete") && (p->from_context.n > 0 || p->from_attribute.n > 0);
}

static int sources(const struct header_args *p)
{
	return (p->value.p != NULL) + (p->from_context.n > 0) + (p->from_attribute.n > 0);
}

/* Alloy lets it pass when it loads. Here it is said, and the header stays as it is. */
static bool has_no_source(const struct header_args *p)
{
	return sources(p) == 0 && !str_is(p->action, "delete");
}

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
	const struct str no_value = {NULL, 0};
	struct http_header *v = arena_new(a, struct http_header, s->n_headers + all->n);
	size_t n = s->n_headers;

	(void)e;
	for (size_t i = 0; i < n; i++)
		v[i] = s->headers[i];
	for (size_t i = 0; i < all->n; i++) {
		bool was = has_header(v, n, p[i].key);

		if (str_is(p[i].action, was ? "insert" : "update") || has_no_source(&p[i]))
			continue;
		remove_header(v, &n, p[i].key);
		if (str_is(p[i].action, "delete"))
			continue;
		v[n].name = p[i].key;
		v[n++].value = is_of_client(&p[i]) ? no_value : p[i].value;
	}
	s->headers = v;
	s->n_headers = n;
	return true;
}

static enum client_source source_of(const struct header_args *p, struct str *name)
{
	*name = p->from_context.n > 0 ? p->from_context : p->from_attribute;
	return p->from_context.n > 0 ? CLIENT_METADATA : CLIENT_AUTH;
}

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool value_of(
	const struct header_args *p, const struct client *c, struct str *value, struct err *e)
{
	struct str name, next;
	enum client_source from = source_of(p, &name);
	size_t at = 0;

	*value = STR("");
	if (!client_next(c, from, name, &at, value))
		return true;
	if (client_next(c, from, name, &at, &next))
		return err_set(e, "its request has several values for \"" STR_FMT "\"",
			STR_ARG(name));
	if (!is_printable(*value))
		return err_set(e, "the value of \"" STR_FMT "\" holds a control character",
			STR_ARG(name));
	return true;
}

/* An earlier header has the same value. */
static bool is_kept(const struct header_args *p, size_t i)
{
	struct str name, other;
	enum client_source from = source_of(&p[i], &name);

	for (size_t j = 0; j < i; j++)
		if (is_of_client(&p[j]) && source_of(&p[j], &other) == from &&
			str_eq_nocase(name, other))
			return true;
	return false;
}

static bool headers_keep(
	struct auth_handler *h, const struct client *c, struct buf *pairs, struct err *e)
{
	const struct arg_blocks *all = &container_of(h, struct headers, handler)->args->header;
	const struct header_args *p = all->p;

	for (size_t i = 0; i < all->n; i++) {
		enum client_source from;
		struct str name, value;

		if (!is_of_client(&p[i]) || is_kept(p, i))
			continue;
		if (!value_of(&p[i], c, &value, e))
			return false;
		from = source_of(&p[i], &name);
		if (value.n > 0)
			client_put(pairs, from, name, value);
	}
	return true;
}

static bool headers_value(struct auth_handler *h, const struct client *c, struct str header,
	struct str *value, struct err *e)
{
	const struct arg_blocks *all = &container_of(h, struct headers, handler)->args->header;
	const struct header_args *p = all->p;

	*value = (struct str){0};
	for (size_t i = 0; i < all->n; i++)
		if (is_of_client(&p[i]) && str_eq_nocase(p[i].key, header))
			return value_of(&p[i], c, value, e);
	return true;
}

static bool has_client_headers(const struct headers_args *a)
{
	const struct header_args *p = a->header.p;

	for (size_t i = 0; i < a->header.n; i++)
		if (is_of_client(&p[i]))
			return true;
	return false;
}

static bool otelcol_auth_headers_update(struct component *c, const void *args, struct err *e)
{
	struct headers *h = container_of(c, struct headers, base);

	(void)e;
	h->args = args;
	h->handler.keep = has_client_headers(args) ? headers_keep : NULL;
	h->handler.value = has_client_headers(args) ? headers_value : NULL;
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

/* Which of two counts would depend on what the exporter sends by itself. */
static bool is_twice(const struct header_args *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (is_of_client(&p[j]) && str_eq_nocase(p[j].key, p[i].key))
			return true;
	return false;
}

static bool headers_check(const void *args, struct diags *d)
{
	const struct headers_args *a = args;
	const struct header_args *p = a->header.p;
	size_t of_client = 0;
	bool ok = true;

	for (size_t i = 0; i < a->header.n; i++) {
		if (p[i].key.n == 0)
			ok = diag_error(d, p[i].at, "key must not be empty");
		else if (!is_token(p[i].key))
			ok = diag_error(d, p[i].at,
				"key \"" STR_FMT "\" is no name of a header", STR_ARG(p[i].key));
		else if (has_no_source(&p[i]))
			diag_warning(d, p[i].at,
				"missing header source, must be 'value', 'from_context' or "
				"'from_attribute': the header is not set");
		else if (sources(&p[i]) > 1 && !str_is(p[i].action, "delete"))
			ok = diag_error(d, p[i].at,
				"invalid header source, must be one of 'value', 'from_context' and "
				"'from_attribute'");
		else if (is_of_client(&p[i]) && is_twice(p, i))
			ok = diag_error(d, p[i].at,
				"a second value from the request for one header is not supported");
		else if (is_of_client(&p[i]) && ++of_client > AUTH_CLIENT_HEADERS)
			ok = diag_error(d, p[i].at,
				"more than %d headers have their value from the request",
				AUTH_CLIENT_HEADERS);
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
