#pragma once

/*
 * The arguments of what asks an HTTP server again and again: import.http, remote.http. The owner
 * embeds the struct, and puts the rows into its table; agent/component/common/remote_poll.h asks.
 */

#include "agent/component/common/http_client_args.h"

struct remote_poll;

struct remote_server_client {
	struct http_client_args http;
};

struct remote_server_args {
	struct range at; /* of the owner's block */
	struct str url;
	struct str method;
	struct arg_map headers;
	int64_t poll_frequency;
	int64_t poll_timeout;
	const struct remote_server_client *client;
};

extern const struct arg remote_server_client_args[];

/* methods: which may be written, NULL behind the last. */
/* clang-format off */
#define REMOTE_SERVER_ARGS(owner, field, methods) \
	ARG_PLACE(owner, field.at), \
	ARG_NAMED(owner, "url", field.url, .type = ARG_STR, .flags = ARG_REQUIRED, \
		.help = "What is asked for."), \
	ARG_NAMED(owner, "method", field.method, .type = ARG_STR, .def = "GET", \
		.one_of = methods, .help = "Method of the request."), \
	ARG_NAMED(owner, "headers", field.headers, .type = ARG_MAP, \
		.help = "Headers of the request."), \
	ARG_NAMED(owner, "poll_frequency", field.poll_frequency, .type = ARG_DURATION, \
		.def = "1m", .help = "How often the server is asked."), \
	ARG_NAMED(owner, "poll_timeout", field.poll_timeout, .type = ARG_DURATION, \
		.def = "10s", .help = "How long one request may take."), \
	ARG_NAMED(owner, "client", field.client, .type = ARG_BLOCK, .flags = ARG_ALWAYS, \
		.block = remote_server_client_args, .size = sizeof(struct remote_server_client), \
		.help = "How the server is reached.")
/* clang-format on */

bool remote_server_check(const struct remote_server_args *a, struct diags *d);
/* Asks from now on, as remote_poll_set() says. methods is that of the table; is_secret as there. */
bool remote_server_poll(const struct remote_server_args *a, const char *const *methods,
	struct str body, bool is_secret, struct remote_poll *p, struct err *e);
