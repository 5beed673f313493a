/*
 * import.http: a module from what a server answers, asked for again and again.
 *
 * Alloy waits for the first answer before it starts; here the rest of the configuration starts
 * at once, and what is made of the module does when the answer is there. While the server fails
 * the last module stays.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/component/common/remote_poll.h"
#include "agent/component/common/remote_server.h"
#include "agent/graph/component.h"

struct http_args {
	struct remote_server_args server;
};

static const char *const methods[] = {"GET", "POST", "PUT", NULL};

static const struct arg http_args[] = {
	REMOTE_SERVER_ARGS(http_args, server, methods),
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

	return remote_server_check(&a->server, d);
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

static bool http_update(struct component *c, const void *args, struct err *e)
{
	struct import_http *h = container_of(c, struct import_http, base);
	const struct http_args *a = args;

	if (!remote_server_poll(&a->server, methods, STR(""), false, &h->poll, e))
		return false;
	h->url = arena_str(&h->texts, a->server.url);
	return true;
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
