#pragma once

/* The settings of one endpoint, made from its arguments; they hold copies of everything, for a
 * request that is under way outlives the arguments it was started with. */

#include "agent/base/arena.h"
#include "agent/component/loki.write/args.h"
#include "agent/component/loki.write/backlog.h"
#include "agent/component/loki.write/batch.h"
#include "agent/component/loki.write/sender.h"

struct http_client;

struct loki_settings {
	struct loki_batch_settings batch;
	struct loki_send_settings send;
	int64_t drain_timeout;
	char folder[LOKI_BACKLOG_FOLDER]; /* whose data it is, as a name */
	struct arena mem;                 /* these settings too */
};

/* NULL, with e filled, if the HTTP client cannot work with them. */
struct loki_settings *loki_settings_new(const struct loki_write_args *all,
	const struct loki_endpoint_args *a, struct loki_tenants *tenants, struct http_client *http,
	struct err *e);
void loki_settings_free(struct loki_settings *s); /* NULL is nothing */

/* The endpoint's name, or the first six digits of a hash of all its arguments. */
struct str loki_settings_name(struct arena *a, const struct loki_endpoint_args *args);

/* host:port of a URL, as the metrics have it. False: it is no URL for a push. */
bool loki_settings_host(struct str url, struct str *host);
