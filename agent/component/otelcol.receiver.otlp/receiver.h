#pragma once

/* What the sources of otelcol.receiver.otlp know of each other. */

#include "agent/base/buf.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/otelcol.receiver.otlp/args.h"
#include "agent/component/otelcol.receiver.otlp/reply.h"
#include "agent/flow/telemetry.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"

struct otlp_receiver;

enum door_kind {
	DOOR_GRPC,
	DOOR_HTTP,
	DOORS,
};

/* A port. Each serves OTLP over HTTP and over gRPC, with the limits and the credentials that its
 * block asks for: a client with the wrong port is served too. */
struct door {
	struct otlp_receiver *receiver;
	enum door_kind kind;
	bool is_wanted; /* its block is there */
	struct str endpoint;
	size_t max_message;
	bool include_metadata;
	struct auth_handler *auth;
	struct otelcol_tls_server *tls;
	struct http_server_settings settings;
	struct http2_settings http2;
	struct http_server *server; /* NULL: not there (yet) */
	struct timer listen_timer;
	struct timer reload_timer; /* of the certificates */
	struct task listen_task;
	char problem[256]; /* why not */
};

struct otlp_receiver {
	struct component base;
	const struct otlp_receiver_args *args;
	struct consumers to[SIGNAL_KINDS];
	struct door doors[DOORS];
	struct decoder *decoder;
	struct buf decoded;
	struct buf proto; /* made from JSON */
	struct buf pairs; /* of a client */
	struct list held; /* struct held, oldest first */
	size_t held_bytes;
	struct timer timer;
	int64_t stop_by; /* 0: not stopping */
	struct metric *accepted[TRANSPORTS][SIGNAL_KINDS];
	struct metric *refused[TRANSPORTS][SIGNAL_KINDS];
	struct replier reply;
};

/* door.c */
void door_init(struct door *d, struct otlp_receiver *o, enum door_kind kind);
void door_update(struct door *d); /* the receiver has new arguments */
void door_stop(struct door *d);   /* nobody new comes in */
void door_fini(struct door *d);
size_t door_connections(const struct door *d);

/* head.c: what can be said of a request by its head alone. False: it is answered. */
bool head_admits(struct door *d, struct http_request *r);
/* May it come in? Refused or busy: it is answered. */
enum admission head_credentials(struct door *d, struct http_request *r);
/* Which signal a request is for; SIGNAL_KINDS: none. */
enum signal_kind head_kind(const struct otlp_receiver *o, const struct http_request *r);

/* intake.c: requests whose bodies are there. */
void intake_init(struct otlp_receiver *o);
void intake_fini(struct otlp_receiver *o);
void intake_take(struct door *d, struct http_request *r);
void intake_forget(struct door *d, struct http_request *r); /* the client has gone */
void intake_try_held(struct otlp_receiver *o);              /* those that wait for room */
void intake_hurry(struct otlp_receiver *o, int64_t until);  /* they are not held for longer */
void intake_renew(struct otlp_receiver *o);                 /* the consumers are others */
