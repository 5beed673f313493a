/*
 * The times of a connection: one timer for all of them, set to the first. It is moved nearer only;
 * when it fires too early it is set again, which is cheaper than moving it with each byte.
 */

#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http2_private.h"

#define NEVER INT64_MAX
#define LINGER (2 * NS_PER_SEC)
#define PING_TIMEOUT (20 * NS_PER_SEC)
#define PING_ALONE (2 * 3600 * NS_PER_SEC) /* gRPC: without a call, not more often than this */
#define LAST_CALL (500 * NS_PER_MS)        /* some do not answer a ping after a GOAWAY */
#define WRITE_PATIENCE (30 * NS_PER_SEC)

enum {
	MAX_STRIKES = 2,
};

static int64_t body_patience(const struct http2_conn *c)
{
	return http_server_idle_timeout(c->http2->server);
}

static int64_t write_patience(const struct http2_conn *c)
{
	int64_t ns = c->http2->server->set.write_timeout;

	return ns > 0 ? ns : WRITE_PATIENCE;
}

static int64_t after(int64_t since, int64_t ns)
{
	return ns > 0 && since < NEVER - ns ? since + ns : NEVER;
}

/* Nothing comes any more, or so little that it takes for ever. */
static int64_t stalled_at(const struct http2_conn *c, const struct http2_request *r)
{
	int64_t by = after(r->began, http_server_read_timeout(c->http2->server));
	int64_t silent = after(r->touched, body_patience(c));

	return by < silent ? by : silent;
}

static int64_t ping_timeout(const struct http2_settings *set)
{
	return set->ping_timeout > 0 ? set->ping_timeout : PING_TIMEOUT;
}

static int64_t first_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When something is due at the latest, as things stand. */
static int64_t next_due(const struct http2_conn *c)
{
	const struct http2_settings *set = &c->http2->server->http2_set;
	int64_t at = NEVER;

	if (c->stuck_since)
		at = after(c->stuck_since, write_patience(c));
	switch (c->state) {
	case HTTP2_HANDSHAKE:
		return first_of(at, after(c->born, body_patience(c)));
	case HTTP2_LINGERING:
		return first_of(at, after(c->state_since, LINGER));
	case HTTP2_DRAINING:
		at = first_of(at, after(c->state_since, set->max_age_grace));
		if (!c->is_last_call)
			at = first_of(at, after(c->state_since, LAST_CALL));
		break;
	case HTTP2_OPEN:
		at = first_of(at, after(c->born, set->max_age));
		break;
	}
	at = first_of(at, c->pinged ? after(c->pinged, ping_timeout(set))
				    : after(c->heard, set->ping_after));
	if (c->n_requests == 0)
		return c->state == HTTP2_OPEN ? first_of(at, after(c->idle_since, set->max_idle))
					      : at;
	LIST_EACH (r, &c->requests, struct http2_request, base.link)
		if (!r->is_complete)
			return first_of(at, stalled_at(c, r));
	return at;
}

/* Bodies and heads that have stopped to come. */
static void reset_stalled(struct http2_conn *c, int64_t now)
{
	LIST_EACH (r, &c->requests, struct http2_request, base.link) {
		if (r->is_complete || stalled_at(c, r) > now)
			continue;
		if (!r->is_head_done) { /* the connection is in the midst of it */
			http2_conn_close(c);
			return;
		}
		nghttp2_submit_rst_stream(
			c->session, NGHTTP2_FLAG_NONE, r->id, NGHTTP2_CANCEL);
		r->touched = r->began = now;
	}
	http2_conn_work(c);
}

static void ping(struct http2_conn *c, int64_t now)
{
	c->pinged = now;
	nghttp2_submit_ping(c->session, NGHTTP2_FLAG_NONE, NULL);
	http2_conn_work(c);
}

static bool is_over(const struct http2_conn *c, int64_t now)
{
	const struct http2_settings *set = &c->http2->server->http2_set;

	if (c->stuck_since && after(c->stuck_since, write_patience(c)) <= now)
		return true;
	switch (c->state) {
	case HTTP2_HANDSHAKE:
		return after(c->born, body_patience(c)) <= now;
	case HTTP2_LINGERING:
		return after(c->state_since, LINGER) <= now;
	case HTTP2_DRAINING:
		if (after(c->state_since, set->max_age_grace) <= now)
			return true;
		break;
	case HTTP2_OPEN:
		break;
	}
	return c->pinged && after(c->pinged, ping_timeout(set)) <= now;
}

static void on_timer(struct timer *t)
{
	struct http2_conn *c = container_of(t, struct http2_conn, timer);
	const struct http2_settings *set = &c->http2->server->http2_set;
	int64_t now = loop_now(c->http2->server->loop);

	if (is_over(c, now)) {
		http2_conn_close(c);
		return;
	}
	if (c->state == HTTP2_OPEN &&
		(after(c->born, set->max_age) <= now ||
			(c->n_requests == 0 && after(c->idle_since, set->max_idle) <= now)))
		http2_conn_drain(c);
	if (c->state == HTTP2_DRAINING && after(c->state_since, LAST_CALL) <= now)
		http2_conn_go_on_draining(c);
	if (!c->pinged && after(c->heard, set->ping_after) <= now)
		ping(c, now);
	reset_stalled(c, now);
}

void http2_times_watch(struct http2_conn *c)
{
	struct loop *l = c->http2->server->loop;
	int64_t at = next_due(c);

	if (at != NEVER && (!timer_is_set(&c->timer) || at < c->timer.at))
		timer_set(&c->timer, l, at > loop_now(l) ? at - loop_now(l) : 1);
}

void http2_times_start(struct http2_conn *c)
{
	c->timer.fire = on_timer;
	c->born = c->heard = c->idle_since = c->state_since = loop_now(c->http2->server->loop);
	http2_times_watch(c);
}

void http2_times_stop(struct http2_conn *c)
{
	timer_clear(&c->timer);
}

/* As grpc-go does it: a ping is free after an answer of ours; else it must not come too soon after
 * the one before, and more than two that do are too many. */
bool http2_times_on_ping(struct http2_conn *c)
{
	const struct http2_settings *set = &c->http2->server->http2_set;
	int64_t now = loop_now(c->http2->server->loop);
	int64_t least = c->n_requests == 0 && !set->ping_without_stream ? PING_ALONE
									: set->ping_min_time;
	int64_t last = c->last_ping;

	c->last_ping = now;
	if (set->ping_min_time == 0)
		return true;
	if (c->has_answered) {
		c->has_answered = false;
		c->ping_strikes = 0;
		return true;
	}
	if (last != 0 && now < after(last, least))
		c->ping_strikes++;
	return c->ping_strikes <= MAX_STRIKES;
}
