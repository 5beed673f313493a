/*
 * remote.http: what a server answers, as a string (or a secret) for other components' arguments.
 */

#include "agent/base/container_of.h"
#include "agent/component/common/http_client_args.h"
#include "agent/component/common/remote_poll.h"
#include "agent/graph/component.h"
#include "agent/loop/http_client.h"

#define SECOND (INT64_C(1000) * 1000 * 1000)

struct client_block {
	struct http_client_args http;
};

static const struct arg client_args[] = {
	HTTP_CLIENT_ARGS(client_block, http),
	ARGS_END,
};

struct remote_args {
	struct range at;
	struct str url;
	struct str method;
	struct str body;
	struct arg_map headers;
	int64_t poll_frequency;
	int64_t poll_timeout;
	bool is_secret;
	const struct client_block *client;
};

static const char *const methods[] = {"GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", NULL};

static const struct arg remote_args[] = {
	ARG_PLACE(remote_args, at),
	ARG(remote_args, url, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "What is asked for."),
	ARG(remote_args, method, .type = ARG_STR, .def = "GET", .one_of = methods,
		.help = "Method of the request."),
	ARG(remote_args, body, .type = ARG_STR, .def = "", .help = "Body of the request."),
	ARG(remote_args, headers, .type = ARG_MAP, .help = "Headers of the request."),
	ARG(remote_args, poll_frequency, .type = ARG_DURATION, .def = "1m",
		.help = "How often the server is asked."),
	ARG(remote_args, poll_timeout, .type = ARG_DURATION, .def = "10s",
		.help = "How long one request may take."),
	ARG(remote_args, is_secret, .type = ARG_BOOL, .def = "false",
		.help = "Whether the content is a secret."),
	ARG(remote_args, client, .type = ARG_BLOCK, .flags = ARG_ALWAYS, .block = client_args,
		.size = sizeof(struct client_block), .help = "How the server is reached."),
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
	bool ok = http_client_args_check(&a->client->http, d);

	if (!str_starts(a->url, "http://") && !str_starts(a->url, "https://")) {
		ok = diag_error(d, a->at, "url \"" STR_FMT "\" is not an address", STR_ARG(a->url));
		diag_hint(d, "it begins with http:// or https://");
	}
	if (a->poll_frequency < SECOND)
		ok = diag_error(d, a->at, "poll_frequency must be at least 1s");
	if (a->poll_timeout <= 0 || a->poll_timeout >= a->poll_frequency)
		ok = diag_error(d, a->at, "poll_timeout must be less than poll_frequency");
	return ok;
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

/* The method as a constant. */
static const char *method_of(struct str s)
{
	size_t i = 0;

	while (methods[i + 1] && !str_is(s, methods[i]))
		i++;
	return methods[i];
}

static void merge_headers(struct arena *a, struct http_settings *http, const struct arg_map *more)
{
	struct http_header *all = arena_new(a, struct http_header, http->n_headers + more->n + 1);
	size_t n = 0;

	for (; n < http->n_headers; n++)
		all[n] = http->headers[n];
	for (size_t i = 0; i < more->n; i++)
		all[n++] = (struct http_header){more->p[i].name, more->p[i].value};
	http->headers = all;
	http->n_headers = n;
}

static bool remote_update(struct component *c, const void *args, struct err *e)
{
	struct remote_http *r = container_of(c, struct remote_http, base);
	const struct remote_args *a = args;
	struct http_settings http = {0};
	struct arena scratch;
	bool ok;

	arena_init(&scratch, 0);
	http_client_args_settings(&a->client->http, &scratch, &http);
	merge_headers(&scratch, &http, &a->headers);
	http.timeout = a->poll_timeout;
	r->is_secret = a->is_secret;
	ok = remote_poll_set(&r->poll,
		&(struct remote_poll_settings){
			.http = &http,
			.method = method_of(a->method),
			.url = a->url,
			.body = a->body,
			.every = a->poll_frequency,
		},
		e);
	arena_fini(&scratch);
	return ok;
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
