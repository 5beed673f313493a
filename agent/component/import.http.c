/*
 * import.http: a module from what a server answers, asked for again and again.
 *
 * Alloy waits for the first answer before it starts; here the rest of the configuration starts
 * at once, and what is made of the module does when the answer is there. While the server fails
 * the last module stays.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
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

struct http_args {
	struct range at;
	struct str url;
	struct str method;
	struct arg_map headers;
	int64_t poll_frequency;
	int64_t poll_timeout;
	const struct client_block *client;
};

static const char *const methods[] = {"GET", "POST", "PUT", NULL};

static const struct arg http_args[] = {
	ARG_PLACE(http_args, at),
	ARG(http_args, url, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "What is asked for."),
	ARG(http_args, method, .type = ARG_STR, .def = "GET", .one_of = methods,
		.help = "Method of the request."),
	ARG(http_args, headers, .type = ARG_MAP, .help = "Headers of the request."),
	ARG(http_args, poll_frequency, .type = ARG_DURATION, .def = "1m",
		.help = "How often the server is asked."),
	ARG(http_args, poll_timeout, .type = ARG_DURATION, .def = "10s",
		.help = "How long one request may take."),
	ARG(http_args, client, .type = ARG_BLOCK, .flags = ARG_ALWAYS, .block = client_args,
		.size = sizeof(struct client_block), .help = "How the server is reached."),
	ARGS_END,
};

struct import_http {
	struct component base;
	struct remote_poll poll;
	struct arena texts;
	struct str url;
	struct str answer; /* p NULL: there was none yet */
};

static bool http_check(const void *args, struct diags *d)
{
	const struct http_args *a = args;
	bool ok = http_client_args_check(&a->client->http, d);

	if (!str_starts(a->url, "http://") && !str_starts(a->url, "https://"))
		ok = diag_error(d, a->at, "url \"" STR_FMT "\" is not an address", STR_ARG(a->url));
	if (a->poll_frequency < SECOND)
		ok = diag_error(d, a->at, "poll_frequency must be at least 1s");
	if (a->poll_timeout <= 0 || a->poll_timeout >= a->poll_frequency)
		ok = diag_error(d, a->at, "poll_timeout must be less than poll_frequency");
	return ok;
}

static bool on_answer(struct remote_poll *p, struct str answer, struct err *e)
{
	struct import_http *h = container_of(p, struct import_http, poll);
	struct arena texts;

	(void)e;
	arena_init(&texts, 0);
	h->url = arena_str(&texts, h->url);
	h->answer = arena_str(&texts, answer);
	arena_fini(&h->texts);
	h->texts = texts;
	component_imports(&h->base);
	return true;
}

/* The folder of its address. */
static struct str folder_of(struct str url)
{
	size_t n = url.n;

	while (n > 0 && url.p[n - 1] != '/')
		n--;
	return str_head(url, n > 0 ? n - 1 : 0);
}

static bool http_import(struct arena *a, struct component *c, const void *args,
	struct imported *out, struct err *e)
{
	struct import_http *h = c ? container_of(c, struct import_http, base) : NULL;
	struct import_text *text;

	(void)args;
	(void)e;
	*out = (struct imported){.is_open = true};
	if (!h || !h->answer.p)
		return true;
	out->is_open = false;
	text = arena_new(a, struct import_text, 1);
	text->name = arena_str(a, h->url);
	text->text = arena_str(a, h->answer);
	out->p = text;
	out->n = 1;
	out->folder = folder_of(text->name);
	return true;
}

static const char *method_of(struct str s)
{
	size_t i = 0;

	while (methods[i + 1] && !str_is(s, methods[i]))
		i++;
	return methods[i];
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

static bool http_update(struct component *c, const void *args, struct err *e)
{
	struct import_http *h = container_of(c, struct import_http, base);
	const struct http_args *a = args;
	struct http_settings http = {0};
	struct arena scratch;
	bool ok;

	arena_init(&scratch, 0);
	http_client_args_settings(&a->client->http, &scratch, &http);
	add_headers(&scratch, &http, &a->headers);
	http.timeout = a->poll_timeout;
	ok = remote_poll_set(&h->poll,
		&(struct remote_poll_settings){
			.http = &http,
			.method = method_of(a->method),
			.url = a->url,
			.every = a->poll_frequency,
		},
		e);
	if (ok)
		h->url = arena_str(&h->texts, a->url);
	arena_fini(&scratch);
	return ok;
}

static bool http_start(struct component *c, const void *args, struct err *e)
{
	struct import_http *h = container_of(c, struct import_http, base);

	arena_init(&h->texts, 0);
	h->poll.component = c;
	h->poll.take = on_answer;
	h->poll.hint = "what is made of this module waits; is the address right?";
	if (http_update(c, args, e))
		return true;
	arena_fini(&h->texts);
	return false;
}

static void http_stop(struct component *c)
{
	struct import_http *h = container_of(c, struct import_http, base);

	remote_poll_stop(&h->poll);
	arena_fini(&h->texts);
	component_stopped(c);
}

const struct component_type import_http = {
	.name = "import.http",
	.help = "Makes custom components of what a server answers.",
	.stability = STABILITY_GA,
	.is_config = true,
	.is_labeled = true,
	.args = http_args,
	.size = sizeof(struct import_http),
	.args_size = sizeof(struct http_args),
	.check = http_check,
	.import = http_import,
	.start = http_start,
	.update = http_update,
	.stop = http_stop,
};
