#pragma once

/* What a list or a watch asks for, as a URL (Kubernetes API concepts: "Efficient detection of
 * changes", "Streaming lists"). */

#include "k8s/watch.h"

struct buf;

struct watch_question {
	enum {
		WATCH_LIST,       /* all there is */
		WATCH_FROM_START, /* all there is as events, then changes */
		WATCH_ON,         /* changes since .version */
	} kind;
	struct str version;
	int seconds; /* a watch lasts */
};

/* Replaces what is in out. */
void watch_url(struct buf *out, const struct watch_settings *set, const struct watch_question *q);
