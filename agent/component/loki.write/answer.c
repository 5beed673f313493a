/*
 * Alloy drops a batch on every 4xx but 429. Here a 401, 403, 404 and their like are held and
 * sent again, for they say that a token or a url is wrong, not the lines: dropping would
 * lose a day of logs to a typing mistake, while the lines could wait in their files.
 */

#include "agent/component/loki.write/answer.h"

#define MAX_LINE ((size_t)1024)

static bool nothing_stored(struct str text)
{
	return str_starts(text, "couldn't parse labels");
}

/* Loki's distributor could not pass the batch on to an ingester: 500, however often it is sent. */
static bool too_large_inside(struct str text)
{
	return str_find(text, STR("message larger than max")) >= 0;
}

static enum loki_verdict judge_4xx(int status, struct str text, bool retry_429)
{
	switch (status) {
	case 400:
		return nothing_stored(text) ? LOKI_SPLIT : LOKI_REFUSED;
	case 401: /* no org id, bad credentials */
	case 402:
	case 403:
	case 404: /* not a push path */
	case 405:
	case 407:
		return LOKI_HOLD;
	case 408: /* a proxy lost patience */
		return LOKI_RETRY;
	case 413:
		return LOKI_SPLIT;
	case 429:
		return retry_429 ? LOKI_RETRY : LOKI_REFUSED;
	default: /* 422 and the rest */
		return LOKI_REFUSED;
	}
}

enum loki_verdict loki_answer_judge(enum http_outcome outcome, int status, struct str text,
	bool retry_429)
{
	if (outcome == HTTP_FAILED)
		return LOKI_RETRY;
	if (status >= 200 && status < 300)
		return LOKI_DELIVERED;
	if (status >= 500)
		return too_large_inside(text) ? LOKI_SPLIT : LOKI_RETRY;
	if (status >= 400)
		return judge_4xx(status, text, retry_429);
	return LOKI_HOLD; /* a redirect that is not followed: not where Loki is */
}

struct str loki_answer_line(struct str text)
{
	const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;

	if (end)
		text.n = (size_t)(end - text.p);
	return str_trim(str_head(text, MAX_LINE));
}

const char *loki_answer_hint(int status, struct str text)
{
	switch (status) {
	case 400:
		return "Loki has stored the other lines of the batch; see its limits_config for "
		       "what it refuses";
	case 401:
		if (str_starts(text, "no org id"))
			return "this Loki has tenants: set tenant_id in the endpoint; the lines "
			       "wait and are sent when it is right";
		return "check basic_auth, authorization or bearer_token of the endpoint; the "
		       "lines wait and are sent when it is right";
	case 403:
		return "check that the credentials may write logs, and tenant_id; the lines wait "
		       "and are sent when they may";
	case 404:
	case 405:
		return "check url of the endpoint: it is used as it is, and mostly ends in "
		       "/loki/api/v1/push; the lines wait and are sent when it is right";
	case 413:
		return "lower batch_size of the endpoint, or raise the limit of the server";
	case 500:
		if (too_large_inside(text))
			return "lower batch_size of the endpoint, or raise "
			       "grpc_server_max_recv_msg_size of Loki";
		return "the lines wait and are sent when the server is back";
	case 429:
		return "Loki limits how much may be sent: raise its limits or send less; the "
		       "lines wait";
	default:
		if (status >= 300 && status < 400)
			return "check url of the endpoint: the server redirects elsewhere";
		return status >= 400 && status < 500
			       ? "see what the server says"
			       : "the lines wait and are sent when the server is back";
	}
}

uint64_t loki_answer_kind(int status, struct str text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)status;
	char end = 0; /* of what is quoted */

	text = loki_answer_line(text);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (end) {
			if (c == end)
				end = 0;
		} else if (c == '{') {
			end = '}';
		} else if (c == '"') {
			end = c;
		} else if (c < '0' || c > '9') {
			h = (h ^ (unsigned char)c) * UINT64_C(0x100000001b3);
		}
	}
	return h;
}
