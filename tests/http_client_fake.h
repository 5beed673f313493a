#pragma once

/*
 * In place of agent/loop/http_client.c and what belongs to it, for tests of what sends: the test
 * sees each call that has been started and answers it. Included by one test each.
 */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/loop/http_client.h"
#include "tests/test.h"

#include <stdlib.h>

struct http_target {
	struct buf text; /* "Header: value\n" each, then what is set */
	size_t calls;
};

/* Calls under way, oldest first; the texts are as they were at the start. */
static struct fake_call {
	struct http_call *call;
	struct http_target *target;
	char url[256];
	struct buf headers;
	struct buf body;
} fake_calls[64];
static size_t fake_calls_n;
static size_t fake_targets; /* that exist */
static const char *fake_target_error;
static const char *fake_answer_headers[8]; /* of the next answers, in the order that is asked for */

struct http_client *http_client_new(struct loop *l)
{
	(void)l;
	return NULL;
}
void http_client_free(struct http_client *c)
{
	(void)c;
}
struct http_target *http_target_new(
	struct http_client *c, const struct http_settings *s, struct err *e)
{
	struct http_target *t;

	(void)c;
	if (fake_target_error) {
		err_set(e, "%s", fake_target_error);
		return NULL;
	}
	t = mem_new(struct http_target, 1);
	for (size_t i = 0; i < s->n_headers; i++)
		buf_printf(&t->text, STR_FMT ": " STR_FMT "\n", STR_ARG(s->headers[i].name),
			STR_ARG(s->headers[i].value));
	if (s->basic_username.n)
		buf_printf(&t->text, "basic " STR_FMT ":" STR_FMT STR_FMT "\n",
			STR_ARG(s->basic_username), STR_ARG(s->basic_password),
			STR_ARG(s->basic_password_file));
	if (s->only_http2)
		buf_add_str(&t->text, STR("HTTP/2\n"));
	if (s->insecure_skip_verify)
		buf_add_str(&t->text, STR("insecure\n"));
	fake_targets++;
	return t;
}
void http_target_free(struct http_target *t)
{
	assert_int_equal(t->calls, 0);
	fake_targets--;
	buf_fini(&t->text);
	free(t);
}
uint64_t http_target_secrets_stamp(const struct http_target *t)
{
	(void)t;
	return 0;
}

void http_call_start(struct http_target *t, struct http_call *call)
{
	struct fake_call *f = &fake_calls[fake_calls_n++];

	assert_true(fake_calls_n < 64);
	assert_null(call->transfer);
	*f = (struct fake_call){.call = call, .target = t};
	t->calls++;
	call->transfer = (struct http_transfer *)(void *)f;
	snprintf(f->url, sizeof(f->url), STR_FMT, STR_ARG(call->url));
	for (size_t i = 0; i < call->n_headers; i++)
		buf_printf(&f->headers, STR_FMT ": " STR_FMT "\n", STR_ARG(call->headers[i].name),
			STR_ARG(call->headers[i].value));
	buf_add_str(&f->body, call->body);
}

static inline void fake_call_forget(size_t i)
{
	fake_calls[i].target->calls--;
	fake_calls[i].call->transfer = NULL;
	buf_fini(&fake_calls[i].headers);
	buf_fini(&fake_calls[i].body);
	memmove(&fake_calls[i], &fake_calls[i + 1], sizeof(*fake_calls) * (--fake_calls_n - i));
}

void http_call_cancel(struct http_call *call)
{
	for (size_t i = 0; i < fake_calls_n; i++)
		if (fake_calls[i].call == call) {
			fake_call_forget(i);
			return;
		}
}

/* Answers call i. status 0: it failed, with body as the error. retry_after in ns, -1: none. */
static inline void fake_answer(
	size_t i, int status, const char *type, struct str body, int64_t retry_after)
{
	struct http_call *call = fake_calls[i].call;

	assert_true(i < fake_calls_n);
	fake_call_forget(i);
	call->status = status;
	call->answer = body;
	call->content_type = str_from(type);
	call->retry_after = retry_after;
	for (size_t k = 0; k < call->n_answer_headers; k++)
		call->answer_headers[k].value = str_from(fake_answer_headers[k]);
	if (status == 0)
		snprintf(call->error, sizeof(call->error), STR_FMT, STR_ARG(body));
	call->done(call, status == 0 ? HTTP_FAILED : HTTP_ANSWERED);
}
