#pragma once

/*
 * What a server says, asked for again and again: remote.http, remote.kubernetes.*. The last good
 * answer stays in force while the server fails; failures are the component's health, one line in
 * the log each time they change, and a counter. Until the first answer the request is repeated
 * with backoff from a second, later at the frequency that is written, with jitter.
 */

#include "agent/base/buf.h"
#include "agent/flow/once.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct component;
struct err;
struct metric;

/* Of an answer, where nothing else is said; a longer one is an error. */
#define REMOTE_POLL_MAX ((size_t)4 << 20)

/* Embedded in its owner, zeroed, then the first part filled. */
struct remote_poll {
	struct component *component;
	/* An answer with status 200. False, with e filled: it cannot be used. */
	bool (*take)(struct remote_poll *p, struct str answer, struct err *e);
	const char *hint; /* what to do when it fails */

	/* its own */
	struct http_target *target;
	struct http_call call;
	struct timer next;
	struct once_part once;
	struct metric *failures;
	struct buf text; /* url and body, which the call borrows */
	int64_t every;   /* ns */
	size_t max;
	bool is_secret;
	int64_t backoff;   /* ns; 0: the last request went well */
	bool has_answer;   /* once at least */
	char problem[320]; /* "": none */
};

struct remote_poll_settings {
	const struct http_settings *http;
	const char *method; /* a constant */
	struct str url;
	struct str body;
	int64_t every;  /* ns */
	size_t max;     /* bytes of an answer; 0: REMOTE_POLL_MAX */
	bool is_secret; /* what is said is not shown, also not with another status than 200 */
};

/* Texts are copied. The first request starts at once. False, with e filled, and what was in force
 * before stays so, if the settings cannot be used. */
bool remote_poll_set(struct remote_poll *p, const struct remote_poll_settings *s, struct err *e);
void remote_poll_stop(struct remote_poll *p);
