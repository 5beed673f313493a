#pragma once

/* What the end of a call means (OTLP specification, "OTLP/gRPC Response" and "Failures"). */

#include "agent/component/common/otelcol_export/export.h"

/* As struct export_protocol has them. */
#define ANSWER_HEADERS "grpc-status", "grpc-message", "grpc-status-details-bin"

void otlp_call_judge(const struct http_call *call, enum http_outcome outcome, struct verdict *v,
	struct buf *why);
uint32_t otlp_call_partial(
	const struct http_call *call, enum otlp_kind kind, uint32_t items, struct buf *message);
