#pragma once

/* The process as its files see it: agent.c starts and ends it, agent_load.c loads
 * configurations, agent_http.c answers. */

#include "agent/base/list.h"
#include "agent/flow/budget.h"
#include "agent/flow/once.h"
#include "agent/graph/context.h"
#include "agent/graph/graph.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"

struct http_server;
struct metric;
struct options;

enum agent_state {
	AGENT_STARTING, /* the first load has not succeeded */
	AGENT_RUNNING,
	AGENT_DRAINING, /* sources have stopped; what is held is being delivered */
};

/* The agent's own HTTP server, and how it was configured. */
struct agent_server {
	struct http_server *http;
	struct http_server *old; /* answers what it has, then goes */
	struct task restart;
	struct agent_http set; /* its texts are in .arena */
	struct arena arena;
};

/* Watching the configuration's path. */
struct agent_watch {
	struct notify_watch watch;
	struct timer settle; /* several changes are one */
	char *folder;
	char *name;    /* of the file in it; NULL: every *.alloy */
	uint64_t hash; /* of what was tried last */
};

struct agent {
	struct agent_context ctx;
	const struct options *options;
	enum agent_state state;
	int exit_code;

	struct budget budget; /* of logs */
	struct budget otlp_budget;
	struct once once;
	struct timer once_timer;
	int64_t once_moved; /* when there was progress last */
	size_t once_used;
	size_t once_busy;

	struct timer tidy; /* the heap */

	struct graph *graph;
	struct agent_server server;
	struct agent_watch watch;
	struct signal_watch hup, interrupt, terminate;
	struct timer deadline;

	struct metric *config_hash; /* of what runs */
	struct metric *config_good;
	struct metric *config_time;
	struct metric *config_failures;
	struct metric *build;
};

/* agent_load.c */

/* The first load. False: it was said on stderr why. */
bool agent_load_first(struct agent *a);
/* Loads again. False, with the text for whoever asked in answer: the old one runs on. */
bool agent_reload(struct agent *a, struct buf *answer);
void agent_watch_start(struct agent *a);
void agent_watch_stop(struct agent *a);

/* agent_http.c */
bool agent_server_start(struct agent *a, struct err *e);
void agent_server_stop(struct agent *a);
bool agent_configure_http(struct agent_context *ctx, const struct agent_http *h, struct err *e);
