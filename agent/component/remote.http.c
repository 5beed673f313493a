/*
 * remote.http: what a server answers, as a string (or a secret) for other components' arguments.
 */

#include "agent/base/container_of.h"
#include "agent/component/common/remote_poll.h"
#include "agent/component/common/remote_server.h"
#include "agent/graph/component.h"

struct remote_args {
	struct remote_server_args server;
	struct str body;
	bool is_secret;
};

static const char *const methods[] = {"GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", NULL};

static const struct arg remote_args[] = {
	REMOTE_SERVER_ARGS(remote_args, server, methods),
	ARG(remote_args, body, .type = ARG_STR, .def = "", .help = "Body of the request."),
	ARG(remote_args, is_secret, .type = ARG_BOOL, .def = "false",
		.help = "Whether the content is a secret."),
	ARGS_END,
};

struct remote_http {
	struct component base;
	struct remote_poll poll;
	bool is_secret;
};

static bool remote_check(const void *args, struct diags *d)
{
	const struct remote_args *a = args;

	return remote_server_check(&a->server, d);
}

/* Spaces at both ends are no part of it, as in Alloy. */
static bool on_answer(struct remote_poll *p, struct str answer, struct err *e)
{
	struct remote_http *r = container_of(p, struct remote_http, poll);
	struct arena a;
	struct str text;

	(void)e;
	arena_init(&a, 0);
	text = arena_str(&a, str_trim(answer));
	component_export(&r->base, "content", r->is_secret ? value_secret(text) : value_str(text));
	arena_fini(&a);
	return true;
}

static bool remote_update(struct component *c, const void *args, struct err *e)
{
	struct remote_http *r = container_of(c, struct remote_http, base);
	const struct remote_args *a = args;

	r->is_secret = a->is_secret;
	return remote_server_poll(&a->server, methods, a->body, a->is_secret, &r->poll, e);
}

static bool remote_start(struct component *c, const void *args, struct err *e)
{
	struct remote_http *r = container_of(c, struct remote_http, base);

	r->poll.component = c;
	r->poll.take = on_answer;
	r->poll.hint = "is the address right, and does the server let the agent in?";
	return remote_update(c, args, e);
}

static void remote_stop(struct component *c)
{
	remote_poll_stop(&container_of(c, struct remote_http, base)->poll);
	component_stopped(c);
}

static const struct export_field remote_exports[] = {
	{"content", ARG_STR, NULL, "What the server answered last; a secret if is_secret says so."},
	{0},
};

const struct component_type remote_http = {
	.name = "remote.http",
	.help = "Reads what a server answers.",
	.stability = STABILITY_GA,
	.args = remote_args,
	.size = sizeof(struct remote_http),
	.args_size = sizeof(struct remote_args),
	.exports = remote_exports,
	.check = remote_check,
	.start = remote_start,
	.update = remote_update,
	.stop = remote_stop,
};
