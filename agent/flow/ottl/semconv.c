/* set_semconv_span_name(): the name that OpenTelemetry's semantic conventions give a span, by its
 * kind and attributes: HTTP, RPC, databases, messaging; today's names of attributes and older ones.
 * (Collector: processor/transformprocessor/internal/traces.) */

#include "agent/flow/ottl/private.h"

/* The text of the first of these attributes that is there; p NULL: none. */
static struct str attr_text(struct ottl_run *r, const char *name, const char *other)
{
	const char *const names[] = {name, other};

	for (size_t i = 0; i < 2; i++) {
		const struct otlp_slot *s =
			names[i] ? otlp_message_attr(&r->p->item, str_from(names[i])) : NULL;
		struct buf b = {0};

		if (!s)
			continue;
		otlp_any_text(&b, s->any);
		return ottl_take(r->a, &b);
	}
	return (struct str){0};
}

static struct str join2(struct ottl_run *r, struct str a, const char *between, struct str b)
{
	return arena_printf(r->a, STR_FMT "%s" STR_FMT, STR_ARG(a), between, STR_ARG(b));
}

static struct str http_name(struct ottl_run *r, const char *subject)
{
	struct str method = attr_text(r, "http.request.method", "http.method");
	struct str what = attr_text(r, subject, NULL);

	return method.p && what.p ? join2(r, method, " ", what) : method;
}

static struct str rpc_name(struct ottl_run *r)
{
	struct str system = attr_text(r, "rpc.system.name", "rpc.system");
	struct str method = attr_text(r, "rpc.method", "rpc.grpc.method");
	struct str service = attr_text(r, "rpc.service", "rpc.grpc.service");

	if (!system.p)
		return system;
	if (method.p && service.p)
		return join2(r, service, "/", method);
	if (method.p)
		return method;
	return service.p ? join2(r, service, "/*", STR("")) : system;
}

static struct str server_name(struct ottl_run *r)
{
	struct str address = attr_text(r, "server.address", NULL);
	struct str port = attr_text(r, "server.port", NULL);

	return address.p && port.p ? join2(r, address, ":", port) : address;
}

static struct str db_target(struct ottl_run *r)
{
	struct str space = attr_text(r, "db.namespace", "db.name");
	struct str what = attr_text(r, "db.collection.name", "db.stored_procedure.name");

	if (what.p)
		return space.n > 0 ? join2(r, space, ".", what) : what;
	return space.n > 0 ? space : server_name(r);
}

static struct str db_name(struct ottl_run *r)
{
	struct str system = attr_text(r, "db.system.name", "db.system");
	struct str summary = attr_text(r, "db.query.summary", NULL);
	struct str operation = attr_text(r, "db.operation.name", "db.operation");
	struct str target;

	if (!system.p || summary.p)
		return system.p ? summary : system;
	target = db_target(r);
	if (operation.n > 0 && target.n > 0)
		return join2(r, operation, " ", target);
	return operation.n > 0 ? operation : target.n > 0 ? target
							  : system;
}

static bool attr_is_true(struct ottl_run *r, const char *name)
{
	const struct otlp_slot *s = otlp_message_attr(&r->p->item, str_from(name));

	return s && otlp_any_read(s->any).kind == OTLP_ANY_BOOL && otlp_any_read(s->any).boolean;
}

static struct str messaging_target(struct ottl_run *r)
{
	struct str name;

	if (attr_is_true(r, "messaging.destination.temporary"))
		return STR("(temporary)");
	if (attr_is_true(r, "messaging.destination.anonymous"))
		return STR("(anonymous)");
	name = attr_text(r, "messaging.destination.template", NULL);
	if (!name.p)
		name = attr_text(r, "messaging.destination.name", "messaging.destination");
	return name.p ? name : server_name(r);
}

static struct str messaging_name(struct ottl_run *r)
{
	struct str system = attr_text(r, "messaging.system", NULL);
	struct str operation = attr_text(r, "messaging.operation.name", "messaging.operation");
	struct str target;

	if (!system.p)
		return system;
	target = messaging_target(r);
	if (operation.p && target.n > 0)
		return join2(r, operation, " ", target);
	return target.n > 0 ? target : operation.p ? operation
						   : system;
}

/* The name that the semantic conventions give a span of this kind; empty: none. */
static struct str semconv_name(struct ottl_run *r)
{
	uint64_t kind = otlp_message_number(&r->p->item, OTLP_SPAN_KIND, WIRE_VARINT);
	bool is_server = kind == 2;
	struct str name = STR("");

	if (is_server || kind == 3) {
		name = http_name(r, is_server ? "http.route" : "url.template");
		name = name.n > 0 ? name : rpc_name(r);
		if (name.n == 0 && !is_server)
			name = db_name(r);
	}
	return name.n > 0 || kind < 2 || kind > 5 ? name : messaging_name(r);
}

bool ottl_set_semconv_span_name(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct str old = otlp_message_bytes(&r->p->item, OTLP_SPAN_NAME);
	struct str name = semconv_name(r);

	(void)out;
	if (name.n == 0 || str_eq(name, old))
		return true;
	otlp_message_set_bytes(&r->p->item, OTLP_SPAN_NAME, name);
	if (n->args[1])
		otlp_message_set_attr(
			&r->p->item, n->args[1]->literal.s, otlp_any_string(r->a, old));
	return true;
}

bool ottl_prepare_semconv(struct arena *a, struct ottl_node *n, struct err *e)
{
	struct str version = n->args[0]->literal.s;
	struct str minor;
	struct str rest;
	int64_t number = 0;

	(void)a;
	if (n->args[1] && n->args[1]->literal.s.n == 0)
		return err_set(e, "originalSpanNameAttribute cannot be an empty string");
	if (!str_starts(version, "1.") || !str_cut(str_from_at(version, 2), '.', &minor, &rest) ||
		!str_to_int(minor, &number) || number < 37 || number > 40)
		return err_set(e,
			"unsupported semconv version \"" STR_FMT
			"\": must be between 1.37.0 and 1.40.0",
			STR_ARG(version));
	return true;
}
