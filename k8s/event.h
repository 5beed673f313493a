#pragma once

/* An Event (core/v1) as far as its log line tells of it. */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;

struct k8s_event {
	uint64_t version;     /* metadata.resourceVersion: it grows with each change */
	int64_t time;         /* Unix ns: lastTimestamp, else eventTime, else when it was made */
	struct str namespace; /* of the object it is about; empty: of the cluster */
	/* of the object */
	struct str name, kind, api_version, object_version;
	/* of the event */
	struct str version_text, action, reason, type, message;
	struct str reporting_instance, reporting_controller, source_component, source_host;
	int64_t count;
};

/* Views into text, or in a. False: it is no event, or is about no object. */
bool k8s_event_parse(struct arena *a, struct str text, struct k8s_event *out);

/* The line, as Alloy's loki.source.kubernetes_events writes it (the space at the end is its
 * own): fields that are empty are left out. */
void k8s_event_print_logfmt(struct buf *out, const struct k8s_event *e);
void k8s_event_print_json(struct buf *out, const struct k8s_event *e);
