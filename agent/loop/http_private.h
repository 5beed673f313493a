#pragma once

/* What the sources of the HTTP client know of each other. */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "agent/loop/private.h"

#include <curl/curl.h>

#define HTTP_IDLE_HANDLES 4 /* curl handles that a target keeps between calls */

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct real_timer timer;
	struct task task;      /* for what could not be done inside curl */
	struct list sockets;   /* of struct http_socket */
	struct list starting;  /* transfers that wait to be given to curl */
	struct list running;   /* transfers that curl has */
	struct list finished;  /* transfers whose done() is to be called */
	struct list tokens;    /* of struct http_tokens */
	struct list cancelled; /* transfers that curl still has, but nobody wants */
	bool in_curl;          /* curl calls us: it must not be called back */
	struct buf text;       /* for texts that curl wants with a NUL; it copies them */
	struct metric *connections;
	struct metric *under_way;
};

/* One request in the hands of curl, from http_call_start() until done() has returned. */
struct http_transfer {
	struct list link; /* in one of the client's lists */
	struct http_client *client;
	struct http_target *target;
	struct http_call *call; /* NULL: cancelled */
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct timer idle;
	struct buf answer;
	uint64_t token;         /* the version that was sent; 0: none */
	bool resent;            /* with another token */
	bool has_authorization; /* of its own; the call's headers are not there any more later */
	size_t sent;            /* bytes of the body that curl has taken */
	size_t cut;             /* bytes of the answer that were not kept */
	enum http_outcome outcome;
	char error[256];
	char detail[CURL_ERROR_SIZE]; /* curl's own words */
};

struct http_target {
	struct http_client *client;
	struct arena arena;
	struct http_settings set; /* in the arena */
	struct curl_slist *proxy_headers;
	struct http_tokens *tokens; /* NULL: none are needed */
	CURL *idle[HTTP_IDLE_HANDLES];
	size_t n_idle;
	size_t transfers; /* that use it */
	bool freed;       /* by its owner; ends with the last transfer */
};

/* A handle with the target's settings, and the call's method, address, headers and body. False
 * and e: what it needs cannot be had now (a file of credentials). */
bool http_target_prepare(struct http_target *t, struct http_transfer *x, struct err *e);
void http_target_release(struct http_target *t, struct http_transfer *x);

/* The text, or what the file holds now, as it is; what names the file in an error. */
bool http_target_secret(
	const char *what, struct str text, struct str file, struct buf *out, struct err *e);
/* The value of Authorization, in place of one that was there. False: it cannot be sent. */
bool http_target_authorize(struct http_transfer *x, struct str value, bool is_first, struct err *e);
/* Bytes that are equal for equal settings. */
void http_target_describe(const struct http_settings *s, struct buf *out);

/* http_client.c: a transfer that waited for a token has one, or will have none. */
void http_transfer_go(struct http_transfer *x);
void http_transfer_fail(struct http_transfer *x, const char *error);

/* http_oauth2.c: tokens of one server for one client. Counted: release() for each hold(). */
enum token_state {
	TOKEN_READY,
	TOKEN_COMES,  /* x waits in a list */
	TOKEN_FAILED, /* e says why */
};
struct http_tokens *http_tokens_hold(
	struct http_client *c, const struct http_oauth2 *set, struct err *e);
void http_tokens_release(struct http_tokens *k);
enum token_state http_tokens_ask(struct http_tokens *k, struct http_transfer *x, struct err *e);
struct str http_tokens_value(const struct http_tokens *k, uint64_t *version);
/* version was refused. False: to ask for another would not help now. */
bool http_tokens_refuse(struct http_tokens *k, uint64_t version);
/* The client ends: takes the tokens out of its list, and gives the transfers that wait. */
struct list *http_tokens_end(struct list *link);

/* http_header.c: false if the bytes cannot be sent as a header. */
bool http_header_is_valid(const struct http_header *h);
/* Base64 of user:password. */
void http_header_add_basic(struct buf *out, struct str user, struct str password);
/* Retry-After, RFC 9110 10.2.3: ns from wall (Unix ns) on, at least 0; -1 if it is none. */
int64_t http_header_retry_after(struct str value, int64_t wall);
/* The three forms of RFC 9110 5.6.7; Unix seconds. False, and nothing set, if it is none. */
bool http_header_date(struct str text, int64_t *seconds);

/* http_error.c: "host:port" of the last address used, without user and password. */
#define HTTP_PEER_SIZE 160
void http_error_peer(CURL *easy, char out[HTTP_PEER_SIZE]);
/* A sentence for the operator; no part of it is secret. */
void http_error_describe(CURL *easy, CURLcode code, const char *detail, char *out, size_t size);
