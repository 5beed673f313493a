#pragma once

/* What the sources of loki.source.api know of each other. */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/component/common/rule_labels.h"
#include "agent/component/common/tls_server_args.h"
#include "agent/component/loki.source.api/counters.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/graph/component.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"

struct decoder;

enum {
	API_MAX_LABELS = 128, /* of a stream; Loki takes 15 where nobody has raised it */
	API_MAX_META = 1024,  /* structured metadata of an entry; Loki takes 128 */
};

struct api_http {
	struct range at;
	struct str listen_address;
	int64_t listen_port;
	int64_t conn_limit;
	int64_t server_idle_timeout;
	int64_t server_read_timeout;
	int64_t server_write_timeout;
	struct api_tls *tls;
};

struct api_tls {
	struct tls_server_args server;
	struct str client_ca; /* another name of client_ca_pem */
};

struct api_args {
	struct range at;
	struct arg_capsules forward_to;
	struct arg_map labels;
	struct relabel_rules *relabel_rules;
	bool use_incoming_timestamp;
	int64_t max_send_message_size;
	int64_t graceful_shutdown_timeout;
	struct api_http *http;
};

struct api_source {
	struct component base;
	const struct api_args *args;
	struct http_server *server;           /* NULL: not there (yet) */
	struct http_server_settings settings; /* the address is in address */
	char address[300];
	struct task listen_task;
	struct timer listen_timer;
	struct timer timer; /* the end of the oldest request that is held, or of the stop */
	int64_t stop_by;    /* 0: not stopping */
	int64_t linger_by;  /* so long for answers to be taken */
	struct budget_waiter waiter;
	struct task room_task;
	struct list held; /* oldest first */
	struct decoder *decoder;
	struct buf decoded;
	struct buf unsnapped;
	struct buf proto; /* made from JSON */
	struct arena scratch;
	struct rule_labels rules;
	int64_t last_time; /* of an entry that was stamped here */
	struct label meta[API_MAX_META];
	struct api_counters counters;
	int64_t refused_said_at; /* on the loop's clock; 0: never */
	int64_t full_said_at;
};

/* loki.source.api/intake.c: what the HTTP server calls. */
bool api_on_head(struct http_server *server, struct http_request *r);
void api_on_request(struct http_server *server, struct http_request *r);
void api_on_gone(struct http_server *server, struct http_request *r);
void api_on_too_large(struct http_server *server, struct http_request *r);
void api_on_busy(struct http_server *server, struct http_request *r);

void api_intake_init(struct api_source *s);
void api_intake_fini(struct api_source *s);
void api_intake_expire(struct api_source *s); /* those held for too long are refused */

/* loki.source.api/entries.c: from a request's bytes to entries that are pushed. False: something in
 * it was wrong (what was right went on nevertheless), and e says what. */
bool api_push(struct api_source *s, struct str request, struct str tenant, struct err *e);
bool api_push_raw(struct api_source *s, struct str text, struct str tenant, struct err *e);
