#include "agent/component/common/remote_poll.h"

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <stdio.h>

#define BACKOFF_MIN (INT64_C(1) * 1000 * 1000 * 1000)

static const struct metric_family failures = {"invar_remote_poll_failures_total", METRIC_COUNTER,
	"Requests of a remote.* component that brought nothing.", NULL};

static void ask(struct remote_poll *p)
{
	http_call_start(p->target, &p->call);
}

/* A tenth more or less, so that a thousand agents do not ask in one moment. */
static int64_t jittered(struct remote_poll *p, int64_t ns)
{
	return ns - ns / 10 + (int64_t)loop_random(p->component->loop, (uint64_t)ns / 5 + 1);
}

static void succeed(struct remote_poll *p)
{
	if (p->problem[0]) {
		component_set_health(p->component, HEALTH_HEALTHY, "it answers again");
		log_info(p->component->id, "the remote content is there again");
	}
	p->problem[0] = '\0';
	p->has_answer = true;
	p->backoff = 0;
	timer_set(&p->next, p->component->loop, jittered(p, p->every));
}

/* A password in it is not shown. */
static struct str shown_url(struct remote_poll *p)
{
	struct str url = p->call.url;
	ptrdiff_t scheme = str_find(url, STR("://"));
	size_t begin = scheme < 0 ? 0 : (size_t)scheme + 3;
	size_t at = begin, end = begin;

	for (size_t i = begin; i < url.n && !strchr("/?#", url.p[i]); i++)
		if (url.p[i] == '@')
			at = i;
	while (end < at && url.p[end] != ':')
		end++;
	if (end == at)
		return url;
	return arena_printf(loop_scratch(p->component->loop), STR_FMT ":xxxxx" STR_FMT,
		STR_ARG(str_head(url, end)), STR_ARG(str_from_at(url, at)));
}

static void fail(struct remote_poll *p, const char *why)
{
	int64_t wait = p->backoff ? 2 * p->backoff : BACKOFF_MIN;

	metric_add(p->failures, 1);
	if (strncmp(p->problem, why, sizeof(p->problem) - 1) != 0) {
		snprintf(p->problem, sizeof(p->problem), "%s", why);
		component_set_health(p->component, HEALTH_UNHEALTHY, p->problem);
		log_warn(p->component->id,
			p->has_answer ? "the remote content cannot be read, what was there before "
					"stays in force"
				      : "the remote content is not known, what refers to it waits",
			KV("url", shown_url(p)), KV("err", why), KV("hint", p->hint));
	}
	p->backoff = wait < p->every ? wait : p->every;
	timer_set(&p->next, p->component->loop, jittered(p, p->backoff));
}

/* The beginning of what the server says, which is often the reason. */
static void refuse(struct remote_poll *p)
{
	struct str said = str_head(str_trim(p->call.answer), p->is_secret ? 0 : 160);
	char why[320];

	snprintf(why, sizeof(why), "status %d%s" STR_FMT, p->call.status, said.n ? ": " : "",
		STR_ARG(said));
	for (char *c = why; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	fail(p, why);
}

static void fail_size(struct remote_poll *p)
{
	char why[64];

	snprintf(why, sizeof(why), "the answer is longer than %zu MiB", p->max >> 20);
	fail(p, why);
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct remote_poll *p = container_of(call, struct remote_poll, call);
	struct err e = {""};

	if (outcome == HTTP_FAILED)
		fail(p, call->error);
	else if (call->status != 200)
		refuse(p);
	else if (call->answer.n > p->max)
		fail_size(p);
	else if (!p->take(p, call->answer, &e))
		fail(p, e.text);
	else
		succeed(p);
	once_idle(&p->once);
}

static void on_next(struct timer *t)
{
	ask(container_of(t, struct remote_poll, next));
}

static void fill_call(struct remote_poll *p, const struct remote_poll_settings *s)
{
	buf_clear(&p->text);
	buf_add_str(&p->text, s->url);
	buf_add_char(&p->text, '\0'); /* curl reads the URL to its end */
	buf_add_str(&p->text, s->body);
	p->call = (struct http_call){
		.method = s->method,
		.url = str_head(buf_str(&p->text), s->url.n),
		.body = str_from_at(buf_str(&p->text), s->url.n + 1),
		.max_answer = p->max + 1,
		.accept_gzip = true,
		.done = on_done,
	};
}

bool remote_poll_set(struct remote_poll *p, const struct remote_poll_settings *s, struct err *e)
{
	struct component *c = p->component;
	struct http_target *t = http_target_new(c->agent->http, s->http, e);

	if (!t)
		return false;
	if (p->target) {
		http_call_cancel(&p->call);
		http_target_free(p->target);
	}
	if (!p->failures)
		p->failures = metric_new(&failures,
			(struct metric_label[]){
				{"component_id", c->id}, {"component_path", "/"}, {0}});
	p->target = t;
	p->next.fire = on_next;
	p->every = s->every;
	p->backoff = 0;
	p->max = s->max ? s->max : REMOTE_POLL_MAX;
	p->is_secret = s->is_secret;
	fill_call(p, s);
	timer_clear(&p->next);
	if (!p->has_answer)
		once_busy(c->agent->work, &p->once);
	ask(p);
	return true;
}

void remote_poll_stop(struct remote_poll *p)
{
	timer_clear(&p->next);
	if (p->target) {
		http_call_cancel(&p->call);
		http_target_free(p->target);
	}
	metric_free(p->failures);
	buf_fini(&p->text);
	once_idle(&p->once);
}
