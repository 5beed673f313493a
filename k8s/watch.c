/*
 * The watch. Each request either begins (initial events, or a list where the server cannot stream
 * them) or goes on from the last version seen. One that ends when its time is up is followed by
 * the next at once; whatever else happens is followed by a pause, so that no server is hurried, and
 * by a beginning only if the server has forgotten our version (410), or was silent for so long that
 * our version may be one that it never had (etcd restored from a backup).
 */

#include "k8s/watch.h"

#include "agent/base/arena.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "k8s/watch_url.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MIN 300                /* seconds a watch lasts: this, … */
#define TIMEOUT_SPREAD 300             /* … and up to this more */
#define SILENCE_MAX (150 * NS_PER_SEC) /* bookmarks come each minute */
#define INITIAL_MAX (30 * NS_PER_SEC)  /* without a byte, before the initial events have ended */
#define LONG (30 * NS_PER_SEC)         /* one that lasts longer makes earlier failures forgotten */
#define SETTLED (15 * NS_PER_SEC)      /* a request that has not failed by then works; … */
#define ANSWERED (3 * NS_PER_SEC)      /* … and sooner, if the server answered the last one */
#define TOKEN_EVERY (2 * NS_PER_SEC)   /* files with credentials are looked at, after a 401 */
#define BODY_MAX ((size_t)16 * 1024)   /* kept of an answer that says why not */

enum state {
	PAUSED,    /* waits for the timer, to begin or to go on */
	LISTING,   /* takes a list */
	BEGINNING, /* takes initial events, up to their end */
	WATCHING,  /* takes changes */
};

static const struct metric_family events_family = {"invar_kubernetes_watch_events_total",
	METRIC_COUNTER,
	"Objects that the API server sent: listed, added, changed and deleted ones.", NULL};
static const struct metric_family failures_family = {"invar_kubernetes_watch_failures_total",
	METRIC_COUNTER, "Requests to the API server that failed, and will be made again.", NULL};
static const struct metric_family restarts_family = {"invar_kubernetes_watch_restarts_total",
	METRIC_COUNTER, "Times that everything was asked for anew.", NULL};
static const struct metric_family skipped_family = {"invar_kubernetes_watch_objects_skipped_total",
	METRIC_COUNTER, "Objects that were too long, or could not be understood.", NULL};

struct watch {
	struct loop *loop;
	struct http_target *target;
	struct watch_sink *sink;
	struct arena texts;
	struct watch_settings set;
	enum state state;
	struct http_call call;
	struct buf url;
	struct buf body;
	struct watch_lines lines;
	struct watch_list list;
	uint64_t list_skipped; /* of lists and lines that are counted already */
	uint64_t lines_skipped;
	char version[64];    /* to go on from; empty: begin */
	char not_older[64];  /* to begin at this version or a newer one; "0": any */
	bool has_no_initial; /* the server cannot stream initial events */
	bool has_bookmarks;  /* it sends them */
	bool was_gone;       /* it said 410, in a line */
	bool is_heard;       /* a byte came in this request */
	bool is_answering;   /* the last request that failed was answered */
	unsigned failures;   /* one after the other */
	int64_t wished;      /* the server does not want to be asked before */
	int64_t hurry_from;  /* not to be hurried before */
	struct timer timer;  /* PAUSED: to start; else: silence */
	struct timer settled;
	struct timer token; /* after a 401: looks whether there is another token */
	uint64_t secrets;   /* http_target_secrets_stamp() of the last request */
	char problem[640];
	struct metric *events, *failed, *restarts, *skipped;
};

static void on_timer(struct timer *t);
static void on_settled(struct timer *t);
static void on_part(struct http_call *call, struct str bytes);
static void on_done(struct http_call *call, enum http_outcome outcome);

static void make_url(struct watch *w, enum state state)
{
	const struct watch_question q = {
		.kind = state == LISTING     ? WATCH_LIST
			: state == BEGINNING ? WATCH_FROM_START
					     : WATCH_ON,
		.version = str_from(state == WATCHING ? w->version : w->not_older),
		.seconds = TIMEOUT_MIN + (int)loop_random(w->loop, TIMEOUT_SPREAD),
	};

	watch_url(&w->url, &w->set, &q);
}

/* The one place where a state is left. */
static void set_state(struct watch *w, enum state state)
{
	static const bool may[4][4] = {
		[PAUSED] = {[LISTING] = true, [BEGINNING] = true, [WATCHING] = true},
		[LISTING] = {[PAUSED] = true, [WATCHING] = true},
		[BEGINNING] = {[PAUSED] = true, [WATCHING] = true, [LISTING] = true},
		[WATCHING] =
			{[PAUSED] = true, [WATCHING] = true, [BEGINNING] = true, [LISTING] = true},
	};

	must(may[w->state][state]);
	w->state = state;
}

static void listen_for_silence(struct watch *w)
{
	int64_t longest = (TIMEOUT_MIN + TIMEOUT_SPREAD + 30) * NS_PER_SEC;

	if (w->state == BEGINNING || w->state == LISTING)
		longest = INITIAL_MAX;
	else if (w->has_bookmarks)
		longest = SILENCE_MAX;
	timer_set(&w->timer, w->loop, longest);
}

static void request(struct watch *w)
{
	enum state state = w->version[0] ? WATCHING : w->has_no_initial ? LISTING
									: BEGINNING;

	set_state(w, state);
	make_url(w, state);
	buf_clear(&w->body);
	watch_lines_reset(&w->lines);
	watch_list_reset(&w->list);
	w->is_heard = false;
	w->was_gone = false;
	w->call = (struct http_call){
		.method = "GET",
		.url = buf_str(&w->url),
		.accept_gzip = state == LISTING,
		.part = on_part,
		.done = on_done,
	};
	w->secrets = http_target_secrets_stamp(w->target);
	if (state != WATCHING) {
		metric_add(w->restarts, 1);
		w->sink->begin(w->sink);
	}
	listen_for_silence(w);
	timer_set(&w->settled, w->loop, w->is_answering ? ANSWERED : SETTLED);
	http_call_start(w->target, &w->call);
}

static void set_problem(struct watch *w, const char *text, const char *hint)
{
	bool is_new = strcmp(w->problem, text) != 0;

	if (!is_new)
		return;
	snprintf(w->problem, sizeof(w->problem), "%s", text);
	if (text[0])
		log_warn(NULL, "cannot watch the Kubernetes API", KV("resource", w->set.resource),
			KV("server", w->set.server), KV("err", (const char *)text),
			KV("hint", hint));
	else
		log_info(NULL, "the Kubernetes API is watched again",
			KV("resource", w->set.resource), KV("server", w->set.server));
	w->sink->problem(w->sink);
}

static void on_settled(struct timer *t)
{
	struct watch *w = container_of(t, struct watch, settled);

	if (w->state == WATCHING)
		set_problem(w, "", NULL);
}

/*
 * Waits before the next request, twice as long after each failure. at_least: the server's wish.
 * What fails here fails at the same moment on every node of the cluster: the waits differ by
 * WATCH_SPREAD and more, whatever the server wished.
 */
static void pause_for(struct watch *w, int64_t at_least)
{
	int64_t base = WATCH_BACKOFF_MIN << (w->failures < 6 ? w->failures : 6);
	int64_t spread;

	if (base > WATCH_BACKOFF_MAX / 3 * 2)
		base = WATCH_BACKOFF_MAX / 3 * 2;
	spread = base / 2 > WATCH_SPREAD ? base / 2 : WATCH_SPREAD;
	if (base < at_least)
		base = at_least < WATCH_BACKOFF_MAX ? at_least : WATCH_BACKOFF_MAX;
	w->failures++;
	w->wished = loop_now(w->loop) + (at_least > 0 ? base : 0);
	if (w->state == LISTING)
		w->version[0] = 0; /* it is that of a list that has not come whole */
	http_call_cancel(&w->call);
	timer_clear(&w->settled);
	set_state(w, PAUSED);
	timer_set(&w->timer, w->loop, base + (int64_t)loop_random(w->loop, (uint64_t)spread));
}

/* Cuts the pause short, if enough of it is left to be worth it. */
static void hurry(struct watch *w)
{
	int64_t now = loop_now(w->loop);
	int64_t from = w->wished > now ? w->wished : now;

	if (w->state != PAUSED || w->timer.at - from < WATCH_HURRY_FROM)
		return;
	w->hurry_from = now + WATCH_HURRY_EVERY;
	timer_set(&w->timer, w->loop,
		from - now + (int64_t)loop_random(w->loop, (uint64_t)WATCH_SPREAD));
}

void watch_hurry(struct watch *w)
{
	if (loop_now(w->loop) >= w->hurry_from)
		hurry(w);
}

/* There is nothing to ask with before the credentials change, and then no reason to wait. Each
 * change is worth one request, also if somebody else has hurried us a moment ago. */
static void on_token(struct timer *t)
{
	struct watch *w = container_of(t, struct watch, token);
	uint64_t now = http_target_secrets_stamp(w->target);

	if (w->state == PAUSED) {
		if (now != w->secrets)
			hurry(w);
		w->secrets = now;
	}
	timer_set(&w->token, w->loop, TOKEN_EVERY);
}

static void start_over(struct watch *w, const char *not_older)
{
	snprintf(w->not_older, sizeof(w->not_older), "%s", not_older);
	w->version[0] = 0;
}

/* What failed, in words, with what to do about it; the watch pauses. */
__attribute__((format(printf, 4, 5))) static void fail(
	struct watch *w, const char *hint, int64_t at_least, const char *fmt, ...)
{
	char text[sizeof(w->problem)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap); /* NOLINT: the analyzer does not know va_start */
	va_end(ap);
	metric_add(w->failed, 1);
	pause_for(w, at_least);
	set_problem(w, text, hint);
}

/* Nothing has come for too long. */
static void on_silence(struct watch *w)
{
	if (w->state == BEGINNING && w->is_heard)
		w->has_no_initial = true; /* events came, but not their end: an old server */
	if (w->state == WATCHING)
		start_over(w, "0");
	log_debug(NULL, "the Kubernetes API was silent", KV("resource", w->set.resource));
	metric_add(w->failed, 1);
	pause_for(w, 0);
}

static void on_timer(struct timer *t)
{
	struct watch *w = container_of(t, struct watch, timer);

	switch (w->state) {
	case PAUSED:
		request(w);
		break;
	case LISTING:
	case BEGINNING:
	case WATCHING:
		on_silence(w);
		break;
	}
}

static void keep_version(struct watch *w, struct str version)
{
	if (version.n == 0 || version.n >= sizeof(w->version))
		return;
	memcpy(w->version, version.p, version.n);
	w->version[version.n] = 0;
}

static void give(struct watch *w, enum watch_event event, struct str object)
{
	metric_add(w->events, 1);
	if (!w->sink->object(w->sink, event, object))
		metric_add(w->skipped, 1);
}

static void on_complete(struct watch *w)
{
	w->sink->complete(w->sink);
	snprintf(w->not_older, sizeof(w->not_older), "0");
	set_problem(w, "", NULL);
}

static void on_bookmark(struct watch *w, const struct watch_line *l)
{
	w->has_bookmarks = true;
	if (w->state == BEGINNING && l->is_initial_end) {
		set_state(w, WATCHING);
		on_complete(w);
	}
	if (w->state == WATCHING)
		keep_version(w, l->version);
}

/* The server forgot our version: begin at it or a newer one, so that time does not run
 * backwards; and at any, if it has never had it. */
static void on_gone(struct watch *w)
{
	char version[sizeof(w->version)];

	snprintf(version, sizeof(version), "%s", w->version[0] ? w->version : "0");
	log_debug(NULL, "the Kubernetes API has forgotten our version, starting over",
		KV("resource", w->set.resource), KV("version", (const char *)version));
	start_over(w, version);
	pause_for(w, 0);
}

static void on_error_line(struct watch *w, const struct watch_line *l)
{
	if (l->code == 410) {
		on_gone(w);
		return;
	}
	if (w->failures > 1 || l->code == 504)
		start_over(w, "0");
	fail(w, "see the API server's log", 0, "the API server ended the watch: " STR_FMT " (%lld)",
		STR_ARG(str_head(l->message, 300)), (long long)l->code);
}

static void on_line(struct watch *w, struct str line)
{
	struct arena *a = loop_scratch(w->loop);
	struct watch_line l;

	if (!watch_line_parse(a, line, &l)) {
		metric_add(w->skipped, 1);
		return;
	}
	switch (l.event) {
	case WATCH_ADDED:
	case WATCH_MODIFIED:
	case WATCH_DELETED:
		give(w, l.event, l.object);
		if (w->state == WATCHING)
			keep_version(w, l.version);
		break;
	case WATCH_BOOKMARK:
		on_bookmark(w, &l);
		break;
	case WATCH_ERROR:
		on_error_line(w, &l);
		break;
	}
}

static void on_lines(struct watch *w, struct str bytes)
{
	struct str line;

	while ((w->state == WATCHING || w->state == BEGINNING) &&
		watch_lines_next(&w->lines, &bytes, &line))
		on_line(w, line);
	metric_add(w->skipped, (double)(w->lines.skipped - w->lines_skipped));
	w->lines_skipped = w->lines.skipped;
}

static void on_list_bytes(struct watch *w, struct str bytes)
{
	struct str object;

	for (;;) {
		switch (watch_list_next(&w->list, &bytes, &object)) {
		case WATCH_LIST_ITEM:
			give(w, WATCH_ADDED, object);
			continue;
		case WATCH_LIST_METADATA:
			keep_version(w, watch_line_list_version(loop_scratch(w->loop), object));
			continue;
		case WATCH_LIST_MORE:
		case WATCH_LIST_END:
		case WATCH_LIST_BAD:
			break;
		}
		break;
	}
	metric_add(w->skipped, (double)(w->list.skipped - w->list_skipped));
	w->list_skipped = w->list.skipped;
}

static void on_part(struct http_call *call, struct str bytes)
{
	struct watch *w = container_of(call, struct watch, call);

	w->is_heard = true;
	if (call->status == 200)
		timer_clear(&w->token);
	if (call->status != 200) {
		if (w->body.n < BODY_MAX)
			buf_add_str(&w->body, str_head(bytes, BODY_MAX - w->body.n));
	} else if (w->state == LISTING) {
		on_list_bytes(w, bytes);
	} else {
		on_lines(w, bytes);
	}
	if (w->state != PAUSED)
		listen_for_silence(w);
}

/* The end of the body: of a list, all is here; of a watch, its time was up. */
static void on_end(struct watch *w)
{
	int64_t lasted = loop_now(w->loop) - w->call.started;

	if (w->state == LISTING) {
		struct str none = {0};

		if (watch_list_next(&w->list, &none, &none) != WATCH_LIST_END || !w->version[0]) {
			fail(w, "something between here and the API server changes its answers", 0,
				"the API server's list was not complete");
			return;
		}
		on_complete(w);
		request(w);
		return;
	}
	if (w->state == WATCHING && !w->is_heard && lasted >= LONG)
		start_over(w, "0"); /* not even a bookmark: it waits for a version to come */
	if (lasted >= LONG)
		w->failures = 0;
	/* Sooner than asked for: the server stops, and ends everybody's watch with this one. */
	if (lasted < TIMEOUT_MIN * NS_PER_SEC || w->state == BEGINNING)
		pause_for(w, 0);
	else
		request(w);
}

static void on_forbidden(struct watch *w, struct str message)
{
	fail(w, "with the right granted it goes on by itself", 0,
		"the API server forbids it: " STR_FMT
		" (403); add to the service account's ClusterRole: "
		"apiGroups: [\"\"], resources: [\"" STR_FMT
		"\"], verbs: [\"get\", \"list\", \"watch\"]",
		STR_ARG(message), STR_ARG(w->set.resource));
}

/* An answer that is no 200. */
static void on_refusal(struct watch *w)
{
	struct str message =
		str_head(watch_line_status(loop_scratch(w->loop), buf_str(&w->body)), 300);
	int status = w->call.status;

	if (w->state == BEGINNING && (status == 400 || status == 422)) {
		w->has_no_initial = true;
		request(w);
		return;
	}
	if (status == 410) {
		on_gone(w);
		return;
	}
	if (status == 504 && w->state != WATCHING)
		start_over(w, "0"); /* "Too large resource version" */
	if (status == 401) {
		fail(w,
			"the token may have expired or be of another cluster; a new one is seen "
			"within seconds",
			0, "the API server does not accept our credentials: " STR_FMT " (401)",
			STR_ARG(message));
		if (w->secrets)
			timer_set(&w->token, w->loop, TOKEN_EVERY);
	} else if (status == 403) {
		on_forbidden(w, message);
	} else {
		fail(w, "it is tried again", w->call.retry_after,
			"the API server answers %d: " STR_FMT, status, STR_ARG(message));
	}
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct watch *w = container_of(call, struct watch, call);
	int64_t lasted = loop_now(w->loop) - call->started;

	w->is_answering = outcome == HTTP_ANSWERED;
	if (outcome == HTTP_FAILED && w->state == WATCHING && w->is_heard && w->failures < 3) {
		/* A watch that was cut off: the server went away, or what is between. The next
		 * request tells whether that is a problem. */
		w->failures = lasted >= LONG ? 0 : w->failures;
		metric_add(w->failed, 1);
		pause_for(w, 0);
	} else if (outcome == HTTP_FAILED) {
		fail(w, "check that the API server can be reached from this node", 0,
			"no answer from the API server: %s", call->error);
	} else if (call->status == 200) {
		on_end(w);
	} else {
		on_refusal(w);
	}
}

static void make_metrics(struct watch *w)
{
	char *selector = mem_new(char, w->set.field_selector.n + w->set.label_selector.n + 2);
	struct metric_label labels[] = {
		{"server", w->set.server.p},
		{"path", w->set.path.p},
		{"selector", selector},
		{NULL, NULL},
	};

	snprintf(selector, w->set.field_selector.n + w->set.label_selector.n + 2,
		STR_FMT "%s" STR_FMT, STR_ARG(w->set.field_selector),
		w->set.label_selector.n ? ";" : "", STR_ARG(w->set.label_selector));
	w->events = metric_new(&events_family, labels);
	w->failed = metric_new(&failures_family, labels);
	w->restarts = metric_new(&restarts_family, labels);
	w->skipped = metric_new(&skipped_family, labels);
	free(selector);
}

struct watch *watch_new(struct loop *l, struct http_target *t, const struct watch_settings *set,
	struct watch_sink *sink)
{
	struct watch *w = mem_new(struct watch, 1);

	w->loop = l;
	w->target = t;
	w->sink = sink;
	arena_init(&w->texts, 0);
	w->set = (struct watch_settings){
		.server = arena_str(&w->texts, set->server),
		.path = arena_str(&w->texts, set->path),
		.resource = arena_str(&w->texts, set->resource),
		.field_selector = arena_str(&w->texts, set->field_selector),
		.label_selector = arena_str(&w->texts, set->label_selector),
	};
	w->lines.max = w->list.max = WATCH_OBJECT_MAX;
	w->timer.fire = on_timer;
	w->settled.fire = on_settled;
	w->token.fire = on_token;
	start_over(w, "0");
	make_metrics(w);
	timer_set(&w->timer, l, (int64_t)loop_random(l, (uint64_t)set->spread));
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	http_call_cancel(&w->call);
	timer_clear(&w->timer);
	timer_clear(&w->settled);
	timer_clear(&w->token);
	watch_lines_fini(&w->lines);
	watch_list_fini(&w->list);
	buf_fini(&w->url);
	buf_fini(&w->body);
	metric_free(w->events);
	metric_free(w->failed);
	metric_free(w->restarts);
	metric_free(w->skipped);
	arena_fini(&w->texts);
	free(w);
}

const char *watch_problem(const struct watch *w)
{
	return w->problem[0] ? w->problem : NULL;
}
