#pragma once

/*
 * The label string of a stream, {a="b", c="d"}, read as Loki reads it (Prometheus'
 * ParseMetric): texts in ", ' or `, a comma at the end, a name before the brace, which is the label
 * __name__. A name may come twice: that is the caller's to judge.
 */

#include "proto/loki/push.h"

#include <stdbool.h>

/* More labels are refused: nobody means them, and each costs more here than in the text. */
#define STREAM_LABELS_MAX 1024

struct arena;
struct err;

struct stream_labels {
	const struct push_pair *p; /* valid UTF-8 */
	size_t n;
};

/* Views into text, or in a. False: *e says what is wrong, in Prometheus' words. */
bool stream_labels_parse(struct arena *a, struct str text, struct stream_labels *out,
	struct err *e);
