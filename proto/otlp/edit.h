#pragma once

/*
 * One pass over a request that may change it: its resources, scopes, items (spans, log records,
 * metrics) and points (events of a span, data points of a metric), each shown to a visitor with
 * what it is in. What the visitor changes or drops is written anew, everything else is copied; a
 * request of which nothing was changed is the same bytes. Memory is bounded by the largest item
 * and the output. The request has passed otlp_walk().
 *
 * A visitor may also change what a thing is in (a span's resource, say): those that follow see
 * it. A scope of which all items were dropped is dropped too, and so on up; what was empty
 * before stays.
 */

#include "proto/otlp/message.h"
#include "proto/otlp/types.h"

#include "agent/base/arena.h"

/* Where the visitor is. Messages of deeper levels are not loaded yet. */
struct otlp_place {
	enum otlp_kind kind;
	struct otlp_message resource;
	struct otlp_message scope;
	struct otlp_message item;  /* Span, LogRecord or Metric */
	struct otlp_message data;  /* of a metric: Gauge, Sum, Histogram, …, without its points */
	uint32_t data_number;      /* which of these: its field in Metric; 0: none */
	struct otlp_message point; /* event, or data point of the type that data_number says */
	struct arena *scratch;     /* emptied after the innermost visit */
};

struct otlp_visitor {
	/* Each NULL: not visited. False: it is dropped. */
	bool (*resource)(struct otlp_visitor *v, struct otlp_place *p);
	bool (*scope)(struct otlp_visitor *v, struct otlp_place *p);
	bool (*item)(struct otlp_visitor *v, struct otlp_place *p);
	bool (*point)(struct otlp_visitor *v, struct otlp_place *p);
};

struct otlp_edit;

struct otlp_edit *otlp_edit_new(void);
void otlp_edit_free(struct otlp_edit *e); /* NULL is nothing */

/*
 * False: nothing was changed, and out is as it was. True: the changed request was appended to
 * out; it may be empty, when everything was dropped.
 */
bool otlp_edit_run(struct otlp_edit *e, enum otlp_kind kind, struct str request,
	struct otlp_visitor *v, struct buf *out);

/* Field numbers that visitors need (opentelemetry-proto). */
enum {
	OTLP_RESOURCE_ATTRIBUTES = 1,
	OTLP_SCOPE_NAME = 1,
	OTLP_SCOPE_VERSION = 2,
	OTLP_SCOPE_ATTRIBUTES = 3,
	OTLP_SPAN_TRACE_ID = 1,
	OTLP_SPAN_SPAN_ID = 2,
	OTLP_SPAN_TRACE_STATE = 3,
	OTLP_SPAN_PARENT = 4,
	OTLP_SPAN_NAME = 5,
	OTLP_SPAN_KIND = 6,
	OTLP_SPAN_START = 7,
	OTLP_SPAN_END = 8,
	OTLP_SPAN_ATTRIBUTES = 9,
	OTLP_SPAN_EVENTS = 11,
	OTLP_SPAN_STATUS = 15,
	OTLP_EVENT_TIME = 1,
	OTLP_EVENT_NAME = 2,
	OTLP_EVENT_ATTRIBUTES = 3,
	OTLP_STATUS_MESSAGE = 2,
	OTLP_STATUS_CODE = 3,
	OTLP_LOG_TIME = 1,
	OTLP_LOG_SEVERITY = 2,
	OTLP_LOG_SEVERITY_TEXT = 3,
	OTLP_LOG_BODY = 5,
	OTLP_LOG_ATTRIBUTES = 6,
	OTLP_LOG_FLAGS = 8,
	OTLP_LOG_TRACE_ID = 9,
	OTLP_LOG_SPAN_ID = 10,
	OTLP_LOG_OBSERVED = 11,
	OTLP_LOG_EVENT_NAME = 12,
	OTLP_METRIC_NAME = 1,
	OTLP_METRIC_DESCRIPTION = 2,
	OTLP_METRIC_UNIT = 3,
	OTLP_METRIC_GAUGE = 5,
	OTLP_METRIC_SUM = 7,
	OTLP_METRIC_HISTOGRAM = 9,
	OTLP_METRIC_EXPONENTIAL = 10,
	OTLP_METRIC_SUMMARY = 11,
	OTLP_METRIC_METADATA = 12,
};

/* The attributes' field of an item or of a point; 0: it has none. */
uint32_t otlp_item_attributes(enum otlp_kind kind);
uint32_t otlp_point_attributes(enum otlp_kind kind, uint32_t data_number);
