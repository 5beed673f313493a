#include "agent/component/common/remote_server.h"

#include "agent/base/arena.h"
#include "agent/component/common/remote_poll.h"

#define SECOND (INT64_C(1000) * 1000 * 1000)

const struct arg remote_server_client_args[] = {
	HTTP_CLIENT_ARGS(remote_server_client, http),
	ARGS_END,
};

bool remote_server_check(const struct remote_server_args *a, struct diags *d)
{
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

/* The method as a constant, which a request that is under way keeps. */
static const char *method_of(const char *const *methods, struct str s)
{
	while (methods[1] && !str_is(s, methods[0]))
		methods++;
	return methods[0];
}

static void add_headers(struct arena *a, struct http_settings *http, const struct arg_map *more)
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

bool remote_server_poll(const struct remote_server_args *a, const char *const *methods,
	struct str body, bool is_secret, struct remote_poll *p, struct err *e)
{
	struct http_settings http = {0};
	struct arena scratch;
	bool ok;

	arena_init(&scratch, 0);
	http_client_args_settings(&a->client->http, &scratch, &http);
	add_headers(&scratch, &http, &a->headers);
	http.timeout = a->poll_timeout;
	ok = remote_poll_set(p,
		&(struct remote_poll_settings){
			.http = &http,
			.method = method_of(methods, a->method),
			.url = a->url,
			.body = body,
			.every = a->poll_frequency,
			.is_secret = is_secret,
		},
		e);
	arena_fini(&scratch);
	return ok;
}
