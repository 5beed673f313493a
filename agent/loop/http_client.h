#pragma once

/*
 * Outgoing HTTP on curl's multi interface: keep-alive, TLS, proxies from the environment or
 * from the settings, time-outs. One http_client a process; an http_target is where and how
 * (settings of one endpoint); an http_call is one request.
 */

#include "agent/base/list.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct http_call;
struct http_client;
struct http_target;
struct loop;

struct http_client *http_client_new(struct loop *l);
void http_client_free(struct http_client *c); /* cancels what is under way */

struct http_header {
	struct str name;
	struct str value; /* secrets too; never logged */
};

/* A header of an answer, or of its trailers, that the owner of a call wants to see. */
struct http_answer_header {
	const char *name;
	struct str value; /* in done(); p NULL: there is none */
};

/*
 * Where a token is had for requests that need one: OAuth 2.0, client credentials (RFC 6749, 4.4).
 * The first request that needs it fetches it, those that come meanwhile wait for the same answer.
 * It is kept until it expires and fetched anew a little before that, while the old one still
 * serves. When it cannot be had, requests fail (HTTP_FAILED) until the server is asked again, at
 * longer and longer intervals. A token that is answered with 401 is replaced, and the request is
 * sent once more. Targets with equal settings share one token.
 */
struct http_oauth2 {
	struct str token_url;
	struct str client_id;
	struct str client_id_file; /* files are read for each token */
	struct str client_secret;
	struct str client_secret_file;
	struct str scopes;                /* with blanks between them */
	const struct http_header *params; /* more fields of the request */
	size_t n_params;
	int64_t expiry_buffer; /* ns: so long before it expires it is not used any more */
	/* Of the request for the token: TLS, proxy, timeout. */
	const struct http_settings *http;
};

struct arena;
/* A copy with all its texts; http stays what it is. */
struct http_oauth2 *http_settings_copy_oauth2(struct arena *a, const struct http_oauth2 *o);

/*
 * Settings; texts are copied by http_target_new(). Empty (n 0) means not set. Where several
 * kinds of credentials are set, the first of authorization, bearer and basic is sent; to refuse
 * that is the owner's part. Files of credentials lose white space at both ends; certificate
 * files are read again for each connection.
 *
 * Redirects: 301 to 303 turn a POST to a GET, 307 and 308 keep it; Authorization and Cookie are
 * not sent to another host, port or scheme.
 */
struct http_settings {
	const struct http_header *headers; /* sent with every request */
	size_t n_headers;
	struct str basic_username;
	struct str basic_password;
	struct str basic_password_file; /* read again for each request */
	struct str bearer_token;
	struct str bearer_token_file;  /* read again for each request */
	struct str authorization_type; /* "Type credentials" */
	struct str authorization_credentials;
	struct str authorization_credentials_file;
	const struct http_oauth2 *oauth2; /* copied; NULL: none. It wins over the others */
	struct str ca_pem, ca_file;
	struct str cert_pem, cert_file;
	struct str key_pem, key_file;
	struct str server_name;
	bool insecure_skip_verify;
	struct str min_version;                  /* "TLS10" … "TLS13"; empty: 1.2 */
	struct str proxy_url;                    /* may hold a user and a password */
	struct str no_proxy;                     /* names, .domains and CIDR blocks, with commas */
	bool proxy_from_environment;             /* http_proxy, https_proxy, no_proxy */
	const struct http_header *proxy_headers; /* of the CONNECT request */
	size_t n_proxy_headers;
	bool follow_redirects;   /* at most ten */
	bool enable_http2;       /* over TLS, if the server has it */
	bool only_http2;         /* without TLS too; requests share a connection (gRPC) */
	int64_t connect_timeout; /* ns; 0: 10 s */
	int64_t timeout;         /* ns, whole request; 0: none (watches) */
	int64_t idle_timeout;    /* ns without a byte received; 0: none */
	struct str user_agent;   /* empty: "invar/VERSION (linux)" */
};

/* NULL, with e filled, if a file cannot be read or a setting cannot be used. */
struct http_target *http_target_new(struct http_client *c, const struct http_settings *s,
	struct err *e);
void http_target_free(struct http_target *t); /* no call of it is under way (cancelled is fine) */

/* Another number when a file with credentials has changed or was replaced, by what stat() says;
 * 0 of settings that name none. For who waits after a 401. */
uint64_t http_target_secrets_stamp(const struct http_target *t);

enum http_outcome {
	HTTP_ANSWERED, /* status says what */
	HTTP_FAILED,   /* no answer: refused, reset, time-out, name not found; error says which */
};

/* Embedded in its owner, zeroed, then filled. url and body are borrowed until done() or cancel. */
struct http_call {
	/* to be filled by the owner */
	const char *method; /* "GET", "POST" */
	struct str url;
	struct str body;
	const struct http_header *headers; /* of this request; copied by http_call_start() */
	size_t n_headers;
	/* Bytes of answer body kept; 0: 64 KiB; more is cut, not an error. */
	size_t max_answer;
	struct http_answer_header *answer_headers; /* of the answer, to be filled; or NULL */
	size_t n_answer_headers;
	bool accept_gzip; /* ask for a compressed answer; it arrives here plain */
	/* called with each part of the body as it comes, when set; then nothing is kept. The
	 * call may be cancelled inside it, and started again. */
	void (*part)(struct http_call *call, struct str bytes);
	/* called once, unless the call is cancelled; the call may be started again inside it. */
	void (*done)(struct http_call *call, enum http_outcome outcome);

	/* valid in done(), and status in part() */
	int status;
	struct str answer;
	struct str content_type;
	int64_t retry_after; /* ns from now; -1: the answer had none. Seconds and HTTP-date */
	char error[256];     /* of HTTP_FAILED, in words */
	int64_t started;     /* loop_now() at the start */
	uint64_t sent_bytes;

	struct http_transfer *transfer; /* the client's own; NULL: not under way */
};

/* done() is never called from in here; what is wrong with the call is said there too. */
void http_call_start(struct http_target *t, struct http_call *call);
void http_call_cancel(struct http_call *call); /* done() is not called; twice is fine */
