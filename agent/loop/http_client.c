/*
 * The HTTP client: curl's multi interface with its sockets and its timer on the loop.
 *
 * curl must not be called from within its own callbacks. So a call that is started or cancelled
 * there (a part() may do both) waits in a list for the end of the turn, and done() is called
 * when curl has returned. A transfer is ours and outlives its call, which is what makes it safe
 * for an owner to cancel, restart or free anything at any time.
 */

#include "agent/loop/http_client.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_private.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MAX ((size_t)64 * 1024)
/* So much of an answer that is too long is read to the end, for the connection's sake. */
#define CUT_MAX ((size_t)1024 * 1024)
#define CONNECTIONS_KEPT 32L

static const struct metric_family connections_family = {
	.name = "invar_http_client_connections_total",
	.kind = METRIC_COUNTER,
	.help = "Connections that the HTTP client has opened.",
};
static const struct metric_family under_way_family = {
	.name = "invar_http_client_requests_under_way",
	.kind = METRIC_GAUGE,
	.help = "Requests of the HTTP client that have no complete answer yet.",
};

struct http_socket {
	struct list link;
	struct fd_watch watch;
	struct http_client *client;
	curl_socket_t fd;
};

static void collect(struct http_client *c);

static void forget_socket(struct http_socket *s)
{
	fd_stop(&s->watch);
	list_remove(&s->link);
	free(s);
}

static void on_socket_ready(struct fd_watch *w, unsigned events)
{
	struct http_socket *s = container_of(w, struct http_socket, watch);
	struct http_client *c = s->client;
	int what = 0;
	int running;

	if (events & FD_READ)
		what |= CURL_CSELECT_IN;
	if (events & FD_WRITE)
		what |= CURL_CSELECT_OUT;
	c->in_curl = true;
	curl_multi_socket_action(c->multi, s->fd, what, &running); /* s may be gone after it */
	c->in_curl = false;
	collect(c);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *known)
{
	struct http_client *c = owner;
	struct http_socket *s = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			forget_socket(s);
		return 0;
	}
	if (!s) {
		s = mem_new(struct http_socket, 1);
		s->client = c;
		s->fd = fd;
		s->watch.ready = on_socket_ready;
		list_add_last(&c->sockets, &s->link);
		curl_multi_assign(c->multi, fd, s);
	}
	fd_start(&s->watch, c->loop, fd,
		(what & CURL_POLL_IN ? FD_READ : 0) | (what & CURL_POLL_OUT ? FD_WRITE : 0));
	return 0;
}

static int on_curl_timer(CURLM *multi, long ms, void *owner)
{
	struct http_client *c = owner;

	(void)multi;
	if (ms < 0)
		real_timer_clear(&c->timer);
	else
		real_timer_set(&c->timer, c->loop, (uint64_t)ms);
	return 0;
}

static void on_timer(struct real_timer *t)
{
	struct http_client *c = container_of(t, struct http_client, timer);
	int running;

	c->in_curl = true;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	c->in_curl = false;
	collect(c);
}

static void set_idle_timer(struct http_transfer *x)
{
	if (x->target->set.idle_timeout > 0)
		timer_set(&x->idle, x->client->loop, x->target->set.idle_timeout);
}

static size_t on_header(char *p, size_t size, size_t n, void *owner)
{
	(void)p;
	set_idle_timer(owner);
	return size * n;
}

/* The body by a callback and not by CURLOPT_POSTFIELDS: curl copies it into its send buffer
 * either way, and this way a cancelled call's body is not read any more. */
static size_t on_read(char *p, size_t size, size_t n, void *owner)
{
	struct http_transfer *x = owner;
	struct str rest;

	if (!x->call)
		return CURL_READFUNC_ABORT;
	rest = str_head(str_from_at(x->call->body, x->sent), size * n);
	if (rest.n)
		memcpy(p, rest.p, rest.n);
	x->sent += rest.n;
	return rest.n;
}

/* Back to the beginning: a redirect, or a kept connection that turned out to be closed. */
static int on_seek(void *owner, curl_off_t offset, int origin)
{
	struct http_transfer *x = owner;

	if (origin != SEEK_SET || !x->call || offset < 0 || (size_t)offset > x->call->body.n)
		return CURL_SEEKFUNC_FAIL;
	x->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static int status_of(const struct http_transfer *x)
{
	long status = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static size_t on_body(char *p, size_t size, size_t n, void *owner)
{
	struct http_transfer *x = owner;
	size_t max;

	n *= size;
	if (!x->call)
		return CURL_WRITEFUNC_ERROR;
	set_idle_timer(x);
	if (x->call->part) {
		x->call->status = status_of(x);
		x->call->part(x->call, (struct str){p, n});
		return x->call ? n : CURL_WRITEFUNC_ERROR;
	}
	max = (x->call->max_answer ? x->call->max_answer : ANSWER_MAX) - x->answer.n;
	buf_add(&x->answer, p, n < max ? n : max);
	x->cut += n < max ? 0 : n - max;
	return x->cut > CUT_MAX ? CURL_WRITEFUNC_ERROR : n;
}

static void free_transfer(struct http_transfer *x)
{
	timer_clear(&x->idle);
	list_remove(&x->link);
	metric_add(x->client->under_way, -1);
	http_target_release(x->target, x);
	buf_fini(&x->answer);
	free(x);
}

/* To the list of those whose done() is due. */
static void finish(struct http_transfer *x, enum http_outcome outcome)
{
	timer_clear(&x->idle);
	x->outcome = outcome;
	list_remove(&x->link);
	list_add_last(&x->client->finished, &x->link);
	task_defer(&x->client->task, x->client->loop);
}

static void fail(struct http_transfer *x, const char *error)
{
	snprintf(x->error, sizeof(x->error), "%s", error);
	finish(x, HTTP_FAILED);
}

static void on_idle(struct timer *t)
{
	struct http_transfer *x = container_of(t, struct http_transfer, idle);
	char text[TIMESTAMP_SIZE];
	char peer[HTTP_PEER_SIZE];
	char error[sizeof(x->error)];

	curl_multi_remove_handle(x->client->multi, x->easy);
	http_error_peer(x->easy, peer);
	snprintf(error, sizeof(error), "%s: nothing received for " STR_FMT, peer,
		STR_ARG(duration_format(text, x->target->set.idle_timeout)));
	fail(x, error);
}

/*
 * Did an answer come? A server may refuse a request before it has read all of it and then close
 * (413): its status counts, though the sending failed. An answer cut by us is one too.
 */
static bool is_answered(const struct http_transfer *x, CURLcode code)
{
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && x->cut > CUT_MAX))
		return true;
	return status_of(x) >= 400 &&
	       (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE);
}

static void on_end(struct http_client *c, CURL *easy, CURLcode code)
{
	struct http_transfer *x = NULL;
	long opened = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &x);
	must(x && x->easy == easy);
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
	metric_add(c->connections, (double)opened);
	curl_multi_remove_handle(c->multi, easy);
	if (!x->call) {
		free_transfer(x);
	} else if (is_answered(x, code)) {
		finish(x, HTTP_ANSWERED);
	} else {
		char error[sizeof(x->error)];

		http_error_describe(easy, code, x->detail, error, sizeof(error));
		fail(x, error);
	}
}

/* What curl has finished meanwhile. */
static void collect(struct http_client *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			on_end(c, m->easy_handle, m->data.result);
}

static void fill_result(struct http_transfer *x)
{
	struct http_call *call = x->call;
	struct curl_header *h;
	char *type = NULL;
	curl_off_t sent = 0;

	call->answer = buf_str(&x->answer);
	memcpy(call->error, x->error, sizeof(call->error));
	if (x->easy) {
		curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
		curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
		call->sent_bytes = (uint64_t)sent;
	}
	if (x->outcome != HTTP_ANSWERED)
		return;
	call->status = status_of(x);
	call->content_type = str_from(type);
	if (curl_easy_header(x->easy, "Retry-After", 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
		call->retry_after = http_header_retry_after(
			str_from(h->value), loop_wall(x->client->loop));
}

/* A trailer wins over a header: it was said later. Of an empty one libcurl 7.88 gives the carriage
 * return. */
static void read_headers(struct http_transfer *x)
{
	for (size_t i = 0; i < x->call->n_answer_headers; i++) {
		struct http_answer_header *want = &x->call->answer_headers[i];
		struct curl_header *h;

		want->value = (struct str){NULL, 0};
		if (x->outcome != HTTP_ANSWERED)
			continue;
		if (curl_easy_header(x->easy, want->name, 0, CURLH_TRAILER, -1, &h) == CURLHE_OK ||
			curl_easy_header(x->easy, want->name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
			want->value = str_trim(str_from(h->value));
	}
}

static void start_or_wait(struct http_transfer *x)
{
	struct err e;

	if (x->target->tokens) {
		switch (http_tokens_ask(x->target->tokens, x, &e)) {
		case TOKEN_READY:
			break;
		case TOKEN_COMES:
			return;
		case TOKEN_FAILED:
			fail(x, e.text);
			return;
		}
	}
	http_transfer_go(x);
}

/* An answer 401 to a token that may be void meanwhile is not the last word. True: it is sent
 * again. */
static bool sent_again(struct http_transfer *x)
{
	if (!x->call || x->outcome != HTTP_ANSWERED || x->token == 0 || x->resent ||
		x->call->part || status_of(x) != 401 ||
		!http_tokens_refuse(x->target->tokens, x->token))
		return false;
	x->resent = true;
	x->sent = x->cut = 0;
	buf_clear(&x->answer);
	start_or_wait(x);
	return true;
}

/* Tells the owner. It may start the call again, or free it: x->call is not touched after. */
static void tell(struct http_transfer *x)
{
	struct http_call *call = x->call;

	if (sent_again(x))
		return;
	if (call) {
		fill_result(x);
		read_headers(x);
		call->transfer = NULL;
		x->call = NULL;
		call->done(call, x->outcome);
	}
	free_transfer(x);
}

static void drop(struct http_transfer *x)
{
	if (x->easy)
		/* no effect if it is not in there */
		curl_multi_remove_handle(x->client->multi, x->easy);
	free_transfer(x);
}

static void give_to_curl(struct http_transfer *x)
{
	struct http_client *c = x->client;

	list_remove(&x->link);
	list_add_last(&c->running, &x->link);
	set_idle_timer(x);
	must(curl_multi_add_handle(c->multi, x->easy) == CURLM_OK);
}

void http_transfer_go(struct http_transfer *x)
{
	struct http_client *c = x->client;
	struct err e;

	if (x->target->tokens) {
		bool is_first = x->token == 0;
		struct str value = http_tokens_value(x->target->tokens, &x->token);

		if (!http_target_authorize(x, value, is_first, &e)) {
			fail(x, e.text);
			return;
		}
	}
	list_remove(&x->link);
	list_add_last(&c->starting, &x->link);
	if (c->in_curl)
		task_defer(&c->task, c->loop);
	else
		give_to_curl(x);
}

void http_transfer_fail(struct http_transfer *x, const char *error)
{
	fail(x, error);
}

static void on_task(struct task *t)
{
	struct http_client *c = container_of(t, struct http_client, task);
	struct list due;

	must(!c->in_curl);
	LIST_EACH (x, &c->cancelled, struct http_transfer, link)
		drop(x);
	while (!list_is_empty(&c->starting))
		give_to_curl(container_of(c->starting.next, struct http_transfer, link));
	if (list_is_empty(&c->finished))
		return;
	list_add_first(&c->finished, &due); /* those that fail at once in done() wait a turn */
	list_remove(&c->finished);
	while (!list_is_empty(&due)) {
		struct http_transfer *x = container_of(due.next, struct http_transfer, link);

		list_remove(&x->link);
		tell(x);
	}
}

struct http_client *http_client_new(struct loop *l)
{
	struct http_client *c = mem_new(struct http_client, 1);

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	c->loop = l;
	c->timer.fire = on_timer;
	c->task.run = on_task;
	list_init(&c->sockets);
	list_init(&c->tokens);
	list_init(&c->starting);
	list_init(&c->running);
	list_init(&c->finished);
	list_init(&c->cancelled);
	c->connections = metric_new(&connections_family, NULL);
	c->under_way = metric_new(&under_way_family, NULL);
	c->multi = curl_multi_init();
	must(c->multi);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	return c;
}

static void cancel_all(struct list *transfers)
{
	LIST_EACH (x, transfers, struct http_transfer, link) {
		if (x->call)
			x->call->transfer = NULL;
		drop(x);
	}
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	must(!c->in_curl);
	while (!list_is_empty(&c->tokens))
		cancel_all(http_tokens_end(c->tokens.next));
	cancel_all(&c->starting);
	cancel_all(&c->running);
	cancel_all(&c->finished);
	cancel_all(&c->cancelled);
	curl_multi_cleanup(c->multi);
	LIST_EACH (s, &c->sockets, struct http_socket, link)
		forget_socket(s);
	task_cancel(&c->task);
	real_timer_close(&c->timer);
	buf_fini(&c->text);
	metric_free(c->connections);
	metric_free(c->under_way);
	free(c);
	curl_global_cleanup();
}

static void set_callbacks(struct http_transfer *x)
{
	curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->detail);
	curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
}

void http_call_start(struct http_target *t, struct http_call *call)
{
	struct http_transfer *x = mem_new(struct http_transfer, 1);
	struct http_client *c = t->client;
	struct err e;

	must(call->done && !call->transfer && !t->freed);
	*x = (struct http_transfer){.client = c, .target = t, .call = call, .idle.fire = on_idle};
	list_init(&x->link);
	t->transfers++;
	metric_add(c->under_way, 1);
	call->transfer = x;
	call->status = 0;
	call->answer = call->content_type = (struct str){"", 0};
	call->retry_after = -1;
	call->error[0] = 0;
	call->started = loop_now(c->loop);
	call->sent_bytes = 0;
	if (!http_target_prepare(t, x, &e)) {
		fail(x, e.text);
		return;
	}
	set_callbacks(x);
	start_or_wait(x);
}

/* Inside curl the transfer stays for the rest of the turn, without a call: on_read() and
 * on_body() then end it, so that nothing of the owner's is touched any more. */
void http_call_cancel(struct http_call *call)
{
	struct http_transfer *x = call->transfer;
	struct http_client *c;

	if (!x)
		return;
	c = x->client;
	call->transfer = NULL;
	x->call = NULL;
	timer_clear(&x->idle);
	list_remove(&x->link);
	list_add_last(&c->cancelled, &x->link);
	if (c->in_curl)
		task_defer(&c->task, c->loop);
	else
		drop(x);
}
