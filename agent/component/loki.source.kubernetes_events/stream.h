#pragma once

/*
 * The events of one namespace, or of the cluster, as entries. The watch is ended while the memory
 * budget is used up, and begun again from where it was; what was pushed is not pushed again.
 */

#include "agent/base/buf.h"
#include "agent/component/common/progress.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/flow/once.h"
#include "k8s/watch.h"

struct agent_context;
struct metric;

struct events_stream {
	struct progress *progress; /* read by the owner */
	struct watch *watch;       /* … too; NULL: none at the moment */

	/* filled by the owner before events_stream_begin(), borrowed */
	struct agent_context *agent;
	struct http_target *target;
	struct watch_settings watch_settings;
	struct str namespace; /* whose path that has; empty: all. In path */
	const char *id;       /* of the component: the label instance, and for messages */
	struct str job;
	bool is_json;
	struct receivers to;
	struct metric *lines;
	/* The problem is another one, or something was delivered. */
	void (*changed)(void *owner);
	void *owner;

	/* its own */
	struct buf path;
	struct watch_sink sink;
	struct task restart;
	struct budget_waiter room;
	struct once_part once;
	bool is_running;
	uint64_t mark; /* everything up to here has been pushed */
	int64_t mark_time;
	uint64_t listed; /* of what exists: the newest pushed */
	struct {
		uint64_t *p;
		size_t n, cap;
	} pushed; /* of a list that was not pushed to its end; sorted up to n_sorted */
	size_t n_sorted;
	bool is_cut; /* something was left for the next list */
	struct labels_cache {
		struct str namespace; /* in bytes */
		struct buf bytes;
		const struct labels *labels;
	} last;
	struct buf line;
};

/* Of this namespace (empty: all), copied. On the heap. */
struct events_stream *events_stream_new(struct agent_context *agent, struct str namespace);
/* job, is_json or to are others now: they count from the next event on. */
void events_stream_changed(struct events_stream *s);
/* Events after this place, as progress has it ("VERSION TIME"); empty: all there are. */
void events_stream_begin(struct events_stream *s, struct str place);
/* No more are read; what is under way goes on. */
void events_stream_end(struct events_stream *s);
/* What is under way goes on without it. */
void events_stream_free(struct events_stream *s);
